"""The loss is a number and its gradient is not: a root at its minimum, or a branch that where(...) leaves out."""

from __future__ import annotations

import math
from typing import ClassVar

import torch

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence, Frame
from gradviz.engine.evidence.formula_parts import Part, births, element_of, parts_of
from gradviz.engine.evidence.formula_rewriting import Rewriting, best_of, guarded, of_part
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.starts import starts_aside

SLOPE, BRANCH = "infinite slope", "branch left out"
ASIDE = 0.1


class InfiniteSlope(Cause):
    kind: ClassVar[str] = SLOPE
    rank: ClassVar[int] = 30

    def reason(self, evidence: Evidence) -> Reason | None:
        frame = next((one for one in evidence.frames if math.isfinite(one.loss) and not one.is_finite), None)
        if frame is None or evidence.objective.by_hand:
            return None
        parts = parts_of(evidence.at(frame))
        birth = next(births(parts), None)
        if birth is not None:
            cause = say(
                "{part} is {value} where {element} (line {line}). The loss does not show it, but its gradient is 0 "
                "times infinity there, which is nan.",
                part=birth.part.text,
                value=short_number(birth.value),
                element=birth.element,
                line=birth.part.line,
            )
            figures = {"operand": birth.part.operand_at(birth.culprit, birth.flat), "value": birth.value}
            return _advised(evidence, BRANCH, cause, figures, guarded(evidence.experiment, birth), frame)
        found = _steep(parts)
        return _anywhere(evidence, frame) if found is None else _of_part(evidence, frame, *found)


def _steep(parts: list[Part]) -> tuple[Part, int, int, float] | None:
    """The first part with a derivative that is not finite: by which operand, at which element, and what it is."""
    for part in parts:
        for index, operand in enumerate(part.operands):
            if not operand.requires_grad or part.value.grad_fn is None:
                continue
            (slope,) = torch.autograd.grad(part.value.sum(), operand, retain_graph=True, allow_unused=True)
            odd = None if slope is None else (~torch.isfinite(slope)).reshape(-1).nonzero()
            if slope is not None and odd is not None and len(odd):
                return part, index, int(odd[0]), float(slope.reshape(-1)[int(odd[0])])
    return None


def _of_part(evidence: Evidence, frame: Frame, part: Part, index: int, flat: int, slope: float) -> Reason:
    cause = say(
        "The derivative of {part} is {slope} where {element} (line {line}), though the loss is {loss} there.",
        part=part.text,
        slope=short_number(slope),
        element=part.named(index, flat),
        line=part.line,
        loss=short_number(frame.loss, 4),
    )
    figures = {"loss": frame.loss, "derivative": slope, "step": float(frame.step)}
    rewritings = [one for one in of_part(evidence.experiment, part) if one is not None]
    return _advised(evidence, SLOPE, cause, figures, rewritings, frame)


def _advised(
    evidence: Evidence, kind: str, cause: Words, figures: dict[str, float], rewritings: list[Rewriting], frame: Frame
) -> Reason:
    rewriting = best_of(evidence, rewritings)
    if rewriting is not None:
        return evidence.reason(kind, cause, rewriting.advice, figures, rewriting.edits, rewriting.action)
    for edits in starts_aside(evidence, ASIDE)[-1:] if not frame.step else ():
        if evidence.tried(*edits) is not None:
            return evidence.reason(kind, cause, say("Start beside it."), figures, edits, say("Start beside it"))
    return evidence.reason(kind, cause, say("Start elsewhere, or stop before it."), figures)


def _anywhere(evidence: Evidence, frame: Frame) -> Reason | None:
    """No part can be named: the parameter, and its element, are."""
    for name, gradient in frame.gradients.items():
        if gradient is None or bool(torch.isfinite(gradient).all()):
            continue
        flat = int((~torch.isfinite(gradient)).reshape(-1).nonzero()[0])
        value = float(frame.parameters[name].reshape(-1)[flat])
        cause = say(
            "The loss is {loss}, but its gradient by {place} = {value} is {slope}.",
            loss=short_number(frame.loss, 4),
            place=element_of(name, flat, tuple(gradient.shape)),
            value=short_number(value, 4),
            slope=short_number(float(gradient.reshape(-1)[flat])),
        )
        return _advised(evidence, SLOPE, cause, {"loss": frame.loss}, [], frame)
    return None
