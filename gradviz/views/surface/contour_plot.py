"""The surface from above: contour lines, minima and paths. It needs no OpenGL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import contourpy
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from gradviz.core.numbers import Floats
from gradviz.views.kit.lanes import lane_sign, paint_mark
from gradviz.views.kit.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.kit.theme import Theme, mix
from gradviz.views.surface.run_marks import Mark
from gradviz.views.surface.surface_geometry import SurfaceBox

LEVELS = 16


class ContourPlot(QuietPlot):
    """Drag to move, wheel to zoom, double click to start there."""

    start_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        item = self.getPlotItem()
        item.getViewBox().setDefaultPadding(0.0)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._lines = pg.PlotCurveItem(connect="finite")
        self._minima = pg.ScatterPlotItem(symbol="+", size=12)
        for part in (self._image, self._lines, self._minima):
            item.addItem(part)
        self.levels = 0
        self._run_marks: Sequence[Mark] = ()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        super().set_theme(theme)
        self._lines.setPen(pg.mkPen(255, 255, 255, 90))
        self._minima.setPen(pg.mkPen("#ffffff", width=2))

    def show_box(self, box: SurfaceBox) -> None:
        """Show a surface from above."""
        grid = box.grid
        levels = box.level(grid.heights)
        picture = box.colours()
        gap = colour_bytes(mix(self.theme.base, self.theme.muted, 0.25))
        picture[~np.isfinite(levels)] = gap
        self._image.setImage(picture, autoLevels=False)
        half_x, half_y = (grid.x[1] - grid.x[0]) / 2, (grid.y[1] - grid.y[0]) / 2
        self._image.setRect(
            QRectF(
                grid.x[0] - half_x,
                grid.y[0] - half_y,
                grid.x[-1] - grid.x[0] + 2 * half_x,
                grid.y[-1] - grid.y[0] + 2 * half_y,
            )
        )
        self._show_lines(box, levels)
        minima = np.array(grid.minima, dtype=np.float64).reshape(-1, 2)
        self._minima.setData(minima[:, 0], minima[:, 1])
        item = self.getPlotItem()
        item.setLabel("bottom", grid.x_label)
        item.setLabel("left", grid.y_label)
        item.setXRange(grid.x[0], grid.x[-1])
        item.setYRange(grid.y[0], grid.y[-1])
        self.redraw()

    def _show_lines(self, box: SurfaceBox, levels: Floats) -> None:
        generator = contourpy.contour_generator(box.grid.x, box.grid.y, np.ma.masked_invalid(levels))
        pieces: list[Floats] = []
        for level in np.linspace(0, 1, LEVELS + 2)[1:-1]:
            for line in generator.lines(float(level)):
                pieces += [np.asarray(line), np.full((1, 2), np.nan)]
        self.levels = LEVELS if pieces else 0
        joined = np.concatenate(pieces) if pieces else np.empty((0, 2))
        self._lines.setData(joined[:, 0], joined[:, 1], connect="finite")

    def show_run(self, paths: Sequence[Floats], marks: Sequence[Mark] = ()) -> None:
        """Show one path (k, 2) an optimiser, with its mark."""
        self._run_marks = marks
        signs = [lane_sign(self.theme, k, len(paths)) for k in range(len(paths))]
        is_race = len(paths) > 1
        self.show_live(
            [
                LiveCurve(path, sign.colour, 2.4, sign=sign if is_race else None)
                for path, sign in zip(paths, signs, strict=True)
            ]
        )

    def paint_over(self, painter: QPainter, frame: QRectF, scale: Floats, shift: Floats) -> None:
        for mark in self._run_marks:
            at = QPointF(*(np.clip(np.array([mark.x, mark.y]) * scale + shift, -1e5, 1e5)).tolist())
            paint_mark(painter, at, lane_sign(self.theme, mark.optimizer), self.theme, mark.is_off)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        at = self.getPlotItem().getViewBox().mapSceneToView(QPointF(event.position()))
        self.start_chosen.emit(at.x(), at.y())


def colour_bytes(colour: str) -> tuple[int, int, int, int]:
    """A hexadecimal colour as four bytes."""
    made = pg.mkColor(colour)
    return made.red(), made.green(), made.blue(), 255
