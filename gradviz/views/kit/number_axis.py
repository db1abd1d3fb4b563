"""An axis of a plot, with ticks that differ and a title that has room."""

from __future__ import annotations

import html
import math
from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication

from gradviz.views.kit.ticks import apart, even_texts, log_texts, log_ticks, nice_ticks

GAPS = {"left": 2.2, "bottom": 5.5}
"""Between two ticks there are at least so many heights of a letter: a number is wider than it is high."""
TITLE_MARGIN = 12.0
"""Pixels that a title leaves free of its axis, both ends together."""
FINER = 4
"""So often a short axis is asked for twice as many ticks."""
LEAST_SCALE = 0.75
"""A title that is longer than its axis is written so much smaller at most, before it is cut with an ellipsis."""


def _at_least_two(made: Callable[[int], list[float]], most: int) -> list[float]:
    """The ticks for `most` of them; of a short axis more, until two are there: one alone tells no scale."""
    ticks = made(most)
    for more in range(1, FINER + 1):
        if len(ticks) > 1:
            break
        ticks = made(most * 2**more)
    return ticks


class NumberAxis(pg.AxisItem):
    """An axis of a plot; `setLogMode` has it count in powers of ten. Its title is never longer than it is."""

    def __init__(self, side: str) -> None:
        self._side = side
        self._room = 0.0
        super().__init__(side)
        self.enableAutoSIPrefix(False)
        self.setStyle(maxTickLevel=0)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        low, high = sorted((minVal, maxVal))
        if not (math.isfinite(low) and math.isfinite(high) and high > low):
            return []
        letter = QFontMetricsF(QGuiApplication.font()).height()
        most = max(2, int(size / (GAPS[self._side] * letter)))
        if self.logMode:
            least = 1.2 * letter * (high - low) / max(size, 1.0)
            return [(1.0, _at_least_two(lambda count: apart(log_ticks(low, high, count), least), most))]
        ticks = _at_least_two(lambda count: nice_ticks(low, high, count), most)
        return [(ticks[1] - ticks[0] if len(ticks) > 1 else high - low, ticks)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return log_texts(values) if self.logMode else even_texts(values, spacing)

    @property
    def title(self) -> str:
        """What is written beside the axis, which may be less than what it was given."""
        return str(self.label.toPlainText())

    def labelString(self) -> str:
        """pyqtgraph takes the title for HTML; here it is plain text, as long and as large as there is room for."""
        text, points = fitting_title(self.labelText, self._room)
        style = ";".join([*(f"{key}: {value}" for key, value in self.labelStyle.items()), f"font-size: {points:.1f}pt"])
        return f"<span style='{style}'>{html.escape(text)}</span>"

    def resizeEvent(self, ev: object = None) -> None:
        room = self.size().height() if self._side == "left" else self.size().width()
        if self.label is not None and room != self._room:
            self._room = room
            self.label.setHtml(self.labelString())
        super().resizeEvent(ev)


def fitting_title(text: str, room: float) -> tuple[str, float]:
    """A title and its size in points, which takes no more than `room` pixels; 0 is as much as it likes."""
    font = QGuiApplication.font()
    points = font.pointSizeF() if font.pointSizeF() > 0 else 9.0
    wanted = QFontMetricsF(font).horizontalAdvance(text) + TITLE_MARGIN
    if room <= TITLE_MARGIN or wanted <= room:
        return text, points
    points *= max(room / wanted, LEAST_SCALE)
    font.setPointSizeF(points)
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room - TITLE_MARGIN), points
