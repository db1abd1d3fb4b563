"""Curves of the numbers that a script's loops assign, without a word added to the script."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from gradviz.core.numbers import Floats, short_number
from gradviz.core.stepping.timeline import Series, Timeline
from gradviz.core.words import say
from gradviz.views.kit.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.kit.readout import Readout
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.word_list import WordList

BLOCKS = 700
"""Of more points than twice that each block is drawn as its smallest and its largest."""
LEAST_POINTS = 2
FIRST_CHOICES = ("loss", "train_loss", "cost", "f")


class ScalarCurves(QWidget):
    """One of the numbers over the line events, with the present one as a cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline: Timeline | None = None
        self._position = 0
        self._points: Floats = np.empty((0, 2))
        self._box = QComboBox()
        self._box.setView(WordList())
        self._box.setAccessibleName("Number of the curve")
        self._box.activated.connect(lambda _index: self._choose())
        self._value = Readout(0, Qt.AlignmentFlag.AlignLeft)
        self._plot = QuietPlot(self)
        self._plot.getPlotItem().setLabel("bottom", "line event")
        self._plot.setMouseEnabled(False, False)
        self._plot.setAcceptDrops(False)
        top = QHBoxLayout()
        top.setContentsMargins(6, 4, 6, 0)
        top.addWidget(self._box)
        top.addWidget(self._value, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(top)
        layout.addWidget(self._plot, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._plot.set_theme(theme)
        self._draw()

    def show_timeline(self, timeline: Timeline | None) -> None:
        """The numbers of another recording; the one that was chosen stays chosen where there is one of its name."""
        if timeline is self._timeline:
            return
        wish = self._box.currentText()
        self._timeline = timeline
        self._box.clear()
        self._box.addItems(names_of(timeline))
        self._box.setCurrentIndex(max(self._box.findText(wish), 0) if self._box.count() else -1)
        self._choose()

    @property
    def is_empty(self) -> bool:
        """Whether no loop assigned a number."""
        return self._box.count() == 0

    def show_position(self, position: int) -> None:
        """Where one stands."""
        self._position = position
        self._draw()

    @property
    def _series(self) -> Series | None:
        return None if self._timeline is None else self._timeline.series.get(self._box.currentText())

    def _choose(self) -> None:
        series = self._series
        self._points = np.empty((0, 2)) if series is None else points_of(series)
        if len(self._points):
            (left, low), (right, high) = self._points.min(axis=0), self._points.max(axis=0)
            room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
            self._plot.getPlotItem().getViewBox().setRange(
                xRange=(left, right), yRange=(low - room, high + room), padding=0
            )
        self._draw()

    def _draw(self) -> None:
        curve = LiveCurve(self._points, self._plot.theme.accent)
        self._plot.show_live([curve] if len(self._points) else [], cursor=float(self._position))
        self._value.setText(self._words())

    def _words(self) -> str:
        series = self._series
        if series is None:
            return ""
        at = int(np.searchsorted(np.frombuffer(series.events, np.int64), self._position, "right")) - 1
        if at < 0:
            return spoken(say("not assigned yet"))
        return spoken(say("{value} here", value=short_number(series.values[at])))

    def drawn(self) -> dict[str, object]:
        """What is shown."""
        names = [self._box.itemText(k) for k in range(self._box.count())]
        return {
            "name": self._box.currentText(), "names": names, "value": self._value.text(), "points": len(self._points),
        }  # fmt: skip


def names_of(timeline: Timeline | None) -> list[str]:
    """The numbers that were assigned more than once: losses first, counters last."""
    if timeline is None:
        return []
    found = [name for name, series in timeline.series.items() if len(series.values) >= LEAST_POINTS]
    return sorted(found, key=lambda name: (_rank(name), _is_counter(timeline.series[name])))


def _rank(name: str) -> int:
    return FIRST_CHOICES.index(name) if name in FIRST_CHOICES else len(FIRST_CHOICES)


def _is_counter(series: Series) -> bool:
    values = np.frombuffer(series.values)
    return bool(np.all(values == np.round(values)))


def points_of(series: Series) -> Floats:
    """Events and values, (n, 2); of very many each block's smallest and largest, in their order."""
    events = np.frombuffer(series.events, np.int64).astype(np.float64)
    values = np.frombuffer(series.values)
    points = np.column_stack((events, values))[np.isfinite(values)]
    if len(points) <= 2 * BLOCKS:
        return points
    chosen: list[int] = []
    for block in np.array_split(np.arange(len(points)), BLOCKS):
        inside = points[block, 1]
        chosen += sorted({int(block[inside.argmin()]), int(block[inside.argmax()])})
    return points[chosen]
