"""Lanes: an optimiser with parameters of its own, and copies of its state to go back to or to save."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gradviz.engine.objective import Objective
from gradviz.engine.problems import EngineError


@dataclass(slots=True)
class Lane:
    """One optimiser with parameters of its own. `loss` is that of the current step."""

    objective: Objective
    optimizer: torch.optim.Optimizer
    loss: float = math.nan

    def evaluate(self) -> float:
        """Loss and gradient at the current parameters."""
        self.loss = self.objective.evaluate().item()
        return self.loss


def array_of(tensor: torch.Tensor) -> NDArray[Any]:
    """A copy of a tensor, on the CPU."""
    array: NDArray[Any] = tensor.detach().cpu().numpy().copy()
    return array


def restore_parameter(
    lane: Lane, parameter: torch.nn.Parameter, tensors: dict[str, NDArray[Any]], index: int, name: str
) -> None:
    """Give a parameter and its optimiser state the values that a file holds; EngineError where they do not fit."""
    saved = tensors.get(f"weights/{index}/{name}")
    if saved is None or saved.shape != tuple(parameter.shape):
        raise EngineError(f"The file holds no fitting weights for {name}: press Reset to start from the seed.")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.array(saved)))
    prefix = f"optimizer/{index}/{name}/"
    state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
    for key, value in state.items():
        tensor = torch.from_numpy(np.array(value))
        lane.optimizer.state[parameter][key] = tensor if key == "step" else tensor.to(parameter.device)


@dataclass(frozen=True, slots=True)
class LaneState:
    """A copy of a lane's parameters and optimiser state."""

    parameters: list[torch.Tensor]
    optimizer: dict[str, Any]
    random: torch.Tensor

    @staticmethod
    def of(lane: Lane) -> LaneState:
        parameters = [parameter.detach().clone() for parameter in lane.objective.parameters.values()]
        return LaneState(parameters, copy.deepcopy(lane.optimizer.state_dict()), torch.get_rng_state())

    def put_back(self, lane: Lane) -> None:
        with torch.no_grad():
            for parameter, saved in zip(lane.objective.parameters.values(), self.parameters, strict=True):
                parameter.copy_(saved)
        lane.optimizer.load_state_dict(copy.deepcopy(self.optimizer))
        torch.set_rng_state(self.random)


class Checkpoints:
    """At most 64 states, evenly spread: when full, every second is dropped and the stride doubles."""

    MOST = 64

    def __init__(self) -> None:
        self.stride = 256
        self._states: dict[int, list[LaneState]] = {}

    def keep(self, step: int, lanes: list[Lane]) -> None:
        """Copy the lanes at `step`, unless they are there already."""
        if step in self._states:
            return
        self._states[step] = [LaneState.of(lane) for lane in lanes]
        if len(self._states) > self.MOST:
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
