"""A schedule that has taken the rate below 0: from there on the steps climb."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause


class NegativeRate(Cause):
    kind: ClassVar[str] = "rate below 0"
    rank: ClassVar[int] = 6

    def reason(self, evidence: Evidence) -> Reason | None:
        frame = next((one for one in evidence.frames if one.rate < 0), None)
        if frame is None:
            return None
        cause = say(
            "The schedule makes the rate {rate} at step {step:,}: below 0 every step climbs.",
            rate=short_number(frame.rate, 4),
            step=frame.step,
        )
        edits = evidence.those_that_work(evidence.edit("schedule.kind", "none"))
        figures = {"rate": frame.rate, "step": float(frame.step)}
        advice = say("Leave the schedule out, or mend its formula.")
        return evidence.reason(self.kind, cause, advice, figures, edits, say("Leave the schedule out"))
