"""A rate of 0, from the start or because a schedule has taken it there: nothing moves any more."""

from __future__ import annotations

from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.numbers import round_rate
from gradviz.engine.evidence.reasoning import Cause

LEAST_STEPS = 5
"""A run of fewer steps at a rate of 0 is one to look at, on purpose."""
GONE = 1e-5
LATE = 0.9
"""A schedule that comes to 0 in the last tenth of the run is one that was made so."""
WORTH = 0.02
"""Of the loss that is left or of what was gained: what the advice must bring to be worth a word."""
RATES = (0.1, 0.01, 1e-3, 1e-4, 1e-5)


class RateGone(Cause):
    kind: ClassVar[str] = "rate is 0"
    rank: ClassVar[int] = 31

    def reason(self, evidence: Evidence) -> Reason | None:
        if evidence.is_broken or evidence.steps < LEAST_STEPS or not bool(evidence.last.slope.any()):
            return None
        if evidence.declared.schedule.is_constant and evidence.declared.lr == 0:
            return _never(evidence)
        first, last = max(evidence.first.rate, getattr(evidence.declared, "lr", 0.0)), evidence.last.rate
        is_gone = last <= GONE * first and evidence.rate_at(int(evidence.steps * LATE)) <= GONE * first
        return _faded(evidence, first, last) if is_gone else None


def _never(evidence: Evidence) -> Reason | None:
    cause = say(
        "The learning rate is 0, so no step moves anything: the loss stays at {loss}.",
        loss=short_number(evidence.last.loss, 4),
    )
    curvature = evidence.curvature(evidence.first)
    rates = [round_rate(1 / curvature.largest)] if curvature is not None and curvature.largest > 0 else []
    for rate in (*rates, *RATES):
        edits = (evidence.edit("lr", rate),)
        trial = evidence.tried(*edits)
        if trial is not None and trial.losses[-1] < trial.losses[0]:
            shown = short_number(rate)
            return evidence.reason(
                RateGone.kind,
                cause,
                say("Try {rate}.", rate=shown),
                {"rate": 0.0},
                edits,
                say("Set the rate to {rate}", rate=shown),
            )
    return evidence.reason(RateGone.kind, cause, say("Set a rate above 0."), {"rate": 0.0})


def _faded(evidence: Evidence, first: float, last: float) -> Reason | None:
    for advice, edits in _longer(evidence):
        trial = evidence.tried(*edits)
        if trial is None:
            continue
        better = evidence.last.loss - trial.losses[-1]
        if better > WORTH * max(abs(evidence.gain), 1e-30):
            cause = say(
                "The schedule has taken the rate from {first} to {last}: the steps came to rest before the loss did "
                "({loss}, and {better} is possible).",
                first=short_number(first, 3),
                last=short_number(last, 3),
                loss=short_number(evidence.last.loss, 4),
                better=short_number(trial.losses[-1], 4),
            )
            figures = {"first rate": first, "last rate": last, "loss": evidence.last.loss, "possible": trial.losses[-1]}
            return evidence.reason("schedule took the rate to 0", cause, advice, figures, edits, say("Do so"))
    return None


def _longer(evidence: Evidence) -> list[tuple[Words, tuple[Edit, ...]]]:
    """The schedule stretched over the run, or left out."""
    steps, fields = evidence.experiment.steps, type(evidence.declared.schedule).model_fields
    ways: list[tuple[Words, tuple[Edit, ...]]] = []
    if "total_iters" in fields:
        ways.append((say("Let it last as long as the run."), (evidence.edit("schedule.total_iters", steps),)))
    if "step_size" in fields:
        size = max(1, steps // 3)
        ways.append(
            (say("Let it fall every {size:step|steps}.", size=size), (evidence.edit("schedule.step_size", size),))
        )
    if "T_max" in fields:
        ways.append((say("Set T_max to the steps of the run."), (evidence.edit("schedule.T_max", steps),)))
    if "gamma" in fields:
        gamma = float(f"{0.01 ** (1 / max(1, steps)):.6g}")
        ways.append(
            (say("Let it fall more slowly: gamma {gamma:g}.", gamma=gamma), (evidence.edit("schedule.gamma", gamma),))
        )
    ways.append((say("Leave the schedule out."), (evidence.edit("schedule.kind", "none"),)))
    return ways
