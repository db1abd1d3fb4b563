"""The memory that a fit or a formula will need, estimated before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gradviz.core.data.dataset import bytes_of
from gradviz.core.formulas.work import work_of
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.objectives.declared import DeclaredObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.optimizers.optimizer import Optimizer

MOST_CHECKPOINTS = 1024
CHECKPOINT_BYTES = 256 * 10**6
"""A run keeps at most so many copies of its state to go back to, and of these bytes: two copies at least."""
TRAIL_BYTES = 32 * 10**6
"""And copies of the parameters alone, for the path on a slice, of at most so many bytes."""
TRAIL_OF_OCTAVE = 64
TRAIL_OCTAVES = 30
"""More steps than 2**30 no experiment has."""
TENSOR_BYTES = 512
"""What torch and the allocator need for a tensor besides its numbers, about."""
BOOKKEEPING_BYTES = 12 * 1024
"""What a copy holds besides tensors: torch's random state of 5 kB, the settings of optimiser and schedule."""
MUCH_BYTES = 2**28
"""A formula that needs less says nothing of it."""
STATE_TENSORS = 3
"""Tensors of a parameter's size that an optimiser keeps for it, at most: two means and the largest so far."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes of a run of all optimisers, each an upper bound. Activations are those of one batch and their gradients."""

    parameters: int
    gradients: int
    optimizer_state: int
    activations: int
    data: int
    carried: int
    """Gradients that stay from step to step, where they add up."""
    objects: int
    """What the objects of one copy of the state need besides its numbers."""
    steps: int
    best: int = 0
    """The best weights so far, where early stopping keeps them."""

    @property
    def checkpoints(self) -> int:
        """Copies of the state to go back to: two at least."""
        one = self.parameters + self.optimizer_state + self.carried + self.best + self.objects
        most = min(MOST_CHECKPOINTS, self.steps + 1)
        return max(2 * one, min(most * one, CHECKPOINT_BYTES))

    @property
    def trail(self) -> int:
        """Copies of the parameters along the way."""
        most = min(TRAIL_OF_OCTAVE * (TRAIL_OCTAVES + 1), self.steps + 1)
        return min(TRAIL_BYTES, most * self.parameters) + most * TENSOR_BYTES

    @property
    def total(self) -> int:
        """All together."""
        state = self.parameters + self.gradients + self.optimizer_state + self.best + self.checkpoints + self.trail
        return state + self.activations + self.data


class Estimated(Protocol):
    """What the estimate reads of an experiment."""

    @property
    def objective(self) -> DeclaredObjective: ...

    @property
    def optimizers(self) -> tuple[Optimizer, ...]: ...

    @property
    def dtype(self) -> str: ...

    @property
    def steps(self) -> int: ...


def memory_of(experiment: Estimated) -> MemoryEstimate | None:
    """The estimate of a fit or a formula; None for a test function, which is two numbers."""
    objective = experiment.objective
    item = 8 if experiment.dtype == "float64" else 4
    if isinstance(objective, FitObjective):
        rows = objective.batch.rows_of_step(objective.data.training_rows)
        kept = 2 * rows * objective.activations * item
        return _estimate(experiment, objective.most_tensors, kept, bytes_of(objective.data, item))
    if isinstance(objective, FormulaObjective):
        lanes = len(experiment.optimizers)
        numbers = work_of(objective.parsed, {tensor.name: tensor.shape for tensor in objective.tensors}).numbers
        constants = sum(tensor.element_count for tensor in objective.tensors) - objective.parameter_count
        return _estimate(experiment, len(objective.parameters), 2 * lanes * numbers * item, lanes * constants * item)
    return None


def _estimate(experiment: Estimated, tensors: int, activations: int, data: int) -> MemoryEstimate:
    item = 8 if experiment.dtype == "float64" else 4
    parameters = experiment.objective.parameter_count * item
    kept = sum(_state_tensors(optimizer.keywords) for optimizer in experiment.optimizers)
    lanes = len(experiment.optimizers)
    return MemoryEstimate(
        parameters=lanes * parameters,
        gradients=lanes * parameters,
        optimizer_state=kept * parameters,
        activations=activations,
        data=data,
        carried=sum(optimizer.mistake.carries for optimizer in experiment.optimizers) * parameters,
        objects=_objects(experiment, tensors),
        steps=experiment.steps,
        best=lanes * parameters if _stops_early(experiment.objective) else 0,
    )


def _stops_early(objective: DeclaredObjective) -> bool:
    return isinstance(objective, FitObjective) and objective.stopping.is_early


def _objects(experiment: Estimated, trained: int) -> int:
    """Of each lane: a tensor for a parameter, its gradient, its count of steps, and each that the optimiser keeps."""
    kept = [3 + _state_tensors(optimizer.keywords) for optimizer in experiment.optimizers]
    return sum(trained * count * TENSOR_BYTES + BOOKKEEPING_BYTES for count in kept)


def _state_tensors(keywords: dict[str, object]) -> int:
    """LBFGS keeps a history of pairs; everything else a few tensors."""
    history = keywords.get("history_size", 0)
    return STATE_TENSORS + (2 * history if isinstance(history, int) else 0)


def memory_note(experiment: Estimated) -> dict[str, str]:
    """What the form says below the model: its parameters, and the memory of the run; below a formula if it is much."""
    estimate = memory_of(experiment)
    if estimate is None:
        return {}
    if isinstance(experiment.objective, FormulaObjective):
        needed = f"The run needs at most {bytes_text(estimate.total)}"
        return {"objective": needed} if estimate.total >= MUCH_BYTES else {}
    count = experiment.objective.parameter_count
    plural = "s" * (count != 1)
    return {"objective.model": f"{count:,} parameter{plural}; the run needs at most {bytes_text(estimate.total)}"}


def bytes_text(count: int) -> str:
    """Bytes for a person: 12 KiB, 3.4 GiB."""
    units = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = min(max(count.bit_length() - 1, 0) // 10, len(units) - 1)
    size = count / 1024**power
    return f"{size:,.0f} {units[power]}" if size >= 10 or power == 0 else f"{size:.1f} {units[power]}"
