"""The icons of the run bar, drawn in the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPixmap, QPolygonF

SIZE = 48


def _triangle(left: float, right: float) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(left, 0.16), QPointF(right, 0.5), QPointF(left, 0.84)]))
    path.closeSubpath()
    return path


def _bar(left: float, width: float) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(left, 0.16, width, 0.68), 0.03, 0.03)
    return path


def _shape(name: str) -> QPainterPath:
    """The outline of an icon within the unit square."""
    if name == "run":
        return _triangle(0.24, 0.86)
    if name == "pause":
        return _bar(0.22, 0.2) + _bar(0.58, 0.2)
    if name == "step":
        return _triangle(0.2, 0.66) + _bar(0.7, 0.12)
    if name == "step_back":
        return _triangle(0.8, 0.34) + _bar(0.18, 0.12)
    if name == "to_end":
        return _triangle(0.12, 0.48) + _triangle(0.48, 0.8) + _bar(0.82, 0.1)
    return _triangle(0.88, 0.52) + _triangle(0.52, 0.2) + _bar(0.08, 0.1)


def icon(name: str, colour: str, disabled: str) -> QIcon:
    """The icon ``run``, ``pause``, ``step``, ``step_back``, ``to_end`` or ``reset``."""
    made = QIcon()
    for mode, chosen in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        pixmap = QPixmap(SIZE, SIZE)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(SIZE, SIZE)
            painter.fillPath(_shape(name), QColor(chosen))
        made.addPixmap(pixmap, mode)
    return made
