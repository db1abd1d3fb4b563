"""Which start leads where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats, Range
from gradviz.core.questions.question import Question


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
    names: tuple[str, str] = ("x", "y")
    """What x and y are called."""

    @property
    def counts(self) -> tuple[int, ...]:
        """How many starts lead to each end."""
        return tuple(int((self.labels == index).sum()) for index in range(len(self.ends)))


@dataclass(frozen=True, slots=True)
class MapBasins(Question[BasinMap]):
    """Where the first optimiser ends from `grid` x `grid` starts over `domain`, after at most `steps` steps.

    `domain` None is that of the surface, `steps` None those of the experiment.
    """

    of_settings: ClassVar[bool] = True
    can_wait: ClassVar[bool] = True
    domain: tuple[Range, ...] | None = None
    grid: int = 96
    steps: int | None = None
