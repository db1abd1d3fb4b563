"""The surface that an optimiser walks on."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.numbers import Floats


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
