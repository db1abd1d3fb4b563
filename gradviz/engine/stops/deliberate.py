"""The mistake that an optimiser makes on purpose is what ended it."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

POOR, MENDS = 0.5, 0.2
"""A run that goes on is worth a word where the loss has kept so much of itself, and this much of it without it."""


class Deliberate(Cause):
    kind: ClassVar[str] = "mistake on purpose"
    rank: ClassVar[int] = 20

    def reason(self, evidence: Evidence) -> Reason | None:
        mistake = evidence.declared.mistake
        is_poor = evidence.is_broken or evidence.last.loss > POOR * evidence.first.loss
        if not mistake.told or mistake.detached or not is_poor:
            return None
        edits = (evidence.edit("mistake.kind", "none"),)
        trial = evidence.tried(*edits)
        if trial is None or not (evidence.is_broken or trial.losses[-1] < MENDS * evidence.last.loss):
            return None
        cause = say(
            "The mistake “{told}” is on (rate {rate}): without it the loss comes to {loss}.",
            told=mistake.told,
            rate=short_number(evidence.last.rate, 4),
            loss=short_number(trial.losses[-1], 4),
        )
        figures = {"rate": evidence.last.rate, "loss without it": trial.losses[-1]}
        return evidence.reason(self.kind, cause, say("Switch it off."), figures, edits, say("Switch the mistake off"))
