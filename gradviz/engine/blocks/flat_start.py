"""The gradient is exactly 0 where the run starts, and yet no minimum is there: a saddle, a plateau, a step function."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.curvature import Curvature
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import Part, named_place, parts_of
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.starts import drawn_weights, starts_aside

ASIDE = (0.1, 1.0, -1.0, 3.0, -3.0)
STEPWISE = ("round", "floor", "ceil", "sign")
BENDING = ("saddle", "maximum")
"""Where the loss bends down, there is no minimum, wherever a better place may be."""
GATES = ("relu", "clamp", "where", "max", "min", "maximum", "minimum", "amax", "amin")


class FlatStart(Cause):
    kind: ClassVar[str] = "gradient is 0"
    rank: ClassVar[int] = 70

    def reason(self, evidence: Evidence) -> Reason | None:
        if evidence.is_broken or evidence.has_moved or evidence.declared.mistake.changes_loop:
            return None
        if bool(evidence.first.slope.any()) or bool(evidence.last.slope.any()):
            return None
        if all(gradient is None for gradient in evidence.last.gradients.values()):
            return None
        block = _block(evidence)
        if block is not None:
            return _blocked(evidence, block)
        curvature = evidence.curvature(evidence.first)
        if curvature is not None and curvature.is_whole and curvature.smallest < -1e-9:
            return _of_saddle(evidence, curvature)
        return _moved_aside(evidence, "gradient is 0", _plain(evidence), {"gradient": 0.0, "loss": evidence.last.loss})


def _plain(evidence: Evidence) -> Words:
    return say(
        "The gradient is exactly 0 at every step, so nothing moves: the loss stays at {loss}.",
        loss=short_number(evidence.last.loss, 4),
    )


def _block(evidence: Evidence) -> Part | None:
    """The part of a formula that no gradient passes: its operand follows the parameters, its derivative is 0."""
    parts = [one for one in parts_of(evidence.at(evidence.first)) if any(o.requires_grad for o in one.operands)]
    for part in parts:
        if part.operation in STEPWISE:
            return part
    for part in (one for one in parts if one.operation in GATES and one.value.grad_fn is not None):
        moving = [operand for operand in part.operands if operand.requires_grad]
        slopes = torch.autograd.grad(part.value.sum(), moving, retain_graph=True, allow_unused=True)
        if not any(slope is not None and bool(slope.any()) for slope in slopes):
            return part
    return None


def _blocked(evidence: Evidence, part: Part) -> Reason | None:
    is_stepwise = part.operation in STEPWISE
    cause = say(
        "The gradient is exactly 0: {part} in line {line} has the derivative 0 {where}, where {element}.",
        part=part.text,
        line=part.line,
        where="everywhere" if is_stepwise else "here",
        element=part.named(0, 0),
    )
    figures = {"gradient": 0.0, "operand": part.operand_at(0, 0)}
    if is_stepwise:
        advice = say("Take a smooth function in its place, such as sigmoid or tanh, or leave it out.")
        return evidence.reason("step function", cause, advice, figures)
    return _moved_aside(evidence, "plateau", cause, figures)


def _of_saddle(evidence: Evidence, curvature: Curvature) -> Reason | None:
    """Bending down in some direction: a little aside, and the run goes."""
    largest = int(curvature.directions[:, 0].abs().argmax())
    is_top = curvature.largest < 0
    cause = say(
        "The run starts at a {what}: the gradient is exactly 0, and the curvature {down} along {name}{up}.",
        what="maximum" if is_top else "saddle",
        down=short_number(curvature.smallest, 4),
        name=named_place(evidence.first.parameters, largest),
        up="" if is_top else say(", {up} across", up=short_number(curvature.largest, 4)),
    )
    figures = {"gradient": 0.0, "smallest curvature": curvature.smallest, "largest curvature": curvature.largest}
    return _moved_aside(evidence, "maximum" if is_top else "saddle", cause, figures)


def _moved_aside(evidence: Evidence, kind: str, cause: Words, figures: dict[str, float]) -> Reason | None:
    """With a start aside, where one is found at which the loss falls; silent where the start is the best there is."""
    for offset in ASIDE:
        for edits in starts_aside(evidence, offset):
            trial = evidence.tried(*edits)
            if trial is not None and trial.losses[-1] < evidence.last.loss - 1e-9 * (1 + abs(evidence.last.loss)):
                shown = ", ".join(f"{edit.path.rpartition('.')[2]} {_shown(edit.value)}" for edit in edits[:2])
                advice = say("Start beside it: {shown}.", shown=shown)
                return evidence.reason(kind, cause, advice, figures, edits, say("Start beside it"))
    drawn = drawn_weights(evidence)
    if drawn and (trial := evidence.tried(*drawn)) is not None and trial.losses[-1] < evidence.last.loss:
        return evidence.reason(
            kind, cause, say("Let PyTorch draw the weights."), figures, drawn, say("Draw the weights")
        )
    if kind not in BENDING:
        return None  # nothing better is near: the start may be the minimum itself
    return evidence.reason(kind, cause, say("Start elsewhere."), figures)


def _shown(value: Any) -> str:
    return short_number(value, 4) if isinstance(value, int | float) else str(value)[:40]
