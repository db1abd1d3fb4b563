"""Clipping holds the run back: the gradient is far larger than what is let through, and the steps are too short."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.optimizers.clipping import ClipByNorm
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

POOR, MENDS = 0.5, 0.2
"""A run is worth a word where the loss has kept so much of itself, and no more than this much of it without."""


class ClippingHolds(Cause):
    kind: ClassVar[str] = "clipping"
    rank: ClassVar[int] = 47

    def reason(self, evidence: Evidence) -> Reason | None:
        clipping = evidence.declared.clipping
        if not clipping.told or evidence.is_broken or evidence.steps < 1:
            return None
        slope = evidence.last.slope
        norm = float(slope.norm(float(clipping.norm_type)) if isinstance(clipping, ClipByNorm) else slope.abs().max())
        most = next(iter(clipping.keywords.values()))
        if norm <= most or evidence.last.loss < POOR * abs(evidence.first.loss):
            return None
        edits = (evidence.edit("clipping.kind", "none"),)
        trial = evidence.tried(*edits)
        if trial is None or trial.losses[-1] > MENDS * evidence.last.loss:
            return None
        cause = say(
            "Clipping holds the run back: the gradient ({norm}) is cut to {most} at every step, and the loss has only "
            "come to {loss}.",
            norm=short_number(norm, 3),
            most=short_number(most, 3),
            loss=short_number(evidence.last.loss, 4),
        )
        figures = {"gradient": norm, "clipped to": most, "loss without": trial.losses[-1]}
        advice = say("Switch it off: the loss then comes to {loss}.", loss=short_number(trial.losses[-1], 4))
        return evidence.reason(self.kind, cause, advice, figures, edits, say("Switch clipping off"))
