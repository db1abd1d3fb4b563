"""The gradient by hand is not that of the loss: a sign, a factor, or a part is wrong."""

from __future__ import annotations

import math
from typing import ClassVar

from torch import Tensor

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import element_of
from gradviz.engine.evidence.reasoning import Cause

HOLDS_TO = 1e-3


class HandGradient(Cause):
    kind: ClassVar[str] = "gradient by hand"
    rank: ClassVar[int] = 5

    def reason(self, evidence: Evidence) -> Reason | None:
        objective = evidence.objective
        if not objective.by_hand:
            return None
        by_hand = evidence.first.gradients
        evidence.at(evidence.first)
        objective.by_hand = False
        try:
            objective.evaluate()
            found = {name: p.grad for name, p in objective.parameters.items()}
        finally:
            objective.by_hand = True
        for name, gradient in by_hand.items():
            right = found[name]
            if gradient is not None and right is not None and not _agree(gradient, right):
                return _told(evidence, name, gradient, right)
        return None


def _agree(by_hand: Tensor, right: Tensor) -> bool:
    gap = float((by_hand - right).abs().max())
    return not math.isfinite(gap) or gap <= HOLDS_TO * max(float(right.abs().max()), 1e-12)


def _told(evidence: Evidence, name: str, by_hand: Tensor, right: Tensor) -> Reason:
    worst = int((by_hand - right).abs().reshape(-1).argmax())
    given, wanted = float(by_hand.reshape(-1)[worst]), float(right.reshape(-1)[worst])
    place = element_of(f"d_{name}", worst, tuple(right.shape))
    cause = say(
        "The gradient by hand is wrong: {place} is {given} at step 0, and autograd gives {wanted}{how}.",
        place=place,
        given=short_number(given, 4),
        wanted=short_number(wanted, 4),
        how=_how(by_hand, right),
    )
    edits = (Edit("objective.gradient", "autograd"),)
    figures = {"by hand": given, "autograd": wanted}
    if evidence.tried(*edits) is None:
        return evidence.reason(HandGradient.kind, cause, say("The bench (Ctrl+B) compares them."), figures)
    advice = say("Mend the line, which the bench (Ctrl+B) compares, or take the gradient by autograd.")
    return evidence.reason(HandGradient.kind, cause, advice, figures, edits, say("Take autograd's gradient"))


def _how(by_hand: Tensor, right: Tensor) -> Words:
    if _agree(-by_hand, right):
        return say(": the sign is turned")
    size = float((by_hand * right).sum() / (right * right).sum()) if float(right.abs().max()) else math.nan
    if math.isfinite(size) and size and _agree(by_hand / size, right):
        return say(": {size} times as much", size=short_number(size, 4))
    return say("")
