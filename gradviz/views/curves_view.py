"""Loss curves: every step, linear or log, drawn from the pyramid of the history."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gradviz.core.experiment import Experiment
from gradviz.core.history import History
from gradviz.core.numbers import short_number
from gradviz.core.records import Floats
from gradviz.views.theme import Theme
from gradviz.views.view import View

PIXELS = 600


class CurvesView(View):
    """Loss over steps, one curve an optimiser. A loss of exactly 0 is marked on the log axis, which cannot hold it."""

    key: ClassVar[str] = "curves"
    title: ClassVar[str] = "Curves"
    needs_history: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget(parent=self)
        item = self._plot.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setLabel("bottom", "step")
        item.setLabel("left", "loss")
        item.getViewBox().setDefaultPadding(0.03)
        self._legend = item.addLegend(offset=(-12, 8), labelTextSize="9pt")
        self._curves: list[Any] = []
        self._zeros = pg.ScatterPlotItem(symbol="t", size=10)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        item.addItem(self._zeros, ignoreBounds=False)
        item.addItem(self._cursor, ignoreBounds=True)
        self._log = QCheckBox("Log scale")
        self._log.setToolTip("Logarithmic loss axis (L). Zero cannot stand on it and is marked at the lower edge.")
        self._log.toggled.connect(self._on_log_toggled)
        self._note = QLabel()
        self._note.setProperty("muted", True)
        self._history: History | None = None
        self._step = 0
        self._names: tuple[str, ...] = ()
        self._arrange()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 0)
        head.addWidget(self._note, 1)
        head.addWidget(self._log)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._plot, 1)

    @property
    def log_scale(self) -> bool:
        """Whether the loss axis is logarithmic."""
        return self._log.isChecked()

    def set_log_scale(self, on: bool) -> None:
        """Choose the loss axis."""
        self._log.setChecked(on)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._plot.setBackground(theme.base)
        item = self._plot.getPlotItem()
        for side in ("bottom", "left"):
            axis = item.getAxis(side)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
        item.showGrid(x=True, y=True, alpha=0.15)
        self._cursor.setPen(pg.mkPen(theme.accent, width=1, style=Qt.PenStyle.DashLine))
        self._legend.setLabelTextColor(theme.text)
        self._recolour()

    def _recolour(self) -> None:
        for index, curve in enumerate(self._curves):
            curve.setPen(pg.mkPen(self.theme.lanes[index % len(self.theme.lanes)], width=1.6))
        self._zeros.setBrush(pg.mkBrush(self.theme.lanes[0]))
        self._zeros.setPen(pg.mkPen(self.theme.text))

    def begin_run(self, experiment: Experiment) -> None:
        names = tuple(type(optimizer).label for optimizer in experiment.optimizers)
        if names != self._names:
            self._make_curves(names)
        self._history, self._step = None, 0
        self._plot.getPlotItem().enableAutoRange()
        self._draw()

    def _make_curves(self, names: tuple[str, ...]) -> None:
        item = self._plot.getPlotItem()
        for curve in self._curves:
            item.removeItem(curve)
        self._names = names
        self._curves = [pg.PlotCurveItem(name=name if len(names) > 1 else None) for name in names]
        for curve in self._curves:
            item.addItem(curve)
        self._recolour()

    def show_history(self, history: History, step: int) -> None:
        self._history, self._step = history, step
        self._draw()

    def _on_log_toggled(self, on: bool) -> None:
        self._plot.getPlotItem().getAxis("left").setLogMode(on)
        self._plot.getPlotItem().enableAutoRange()
        self._draw()

    def _draw(self) -> None:
        history = self._history
        if history is None or not len(history):
            for curve in self._curves:
                curve.setData(np.empty(0), np.empty(0))
            self._zeros.setData([], [])
            self._cursor.setValue(0)
            self._note.setText("")
            return
        steps, low, high = history.extremes(0, len(history), PIXELS)
        x = np.repeat(steps, 2)
        for index, curve in enumerate(self._curves):
            y = np.empty(2 * len(steps))
            y[0::2], y[1::2] = low[:, index], high[:, index]
            self._set_curve(curve, x, y)
        self._mark_zeros(steps, low)
        self._cursor.setValue(self._step)
        self._say(history)

    def _set_curve(self, curve: Any, x: Floats, y: Floats) -> None:
        shown = np.where(np.isfinite(y), y, np.nan)
        if self.log_scale:
            with np.errstate(invalid="ignore", divide="ignore"):
                shown = np.where(shown > 0, np.log10(shown), np.nan)
        finite = np.isfinite(shown)
        curve.setData(x[finite], shown[finite], connect="all", skipFiniteCheck=True)

    def _mark_zeros(self, steps: Floats, low: Floats) -> None:
        """A log axis has no zero: mark the first exact zero of each curve at the lowest positive loss."""
        if not self.log_scale:
            self._zeros.setData([], [])
            return
        xs, ys = [], []
        positive = low[low > 0]
        floor = float(np.log10(positive.min())) if positive.size else 0.0
        for index in range(low.shape[1]):
            found = np.flatnonzero(low[:, index] == 0)
            if found.size:
                xs.append(float(steps[found[0]]))
                ys.append(floor)
        self._zeros.setData(xs, ys)

    def _say(self, history: History) -> None:
        last = history.losses[min(self._step, len(history) - 1)]
        text = ", ".join(short_number(float(loss)) for loss in last)
        zero = ";  ▲ exactly 0 from here" if self.log_scale and self._zeros.data.size else ""
        self._note.setText(f"loss {text} at step {self._step:,}{zero}")

    def drawn(self) -> dict[str, object]:
        points = [len(curve.xData) if curve.xData is not None else 0 for curve in self._curves]
        zeros = [(float(spot["x"]), float(spot["y"])) for spot in self._zeros.data]
        return {"points": points, "log": self.log_scale, "note": self._note.text(), "zeros": zeros, "step": self._step}
