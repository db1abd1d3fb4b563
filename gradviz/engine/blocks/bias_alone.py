"""Only the last bias learns: all weights start at 0, so that nothing passes a hidden layer, there or back."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.starts import drawn_weights


class BiasAlone(Cause):
    kind: ClassVar[str] = "only a bias learns"
    rank: ClassVar[int] = 45

    def reason(self, evidence: Evidence) -> Reason | None:
        fit, slopes = evidence.experiment.objective, evidence.last.gradients
        if not isinstance(fit, FitObjective) or len(slopes) < 3 or not evidence.has_moved:
            return None
        if any(bool(value.any()) for name, value in evidence.first.parameters.items() if "weight" in name):
            return None
        learning = [name for name, slope in evidence.first.gradients.items() if slope is not None and bool(slope.any())]
        still = [
            name for name, value in evidence.last.parameters.items() if value.equal(evidence.first.parameters[name])
        ]
        if len(learning) != 1 or not learning[0].endswith("bias") or len(still) != len(slopes) - 1:
            return None
        edits = drawn_weights(evidence)
        trial = evidence.tried(*edits, steps=20) if edits else None
        learns = trial is not None and sum(bool(g.any()) for g in trial.gradients.values() if g is not None) > 1
        count = sum(evidence.last.parameters[name].numel() for name in still)
        cause = say(
            "Only {name} learns: the gradients of the other {count:,} parameters are exactly 0, as all "
            "weights begin at 0.",
            name=learning[0],
            count=count,
        )
        advice = say("Let PyTorch draw the weights.")
        figures = {"parameters that do not move": float(count)}
        return evidence.reason(self.kind, cause, advice, figures, edits if learns else (), say("Draw the weights"))
