"""Steps grow where the learning rate is above 2/curvature: each overshoots by more than the one before."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import Words, say
from gradviz.engine.evidence.evidence import Evidence, Frame
from gradviz.engine.evidence.numbers import round_rate
from gradviz.engine.evidence.reasoning import Cause
from gradviz.engine.evidence.steady_rates import bound_of, with_rate

GROWN = 10.0
RISING = 10
SHARES = (0.5, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)


class RateAboveCurvature(Cause):
    kind: ClassVar[str] = "rate too large"
    rank: ClassVar[int] = 40

    def reason(self, evidence: Evidence) -> Reason | None:
        sound = evidence.sound
        if not sound or not (_grew(evidence, sound) if not math.isfinite(evidence.last.loss) else _grows(evidence)):
            return None
        frame, bound = _crossing(evidence)
        rate = frame.rate
        if bound is None or rate < bound:
            return _blamed(evidence, rate) if evidence.is_broken else None
        curvature = evidence.curvature(frame)
        largest = math.nan if curvature is None else curvature.largest
        cause = say(
            "The learning rate {rate} is too large: the loss has curvature {curvature} at step {step:,}, and a rate "
            "above {rule} = {bound} overshoots more at every step.",
            rate=short_number(rate, 4),
            curvature=short_number(largest, 4),
            step=frame.step,
            rule=_rule(evidence),
            bound=short_number(bound, 3),
        )
        figures = {"rate": rate, "curvature": largest, "bound": bound, "step": float(frame.step)}
        return _advised(evidence, cause, figures, bound)


def _grows(evidence: Evidence) -> bool:
    """Whether a loss that is still a number ended above its start, and grew in all of the last steps."""
    losses = [frame.loss for frame in evidence.frames]
    is_rising = len(losses) > 2 and all(after > before for before, after in pairwise(losses[-RISING:]))
    return is_rising and losses[-1] > evidence.first.loss and evidence.last.is_finite


def _grew(evidence: Evidence, sound: list[Frame]) -> bool:
    """Whether the loss, or the way from step to step, has grown many times."""
    losses = [abs(frame.loss) for frame in (evidence.first, *sound)]
    if max(losses[1:], default=0.0) > GROWN * max(min(losses), 1e-30):
        return True
    ways = [float((b.place - a.place).norm()) for a, b in pairwise(evidence.frames)]
    return len(ways) > 1 and not ways[-1] <= GROWN * max(min(ways), 1e-30)


def _crossing(evidence: Evidence) -> tuple[Frame, float | None]:
    """The earliest frame at which the rate is above what the curvature allows; else the first, with its bound."""
    first = None
    for frame in (evidence.first, *evidence.sound[:: max(1, len(evidence.sound) // 8)]):
        curvature = evidence.curvature(frame)
        bound = None if curvature is None else bound_of(evidence.declared, curvature.largest)
        if bound is not None and frame.rate >= bound:
            return frame, bound
        first = first or (frame, bound)
    return first or (evidence.first, None)


def _rule(evidence: Evidence) -> str:
    momentum = getattr(evidence.declared, "momentum", 0.0) if isinstance(evidence.declared, SGD) else 0.0
    return f"2(1 + {momentum:g})/curvature" if momentum else "2/curvature"


def _blamed(evidence: Evidence, rate: float) -> Reason | None:
    """Without a bound the trial alone tells: a smaller rate, and the loss stays finite."""
    cause = say(
        "The loss grew from step to step: the learning rate {rate} is too large here.", rate=short_number(rate, 4)
    )
    return _advised(evidence, cause, {"rate": rate}, rate)


def _advised(evidence: Evidence, cause: Words, figures: dict[str, float], bound: float) -> Reason:
    if evidence.last.rate > evidence.first.rate and not evidence.declared.schedule.rates:
        edits = evidence.those_that_work(evidence.edit("schedule.kind", "none"))
        if edits:
            advice = say(
                "The schedule raised the rate from {first}: leave it out.", first=short_number(evidence.first.rate, 3)
            )
            return evidence.reason(
                RateAboveCurvature.kind, cause, advice, figures, edits, say("Leave the schedule out")
            )
    for share in SHARES:
        rate = round_rate(bound * share)
        edits = with_rate(evidence, rate)
        trial = evidence.tried(*edits) if edits else None
        if trial is not None and trial.losses[-1] <= trial.losses[0]:
            advice = say("Try {rate}, or scale the inputs.", rate=short_number(rate))
            return evidence.reason(
                RateAboveCurvature.kind,
                cause,
                advice,
                figures,
                edits,
                say("Set the rate to {rate}", rate=short_number(rate)),
            )
    return evidence.reason(RateAboveCurvature.kind, cause, say("Try a tenth, and a tenth of that."), figures)
