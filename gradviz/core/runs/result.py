"""What a run leaves for a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.runs.state import RunState


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
