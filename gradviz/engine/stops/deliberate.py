"""The mistake that an optimiser makes on purpose is what ended it."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause


class Deliberate(Cause):
    kind: ClassVar[str] = "mistake on purpose"
    rank: ClassVar[int] = 20

    def reason(self, evidence: Evidence) -> Reason | None:
        mistake = evidence.declared.mistake
        if not evidence.is_broken or not mistake.told:
            return None
        edits = (evidence.edit("mistake.kind", "none"),)
        if evidence.tried(*edits) is None:
            return None
        cause = say(
            "The mistake “{told}” is on, and without it the loss stays finite (rate {rate}).",
            told=mistake.told,
            rate=short_number(evidence.last.rate, 4),
        )
        figures = {"rate": evidence.last.rate}
        return evidence.reason(self.kind, cause, say("Switch it off."), figures, edits, say("Switch the mistake off"))
