"""Every parameter at one step: its value, its gradient, and what its optimiser keeps for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """A parameter with its gradient and the tensors that its optimiser keeps for it.

    `rate` is the learning rate of its group at the next update, where the optimiser has several groups.
    """

    optimizer: int
    name: str
    value: TensorSummary
    gradient: TensorSummary | None
    state: tuple[tuple[str, TensorSummary], ...]
    rate: float | None = None
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """The rows of all optimisers, and the learning rate of each one's next update.

    `parts` are what each one's loss is the sum of, by their names: none where it is that of the data alone. `scales`
    are what each one's loss is multiplied by for backward, where it is.
    """

    rows: tuple[ParameterRow, ...]
    rates: tuple[float, ...]
    parts: tuple[tuple[tuple[str, float], ...], ...] = ()
    scales: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadParameters(Question[ParameterTable]):
    """The parameters of the current step."""

    of_step: ClassVar[bool] = True
