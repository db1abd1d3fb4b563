"""An optimiser without an epsilon divides 0 by 0, where a gradient is exactly 0."""

from __future__ import annotations

from typing import ClassVar

import torch

from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.formula_parts import element_of
from gradviz.engine.evidence.reasoning import Cause

EPSILON = 1e-8


class EmptyDenominator(Cause):
    kind: ClassVar[str] = "epsilon is 0"
    rank: ClassVar[int] = 15

    def reason(self, evidence: Evidence) -> Reason | None:
        eps = getattr(evidence.declared, "eps", None)
        if not evidence.is_broken or eps != 0 or len(evidence.frames) < 2:
            return None
        before, after = evidence.frames[-2:]
        for name, gradient in before.gradients.items():
            if gradient is None:
                continue
            odd = ~torch.isfinite(after.parameters[name]) & torch.isfinite(before.parameters[name]) & (gradient == 0)
            if bool(odd.any()):
                place = element_of(name, int(odd.reshape(-1).nonzero()[0]), tuple(gradient.shape))
                cause = say(
                    "The gradient of {place} is exactly 0, and so is its running mean: with an epsilon of 0 "
                    "{label} divides 0 by 0.",
                    place=place,
                    label=evidence.declared.label,
                )
                edits = evidence.those_that_work(evidence.edit("eps", EPSILON))
                advice = say("Set epsilon to {eps:g}.", eps=EPSILON)
                figures = {"epsilon": 0.0, "gradient": 0.0}
                return evidence.reason(
                    self.kind, cause, advice, figures, edits, say("Set epsilon to {eps:g}", eps=EPSILON)
                )
        return None
