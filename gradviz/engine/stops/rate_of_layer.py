"""A layer has a learning rate of its own, and that is too large: as the optimiser has it, the run goes well."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause


class RateOfLayer(Cause):
    kind: ClassVar[str] = "rate of a layer"
    rank: ClassVar[int] = 32

    def reason(self, evidence: Evidence) -> Reason | None:
        fit = evidence.experiment.objective
        if not evidence.is_broken or not isinstance(fit, FitObjective):
            return None
        for place in fit.learning_layers:
            if not fit.model[place].learns.is_usual:
                found = _blamed(evidence, fit, place)
                if found is not None:
                    return found
        return None


def _blamed(evidence: Evidence, fit: FitObjective, place: int) -> Reason | None:
    edits = (Edit(f"objective.model.{place}.learning.kind", "usual"),)
    trial = evidence.tried(*edits)
    if trial is None or trial.losses[-1] > trial.losses[0]:
        return None
    keywords = evidence.declared.keywords
    own = fit.model[place].learns.over(keywords, evidence.declared.mistake.rate_factor)["lr"]
    cause = say(
        "Layer {place} ({label}) learns at the rate {own} of its own, where the optimiser has {rate}: that is too "
        "large.",
        place=place,
        label=type(fit.model[place]).label,
        own=short_number(own, 4),
        rate=short_number(keywords["lr"], 4),
    )
    figures = {"rate of the layer": own, "rate": keywords["lr"], "loss without": trial.losses[-1]}
    advice = say("Let it learn as the optimiser says: the loss then comes to {loss}.", loss=_short(trial.losses[-1]))
    return evidence.reason(RateOfLayer.kind, cause, advice, figures, edits, say("Take the optimiser's rate"))


def _short(loss: float) -> str:
    return short_number(loss, 4)
