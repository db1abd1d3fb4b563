"""The loss over the only number that is learned: the curve, the way along it, the point, and its tangent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from gradviz.core.numbers import Floats
from gradviz.core.questions.surface import LossCurve
from gradviz.views.kit.lanes import lane_sign, paint_mark
from gradviz.views.kit.live_dots import LiveDots
from gradviz.views.kit.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.kit.theme import Theme
from gradviz.views.surface.run_marks import Mark

TANGENT_PIXELS = 90.0
"""Half the length of a tangent."""
ROOM = 0.06
"""Share of the range of losses that is left free above and below."""
MOST_ABOVE = 8.0
"""A curve with a pole is cut so many times as high as three quarters of its points reach."""
MOST_DOTS = 400
"""Steps of a path that have a dot each; of a longer one the last."""


class LossCurvePlot(QuietPlot):
    """Drag to move, wheel to zoom, double click to start there."""

    start_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        item = self.getPlotItem()
        item.getViewBox().setDefaultPadding(0.0)
        item.setLabel("left", "loss")
        self._line = pg.PlotCurveItem(connect="finite")
        item.addItem(self._line)
        self._curve: LossCurve | None = None
        self._run_marks: Sequence[Mark] = ()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        super().set_theme(theme)
        self._line.setPen(pg.mkPen(theme.muted, width=2))

    def show_curve(self, curve: LossCurve) -> None:
        """Show a curve; what was shown of paths stays."""
        self._curve = curve
        self._line.setData(curve.x, curve.heights, connect="finite")
        item = self.getPlotItem()
        item.setLabel("bottom", curve.x_label)
        item.setXRange(float(curve.x[0]), float(curve.x[-1]))
        item.setYRange(*_framed(curve.heights))
        self.redraw()

    def show_run(self, paths: Sequence[Floats], marks: Sequence[Mark] = ()) -> None:
        """Show the numbers (k, 1) that each optimiser has gone through, along the curve, with its mark."""
        self._run_marks = marks
        curves, dots = [], []
        for index, path in enumerate(paths):
            sign, points = lane_sign(self.theme, index, len(paths)), self._on_curve(path)
            curves.append(LiveCurve(points, sign.colour, 1.6, sign=sign if len(paths) > 1 else None))
            dots.append(LiveDots(points[-MOST_DOTS:], sign.colour, self.theme.base, size=4.5))
        self.show_live(curves, dots=dots)

    def _on_curve(self, path: Floats) -> Floats:
        """Numbers with the height of the curve there: only for the picture."""
        if self._curve is None or not len(path):
            return np.empty((0, 2))
        heights = np.interp(path[:, 0], self._curve.x, self._curve.heights, left=np.nan, right=np.nan)
        points = np.column_stack((path[:, 0], heights))
        return points[np.isfinite(points).all(axis=1)]

    def paint_over(self, painter: QPainter, frame: QRectF, scale: Floats, shift: Floats) -> None:
        for mark in self._run_marks:
            at = self._place(mark, scale, shift)
            if at is not None:
                sign = lane_sign(self.theme, mark.optimizer)
                if mark.slope is not None:
                    _paint_tangent(painter, at, mark.slope * float(scale[1] / scale[0]), QColor(sign.colour))
                paint_mark(painter, at, sign, self.theme)

    def _place(self, mark: Mark, scale: Floats, shift: Floats) -> QPointF | None:
        """A mark in pixels; None where it has no height."""
        known = [[mark.x, mark.loss]] if mark.loss is not None else self._on_curve(np.array([[mark.x]])).tolist()
        points = np.clip(np.array(known).reshape(-1, 2) * scale + shift, -1e5, 1e5)
        return QPointF(*points[0].tolist()) if len(points) else None

    def mouseDoubleClickEvent(self, event: Any) -> None:
        at = self.getPlotItem().getViewBox().mapSceneToView(QPointF(event.position()))
        self.start_chosen.emit(at.x(), 0.0)


def _paint_tangent(painter: QPainter, at: QPointF, slope: float, colour: QColor) -> None:
    """A line of one length whatever its slope, which is in pixels."""
    across = TANGENT_PIXELS / float(np.hypot(1.0, slope))
    shift = QPointF(across, across * slope) if np.isfinite(slope) else QPointF(0.0, TANGENT_PIXELS)
    painter.setPen(QPen(colour, 2.2))
    painter.drawLine(at - shift, at + shift)


def _framed(heights: Floats) -> tuple[float, float]:
    """The range of losses that is shown, with some room."""
    finite = heights[np.isfinite(heights)]
    if not len(finite):
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    usual = float(np.quantile(finite, 0.75)) - low
    high = min(high, low + MOST_ABOVE * usual) if usual > 0 else high
    room = ROOM * (high - low) or 0.5
    return low - room, high + room
