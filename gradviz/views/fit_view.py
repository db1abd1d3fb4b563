"""Data and prediction in one picture."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gradviz.core.experiment import Experiment
from gradviz.core.records import FitSnapshot, Snapshot
from gradviz.views.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.readout import Readout
from gradviz.views.theme import Theme
from gradviz.views.view import View


class FitView(View):
    """The points, and the curve that each optimiser's model draws through them."""

    key: ClassVar[str] = "fit"
    title: ClassVar[str] = "Fit"
    needs_fit: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = QuietPlot(self)
        item = self._plot.getPlotItem()
        item.showGrid(x=True, y=True, alpha=0.15)
        item.setLabel("bottom", "input")
        item.setLabel("left", "target")
        self._points = pg.ScatterPlotItem(size=8)
        item.addItem(self._points)
        self._note = Readout(0, Qt.AlignmentFlag.AlignLeft, muted=True)
        self._shown: Snapshot | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.addWidget(self._note)
        layout.addLayout(head)
        layout.addWidget(self._plot, 1)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._plot.set_theme(theme)
        self._points.setBrush(pg.mkBrush(theme.accent))
        self._points.setPen(pg.mkPen(theme.base))
        self._draw()

    def begin_run(self, experiment: Experiment) -> None:
        self._points.setData([], [])
        self._shown = None
        fits = experiment.objective.kind == "fit"
        self._note.setText("" if fits else "This experiment fits no data.")
        self._draw()
        self._plot.redraw()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        fit = snapshot.fit
        if fit is None:
            return
        before = None if self._shown is None else self._shown.fit
        if before is None or len(before.inputs) != len(fit.inputs):
            self._points.setData(fit.inputs, fit.targets)
            self._frame_data(fit)
            self._plot.redraw()
        self._shown = snapshot
        self._note.setText(f"{len(fit.inputs)} points, prediction of step {snapshot.step:,}")
        self._draw()

    def _draw(self) -> None:
        fit = None if self._shown is None else self._shown.fit
        lanes = self.theme.lanes
        curves = [] if fit is None else fit.curves
        self._plot.show_live(
            [
                LiveCurve(np.column_stack((fit.curve_x, curve))[np.isfinite(curve)], lanes[k % len(lanes)], 2.0)
                for k, curve in enumerate(curves)
                if fit is not None
            ]
        )

    def _frame_data(self, fit: FitSnapshot) -> None:
        """The data fills the picture; a wild prediction leaves it."""
        x = (float(fit.curve_x[0]), float(fit.curve_x[-1]))
        low, high = float(fit.targets.min()), float(fit.targets.max())
        room = 0.25 * (high - low) or 1.0
        self._plot.getPlotItem().getViewBox().setRange(xRange=x, yRange=(low - room, high + room), padding=0)

    def drawn(self) -> dict[str, object]:
        fit = None if self._shown is None else self._shown.fit
        if fit is None:
            return {"points": 0, "curve": [], "note": self._note.text()}
        return {"points": len(fit.inputs), "curve": fit.curves[0].tolist(), "note": self._note.text()}
