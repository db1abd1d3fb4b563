"""Copies of a lane's state to go back to: exact, for a seek gives the records of before, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gradviz.core.document.memory import CHECKPOINT_BYTES, MOST_CHECKPOINTS
from gradviz.engine.training.explanations import Fault
from gradviz.engine.training.lanes import Lane

Number = int | float


def copied(value: Any) -> Any:
    """A copy that shares no tensor: torch's own load_state_dict would change the dtype of some."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


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
    loss: float
    fault: Fault | None
    random: Tensor

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
            lane.loss,
            lane.fault,
            torch.get_rng_state(),
        )

    def put_back(self, lane: Lane) -> None:
        """Make `lane` what it was; its evaluation comes next."""
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
        lane.loss, lane.fault = self.loss, self.fault
        torch.set_rng_state(self.random)

    @property
    def bytes(self) -> int:
        """The memory of its tensors."""
        kept = [value for state in self.optimizer for value in state.values() if isinstance(value, Tensor)]
        return sum(tensor.nbytes for tensor in (*self.parameters, *self.buffers.values(), *kept))


class Checkpoints:
    """At most 64 states, fewer of a large model, evenly spread: when full, every second goes and the stride doubles."""

    MOST = MOST_CHECKPOINTS

    def __init__(self) -> None:
        self.stride = 256
        self._states: dict[int, list[LaneState]] = {}

    def keep(self, step: int, lanes: list[Lane]) -> None:
        """Copy the lanes at `step`, unless they are there already."""
        if step in self._states:
            return
        states = self._states[step] = [LaneState.of(lane) for lane in lanes]
        most = max(2, min(self.MOST, CHECKPOINT_BYTES // max(1, sum(state.bytes for state in states))))
        while len(self._states) > most:
            self.stride *= 2
            first = min(self._states)
            self._states = {k: v for k, v in self._states.items() if k % self.stride == 0 or k == first}

    def forget_beyond(self, step: int) -> None:
        """Drop the states after `step`."""
        self._states = {known: state for known, state in self._states.items() if known <= step}

    def latest(self, step: int) -> tuple[int, list[LaneState]] | None:
        """The last state at or before `step`."""
        before = [known for known in self._states if known <= step]
        return (max(before), self._states[max(before)]) if before else None
