"""What a run leaves for a file: typed values, each of which has one meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.state import RunState

Array = NDArray[Any]
Arrays = Mapping[str, Array]
Number = int | float
NumberOrTuple = Number | tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class LiveEdit:
    """The optimisers that a run had from `step` on."""

    step: int
    optimizers: tuple[Optimizer, ...]


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list of tensors of one shape, as LBFGS keeps it: `filled` (k, ...) are the first of `places`, None is k = 0."""

    places: int
    filled: Array | None


Kept = Array | Number | KeptList
"""What an optimiser keeps of a parameter under one name."""


@dataclass(frozen=True, slots=True)
class ScheduleNumbers:
    """The numbers of a schedule by the names that torch gives them, and those of the schedules inside it, in order."""

    numbers: Mapping[str, NumberOrTuple]
    inner: tuple[ScheduleNumbers, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchResult:
    """Where early stopping stands: the best evaluation with its weights and buffers, by the names of the parameters.

    `step` and `loss` are of that evaluation, `figures` of the last one. `stop` is the step at which the patience
    ended, `end` the last step of the optimiser; None where it goes on.
    """

    step: int | None
    loss: float
    stop: int | None
    end: int | None
    figures: tuple[float, ...]
    weights: Arrays = field(default_factory=dict)
    buffers: Arrays = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LaneResult:
    """One optimiser with its parameters, which are the keys of `weights`, `gradients` and `optimizer`.

    `gradients` are those that the last evaluation began with, where it adds to them. `group` is what torch's
    param_group holds in numbers, `more_groups` those of the groups after the first, and `schedule` those of its
    schedule, where there is one. `scaling` are the numbers of the scaler of its loss, where there is one.
    """

    weights: Arrays
    optimizer: Mapping[str, Mapping[str, Kept]] = field(default_factory=dict)
    buffers: Arrays = field(default_factory=dict)
    gradients: Arrays = field(default_factory=dict)
    group: Mapping[str, NumberOrTuple] = field(default_factory=dict)
    schedule: ScheduleNumbers | None = None
    more_groups: tuple[Mapping[str, NumberOrTuple], ...] = ()
    scaling: Mapping[str, Number] = field(default_factory=dict)
    watch: WatchResult | None = None
    """Where early stopping is on."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves for a file, as it stood at `step`.

    `random` is the state of torch's generator; `start` are imported weights that the run began with, by the names of
    the parameters. Without lanes it is a run that begins.
    """

    state: RunState
    step: int
    device: str
    versions: Mapping[str, str]
    edits: tuple[LiveEdit, ...]
    lanes: tuple[LaneResult, ...] = ()
    random: Array | None = None
    start: Arrays = field(default_factory=dict)
    history: RecordBlock | None = None

    @staticmethod
    def beginning_with(weights: Arrays) -> RunResult:
        """A run at step 0 that begins with these weights, by the names of the parameters."""
        return RunResult(RunState.READY, 0, "", {}, (), start=dict(weights))

    @property
    def finite(self) -> bool:
        """Whether every weight is finite."""
        weights = (value for part in (self.start, *(lane.weights for lane in self.lanes)) for value in part.values())
        return all(bool(np.isfinite(value).all()) for value in weights)
