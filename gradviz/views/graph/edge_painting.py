"""Edges as curves with heads: all of one look as one path, which takes half the time of a path each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from gradviz.core.layout.placement import Direction
from gradviz.core.numbers import Floats
from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.graph_arrays import Ints

ARROW = 7.0
HEAD_SCALE = 0.25
"""Below this zoom heads are left out: they would be specks."""


def paint_edges(painter: QPainter, drawing: Drawing, edges: Ints, scale: float, pen: QPen) -> None:
    """Paint these edges of a graph, in scene units."""
    paint_routes(painter, [drawing.routes[edge] for edge in edges.tolist()], drawing.direction, scale, pen)


def paint_routes(painter: QPainter, routes: Sequence[Floats], direction: Direction, scale: float, pen: QPen) -> None:
    """Paint routes (n, 2) as curves with heads, in scene units."""
    lines, heads = QPainterPath(), QPainterPath()
    heads.setFillRule(Qt.FillRule.WindingFill)
    for route in routes:
        points = [QPointF(x, y) for x, y in route.tolist()]
        add_curve(lines, points, direction)
        if scale > HEAD_SCALE:
            heads.addPolygon(_head(points[-1], direction))
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(lines)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pen.color())
    painter.drawPath(heads)


def add_curve(path: QPainterPath, points: list[QPointF], direction: Direction) -> None:
    """A curve through the points of a route that leaves and arrives along the direction."""
    path.moveTo(points[0])
    for before, after in pairwise(points):
        if direction.is_upright:
            middle = (before.y() + after.y()) / 2
            path.cubicTo(before.x(), middle, after.x(), middle, after.x(), after.y())
        else:
            middle = (before.x() + after.x()) / 2
            path.cubicTo(middle, before.y(), middle, after.y(), after.x(), after.y())


def _head(tip: QPointF, direction: Direction) -> QPolygonF:
    along, across = direction.ahead
    base = tip - QPointF(along, across) * ARROW
    side = QPointF(-across, along) * (ARROW / 2)
    return QPolygonF([tip, base + side, base - side])
