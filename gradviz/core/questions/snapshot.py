"""What was asked for, of one step."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.numbers import Floats
from gradviz.core.questions.fit import FitSnapshot


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
