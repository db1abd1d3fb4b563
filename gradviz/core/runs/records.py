"""The numbers of each step: what the training thread records, and in blocks hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gradviz.core.numbers import Floats


class StepRecord(NamedTuple):
    """One step: the loss of each optimiser at the parameters before the update, and where each stands.

    `position` is x0, y0, x1, y1, ... where the objective has two numbers in all, x0, x1, ... where it has one; of more
    it is empty. `figures` are those of `figures.py` for each optimiser in turn, NaN at a step without an evaluation;
    empty where no rows are held out.
    """

    step: int
    losses: tuple[float, ...]
    position: tuple[float, ...]
    figures: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """Consecutive records: `losses` (n, optimisers), `positions` (n, optimisers, 2), (.., 1) or (.., 0).

    `names` are what the numbers of a position are called; a block from a file does not know them. `figures`
    (n, optimisers, 3) are there where rows are held out.
    """

    start: int
    losses: Floats
    positions: Floats
    names: tuple[str, ...] = ()
    figures: Floats | None = None
