"""From losses over a plane to a box that can be drawn, and back: heights, colours, ticks, picking."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.views.kit.colours import basin_colours, colour_table
from gradviz.views.kit.ticks import nice_ticks, tick_texts

HEIGHT = 0.9
LOG_SHARE = 1 / 500
"""Losses above the lowest by this share of the range are where the log scale begins to bend."""
LIFT = 0.012
"""How far over the surface a point is taken to be seen."""
TICK_ROOM = 0.06
"""The share of a log axis within which a tick takes the roundest loss."""
BELOW = 0.15
"""The share of HEIGHT that a mark may stand below the lowest of the grid."""


@dataclass(frozen=True, eq=False)
class SurfaceBox:
    """Maps x, y and loss into [-1, 1] x [-1, 1] x [0, HEIGHT]. With `basins` the colours are theirs.

    Two are equal if they are of the same grid and map, not of ones with the same numbers: to make one and to compare
    it costs nothing, and no number is looked at before it is drawn.
    """

    grid: SurfaceGrid
    log_height: bool
    basins: BasinMap | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SurfaceBox):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[int, bool, int]:
        return id(self.grid), self.log_height, id(self.basins)

    @property
    def lowest(self) -> float:
        """The lowest loss of the grid."""
        return self._range[0]

    @property
    def highest(self) -> float:
        """The highest loss of the grid, and above the lowest even where all are alike, or gaps."""
        return self._range[1]

    @cached_property
    def _range(self) -> tuple[float, float]:
        finite = self.grid.heights[np.isfinite(self.grid.heights)]
        lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return lowest, highest if highest > lowest else lowest + 1.0

    def colours(self) -> NDArray[np.uint8]:
        """The colour (ny, nx, 4) of every point of the grid: by height, or by basin."""
        levels = self.level(self.grid.heights)
        if self.basins is None:
            table = colour_table()
            by_height: NDArray[np.uint8] = table[np.nan_to_num(levels * (len(table) - 1)).astype(int)]
            return by_height
        rows = _nearest(self.basins.y, self.grid.y)
        columns = _nearest(self.basins.x, self.grid.x)
        return basin_colours(self.basins.labels[np.ix_(rows, columns)], levels)

    def level(self, loss: Floats) -> Floats:
        """Losses to 0..1; what lies outside the grid's range is cut off."""
        share = np.clip((np.asarray(loss, dtype=np.float64) - self.lowest) / (self.highest - self.lowest), 0.0, 1.0)
        if not self.log_height:
            return np.asarray(share)
        return np.asarray(np.log1p(share / LOG_SHARE) / np.log1p(1 / LOG_SHARE))

    def loss_of(self, level: float) -> float:
        """The inverse of `level`."""
        share = np.expm1(level * np.log1p(1 / LOG_SHARE)) * LOG_SHARE if self.log_height else level
        return self.lowest + float(share) * (self.highest - self.lowest)

    def height_of(self, loss: float) -> float:
        """How high (0 to HEIGHT) a loss stands. One that is lower than all of the grid, as between its points, stands
        below it, but no farther than can be seen: `loss_of` of the share of HEIGHT gives it back."""
        share = min((loss - self.lowest) / (self.highest - self.lowest), 1.0)
        if self.log_height:
            share = float(np.log1p(max(share / LOG_SHARE, -0.9)) / np.log1p(1 / LOG_SHARE))
        return HEIGHT * max(share, -BELOW)

    def plane(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """x and y to [-1, 1]."""
        grid = self.grid
        return (
            np.asarray(2 * (x - grid.x[0]) / (grid.x[-1] - grid.x[0]) - 1),
            np.asarray(2 * (y - grid.y[0]) / (grid.y[-1] - grid.y[0]) - 1),
        )

    def data(self, a: float, b: float) -> tuple[float, float]:
        """The inverse of `plane`."""
        grid = self.grid
        x = grid.x[0] + (a + 1) / 2 * (grid.x[-1] - grid.x[0])
        return float(x), float(grid.y[0] + (b + 1) / 2 * (grid.y[-1] - grid.y[0]))

    def inside(self, path: Floats) -> NDArray[np.bool_]:
        """Which points of a path (k, 2) lie over the grid: (k,)."""
        return inside(self.grid, path)

    def points(self, path: Floats, lift: float = LIFT) -> Floats:
        """A path (k, 2) over the grid as points (k, 3) just above the surface."""
        a, b = self.plane(path[:, 0], path[:, 1])
        heights = self.level(interpolate(self.grid, path[:, 0], path[:, 1])) * HEIGHT
        return np.column_stack((a, b, np.nan_to_num(heights) + lift))


def inside(grid: SurfaceGrid, path: Floats) -> NDArray[np.bool_]:
    """Which points of a path (k, 2) lie over the grid: (k,); none that is not finite."""
    within = (path[:, 0] >= grid.x[0]) & (path[:, 0] <= grid.x[-1])
    return np.asarray(within & (path[:, 1] >= grid.y[0]) & (path[:, 1] <= grid.y[-1]))


def _nearest(known: Floats, wanted: Floats) -> NDArray[np.int64]:
    """The index of the known value (ascending, evenly apart) next to each wanted one."""
    share = (wanted - known[0]) / (known[-1] - known[0])
    nearest: NDArray[np.int64] = np.clip(np.rint(share * (len(known) - 1)), 0, len(known) - 1).astype(np.int64)
    return nearest


def interpolate(grid: SurfaceGrid, x: Floats, y: Floats) -> Floats:
    """Bilinear heights at points inside the grid; only for placing marks on the picture, never for a number."""
    column = np.clip((x - grid.x[0]) / (grid.x[1] - grid.x[0]), 0, len(grid.x) - 1.000001)
    row = np.clip((y - grid.y[0]) / (grid.y[1] - grid.y[0]), 0, len(grid.y) - 1.000001)
    c, r = column.astype(int), row.astype(int)
    u, v = column - c, row - r
    z = grid.heights
    low = z[r, c] * (1 - u) + z[r, c + 1] * u
    high = z[r + 1, c] * (1 - u) + z[r + 1, c + 1] * u
    return np.asarray(low * (1 - v) + high * v)


def mesh(box: SurfaceBox, every: int = 1) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.float32]]:
    """Vertices (n, 3), faces (m, 3) without those at a gap, and shaded vertex colours (n, 4) in 0..1."""
    levels = box.level(box.grid.heights)[::every, ::every]
    rows, columns = levels.shape
    a, b = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
    vertices = np.column_stack((a.ravel(), b.ravel(), levels.ravel() * HEIGHT)).astype(np.float32)
    index = np.arange(rows * columns, dtype=np.uint32).reshape(rows, columns)
    corners = [index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]]
    p, q, r, s = (corner.ravel() for corner in corners)
    faces = np.concatenate((np.column_stack((p, q, r)), np.column_stack((r, q, s))))
    solid = np.isfinite(vertices[:, 2])
    faces = faces[solid[faces].all(axis=1)]
    vertices[~solid, 2] = 0
    return vertices, faces, _shaded(levels, box.colours()[::every, ::every])


