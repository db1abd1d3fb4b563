"""A lane as frozen values, for a file, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradviz.core.runs.result import Array, Kept, KeptList, LaneResult, NumberOrTuple, ScheduleNumbers, WatchResult
from gradviz.engine.summaries import array_of
from gradviz.engine.training.checkpoints import evaluate_stopped, numbers_of, set_numbers
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.watch import Best, Watch, WatchState

ON_THE_CPU = frozenset({"step", "mu_product"})
"""State that torch keeps on the CPU wherever the parameter is, unless the update is fused or averaged."""


def result_of(lane: Lane) -> LaneResult:
    """All that a lane is, in arrays of its own."""
    parameters = lane.objective.parameters
    states = {name: lane.optimizer.state.get(parameter, {}) for name, parameter in parameters.items()}
    carried = zip(parameters, lane.carried, strict=True)
    return LaneResult(
        weights={name: array_of(parameter) for name, parameter in parameters.items()},
        optimizer={name: _kept(state) for name, state in states.items() if state},
        buffers={name: array_of(buffer) for name, buffer in lane.objective.buffers.items()},
        gradients={name: array_of(gradient) for name, gradient in carried if gradient is not None},
        group={} if lane.scheduler is None else group_numbers(lane)[0],
        more_groups=() if lane.scheduler is None else group_numbers(lane)[1:],
        scaling={} if lane.scaling is None else lane.scaling.moving,
        schedule=None if lane.scheduler is None else schedule_numbers(numbers_of(lane.scheduler)),
        watch=_watch_result(lane),
    )


def _watch_result(lane: Lane) -> WatchResult | None:
    """Where early stopping stands; None where it is off."""
    if lane.watch is None or lane.watch.stopping is None:
        return None
    state = lane.watch.state
    if state.best is None:
        return WatchResult(None, math.nan, state.stop, state.end, state.figures)
    weights, buffers = state.best.weights, state.best.buffers
    return WatchResult(
        state.best.step,
        state.best.loss,
        state.stop,
        state.end,
        state.figures,
        {name: array_of(value) for name, value in zip(lane.objective.parameters, weights, strict=True)},
        {name: array_of(value) for name, value in zip(lane.objective.buffers, buffers, strict=True)},
    )


def _restore_watch(watch: Watch, saved: WatchResult, lane: Lane) -> None:
    """Go on as the watch did; a lane that has stopped is evaluated where it did."""
    device = next(iter(lane.objective.parameters.values())).device
    weights = tuple(_tensor(saved.weights[name]).to(device) for name in lane.objective.parameters if saved.weights)
    buffers = tuple(_tensor(saved.buffers[name]).to(device) for name in lane.objective.buffers if saved.buffers)
    best = None if saved.step is None else Best(saved.step, saved.loss, weights, buffers)
    watch.state = WatchState(best, saved.stop, saved.end, saved.figures)
    if saved.end is not None:
        evaluate_stopped(lane, saved.end)


def _kept(state: Mapping[str, Any]) -> dict[str, Kept]:
    return {key: _kept_value(value) for key, value in state.items() if isinstance(value, Tensor | list | int | float)}


def _kept_value(value: Any) -> Kept:
    if isinstance(value, Tensor):
        return array_of(value)
    if isinstance(value, list):
        filled = [torch.as_tensor(item) for item in value if item is not None]  # LBFGS fills its lists from the front
        return KeptList(len(value), array_of(torch.stack(filled)) if filled else None)
    number: int | float = value
    return number


def group_numbers(lane: Lane) -> tuple[dict[str, NumberOrTuple], ...]:
    """The numbers of the optimiser's groups: torch's schedulers write some, and read others that they keep there."""
    groups = lane.optimizer.param_groups
    return tuple({key: value for key, value in group.items() if _is_numeric(value)} for group in groups)


def _is_numeric(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def schedule_numbers(numbers: dict[str, Any]) -> ScheduleNumbers:
    """What `numbers_of` a scheduler gives, as a frozen value."""
    own = {key: tuple(value) if isinstance(value, list) else value for key, value in numbers.items()}
    inner = tuple(schedule_numbers(value) for value in own.values() if isinstance(value, dict))
    return ScheduleNumbers({key: value for key, value in own.items() if not isinstance(value, dict)}, inner)


def _numbers(schedule: ScheduleNumbers) -> dict[str, Any]:
    """The frozen value as `set_numbers` takes it."""
    own = {key: list(value) if isinstance(value, tuple) else value for key, value in schedule.numbers.items()}
    return own | {str(index): _numbers(inner) for index, inner in enumerate(schedule.inner)}


def restore_lane(lane: Lane, saved: LaneResult) -> None:
    """Give a lane what a file holds and `fitting` has found to fit."""
    for name, parameter in lane.objective.parameters.items():
        with torch.no_grad():
            parameter.copy_(_tensor(saved.weights[name]))
        gradient = saved.gradients.get(name)
        parameter.grad = None if gradient is None else _tensor(gradient).to(parameter.device)
        state = lane.optimizer.state[parameter]
        for key, value in saved.optimizer.get(name, {}).items():
            state[key] = _restored(lane, key, value, parameter.device)
    lane.objective.restore_buffers({name: _tensor(array) for name, array in saved.buffers.items()})
    if lane.scaling is not None:
        lane.scaling.numbers |= saved.scaling
    if lane.scheduler is not None and saved.schedule is not None:
        for group, kept in zip(lane.optimizer.param_groups, (saved.group, *saved.more_groups), strict=True):
            group.update({key: value for key, value in kept.items() if key in group})
        set_numbers(lane.scheduler, _numbers(saved.schedule))
    if lane.watch is not None and saved.watch is not None:
        _restore_watch(lane.watch, saved.watch, lane)


def _restored(lane: Lane, key: str, value: Kept, device: torch.device) -> Any:
    if isinstance(value, KeptList):
        filled: list[Any] = [] if value.filled is None else list(_tensor(value.filled).to(device).unbind())
        return filled + [None] * (value.places - len(filled))
    if isinstance(value, int | float):
        return value
    return _tensor(value) if _is_on_cpu(lane, key) else _tensor(value).to(device)


def _is_on_cpu(lane: Lane, key: str) -> bool:
    is_averaged = isinstance(lane.optimizer, torch.optim.ASGD)
    return key in ON_THE_CPU and not lane.optimizer.param_groups[0].get("fused") and not is_averaged


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.array(array))
