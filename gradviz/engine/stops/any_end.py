"""A run that ended for none of the other causes: what is seen, and smaller steps where they help."""

from __future__ import annotations

import math
from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.stops.smaller_steps import smaller_steps


class AnyEnd(Cause):
    kind: ClassVar[str] = "not finite"
    rank: ClassVar[int] = 90

    def reason(self, evidence: Evidence) -> Reason | None:
        if math.isfinite(evidence.last.loss):
            return None
        sound = evidence.sound
        figures = {"rate": evidence.last.rate, "step": float(evidence.steps)}
        if not sound:
            advice = say("Choose other initial values.")
            return evidence.reason(
                self.kind, say("The loss is {loss} at the start.", loss=evidence.last.loss), advice, figures
            )
        cause = say(
            "The loss went from {before} to {after} at rate {rate}.",
            before=short_number(sound[-1].loss, 4),
            after=short_number(evidence.last.loss),
            rate=short_number(sound[-1].rate, 4),
        )
        smaller = smaller_steps(evidence)
        if smaller is None:
            return evidence.reason(self.kind, cause, say("Look at the graph for the first nan."), figures)
        return evidence.reason(self.kind, cause, smaller[0], figures, smaller[1], smaller[2])
