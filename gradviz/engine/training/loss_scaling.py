"""Loss scaling for backward in float16, by torch's GradScaler: its numbers belong to the state of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gradviz.engine.objectives.objective import Objective

MOVING = ("scale", "_growth_tracker")
"""What of a scaler's numbers changes from step to step."""


class LossScaling:
    """One scaler with its optimiser. `numbers` are those that the present step began with."""

    def __init__(
        self, objective: Objective, optimizer: torch.optim.Optimizer, init_scale: float, interval: int
    ) -> None:
        self._objective, self._optimizer = objective, optimizer
        self._device = next(iter(objective.parameters.values())).device.type
        self._scaler: Any = self._new(init_scale=init_scale, growth_interval=interval)
        self.numbers: dict[str, Any] = self._scaler.state_dict()

    def _new(self, **keywords: Any) -> Any:
        return torch.amp.GradScaler(self._device, **keywords)

    @property
    def scale(self) -> float:
        """What the loss is multiplied by."""
        return float(self.numbers["scale"])

    @property
    def moving(self) -> dict[str, int | float]:
        """The numbers that change from step to step."""
        return {name: self.numbers[name] for name in MOVING}

    def evaluation(self) -> Callable[[int], Tensor]:
        """How a step evaluates: the gradients that it leaves are scaled back."""
        return lambda _step: self._evaluated()

    def _evaluated(self) -> Tensor:
        """A scaler unscales once an update, and a step may be evaluated again: each evaluation has one of its own."""
        for parameter in self._objective.parameters.values():
            parameter.grad = None
        self._scaler = self._new()
        self._scaler.load_state_dict(self.numbers)
        loss = self._objective.added(self._scaler.scale)
        self._scaler.unscale_(self._optimizer)
        return loss

    def step(self) -> None:
        """Update, unless a gradient is not finite; then the scale for the next step."""
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.numbers = self._scaler.state_dict()
