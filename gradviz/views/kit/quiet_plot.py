"""A pyqtgraph plot in two layers, both filled in without Python's lock (see picture_label.py).

Axes, grid and what stands still are pyqtgraph's items, recorded when they change; what moves with a run (curves,
marks, the cursor) is laid over them, so that a frame costs only what is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen, QPicture, QPolygonF, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from gradviz.core.numbers import Floats
from gradviz.views.kit.lanes import LaneSign, along, paint_signs
from gradviz.views.kit.live_dots import LiveDots, paint_dots
from gradviz.views.kit.number_axis import NumberAxis
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import LIGHT, Theme

SIDES = ("bottom", "left")
DASHES = (4.0, 2.6)
"""A dash and a gap, in widths of the line: the same on the plot and in its key."""
EDGE = 2.6
"""By how much the edge of a curve is wider than the curve."""
MARGINS = (2, 8, 14, 2)
"""Pixels left, above, right, below: a number at the end of an axis is as wide as this and more."""


@dataclass(frozen=True, eq=False)
class LiveCurve:
    """Points (n, 2) in data coordinates, all finite, joined by a line."""

    points: Floats
    colour: str
    width: float = 1.6
    has_end_mark: bool = False
    sign: LaneSign | None = None
    """What stands along it, in a race."""
    is_dashed: bool = False
    has_edge: bool = False
    """An edge in the colour of the plot, so that it stands out from what it lies upon."""


@dataclass(frozen=True, eq=False)
class LiveMark:
    """A triangle at a point in data coordinates, or a cross."""

    x: float
    y: float
    colour: str
    is_cross: bool = False


class QuietPlot(pg.PlotWidget):
    """Axes, grid and mouse are pyqtgraph's; call `redraw` after a change of its items."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False, axisItems={side: NumberAxis(side) for side in SIDES})
        self.theme: Theme = LIGHT
        self._curves: list[LiveCurve] = []
        self._marks: list[LiveMark] = []
        self._dots: list[LiveDots] = []
        self._cursor: float | None = None
        item = self.getPlotItem()
        item.hideButtons()
        item.setContentsMargins(*MARGINS)
        self._base = PictureLabel(self.viewport(), opaque=True)
        self._live = PictureLabel(self.viewport())
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.redraw)
        item.getViewBox().sigRangeChanged.connect(lambda *_: self._later.start())
        item.getViewBox().sigResized.connect(lambda *_: self._later.start())  # an axis took more room

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self.setBackground(theme.base)
        item = self.getPlotItem()
        for side in SIDES:
            item.getAxis(side).setPen(theme.border)
            item.getAxis(side).setTextPen(theme.muted)
        self._later.start()

    def show_live(
        self,
        curves: list[LiveCurve],
        marks: list[LiveMark] | None = None,
        cursor: float | None = None,
        dots: list[LiveDots] | None = None,
    ) -> None:
        """What moves with the run; `cursor` is a vertical line at an x."""
        self._curves, self._marks, self._cursor, self._dots = curves, marks or [], cursor, dots or []
        self._draw_live()

    def redraw(self) -> None:
        """Record everything as it is now; nothing while it is hidden."""
        if not self.isVisible():
            return
        self.scene().prepareForPaint()
        picture = QPicture()
        area = self.viewport().rect()
        with QPainter(picture) as painter:
            self.render(painter, area, area)
        self._base.show_picture(picture)
        self._draw_live()

    def _draw_live(self) -> None:
        if not self.isVisible():
            return
        box = self.getPlotItem().getViewBox()
        frame = QRectF(box.sceneBoundingRect())
        view = np.array(box.viewRange(), dtype=np.float64)
        scale = np.array([frame.width(), -frame.height()]) / (view[:, 1] - view[:, 0])
        shift = np.array([frame.left(), frame.bottom()]) - view[:, 0] * scale
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setClipRect(frame)
            self._paint_cursor(painter, frame, float(scale[0]), float(shift[0]))
            for dots in self._dots:
                paint_dots(painter, np.clip(dots.points * scale + shift, -1e5, 1e5), dots)
            lines = [np.clip(curve.points * scale + shift, -1e5, 1e5) for curve in self._curves]
            for curve, line in zip(self._curves, lines, strict=True):
                _paint_curve(painter, line, curve, self.theme.base)
            for curve, line in zip(self._curves, lines, strict=True):  # above all lines, for each hides what it meets
                if curve.sign is not None:
                    paint_signs(painter, along(line, curve.sign.share), curve.sign, self.theme.base)
            for mark in self._marks:
                _paint_mark(painter, np.array([mark.x, mark.y]) * scale + shift, mark, self.theme.text)
            self.paint_over(painter, frame, scale, shift)
        self._live.show_picture(picture)

    def paint_over(self, painter: QPainter, frame: QRectF, scale: Floats, shift: Floats) -> None:
        """What lies above all that moves; data times `scale` plus `shift` is where it stands in pixels."""

    def _paint_cursor(self, painter: QPainter, frame: QRectF, scale: float, shift: float) -> None:
        if self._cursor is not None:
            x = self._cursor * scale + shift
            painter.setPen(QPen(QColor(self.theme.accent), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))

    def live_dots(self) -> list[LiveDots]:
        """The points that are shown."""
        return list(self._dots)

    def live(self) -> list[LiveCurve]:
        """The curves that are shown."""
        return list(self._curves)

    def paintEvent(self, event: Any) -> None:
        """The labels show the pictures: the view itself paints nothing."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_live"):
            self._base.setGeometry(self.viewport().rect())
            self._live.setGeometry(self.viewport().rect())
            self._later.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._later.start()


def _paint_curve(painter: QPainter, places: Floats, curve: LiveCurve, base: str) -> None:
    if not len(places):
        return
    pen = QPen(QColor(curve.colour), curve.width)
    line = pg.functions.arrayToQPolygonF(places[:, 0], places[:, 1])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if curve.has_edge:
        painter.setPen(QPen(QColor(base), curve.width + EDGE))
        painter.drawPolyline(line)
    if curve.is_dashed:
        pen.setDashPattern(DASHES)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawPolyline(line)
    if curve.has_end_mark:
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
        painter.setBrush(QColor(curve.colour))
        painter.drawEllipse(QPointF(*places[-1].tolist()), 5.5, 5.5)


def _paint_mark(painter: QPainter, place: Floats, mark: LiveMark, outline: str) -> None:
    x, y = place.tolist()
    if mark.is_cross:
        for colour, width in ((outline, 5.0), (mark.colour, 3.0)):
            painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x - 5, y - 5), QPointF(x + 5, y + 5))
            painter.drawLine(QPointF(x - 5, y + 5), QPointF(x + 5, y - 5))
        return
    painter.setPen(QPen(QColor(outline), 1.0))
    painter.setBrush(QColor(mark.colour))
    painter.drawPolygon(QPolygonF([QPointF(x, y - 6), QPointF(x - 6, y + 4), QPointF(x + 6, y + 4)]))
