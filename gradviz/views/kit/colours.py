"""The colours of heights, and of basins."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

BASINS = ("#4477aa", "#ee9944", "#66bb88", "#cc6699", "#ddcc66", "#77ccdd", "#aa88cc", "#bb6655")
"""Told apart by colour-blind eyes in this order (after Paul Tol's bright scheme); more basins begin anew."""
NO_BASIN = "#8a8f98"


def class_colour(kind: int) -> str:
    """The colour of a class or an output; more of them begin anew, and are told apart by their symbols."""
    return BASINS[kind % len(BASINS)]


@cache
def colour_table() -> NDArray[np.uint8]:
    """256 colours (256, 4) from low to high: viridis, which keeps its order in grey and for colour-blind eyes."""
    import pyqtgraph as pg  # late: what a view shows is known without Qt

    table: NDArray[np.uint8] = pg.colormap.get("viridis").getLookupTable(nPts=256, alpha=True).astype(np.uint8)
    return table


@cache
def basin_table() -> NDArray[np.uint8]:
    """One colour (4,) for each basin, and last that of no basin."""
    made = [(*bytes.fromhex(colour[1:]), 255) for colour in (*BASINS, NO_BASIN)]
    return np.array(made, dtype=np.uint8)


def basin_colours(labels: NDArray[np.int64], levels: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Colours (ny, nx, 4) of labels, lighter where the level (0 to 1) is higher: the shape stays visible."""
    table = basin_table()
    picked = table[np.where(labels < 0, len(BASINS), labels % len(BASINS))].astype(np.float64)
    share = (0.45 * np.clip(np.nan_to_num(levels), 0, 1))[..., None]
    picked[..., :3] = picked[..., :3] * (0.72 + 0.28 * (1 - share)) * (1 - share) + 255 * share
    return picked.clip(0, 255).astype(np.uint8)
