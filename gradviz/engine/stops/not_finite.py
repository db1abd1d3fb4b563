"""A part of a formula, or a layer, whose numbers are too large, or do not exist: named with its element."""

from __future__ import annotations

import math
from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import Birth, Part, births, element_of, parts_of
from gradviz.engine.evidence.formula_rewriting import Rewriting, best_of, guarded
from gradviz.engine.evidence.layer_parts import first_odd_layer
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.starts import drawn_weights, positive_starts
from gradviz.engine.stops.smaller_steps import smaller_steps

OVERFLOW, ZERO_TIMES_INFINITY, OUTSIDE = "overflow", "zero times infinity", "outside the domain"


class NotFinite(Cause):
    kind: ClassVar[str] = OVERFLOW
    rank: ClassVar[int] = 50

    def reason(self, evidence: Evidence) -> Reason | None:
        if math.isfinite(evidence.last.loss):
            return None
        objective = evidence.at(evidence.last)
        parts = parts_of(objective)
        birth = next(births(parts), None)
        if birth is not None:
            return _told(evidence, parts, birth)
        return _of_a_layer(evidence)


def _told(evidence: Evidence, parts: list[Part], birth: Birth) -> Reason:
    product = _product(parts, birth)
    figures = {"value": birth.value, "operand": birth.part.operand_at(birth.culprit, birth.flat)}
    if product is not None and not birth.is_overflow:
        return _of_a_product(evidence, birth, figures)
    if birth.is_overflow:
        cause = say(
            "{part} is beyond {dtype}, where {element} (line {line}).",
            part=birth.part.text,
            dtype=evidence.experiment.dtype,
            element=birth.element,
            line=birth.part.line,
        )
        return _mended(evidence, OVERFLOW, cause, figures, guarded(evidence.experiment, birth))
    cause = say(
        "{part} is {value}, where {element} (line {line}).",
        part=birth.part.text,
        value=short_number(birth.value),
        element=birth.element,
        line=birth.part.line,
    )
    return _mended(evidence, OUTSIDE, cause, figures, guarded(evidence.experiment, birth))


def _product(parts: list[Part], birth: Birth) -> Part | None:
    """A product of 0 and infinity behind a part."""
    behind = parts[parts.index(birth.part) + 1 :] if abs(birth.value) == math.inf else []
    for part in behind:
        if part.operation != "*":
            continue
        left, right = (operand.detach() for operand in part.operands)
        if bool((((left == 0) & right.isinf()) | ((right == 0) & left.isinf())).any()):
            return part
    return None


def _of_a_product(evidence: Evidence, birth: Birth, figures: dict[str, float]) -> Reason:
    cause = say(
        "{part} is {value}, where {element}, and 0 times that is nan (line {line}). The limit is 0: nothing is wrong "
        "with the parameters.",
        part=birth.part.text,
        value=short_number(birth.value),
        element=birth.element,
        line=birth.part.line,
    )
    return _mended(evidence, ZERO_TIMES_INFINITY, cause, figures, guarded(evidence.experiment, birth))


def _mended(
    evidence: Evidence, kind: str, cause: Words, figures: dict[str, float], rewritings: list[Rewriting]
) -> Reason:
    """With the first of these that works, or with smaller steps."""
    if kind == OUTSIDE:
        smaller = smaller_steps(evidence) if evidence.steps else _start_inside(evidence)
        if smaller is not None:
            return evidence.reason(kind, cause, smaller[0], figures, smaller[1], smaller[2])
    rewriting = best_of(evidence, rewritings)
    if rewriting is not None:
        return evidence.reason(kind, cause, rewriting.advice, figures, rewriting.edits, rewriting.action)
    smaller = smaller_steps(evidence) if evidence.steps else None
    if smaller is not None:
        return evidence.reason(kind, cause, smaller[0], figures, smaller[1], smaller[2])
    return evidence.reason(kind, cause, say("Scale the data, start elsewhere, or rewrite that part."), figures)


def _start_inside(evidence: Evidence) -> tuple[Words, tuple[Edit, ...], Words] | None:
    """A start at which the loss and its gradient are numbers, and stay so."""
    for edits in positive_starts(evidence):
        if evidence.tried(*edits) is not None:
            return say("Start where it has a value."), edits, say("Start there")
    return None


def _of_a_layer(evidence: Evidence) -> Reason | None:
    found = first_odd_layer(evidence.at(evidence.last))
    if found is None:
        return _of_a_loss(evidence)
    part, flat = found
    largest = float(part.given.abs().max()) if part.given.is_floating_point() else math.nan
    cause = say(
        "The {label} gives {value} at {place}: what comes in reaches {largest}, and its largest weight is {weight}.",
        label=part.label,
        value=short_number(float(part.output.reshape(-1)[flat])),
        place=element_of("row", flat, tuple(part.output.shape)),
        largest=short_number(largest, 4),
        weight=short_number(max((float(p.detach().abs().max()) for p in part.module.parameters()), default=0.0), 4),
    )
    figures = {"largest input": largest}
    candidates = [
        (say("Let PyTorch draw the weights."), drawn_weights(evidence)),
        (say("Take float64."), (Edit("dtype", "float64"),)),
    ]
    for advice, edits in candidates:
        if evidence.tried(*edits) is not None:
            return evidence.reason(OVERFLOW, cause, advice, figures, edits, say("Do so"))
    return evidence.reason(OVERFLOW, cause, say("Scale the inputs, or start with smaller weights."), figures)


def _of_a_loss(evidence: Evidence) -> Reason | None:
    """The layers are finite, so the errors are too large for the loss."""
    objective = evidence.objective
    values = objective.hand_values()
    if "prediction" not in values:
        return None
    gap = float(values["targets"].double().abs().max()) if values["targets"].is_floating_point() else math.nan
    given = float(values["prediction"].detach().double().abs().max())
    cause = say(
        "The loss is beyond {dtype}: the predictions reach {given} and the targets {wanted}.",
        dtype=evidence.experiment.dtype,
        given=short_number(given, 4),
        wanted=short_number(gap, 4),
    )
    figures = {"largest prediction": given, "largest target": gap}
    edits = (Edit("dtype", "float64"),)
    if evidence.tried(*edits, steps=1) is not None:
        return evidence.reason(
            OVERFLOW, cause, say("Scale the data, or take float64."), figures, edits, say("Take float64")
        )
    return evidence.reason(OVERFLOW, cause, say("Scale the data."), figures)
