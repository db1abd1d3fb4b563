"""A cosine longer than half its wave: the rate comes down to its lowest point, and then rises again."""

from __future__ import annotations

import math
from typing import ClassVar

from gradviz.core.numbers import short_number
from gradviz.core.optimizers.schedule_catalogue import CosineAnnealing
from gradviz.core.questions.explanation import Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause

RISEN = 0.01
"""Of the way from the lowest rate to the highest."""


class ScheduleRises(Cause):
    kind: ClassVar[str] = "schedule rises again"
    rank: ClassVar[int] = 80

    def reason(self, evidence: Evidence) -> Reason | None:
        schedule, steps = evidence.declared.schedule, evidence.experiment.steps
        if not isinstance(schedule, CosineAnnealing) or evidence.is_broken or evidence.steps <= schedule.T_max:
            return None
        lowest, highest = schedule.eta_min, evidence.first.rate
        step = min(evidence.steps, 2 * schedule.T_max)  # where it is at its top again
        rate = evidence.rate_at(step)
        if not math.isfinite(rate) or rate <= lowest + RISEN * abs(highest - lowest):
            return None
        cause = say(
            "The schedule rises again: the rate is {lowest} at step {bottom:,} (T_max) and {rate} at step {step:,}.",
            lowest=short_number(lowest, 4),
            bottom=schedule.T_max,
            rate=short_number(rate, 4),
            step=step,
        )
        figures = {"lowest rate": lowest, "its step": float(schedule.T_max), "rate": rate}
        edits = (evidence.edit("schedule.T_max", steps),)
        if evidence.tried(*edits) is None:
            return evidence.reason(self.kind, cause, say("Make T_max as long as the run."), figures)
        advice = say("Set T_max to {steps:,}, the steps of the run.", steps=steps)
        return evidence.reason(self.kind, cause, advice, figures, edits, say("Set T_max to {steps:,}", steps=steps))
