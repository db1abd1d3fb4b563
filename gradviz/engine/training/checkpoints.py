"""Copies of a lane's state to go back to: exact, for a seek gives the records of before, bit for bit."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from gradviz.core.document.memory import CHECKPOINT_BYTES, MOST_CHECKPOINTS, TENSOR_BYTES
from gradviz.engine.training.explanations import Fault
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.watch import WatchState

Number = int | float


def copied(value: Any) -> Any:
    """A copy that shares no tensor: torch's own load_state_dict would change the dtype of some."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def held_by(value: Any) -> int:
    """The bytes of a value and of all that it holds."""
    if isinstance(value, Tensor):
        return value.nbytes + TENSOR_BYTES
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return sys.getsizeof(value) + sum(map(held_by, parts))


def numbers_of(scheduler: Any) -> dict[str, Any]:
    """What changes in a scheduler of torch: its numbers, and those of the schedulers that it holds."""
    found: dict[str, Any] = {}
    for key, value in vars(scheduler).items():
        if _is_number(value) or (isinstance(value, list) and value and all(map(_is_number, value))):
            found[key] = copied(value)
    inner = getattr(scheduler, "_schedulers", ())
    return found | {str(index): numbers_of(part) for index, part in enumerate(inner)}


def _is_number(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def set_numbers(scheduler: Any, numbers: dict[str, Any]) -> None:
    """Give a scheduler the numbers that `numbers_of` found."""
    for key, value in numbers.items():
        if isinstance(value, dict):
            set_numbers(scheduler._schedulers[int(key)], value)  # noqa: SLF001 - torch has no other name for them
        else:
            setattr(scheduler, key, copied(value))


@dataclass(frozen=True, slots=True)
class LaneState:
    """A copy of a lane: parameters, buffers, the gradients its evaluation began with, optimiser, schedule, fault."""

    parameters: list[Tensor]
    buffers: dict[str, Tensor]
    carried: list[Tensor | None]
    optimizer: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    schedule: dict[str, Any]
    scaling: dict[str, Any]
    loss: float
    fault: Fault | None
    watch: WatchState | None

    @staticmethod
    def of(lane: Lane) -> LaneState:
        trained = list(lane.objective.parameters.values())
        kept = [lane.optimizer.state.get(parameter, {}) for parameter in trained]
        return LaneState(
            [parameter.detach().clone() for parameter in trained],
            {name: buffer.clone() for name, buffer in lane.objective.buffers.items()},
            lane.carried,
            [{key: copied(value) for key, value in state.items()} for state in kept],
            [{key: value for key, value in group.items() if key != "params"} for group in lane.optimizer.param_groups],
            {} if lane.scheduler is None else numbers_of(lane.scheduler),
            {} if lane.scaling is None else dict(lane.scaling.numbers),
            lane.loss,
            lane.fault,
            None if lane.watch is None else lane.watch.state,
        )

    def put_back(self, lane: Lane) -> None:
        """Make `lane` what it was; its evaluation comes next, that of a lane that stopped is made here."""
        saved = zip(lane.objective.parameters.values(), self.parameters, self.carried, self.optimizer, strict=True)
        for parameter, value, gradient, state in saved:
            with torch.no_grad():
                parameter.copy_(value)
            parameter.grad = copied(gradient)
            lane.optimizer.state[parameter] = {key: copied(item) for key, item in state.items()}
        lane.objective.restore_buffers(self.buffers)
        for group, values in zip(lane.optimizer.param_groups, self.groups, strict=True):
            group.update(values)
        if lane.scheduler is not None:
            set_numbers(lane.scheduler, self.schedule)
        if lane.scaling is not None:
            lane.scaling.numbers = dict(self.scaling)
        if lane.watch is not None and self.watch is not None:
            lane.watch.state = self.watch
        stopped = self._stopped_at
        if stopped is not None:
            evaluate_stopped(lane, stopped)
        lane.loss, lane.fault = self.loss, self.fault

    @property
    def _stopped_at(self) -> int | None:
        """The step of the last evaluation of a lane that has stopped."""
        if self.fault is not None:
            return self.fault.step
        return None if self.watch is None else self.watch.end

    @property
    def bytes(self) -> int:
        """The memory of all that it holds."""
        best = None if self.watch is None else self.watch.best
        tensors = [self.parameters, self.buffers, self.carried, self.optimizer]
        tensors += [] if best is None else [best.weights, best.buffers]
        return sys.getsizeof(self) + sum(map(held_by, [*tensors, self.groups, self.schedule, self.scaling, self.loss]))


def evaluate_stopped(lane: Lane, step: int) -> None:
    """Make the last evaluation of a lane that has stopped anew: its prediction, its graph and its gradients."""
    lane.fault, watch = None, lane.watch
    state = None if watch is None else watch.state
    if watch is not None and state is not None:
        watch.state = replace(state, end=None)
    lane.evaluate(step)
    if watch is not None and state is not None:
        watch.state = state


@dataclass(frozen=True, slots=True)
class Moment:
    """All lanes at a step, and torch's random state, which moments share where it has not changed."""

    states: list[LaneState]
    random: Tensor
    bytes: int
    """The memory of the states alone."""

    @staticmethod
    def of(lanes: list[Lane], before: Moment | None) -> Moment:
        states = [LaneState.of(lane) for lane in lanes]
        random = torch.get_rng_state()
        is_shared = before is not None and torch.equal(before.random, random)
        shared = before.random if before is not None and is_shared else random
        return Moment(states, shared, sum(state.bytes for state in states))

    def put_back(self, lanes: list[Lane]) -> None:
        """Make the lanes what they were, before their evaluation."""
        for lane, state in zip(lanes, self.states, strict=True):
            state.put_back(lane)
        torch.set_rng_state(self.random)


class Checkpoints:
    """Moments evenly spread over a run, as many as memory allows and as lie a little training apart.

    Where they are too many, too large or too close, the stride doubles and one of each stride stays.
    """

    MOST = MOST_CHECKPOINTS
    APART_S = 0.02
    """So much training lies between two moments, where a step is not longer: it is what a seek repeats."""
    LEAST_SHARE = 100
    """And so many times what a copy costs, so that keeping them does not slow the training down."""
    SAMPLES = 3
    """The least of so many times is what a step or a copy costs: any one of them may have been interrupted."""

    def __init__(self) -> None:
        self.stride = 1
        self.bytes = 0
        """The memory of all moments."""
        self._moments: dict[int, Moment] = {}
        self._measure_anew()

    def _measure_anew(self) -> None:
        self._copies, self._copy_s, self._step_s = 0, math.inf, math.inf

    def keep(self, step: int, lanes: list[Lane]) -> None:
        """Copy the lanes at `step`, unless they are there already."""
        if step in self._moments:
            return
        begin = time.perf_counter()
        before = next(reversed(self._moments.values()), None)
        moment = self._moments[step] = Moment.of(lanes, before)
        is_shared = before is not None and before.random is moment.random
        self.bytes += moment.bytes + (0 if is_shared else held_by(moment.random))
        self._copies, self._copy_s = self._copies + 1, min(self._copy_s, time.perf_counter() - begin)
        while len(self._moments) > 2 and (len(self._moments) > self.MOST or self.bytes > CHECKPOINT_BYTES):
            self._thin()

    def pace(self, step_s: float) -> None:
        """Take note of what the step after a moment took, and spread the moments where they lie too close."""
        self._step_s = min(self._step_s, step_s)
        apart_s = max(self.APART_S, self.LEAST_SHARE * self._copy_s)
        if self._copies >= self.SAMPLES and self.stride * self._step_s < apart_s:
            self._thin()

    def _thin(self) -> None:
        self.stride *= 2
        first: dict[int, int] = {}
        for step in sorted(self._moments):
            first.setdefault(step // self.stride, step)
        self._leave(set(first.values()))
        self._measure_anew()

    def forget_beyond(self, step: int) -> None:
        """Drop the moments after `step`."""
        self._leave({known for known in self._moments if known <= step})

    def _leave(self, steps: set[int]) -> None:
        """Drop all moments but those of `steps`."""
        self._moments = {step: moment for step, moment in self._moments.items() if step in steps}
        states = sum(moment.bytes for moment in self._moments.values())
        random = {id(moment.random): held_by(moment.random) for moment in self._moments.values()}
        self.bytes = states + sum(random.values())

    def copy(self) -> Checkpoints:
        """The same moments, which nobody changes, in a book of their own."""
        other = Checkpoints()
        other.stride, other.bytes, other._moments = self.stride, self.bytes, dict(self._moments)
        return other

    def last_finite(self, lane: int) -> int:
        """The last step that is kept at which the loss of a lane was finite; the first that is kept where none is."""
        finite = (step for step, moment in self._moments.items() if math.isfinite(moment.states[lane].loss))
        return max(finite, default=min(self._moments, default=0))

    def latest(self, step: int) -> tuple[int, Moment] | None:
        """The last moment at or before `step`."""
        before = max((known for known in self._moments if known <= step), default=None)
        return None if before is None else (before, self._moments[before])
