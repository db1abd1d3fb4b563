"""Lanes: an optimiser with parameters of its own, its schedule, and what stopped it if anything did."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from warnings import catch_warnings

import torch
from torch import Tensor

from gradviz.core.numbers import short_number
from gradviz.core.objectives.autocast import Float16
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.engine.compiler import build_optimizer, plain_step
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.training.explanations import Fault, explained
from gradviz.engine.training.groups import Groups
from gradviz.engine.training.loss_scaling import LossScaling
from gradviz.engine.training.watch import Watch


class Lane:
    """One optimiser with parameters of its own. `loss` is that of the current step.

    `fault` is why it stopped, None while it goes on. EngineError where the optimiser cannot train these parameters.
    """

    __slots__ = (
        "_clip", "_evaluation", "_is_first_call", "_needs_loss", "_step", "carried", "carries", "fault", "groups",
        "loss", "needs_closure", "objective", "optimizer", "scaling", "scheduler", "step", "update", "watch",
    )  # fmt: skip

    def __init__(self, objective: Objective, declared: Optimizer, steps: int) -> None:
        check_settings(declared, objective)
        refusal = declared.mistake.prepare(objective)
        if refusal:
            raise EngineError(refusal)
        self.objective = objective
        self.groups = Groups(objective)
        self.optimizer = build_optimizer(declared, self.groups.given(declared))
        self.scheduler = declared.build_schedule(self.optimizer, steps)
        self.loss = math.nan
        self.fault: Fault | None = None
        self.watch: Watch | None = None
        """Looks at the rows held out, if any are."""
        self.step = 0
        self.needs_closure = declared.needs_closure
        self._needs_loss = declared.schedule.needs_loss
        self._is_first_call = False
        self._evaluation = declared.mistake.evaluation(objective)
        self.carries = declared.mistake.carries
        """Whether an evaluation adds to the gradients of the one before."""
        self.carried: list[Tensor | None] = [None for _ in objective.parameters]
        """The gradients that the last evaluation began with, where it adds to them."""
        self.scaling = _scaling(objective, self.optimizer)
        if self.scaling is not None:
            self._evaluation = self.scaling.evaluation()
        self._clip = declared.clipping.build(list(objective.learned.values()))
        is_plain = self.scheduler is None and not self.needs_closure and self._clip is None and self.scaling is None
        self._step = plain_step(self.optimizer)
        self.update: Callable[[], Any] = self._step if is_plain else self._update
        """One update of the parameters, and of the rate where there is a schedule."""

    @property
    def rate(self) -> float:
        """The learning rate of the next update, from torch's own param_groups."""
        return float(self.optimizer.param_groups[0]["lr"])

    def set_live(self, declared: Optimizer) -> None:
        """Let the next update have the live settings of `declared`, in every group."""
        keywords = self.groups.over(declared, declared.live_keywords)
        for group, own in zip(self.optimizer.param_groups, keywords, strict=True):
            group.update(own)

    @property
    def goes_on(self) -> bool:
        """Whether the next step will update it."""
        return self.fault is None and math.isfinite(self.loss) and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether it has stopped early, for the loss of the rows held out no longer improved."""
        return self.watch is not None and self.watch.is_over

    def evaluate(self, step: int) -> float:
        """Loss and gradient at the current parameters; a lane that stopped keeps its last loss."""
        if self.fault is not None or self.is_over:
            return self.loss
        self.step = step
        self.objective.at_step(step)
        if self.carries:
            self.carried = [None if p.grad is None else p.grad.clone() for p in self.objective.parameters.values()]
        try:
            self.loss = self._evaluated().item()
        except RuntimeError as error:
            self.fail(error)
        return self.loss

    def _evaluated(self) -> Tensor:
        return self.objective.evaluate() if self._evaluation is None else self._evaluation(self.step)

    def fail(self, error: Exception) -> None:
        """Stop here with PyTorch's words, and keep the loss, which the forward pass has still given.

        What is no known error of a graph is raised again: a lack of memory, say, stops the whole run.
        """
        fault = explained(error, self.step)
        if fault is None:
            raise error
        try:
            self.loss = self.objective.number(self.objective.loss()).item()
        except RuntimeError:
            self.loss = math.nan
        self.fault = fault

    def _update(self) -> None:
        self._is_first_call = True
        try:
            if self._clip is not None:
                self._clip()
            if self.needs_closure:
                self.optimizer.step(self._closure)
            elif self.scaling is not None:
                self.scaling.step()
            else:
                self._step()
        except (RuntimeError, ArithmeticError) as error:  # the second from a line search, which is Python
            self.fail(error)
            return
        if self.scheduler is not None:
            self._step_schedule()

    def _closure(self) -> float:
        """What LBFGS evaluates: its first call asks for the loss of this step, which is known."""
        if self._is_first_call:
            self._is_first_call = False
            return self.loss
        return self._evaluated().item()

    def _step_schedule(self) -> None:
        """The rate of the next step; a schedule without a finite one stops the lane there."""
        scheduler: Any = self.scheduler
        reason = ""
        try:
            with self._without_warning():
                scheduler.step(self.loss) if self._needs_loss else scheduler.step()
        except (ArithmeticError, ValueError) as error:
            reason = f"The schedule fails here ({str(error)[:80]})"
        reason = reason or self._fault_of_rate()
        if reason:
            self.evaluate(self.step + 1)
            self._stop_schedule(reason)

    def _without_warning(self) -> AbstractContextManager[Any]:
        """torch warns of a schedule before the first update, which a scaler may have left out."""
        return nullcontext() if self.scaling is None else catch_warnings(action="ignore")

    def check_rate(self) -> None:
        """Stop here if the schedule gives no rate to go on with: at the start, or where a file has brought it."""
        reason = self._fault_of_rate()
        if reason:
            self._stop_schedule(reason)

    def _fault_of_rate(self) -> str:
        if self.scheduler is None or math.isfinite(self.rate):
            return ""
        return f"The schedule gives the learning rate {short_number(self.rate)}"

    def _stop_schedule(self, reason: str) -> None:
        self.fault = Fault(self.step, "", f"{reason}: change its formula or its factors.")


def _scaling(objective: Objective, optimizer: torch.optim.Optimizer) -> LossScaling | None:
    """The scaler of a loss in float16; None where none is needed."""
    autocast = objective.autocast
    if not isinstance(autocast, Float16):
        return None
    return LossScaling(objective, optimizer, autocast.init_scale, autocast.growth_interval)


def check_settings(declared: Optimizer, objective: Objective) -> None:
    """EngineError where the optimiser cannot train these parameters, or torch cannot take a setting over."""
    shapes = {name: tuple(parameter.shape) for name, parameter in objective.learned.items()}
    refusal = declared.refusal(shapes) or _beyond(declared, objective)
    if refusal:
        raise EngineError(refusal)


def _beyond(declared: Optimizer, objective: Objective) -> str:
    """A sentence where torch could not take a setting over into the precision of the parameters; else empty."""
    dtype = next(iter(objective.parameters.values())).dtype
    most = torch.finfo(dtype).max
    for name, value in declared.keywords.items():
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and math.isfinite(number) and abs(number) > most:
                precision = str(dtype).removeprefix("torch.")
                return (
                    f"{name} {short_number(number)} is beyond what {precision} can hold ({most:.2g}): make it smaller."
                )
    return ""
