"""A rate far too small: all steps go one way, and the whole run is a fraction of the way there."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.numbers import round_rate
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.steady_rates import with_rate

LEAST_STEPS = 10
KEPT = 0.8
"""The gradient has kept so much of its size, and its direction: the run is still near its start."""
FACTORS = (1e6, 1e5, 1e4, 1e3, 100.0, 10.0)
TRIED = 300
"""A rate that is large enough shows it in fewer steps than the run had."""
GAINED = 5.0
"""A larger rate must gain so many times as much."""


class RateTooSmall(Cause):
    kind: ClassVar[str] = "rate too small"
    rank: ClassVar[int] = 60

    def reason(self, evidence: Evidence) -> Reason | None:
        if evidence.is_broken or evidence.steps < LEAST_STEPS or not evidence.is_over or not evidence.is_whole:
            return None
        begin, end = evidence.first.slope, evidence.last.slope
        before, after = float(begin.norm()), float(end.norm())
        if not before > 0 or not KEPT * before <= after <= before / KEPT or not evidence.last.rate > 0:
            return None
        if (
            float(begin @ end) < 0.9 * before * after
            or evidence.gain < 0
            or (evidence.first.loss == evidence.last.loss and not evidence.has_moved)
        ):
            return None
        found = _best(evidence)
        return None if found is None else _told(evidence, *found, after / before)


def _best(evidence: Evidence) -> tuple[float, tuple[Edit, ...], float] | None:
    """Of the larger rates with which far more is gained, the one that ends lowest: rate, edits, its loss."""
    found = []
    for factor in FACTORS:
        rate = round_rate(evidence.last.rate * factor)
        edits = with_rate(evidence, rate)
        trial = evidence.tried(*edits, steps=min(evidence.experiment.steps, TRIED))
        if trial is not None and trial.gain > max(0.0, GAINED * evidence.gain):
            found.append((rate, edits, trial.losses[-1]))
    return min(found, key=lambda one: one[2], default=None)


def _told(evidence: Evidence, rate: float, edits: tuple[Edit, ...], loss: float, kept: float) -> Reason:
    cause = say(
        "The rate {rate} is too small to get there in {steps:step|steps}: the loss went from {first} to {last}, and "
        "the gradient has kept {share:.0%} of its size.",
        rate=short_number(evidence.last.rate, 4),
        steps=evidence.steps,
        first=short_number(evidence.first.loss, 4),
        last=short_number(evidence.last.loss, 4),
        share=kept,
    )
    figures = {"rate": evidence.last.rate, "gradient kept": kept, "loss there": loss}
    shown = short_number(rate)
    advice = say("Try {rate}: the loss then soon comes to {loss}.", rate=shown, loss=short_number(loss, 4))
    return evidence.reason(RateTooSmall.kind, cause, advice, figures, edits, say("Set the rate to {rate}", rate=shown))
