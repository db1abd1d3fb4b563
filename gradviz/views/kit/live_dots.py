"""Points of a plot in one colour and one symbol, thousands at a time.

pyqtgraph's scatter item draws from a pixmap, which a recorded picture copies for every point: 0.6 ms each.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from gradviz.core.numbers import Floats

SYMBOLS = ("circle", "square", "triangle", "diamond", "cross", "hexagon", "wedge", "star")
"""In the order of classes, so that none is told by its colour alone."""

HOLE = 0.62
"""Of the size of a hollow point."""


@dataclass(frozen=True, eq=False)
class LiveDots:
    """Points (n, 2) in data coordinates, all finite; `size` in pixels. With a `hole` they are rings around it."""

    points: Floats
    colour: str
    outline: str
    symbol: str = "circle"
    size: float = 7.0
    hole: str = ""


def paint_dots(painter: QPainter, places: Floats, dots: LiveDots) -> None:
    """Paint them at `places` (n, 2), in pixels."""
    if not len(places):
        return
    if dots.symbol in ("circle", "square"):
        _paint_points(painter, places, dots)
        return
    painter.setPen(QPen(QColor(dots.outline), 1.0))
    painter.setBrush(QColor(dots.colour))
    shape, hole = (_shape(dots.symbol, size / 2) for size in (dots.size, HOLE * dots.size))
    for x, y in places.tolist():
        painter.drawPolygon(shape.translated(x, y))
        if dots.hole:
            _paint_hole(painter, hole.translated(x, y), dots)


def _paint_hole(painter: QPainter, shape: QPolygonF, dots: LiveDots) -> None:
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(dots.hole))
    painter.drawPolygon(shape)
    painter.restore()


def _paint_points(painter: QPainter, places: Floats, dots: LiveDots) -> None:
    """Strokes of the pen: the outline, the colour within it, and the hole within that."""
    is_round = dots.symbol == "circle"
    cap = Qt.PenCapStyle.RoundCap if is_round else Qt.PenCapStyle.SquareCap
    size = dots.size if is_round else 0.88 * dots.size
    points = QPolygonF([QPointF(x, y) for x, y in places.tolist()])
    strokes = [(dots.outline, size + 2.0), (dots.colour, size), *([(dots.hole, HOLE * size)] if dots.hole else [])]
    for colour, width in strokes:
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, cap))
        painter.drawPoints(points)


def _shape(symbol: str, radius: float) -> QPolygonF:
    return QPolygonF([QPointF(x * radius, y * radius) for x, y in corners(symbol)])


def corners(symbol: str) -> list[tuple[float, float]]:
    """The corners of a symbol that about fills the circle of radius 1; y goes down."""
    if symbol == "diamond":
        return _regular(4, 1.25)
    if symbol == "hexagon":
        return _regular(6, 1.1)
    if symbol == "wedge":
        return [(x, -y) for x, y in _regular(3, 1.25)]
    if symbol == "star":
        outer, inner = _regular(5, 1.35), [(-0.45 * x, -0.45 * y) for x, y in _regular(5, 1.35)]
        return [corner for k in range(5) for corner in (outer[k], inner[(k + 3) % 5])]
    if symbol == "cross":
        arm = [(0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2)]
        return arm + [(-x, -y) for x, y in arm]
    return _regular(3, 1.25)


def _regular(count: int, radius: float) -> list[tuple[float, float]]:
    """A regular polygon with a corner on top."""
    turns = (2 * pi * k / count for k in range(count))
    return [(radius * sin(turn), -radius * cos(turn)) for turn in turns]
