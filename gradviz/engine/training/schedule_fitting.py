"""Whether the numbers of a schedule, and of the group that it writes, are those of this optimiser at some step.

Most of them are settings, which stay what they are: these must be equal. What moves must be in its range.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gradviz.core.numbers import plural
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.runs.result import LaneResult, NumberOrTuple, ScheduleNumbers
from gradviz.engine.training.checkpoints import numbers_of
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.saved_state import group_numbers, schedule_numbers

MOVING = frozenset({"last_epoch", "_step_count", "T_cur", "T_i", "num_bad_epochs", "cooldown_counter"})
"""Whole numbers of a schedule that change from step to step."""
FREE = frozenset({"_last_lr", "best"})
"""Numbers that may have any value."""
MOST = 10**12
"""No count of a schedule is larger: the lengths of waves grow, but not without end."""


def schedule_misfits(
    declared: Optimizer, lane: Lane, saved: LaneResult, step: int, is_same_torch: bool
) -> Iterator[str]:
    """What does not fit. Only a file of the same torch must have the same names: others keep other numbers."""
    if lane.scheduler is None:
        if saved.group or saved.more_groups or saved.schedule is not None:
            yield "it has a schedule where the experiment has none"
        return
    if saved.schedule is None:
        yield "it has nothing of the schedule"
        return
    groups = group_numbers(lane)
    if len(saved.more_groups) != len(groups) - 1:
        yield f"it has {len(saved.more_groups) + 1} parameter groups and not {len(groups)}"
        return
    live = lane.groups.over(declared, declared.live_keywords)
    for group, kept, own in zip(groups, (saved.group, *saved.more_groups), live, strict=True):
        yield from _group_misfits(declared, group, kept, own, is_same_torch)
    yield from _numbers_misfits("schedule", schedule_numbers(numbers_of(lane.scheduler)), saved.schedule, step)
    if is_same_torch:
        yield from _name_misfits("schedule", schedule_numbers(numbers_of(lane.scheduler)), saved.schedule)


def _group_misfits(
    declared: Optimizer,
    wanted: Mapping[str, NumberOrTuple],
    saved: Mapping[str, NumberOrTuple],
    live: Mapping[str, Any],
    is_same_torch: bool,
) -> Iterator[str]:
    for key, value in wanted.items():
        if key not in saved:
            if is_same_torch or key in declared.driven:
                yield f"it has no group/{key}"
        elif not _is_alike(value, saved[key]):
            yield f"group/{key} is not of the kind that this optimiser has"
        elif key in declared.driven:
            if key != "lr" and not all(0 <= part < 1 for part in _parts(saved[key])):
                yield f"group/{key} is not at least 0 and below 1"
        elif saved[key] != value and key not in live:
            yield f"group/{key} differs from the setting"
    for key in saved:
        if key not in wanted and is_same_torch:
            yield f"group/{key[:60]} is nothing that this optimiser has"


def _numbers_misfits(where: str, wanted: ScheduleNumbers, saved: ScheduleNumbers, step: int) -> Iterator[str]:
    for key, value in wanted.numbers.items():
        if key in saved.numbers:
            yield from _number_misfits(f"{where}/{key}", key, value, saved.numbers[key], step)
    if "last_epoch" in wanted.numbers and "last_epoch" not in saved.numbers:
        yield f"it has no {where}/last_epoch"
    if len(wanted.inner) != len(saved.inner):
        yield f"{where} has {len(saved.inner)} schedules inside and not {len(wanted.inner)}"
        return
    for index, (inner, found) in enumerate(zip(wanted.inner, saved.inner, strict=True)):
        yield from _numbers_misfits(f"{where}/{index}", inner, found, step)


def _number_misfits(where: str, key: str, wanted: NumberOrTuple, saved: NumberOrTuple, step: int) -> Iterator[str]:
    if not _is_alike(wanted, saved):
        yield f"{where} is not of the kind that this schedule has"
    elif key in MOVING:
        most = step + 2 if key in ("last_epoch", "_step_count") else MOST
        least = {"T_i": 1, "last_epoch": -1}.get(key, 0)  # a schedule inside another stands at -1 until it begins
        if not all(isinstance(part, int) and least <= part <= most for part in _parts(saved)):
            yield f"{where} is no count of a run of {plural(step, 'step')}"
    elif key not in FREE and saved != wanted:
        yield f"{where} differs from the setting"


def _name_misfits(where: str, wanted: ScheduleNumbers, saved: ScheduleNumbers) -> Iterator[str]:
    for key in sorted(wanted.numbers.keys() ^ saved.numbers.keys()):
        yield f"{where}/{key[:60]} is {'missing' if key in wanted.numbers else 'nothing that this schedule has'}"
    for index, (inner, found) in enumerate(zip(wanted.inner, saved.inner, strict=True)):
        yield from _name_misfits(f"{where}/{index}", inner, found)


def _is_alike(wanted: NumberOrTuple, saved: NumberOrTuple) -> bool:
    """Both a number, or both as many of them; a NaN is one where there is no setting."""
    if isinstance(wanted, tuple) or isinstance(saved, tuple):
        return isinstance(wanted, tuple) and isinstance(saved, tuple) and len(wanted) == len(saved)
    return not (isinstance(wanted, int) and isinstance(saved, float) and math.isnan(saved))


def _parts(value: NumberOrTuple) -> tuple[int | float, ...]:
    return value if isinstance(value, tuple) else (value,)
