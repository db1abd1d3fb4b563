"""Which start leads where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats


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
