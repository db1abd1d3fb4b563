"""The colours of heights."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray


@cache
def colour_table() -> NDArray[np.uint8]:
    """256 colours (256, 4) from low to high: viridis, which keeps its order in grey and for colour-blind eyes."""
    table: NDArray[np.uint8] = pg.colormap.get("viridis").getLookupTable(nPts=256, alpha=True).astype(np.uint8)
    return table