def _shaded(levels: Floats, colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The colours (rows, columns, 4), darker where the surface turns away from a light at the upper left."""
    filled = np.nan_to_num(levels)
    spacing = 2 / max(1, len(filled) - 1)
    slope_y, slope_x = np.gradient(filled * HEIGHT, spacing)
    light = (-0.45 * slope_x + 0.35 * slope_y + 1.0) / np.sqrt(slope_x**2 + slope_y**2 + 1) / 1.15
    shade = 0.62 + 0.42 * np.clip(light, 0, 1)
    picked = colours.astype(np.float32) / np.float32(255)
    picked[..., :3] = np.clip(picked[..., :3] * shade[..., None], 0, 1)
    return picked.reshape(-1, 4)


def roundest(low: float, high: float) -> float:
    """The number within [low, high] that takes the fewest digits; of equals that next to the middle."""
    if low <= 0 <= high:
        return 0.0
    middle = (low + high) / 2
    power = 10.0 ** np.ceil(np.log10(max(abs(low), abs(high))))
    while power > 1e-300:
        for step in (power, power / 2, power / 5):
            nearest = min(max(np.rint(middle / step), np.ceil(low / step)), np.floor(high / step)) * step
            if low <= nearest <= high:
                return float(f"{nearest:.12g}")
        power /= 10
    return middle


def height_ticks(box: SurfaceBox, count: int = 5) -> list[tuple[float, str]]:
    """Levels (0..1) and labels of the loss axis: round losses, about evenly apart."""
    if box.log_height:
        ends = np.linspace(0.0, 1.0 - TICK_ROOM, count)
        losses = [roundest(box.loss_of(end), box.loss_of(end + TICK_ROOM)) for end in ends.tolist()]
        losses = sorted({loss for loss in losses if box.lowest <= loss <= box.highest})
    else:
        losses = nice_ticks(box.lowest, box.highest, count)
    levels = [float(box.level(np.array(loss))) for loss in losses]
    return list(zip(levels, tick_texts(losses), strict=True))


def pick(box: SurfaceBox, origin: Floats, direction: Floats) -> tuple[float, float] | None:
    """Where a ray (box coordinates) first meets the surface, as x and y; None if it passes by."""
    travel = np.linspace(0, 12, 3000)
    points = origin + travel[:, None] * direction / np.linalg.norm(direction)
    inside = (np.abs(points[:, :2]) <= 1).all(axis=1)
    if not inside.any():
        return None
    points = points[inside]
    grid = box.grid
    xs = grid.x[0] + (points[:, 0] + 1) / 2 * (grid.x[-1] - grid.x[0])
    ys = grid.y[0] + (points[:, 1] + 1) / 2 * (grid.y[-1] - grid.y[0])
    heights = box.level(interpolate(grid, xs, ys)) * HEIGHT
    below = np.flatnonzero(points[:, 2] <= heights)
    if not below.size:
        return None
    return box.data(float(points[below[0], 0]), float(points[below[0], 1]))
