"""The numbers of each step: what the training thread records, and in blocks hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gradviz.core.numbers import Floats


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
