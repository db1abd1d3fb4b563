"""Weight decay pulls as hard as the loss does: the parameters rest where neither wants them."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

HELD = 0.5
"""Without the decay the loss must come below this share of what it is with it."""
REST = 0.1
"""Of what the whole run has gained: a smaller loss that is left is none to speak of."""


class WeightDecay(Cause):
    kind: ClassVar[str] = "weight decay"
    rank: ClassVar[int] = 46

    def reason(self, evidence: Evidence) -> Reason | None:
        decay = getattr(evidence.declared, "weight_decay", 0.0)
        if not decay or evidence.is_broken or evidence.steps < 10:
            return None
        slope, place = float(evidence.last.slope.norm()), float(evidence.last.place.norm())
        if evidence.last.loss < REST * abs(evidence.first.loss) or not slope > 0:
            return None
        edits = (evidence.edit("weight_decay", 0.0),)
        trial = evidence.tried(*edits)
        if trial is None or trial.losses[-1] > HELD * evidence.last.loss:
            return None
        cause = say(
            "Weight decay {decay} holds the parameters back: it pulls with {pull} where the loss pulls with {slope}, "
            "and the loss rests at {loss}.",
            decay=short_number(decay, 4),
            pull=short_number(decay * place, 3),
            slope=short_number(slope, 3),
            loss=short_number(evidence.last.loss, 4),
        )
        figures = {"weight decay": decay, "pull": decay * place, "gradient": slope, "loss without": trial.losses[-1]}
        advice = say("Set it to 0: the loss then comes to {loss}.", loss=short_number(trial.losses[-1], 4))
        return evidence.reason(self.kind, cause, advice, figures, edits, say("Set weight decay to 0"))
