"""Advice is tried before it is given: a few steps of the experiment as the advice would have it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.questions.explanation import Edit
from gradviz.core.runs.result import Array, RunResult
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

MOST_STEPS, SECONDS = 2000, 1.0
"""How far a trial goes at most. The steps are what counts on any machine; the time is for models that are slow."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A run that went on without a fault: its losses, from step 0, and where its parameters are."""

    losses: list[float]
    parameters: dict[str, Tensor]
    gradients: dict[str, Tensor | None]

    @property
    def gain(self) -> float:
        """By how much the loss has fallen."""
        return self.losses[0] - self.losses[-1]


def edited(experiment: Experiment, edits: Sequence[Edit]) -> Experiment | None:
    """The experiment with all edits, made in their order; None where one is not allowed."""
    try:
        for edit in edits:
            experiment = with_value(experiment, edit.path, edit.value)
    except SettingError:
        return None
    return experiment


def tried(
    experiment: Experiment, index: int, edits: Sequence[Edit], start: Mapping[str, Array], steps: int
) -> Trial | None:
    """At most `steps` updates of one optimiser of the edited experiment; None where they do not go well."""
    changed = edited(experiment, edits)
    if changed is None:
        return None
    alone = changed.model_copy(update={"optimizers": (changed.optimizers[index],), "steps": max(1, steps)})
    try:
        trainer = Trainer(alone, RunResult.beginning_with(start) if start else None)
        return None if trainer.fault_at_start() else _trial(trainer)
    except (EngineError, RuntimeError, ValueError):
        return None


def _trial(trainer: Trainer) -> Trial | None:
    lane, end = trainer.lanes[0], time.perf_counter() + SECONDS
    losses = [lane.loss]
    while not trainer.finished and trainer.step < MOST_STEPS and time.perf_counter() < end:
        losses.append(trainer.advance().losses[0])
        if lane.fault is not None or not math.isfinite(lane.loss):
            return None
    trained = lane.objective.learned
    gradients = {name: parameter.grad for name, parameter in trained.items()}
    if not all(bool(torch.isfinite(one).all()) for one in gradients.values() if one is not None):
        return None
    return Trial(losses, {name: parameter.detach() for name, parameter in trained.items()}, gradients)
