"""The sign of an optimiser wherever it is drawn: a colour of its own, and a shape for eyes that part colours less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from gradviz.core.numbers import Floats
from gradviz.views.kit.live_dots import corners
from gradviz.views.kit.theme import Theme

SHAPES = ("circle", "square", "triangle", "diamond", "wedge", "cross", "star", "bar")
"""In the order of the lanes. Of sixteen, two have one shape: their colours lie far apart (see the theme)."""
RADIUS = 5.5
"""Of the sign where an optimiser stands now, in pixels."""
SMALL = 3.8
"""Of the signs along its way."""
EVERY = 110.0
"""Pixels from one of these to the next."""
MOST_SIGNS = 16


@dataclass(frozen=True, slots=True)
class LaneSign:
    """How one optimiser is drawn in curves, keys, paths, fits and tables."""

    colour: str
    shape: str
    share: float = 0.0
    """How far along the first stretch its first sign is, 0 to 1: the signs of a race stand beside each other."""


def lane_sign(theme: Theme, optimizer: int, optimizers: int = 1) -> LaneSign:
    """The sign of an optimiser, one of so many that race."""
    share = (optimizer + 0.5) / max(optimizers, 1)
    return LaneSign(theme.lanes[optimizer % len(theme.lanes)], SHAPES[optimizer % len(SHAPES)], share)


def shape_path(shape: str, radius: float) -> QPainterPath:
    """The outline of a shape around (0, 0)."""
    path = QPainterPath()
    if shape == "circle":
        path.addEllipse(QPointF(), radius, radius)
    elif shape == "square":
        path.addRect(-0.9 * radius, -0.9 * radius, 1.8 * radius, 1.8 * radius)
    elif shape == "bar":
        path.addRect(-0.45 * radius, -1.25 * radius, 0.9 * radius, 2.5 * radius)
    else:
        path.addPolygon(QPolygonF([QPointF(x * radius, y * radius) for x, y in corners(shape)]))
        path.closeSubpath()
    return path


def paint_signs(painter: QPainter, places: Floats, sign: LaneSign, ground: str, radius: float = SMALL) -> None:
    """The sign at each of `places` (n, 2), in pixels, with a rim in the colour of the ground."""
    outline = shape_path(sign.shape, radius)
    painter.setPen(QPen(QColor(ground), 1.2))
    painter.setBrush(QColor(sign.colour))
    for x, y in places.tolist():
        painter.drawPath(outline.translated(x, y))


def paint_mark(
    painter: QPainter,
    at: QPointF,
    sign: LaneSign,
    theme: Theme,
    is_off: bool = False,
    is_hidden: bool = False,
    radius: float = RADIUS,
) -> None:
    """Where an optimiser stands: hollow if it is off the plane that is shown, faint and dotted if a hill hides it."""
    outline, colour = shape_path(sign.shape, radius).translated(at), QColor(sign.colour)
    if is_hidden:
        faint = QColor(colour)
        faint.setAlpha(45)
        painter.setBrush(Qt.BrushStyle.NoBrush if is_off else faint)
        painter.setPen(QPen(QColor(theme.base), 3.0))
        painter.drawPath(outline)
        painter.setPen(QPen(colour, 1.6, Qt.PenStyle.DotLine))
    elif is_off:
        painter.setBrush(QColor(theme.base))
        painter.setPen(QPen(QColor(theme.base), 4.5))
        painter.drawPath(outline)
        painter.setPen(QPen(colour, 2.4))
    else:
        painter.setBrush(colour)
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
    painter.drawPath(outline)


def along(points: Floats, share: float, every: float = EVERY) -> Floats:
    """Places (k, 2) on a polyline (n, 2), `every` pixels apart: along x where it only goes to the right, as a curve
    does whatever its noise, else along the line itself."""
    if len(points) < 2:
        return np.empty((0, 2))
    steps = np.diff(points, axis=0)
    is_function = bool((steps[:, 0] >= 0).all())
    lengths = np.concatenate(([0.0], np.cumsum(steps[:, 0] if is_function else np.hypot(*steps.T))))
    every = max(every, float(lengths[-1]) / MOST_SIGNS)
    at = np.arange(share * every, lengths[-1], every)
    return np.column_stack([np.interp(at, lengths, column) for column in points.T])


def sign_pixmap(sign: LaneSign, ground: str, ratio: float = 1.0) -> QPixmap:
    """The sign by itself, for a cell of a table."""
    side = 2 * round(RADIUS) + 4
    made = QPixmap(round(side * ratio), round(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_signs(painter, np.array([[side / 2, side / 2]]), sign, ground, RADIUS)
    return made
