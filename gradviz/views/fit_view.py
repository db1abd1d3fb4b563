"""Data and prediction in one picture."""

from __future__ import annotations

from typing import Any, ClassVar

import pyqtgraph as pg
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gradviz.core.experiment import Experiment
from gradviz.core.records import Snapshot
from gradviz.views.theme import Theme
from gradviz.views.view import View


class FitView(View):
    """The points, and the curve that each optimiser's model draws through them."""

    key: ClassVar[str] = "fit"
    title: ClassVar[str] = "Fit"
    needs_fit: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(parent=self)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setLabel("bottom", "input")
        item.setLabel("left", "target and prediction")
        self._points = pg.ScatterPlotItem(size=8)
        item.addItem(self._points)
        self._curves: list[Any] = []
        self._note = QLabel("This experiment fits no data.")
        self._note.setProperty("muted", True)
        self._note.setContentsMargins(8, 4, 8, 0)
        self._shown: Snapshot | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._note)
        layout.addWidget(self._plot, 1)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._plot.setBackground(theme.base)
        item = self._plot.getPlotItem()
        for side in ("bottom", "left"):
            item.getAxis(side).setPen(theme.border)
            item.getAxis(side).setTextPen(theme.muted)
        item.showGrid(x=True, y=True, alpha=0.15)
        self._points.setBrush(pg.mkBrush(theme.accent))
        self._points.setPen(pg.mkPen(theme.base))
        self._recolour()

    def _recolour(self) -> None:
        for index, curve in enumerate(self._curves):
            curve.setPen(pg.mkPen(self.theme.lanes[index % len(self.theme.lanes)], width=2))

    def begin_run(self, experiment: Experiment) -> None:
        item = self._plot.getPlotItem()
        for curve in self._curves:
            item.removeItem(curve)
        self._curves = [pg.PlotCurveItem() for _ in experiment.optimizers]
        for curve in self._curves:
            item.addItem(curve)
        self._recolour()
        self._points.setData([], [])
        self._shown = None
        fits = experiment.objective.kind == "fit"
        self._note.setText("" if fits else "This experiment fits no data.")
        item.enableAutoRange()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        fit = snapshot.fit
        if fit is None:
            return
        before = None if self._shown is None else self._shown.fit
        if before is None or len(before.inputs) != len(fit.inputs):
            self._points.setData(fit.inputs, fit.targets)
        self._shown = snapshot
        for curve, values in zip(self._curves, fit.curves, strict=False):
            curve.setData(fit.curve_x, values)
        self._note.setText(f"{len(fit.inputs)} points, prediction of step {snapshot.step:,}")

    def drawn(self) -> dict[str, object]:
        fit = None if self._shown is None else self._shown.fit
        if fit is None:
            return {"points": 0, "curve": [], "note": self._note.text()}
        return {"points": len(fit.inputs), "curve": fit.curves[0].tolist(), "note": self._note.text()}
