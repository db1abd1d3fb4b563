"""The values that leave the engine: immutable, without a tensor or a module among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradviz.core.fit_records import FitSnapshot

if TYPE_CHECKING:
    from gradviz.core.bench_records import BenchProgress, BenchReport

Floats = NDArray[np.float64]


class RunState(StrEnum):
    """Where a run stands."""

    LOADING = "loading"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Start:
    """What an experiment starts from: every parameter, and of a formula every constant, as torch draws them.

    `gradient_holds` says whether the lines that give its gradient by hand, if it has any, agree with autograd there.
    """

    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    gradient_holds: bool = True


class StepRecord(NamedTuple):
    """One step: the loss of each optimiser at the parameters before the update, and where each stands.

    `position` is x0, y0, x1, y1, ... where the objective has two scalar parameters, else empty.
    """

    step: int
    losses: tuple[float, ...]
    position: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Consecutive records: `losses` (n, optimisers), `positions` (n, optimisers, 2) or (n, optimisers, 0)."""

    start: int
    losses: Floats
    positions: Floats


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """A tensor as it was: all of its numbers if there are few, else their range and mean."""

    shape: tuple[int, ...]
    dtype: str
    values: Floats | None
    minimum: float
    maximum: float
    mean: float

    @property
    def is_finite(self) -> bool:
        """Whether no element is NaN or infinite."""
        return bool(np.isfinite(self.minimum) and np.isfinite(self.maximum) and np.isfinite(self.mean))


UNTRACKED = "no grad_fn"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A node of the graph: an operation (`op` is the name of its grad_fn), one use of a leaf, or a named value
    that autograd does not know (`op` is UNTRACKED): it has no grad_fn, and no edge leads to it or from it.

    `name` is what the experiment calls its value ("u", "0.weight") or empty; `module` the layer it is part of.
    """

    op: str
    name: str
    module: str
    is_leaf: bool


@dataclass(frozen=True, slots=True)
class GraphStructure:
    """Nodes, edges (from producer to consumer) and their places, the same for every step of a run.

    `places` (n, 2) are the centres of nodes and `size` their common width and height, in scene units.
    `routes` holds one polyline (k, 2) an edge, in the order of `edges`.
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[int, int], ...]
    places: Floats
    routes: tuple[Floats, ...]
    size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class GraphSnapshot:
    """The graph at one instant; `values` and `gradients` follow `structure.nodes`, None where there is none.

    `derivatives` follow `structure.edges`: what the consumer's node makes of a gradient of 1, where producer and
    consumer are single numbers, so the local derivative of the chain rule; None elsewhere, empty for large graphs.
    """

    structure: GraphStructure
    values: tuple[TensorSummary | None, ...]
    gradients: tuple[TensorSummary | None, ...]
    derivatives: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter with its gradient and the tensors that its optimiser keeps for it."""

    optimizer: int
    name: str
    value: TensorSummary
    gradient: TensorSummary | None
    state: tuple[tuple[str, TensorSummary], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was asked for, of one step. `position` (optimisers, 2) is where each stands on the surface.

    `seconds` is what taking it cost the training thread, `rates` the learning rate of each optimiser's next update.
    `no_loss` is a sentence on why there is no loss to draw, empty where there is one.
    """

    step: int
    graph: GraphSnapshot | None
    parameters: tuple[ParameterRow, ...]
    fit: FitSnapshot | None
    position: Floats
    seconds: float
    rates: tuple[float, ...] = ()
    no_loss: str = ""


@dataclass(frozen=True, slots=True)
class SurfaceGrid:
    """Heights (ny, nx) over x (nx,) and y (ny,); NaN where the objective is not finite.

    `note` says what the picture leaves out; empty when it leaves out nothing. `exact` is whether x and y
    are the parameters themselves, so that the records' positions lie on it.
    """

    x: Floats
    y: Floats
    heights: Floats
    x_label: str
    y_label: str
    minima: tuple[tuple[float, float], ...]
    note: str
    exact: bool


@dataclass(frozen=True, slots=True)
class BasinMap:
    """Which start leads where: `labels` (ny, nx) index `ends` (k, 2), -1 where a run came to no rest.

    x (nx,) and y (ny,) are the starts. `steps` is how many steps the longest run took, `note` what it says of itself.
    """

    x: Floats
    y: Floats
    labels: NDArray[np.int64]
    ends: Floats
    steps: int
    note: str


@dataclass(frozen=True, slots=True)
class LiveEdit:
    """The optimisers that a run had from `step` on, as JSON data."""

    step: int
    optimizers: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run leaves for a file: its state, live edits, versions and tensors by name.

    Tensors are those of weights, optimiser state and random state at `step`, and the history of losses
    and positions (`history/losses`, `history/positions`).
    """

    state: RunState
    step: int
    device: str
    versions: dict[str, str]
    edits: tuple[LiveEdit, ...]
    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)

    @staticmethod
    def beginning_with(weights: Mapping[str, NDArray[Any]]) -> RunResult:
        """A run at step 0 that begins with these weights, by the names of the parameters."""
        tensors = {f"start/{name}": value for name, value in weights.items()}
        return RunResult(RunState.READY, 0, "", {}, (), tensors)

    @property
    def finite(self) -> bool:
        """Whether every weight is finite."""
        weights = (value for name, value in self.tensors.items() if name.startswith(("weights/", "start/")))
        return all(bool(np.isfinite(value).all()) for value in weights)


@dataclass(frozen=True, slots=True)
class Update:
    """All that the engine has to say since the last one. `run` counts the runs: views ignore an older one.

    `device` is where the run is, `devices` are all that this machine has. `basins` may be a sentence: how far the map
    is, or why there is none.
    """

    run: int
    state: RunState
    step: int
    message: str
    notice: str
    steps_per_s: float
    records: RecordBlock | None
    device: str
    devices: tuple[str, ...]
    snapshot: Snapshot | None
    surface: SurfaceGrid | None
    result: RunResult | None
    start: Start | None = None
    bench: BenchReport | BenchProgress | None = None
    basins: BasinMap | str | None = None
