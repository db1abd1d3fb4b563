"""The axes of the surface in three dimensions: their lines and ticks in the box, their labels in pixels beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from gradviz.core.numbers import Floats
from gradviz.views.kit.ticks import nice_ticks, tick_texts
from gradviz.views.surface.axis_labels import TITLE, beside, covered, is_struck, outward, within, without_overlaps
from gradviz.views.surface.surface_geometry import HEIGHT, SurfaceBox, height_ticks

Point3 = tuple[float, float, float]
Project = Callable[[Floats], Floats]
"""Points (n, 3) of the box to x and y in pixels, and depth: (n, 3)."""
TICK = 1.05
"""Where a tick of the floor ends, in half widths of the box; one of a height lies nearer."""
HEIGHT_TICK = 1.04
ROOM = 7.0
"""Pixels between the numbers of an axis and its title, and between a title and a corner."""
FREE = 0.02
"""A title lies beside the surface if no more of it than this share lies upon it."""


@dataclass(frozen=True)
class Axis:
    """One axis: its two ends, the ends of its ticks with their texts, and its title."""

    name: str
    edge: tuple[Point3, Point3]
    ticks: list[tuple[Point3, str]]
    title: str


@dataclass(frozen=True)
class SceneAxes:
    """Ticks along the edges of the floor that face the viewer, and up the edge at the left."""

    axes: tuple[Axis, Axis, Axis]
    lines: list[Point3] = field(default_factory=list)
    """Pairs of points."""


@dataclass(frozen=True)
class Label:
    """A text where it is written, and whose it is: x, y, z, or a title."""

    text: str
    axis: str
    rect: QRectF


def axes_of(box: SurfaceBox, camera: Point3, project: Project) -> SceneAxes:
    """The axes as they stand for a camera."""
    near_x, near_y = (1 if camera[0] > 0 else -1), (1 if camera[1] > 0 else -1)
    corners: list[Point3] = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
    left = corners[int(project(np.array(corners, dtype=np.float64))[:, 0].argmin())]
    lines = [point for pair in pairwise([*corners, corners[0]]) for point in pair]
    grid = box.grid
    x, y = (nice_ticks(float(axis[0]), float(axis[-1])) for axis in (grid.x, grid.y))
    floor = box.plane(np.array(x), np.array([])), box.plane(np.array([]), np.array(y))
    across = _ticks([(float(a), near_y, 0) for a in floor[0][0]], (1, TICK, 1), tick_texts(x), lines)
    along = _ticks([(near_x, float(b), 0) for b in floor[1][1]], (TICK, 1, 1), tick_texts(y), lines)
    heights = height_ticks(box)
    foot, top = (left[0], left[1], 0.0), (left[0], left[1], HEIGHT)
    lines += [foot, top]
    at = [(left[0], left[1], level * HEIGHT) for level, _ in heights]
    up = _ticks(at, (HEIGHT_TICK, HEIGHT_TICK, 1), [text for _, text in heights], lines)
    made = (
        Axis("x", ((-1, near_y, 0), (1, near_y, 0)), across, grid.x_label),
        Axis("y", ((near_x, -1, 0), (near_x, 1, 0)), along, grid.y_label),
        Axis("z", (foot, top), up, height_title(box)),
    )
    return SceneAxes(made, lines)


def height_title(box: SurfaceBox) -> str:
    """What the heights are: losses, and how they are spread."""
    return "loss" if not box.log_height else "loss (log)" if box.lowest >= 0 else "loss (log above lowest)"


def _ticks(at: list[Point3], stretch: Point3, texts: list[str], lines: list[Point3]) -> list[tuple[Point3, str]]:
    """Lines from the axis outwards, and where each ends."""
    ends: list[Point3] = [(x * stretch[0], y * stretch[1], z * stretch[2]) for x, y, z in at]
    for point, end in zip(at, ends, strict=True):
        lines += [point, end]
    return list(zip(ends, texts, strict=True))


@dataclass(frozen=True, eq=False)
class Sight:
    """What is seen of the box from where the camera stands."""

    project: Project
    depth: Floats
    """Of every device pixel (rows, columns); 1 where there is nothing."""
    ratio: float
    metrics: QFontMetricsF

    def points(self, points: Sequence[Point3]) -> Floats:
        """Points of the box (n, 2) in widget pixels."""
        return self.project(np.array(points, dtype=np.float64).reshape(-1, 3))[:, :2]

    def size(self, text: str) -> tuple[float, float]:
        """How large a label is."""
        return self.metrics.horizontalAdvance(text), self.metrics.capHeight() + 2

    def placed(self, rect: QRectF) -> QRectF:
        """A label, moved into the widget."""
        return within(rect, self.depth.shape[1] / self.ratio, self.depth.shape[0] / self.ratio)


def labels_of(scene: SceneAxes, sight: Sight) -> list[Label]:
    """All labels that can be written, where they stand: none through which a line goes, none upon another."""
    segments = sight.points(scene.lines).reshape(-1, 2, 2)
    labels: list[Label] = []
    for axis in scene.axes:
        middle = sight.points([(0.0, 0.0, float(np.mean([point[2] for point in axis.edge])))])[0]
        edge = sight.points(axis.edge)
        direction = outward(edge, middle)
        if not direction.any():
            continue
        ticks = _numbers(axis, sight, direction)
        labels += [one for one in ticks if not is_struck(one.rect, segments)]
        labels.append(_title(axis, sight, edge, direction, ticks, segments))
    written = without_overlaps([one.rect for one in labels], [one.axis for one in labels])
    return [labels[index] for index in written]


def _numbers(axis: Axis, sight: Sight, direction: Floats) -> list[Label]:
    ends = sight.points([point for point, _ in axis.ticks])
    texts = [text for _, text in axis.ticks]
    return [
        Label(text, axis.name, sight.placed(beside(end, direction, sight.size(text))))
        for end, text in zip(ends, texts, strict=True)
    ]


def _title(axis: Axis, sight: Sight, edge: Floats, direction: Floats, ticks: list[Label], segments: Floats) -> Label:
    """Beyond the numbers of its axis; a height's where it lies beside the surface: over its end, or in a corner."""
    width, height = sight.size(axis.title)
    if axis.name != "z":
        reach = max((_beyond(one.rect, edge, direction) for one in ticks), default=0.0)
        return Label(
            axis.title, TITLE, sight.placed(beside(edge.mean(axis=0), direction, (width, height), reach + ROOM))
        )
    x, y = edge[int(edge[:, 1].argmin())].tolist()
    bottom = sight.depth.shape[0] / sight.ratio - height - ROOM
    wished = [(x - width / 2, y - height - 9), (ROOM, ROOM), (ROOM, bottom)]
    rects = [sight.placed(QRectF(left, top, width, height)) for left, top in wished]
    shares = [covered(rect, sight.depth, sight.ratio) + is_struck(rect, segments) for rect in rects]
    free = [rect for rect, share in zip(rects, shares, strict=True) if share <= FREE]
    return Label(axis.title, TITLE, free[0] if free else rects[int(np.argmin(shares))])


def _beyond(rect: QRectF, edge: Floats, direction: Floats) -> float:
    """How far a label reaches from its axis."""
    centre = np.array([rect.center().x(), rect.center().y()])
    support = abs(direction[0]) * rect.width() / 2 + abs(direction[1]) * rect.height() / 2
    return float((centre - edge[0]) @ direction + support)
