"""The surface from above: contour lines, minima and paths. It needs no OpenGL."""

from __future__ import annotations

from typing import Any

import contourpy
import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtWidgets import QWidget

from gradviz.core.records import Floats
from gradviz.views.colours import colour_table
from gradviz.views.surface_geometry import SurfaceBox
from gradviz.views.theme import LIGHT, Theme, mix

LEVELS = 16


class ContourPlot(pg.PlotWidget):  # type: ignore[misc]
    """Drag to move, wheel to zoom, double click to start there."""

    start_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.getViewBox().setDefaultPadding(0.0)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._lines = pg.PlotCurveItem(connect="finite")
        self._minima = pg.ScatterPlotItem(symbol="+", size=12)
        self._marks = pg.ScatterPlotItem(size=11)
        self._paths: list[Any] = []
        for part in (self._image, self._lines, self._minima, self._marks):
            item.addItem(part)
        self._marks.setZValue(10)
        self.levels = 0

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self.setBackground(theme.base)
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).setPen(theme.border)
            self.getPlotItem().getAxis(side).setTextPen(theme.muted)
        self._lines.setPen(pg.mkPen(255, 255, 255, 90))
        self._minima.setPen(pg.mkPen("#ffffff", width=2))
        self._marks.setPen(pg.mkPen("#ffffff", width=1.5))

    def show_box(self, box: SurfaceBox) -> None:
        """Show a surface from above."""
        grid = box.grid
        levels = box.level(grid.heights)
        table = colour_table()
        picture = table[np.nan_to_num(levels * 255).astype(int)].copy()
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

    def _show_lines(self, box: SurfaceBox, levels: Floats) -> None:
        generator = contourpy.contour_generator(box.grid.x, box.grid.y, np.ma.masked_invalid(levels))
        pieces: list[Floats] = []
        for level in np.linspace(0, 1, LEVELS + 2)[1:-1]:
            for line in generator.lines(float(level)):
                pieces += [np.asarray(line), np.full((1, 2), np.nan)]
        self.levels = LEVELS if pieces else 0
        joined = np.concatenate(pieces) if pieces else np.empty((0, 2))
        self._lines.setData(joined[:, 0], joined[:, 1], connect="finite")

    def show_paths(self, paths: list[Floats]) -> None:
        """Show one path (k, 2) an optimiser, with a mark at its end."""
        while len(self._paths) < len(paths):
            curve = pg.PlotCurveItem()
            self._paths.append(curve)
            self.getPlotItem().addItem(curve)
        ends, brushes = [], []
        for index, curve in enumerate(self._paths):
            path = paths[index] if index < len(paths) else np.empty((0, 2))
            colour = self.theme.lanes[index % len(self.theme.lanes)]
            curve.setPen(pg.mkPen(colour, width=2.4))
            curve.setData(path[:, 0], path[:, 1])
            if len(path):
                ends.append(path[-1])
                brushes.append(pg.mkBrush(colour))
        joined = np.array(ends).reshape(-1, 2)
        self._marks.setData(joined[:, 0], joined[:, 1], brush=brushes)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        at = self.getPlotItem().getViewBox().mapSceneToView(QPointF(event.position()))
        self.start_chosen.emit(at.x(), at.y())


def colour_bytes(colour: str) -> tuple[int, int, int, int]:
    """A hexadecimal colour as four bytes."""
    made = pg.mkColor(colour)
    return made.red(), made.green(), made.blue(), 255
