"""The last layer and the loss do not fit: softmax twice, or a likelihood of what are no log-probabilities."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.document.experiment import to_data
from gradviz.core.numbers import short_number
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.losses import NLL
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

HELD = 0.95
"""A loss without the second softmax that is below this share of the loss with it is worth a word."""


class BuiltIn(Cause):
    kind: ClassVar[str] = "softmax twice"
    rank: ClassVar[int] = 3

    def reason(self, evidence: Evidence) -> Reason | None:
        fit = evidence.experiment.objective
        if not isinstance(fit, FitObjective):
            return None
        last = fit.model[-1]
        if isinstance(fit.loss, NLL) and last.kind != "log_softmax":
            return _no_logarithms(evidence, fit)
        if last.kind not in fit.loss.builds_in or len(fit.model) < 2:
            return None
        edits = (Edit("objective.model", to_data(fit)["model"][:-1]),)
        trial = evidence.tried(*edits)
        if trial is None or trial.losses[-1] > HELD * evidence.last.loss:
            return None
        cause = say(
            "{loss} has {layer} built in, and the model ends with one more: the loss stays at {stays}, without it "
            "it comes to {comes}.",
            loss=type(fit.loss).label,
            layer=type(last).label,
            stays=short_number(evidence.last.loss, 4),
            comes=short_number(trial.losses[-1], 4),
        )
        figures = {"loss": evidence.last.loss, "loss without it": trial.losses[-1]}
        return evidence.reason(self.kind, cause, say("Leave out the last layer."), figures, edits, say("Leave it out"))


def _no_logarithms(evidence: Evidence, fit: FitObjective) -> Reason | None:
    if not evidence.has_moved:
        return None
    model = to_data(fit)["model"]
    is_softmax = fit.model[-1].kind == "softmax"
    kept = model[:-1] if is_softmax else model
    edits = (Edit("objective.model", [*kept, {"kind": "log_softmax"}]),)
    if evidence.tried(*edits) is None:
        return None
    return evidence.reason(
        "no log-probabilities",
        _what_nll_gets(evidence, is_softmax),
        say("End the model with Log softmax."),
        {"loss": evidence.last.loss},
        edits,
        say("Take Log softmax"),
    )


def _what_nll_gets(evidence: Evidence, is_softmax: bool) -> Words:
    loss = short_number(evidence.last.loss, 4)
    if is_softmax:
        return say(
            "Negative log likelihood wants log-probabilities, and Softmax gives probabilities: the loss {loss} is "
            "minus a mean of these, and cannot fall below -1.",
            loss=loss,
        )
    return say(
        "Negative log likelihood wants log-probabilities and gets raw scores: log_softmax is missing, so the loss "
        "({loss} at step {step:,}) falls below 0 without bound.",
        loss=loss,
        step=evidence.steps,
    )
