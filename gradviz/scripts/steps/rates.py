"""Whether the formula of a schedule has a finite rate for every step: where it has none the run stops."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from itertools import accumulate

from gradviz.core.formulas.scalar_formula import scalar_function
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.optimizers.schedule import Schedule
from gradviz.core.optimizers.schedule_catalogue import Composite, Cyclic, Lambda, Multiplicative
from gradviz.scripts.problems import ScriptError

MOST = 20_000
"""So many steps of a formula are looked at; of a longer run evenly spread ones."""


def check_rates(optimizer: Optimizer, steps: int) -> None:
    """ScriptError, with the step, where the schedule of `optimizer` gives no finite rate in a run of `steps` steps."""
    schedule = optimizer.followed_schedule
    parts = schedule.schedules if isinstance(schedule, Composite) else (schedule,)
    lengths = schedule.lengths(steps) if isinstance(schedule, Composite) else [steps]
    rate = optimizer.keywords["lr"]
    for part, length in zip(parts, lengths, strict=True):
        bad = next((step for step, factor in _factors(part, length) if not math.isfinite(rate * factor)), None)
        if bad is not None:
            raise ScriptError(
                f"{part.label} gives no finite learning rate at step {bad:,}, where the run stops.",
                "Change its formula, or make fewer steps.",
            )


def _factors(part: Schedule, length: int) -> Iterator[tuple[int, float]]:
    """What the rate is multiplied by at each step that is looked at."""
    steps = range(0, length + 1, 1 + length // MOST)
    if isinstance(part, Lambda):
        formula = scalar_function(part.lr_lambda, "step")
        if not isinstance(part, Multiplicative):
            yield from ((step, formula(step)) for step in steps)
            return
        every = range(1, min(length, MOST) + 1)
        yield from zip(every, accumulate(map(formula, every), operator.mul), strict=True)
    elif isinstance(part, Cyclic) and part.scale_fn:
        formula = scalar_function(part.scale_fn, "x")
        cycle = part.step_size_up + (part.step_size_down or part.step_size_up)
        over_cycles = part.scale_mode == "cycle"
        yield from ((step, formula(1 + step // cycle if over_cycles else step)) for step in steps)
