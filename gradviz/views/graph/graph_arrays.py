"""A drawing in columns, made once a structure: what lies in a part of the scene is a comparison of arrays."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from gradviz.core.numbers import Floats
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.structure import NodeKind
from gradviz.views.graph.box_text import box_subtitle, box_title

Ints = NDArray[np.int64]


class Fill(IntEnum):
    """What a node is filled as."""

    OPERATION = 0
    LEAF = 1
    RESULT = 2
    UNTRACKED = 3
    GROUP = 4


class GraphArrays:
    """`fills` (n) are of `Fill`; `segments` (s, 4) the straight pieces of all routes, `edge_of` (s) whose they are.

    `bounds` (4) are left, top, right and bottom of all boxes and routes; `sizes` has by group how many nodes it has.
    """

    def __init__(self, drawing: Drawing) -> None:
        self.places = drawing.places
        self.sizes = drawing.grouping.sizes()
        self.fills = _fills(drawing)
        self._subtitles: dict[int, str] = {}
        self.titles = [box_title(drawing, box) for box in range(len(drawing.folded))]
        lengths = np.array([len(route) for route in drawing.routes], dtype=np.int64)
        points = np.concatenate(drawing.routes) if drawing.routes else np.zeros((0, 2))
        edge = np.repeat(np.arange(len(lengths)), lengths)
        inner = edge[1:] == edge[:-1]
        self.segments: Floats = np.hstack((points[:-1], points[1:]))[inner]
        self.edge_of: Ints = edge[1:][inner]
        low, high = _ends(self.segments)
        self._segment_bounds = np.hstack((low, high))
        starts = np.cumsum(lengths) - lengths
        self._edge_bounds = np.zeros((0, 4))
        if len(points):
            self._edge_bounds = np.hstack((np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)))
        self._half = np.array(drawing.size) / 2
        places = drawing.places
        self._node_bounds = np.hstack((places - self._half, places + self._half))
        flows = [np.concatenate((route.min(axis=0), route.max(axis=0))) for route in drawing.flow_routes]
        everything = np.vstack((self._node_bounds, self._edge_bounds, *flows))
        self.bounds = np.zeros(4)
        if len(everything):
            self.bounds = np.concatenate((everything[:, :2].min(axis=0), everything[:, 2:].max(axis=0)))

    def subtitle(self, drawing: Drawing, box: int) -> str:
        """What stands below the title of a box of the drawing: put together when it is first seen."""
        known = self._subtitles.get(box)
        if known is None:
            known = self._subtitles[box] = box_subtitle(drawing, box)
        return known

    def nodes_in(self, visible: QRectF) -> Ints:
        """The nodes whose box is partly in `visible`."""
        return _meeting(self._node_bounds, visible)

    def edges_in(self, visible: QRectF) -> Ints:
        """The edges that may be partly in `visible`."""
        return _meeting(self._edge_bounds, visible)

    def segments_in(self, visible: QRectF) -> Ints:
        """The pieces that may be partly in `visible`."""
        return _meeting(self._segment_bounds, visible)

    def boxes(self, nodes: Ints) -> Floats:
        """Left, top, width and height (k, 4)."""
        corner = self._node_bounds[nodes, :2]
        return np.hstack((corner, self._node_bounds[nodes, 2:] - corner))

    def corners(self, nodes: Ints) -> Floats:
        """Left and top (k, 2)."""
        found: Floats = self._node_bounds[nodes, :2]
        return found

    def node_at(self, x: float, y: float) -> int:
        """The node with this point in its box, -1 where there is none."""
        away = np.abs(self.places - (x, y)) <= self._half
        found = np.flatnonzero(away.all(axis=1))
        return int(found[0]) if len(found) else -1


def _fills(drawing: Drawing) -> Ints:
    structure = drawing.graph.structure
    of_kind = {
        NodeKind.OPERATION: Fill.OPERATION,
        NodeKind.LEAF: Fill.LEAF,
        NodeKind.CONSTANT: Fill.UNTRACKED,
    }
    of_row = np.array([of_kind[kind] for kind in structure.kinds], dtype=np.int64)
    followed = [row for row in structure.roots if structure.kinds[row] is NodeKind.OPERATION]
    of_row[followed] = Fill.RESULT
    rows = drawing.folded.rows
    return np.where(rows >= 0, of_row[rows], Fill.GROUP) if len(of_row) else np.zeros(0, np.int64)


def _ends(segments: Floats) -> tuple[Floats, Floats]:
    first, second = segments[:, :2], segments[:, 2:]
    return np.minimum(first, second), np.maximum(first, second)


def _meeting(bounds: Floats, visible: QRectF) -> Ints:
    left, top, right, bottom = bounds.T
    return np.flatnonzero(
        (right > visible.left()) & (left < visible.right()) & (bottom > visible.top()) & (top < visible.bottom())
    )
