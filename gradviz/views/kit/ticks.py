"""The ticks of an axis: round numbers in one notation, which differ and do not lie upon one another."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication

from gradviz.core.numbers import short_number

GAPS = {"left": 2.2, "bottom": 5.5}
"""Between two ticks there are at least so many heights of a letter: a number is wider than it is high."""
PLAIN = (1e-3, 1e6)
"""Numbers whose largest lies between these are written without an exponent."""
PLAIN_DECADES = (-3, 4)
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TITLE_MARGIN = 12.0
"""Pixels that a title leaves free of its axis, both ends together."""
NEAR = 0.01
"""A text tells its number to this share of the least distance of two."""
FINER = 4
"""So often a short axis is asked for twice as many ticks."""
LEAST_SCALE = 0.75
"""A title that is longer than its axis is written so much smaller at most, before it is cut with an ellipsis."""


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` + 1 round numbers (1, 2 or 5 times a power of ten apart) within [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    decimals = 1 - int(np.floor(np.log10(step)))
    return [round(float((first + k) * step), decimals) + 0.0 for k in range(count)]


def tick_texts(values: Sequence[float]) -> list[str]:
    """Round numbers in as many digits as tell them apart, all of one kind: 1000 beside 200, not 1e3."""
    if len(values) < 2:
        return [short_number(value, 5) for value in values]
    largest = max(abs(value) for value in values)
    apart = min(abs(after - before) for before, after in pairwise(values))
    least = int(np.floor(np.log10(largest or 1.0)) - np.floor(np.log10(apart or 1.0))) + 1
    for digits in range(min(max(least, 5), 16), 17):
        texts = [short_number(value, digits) for value in values]
        if all(abs(float(text) - value) <= NEAR * apart for text, value in zip(texts, values, strict=True)):
            break
    return texts


def even_texts(values: Sequence[float], spacing: float) -> list[str]:
    """Numbers that are `spacing` apart, all with the same decimals, or all with the same exponent."""
    largest = max((abs(value) for value in values), default=0.0)
    if not largest or not spacing:
        return [short_number(value, 5) for value in values]
    fine, power = math.floor(math.log10(spacing) + 1e-9), math.floor(math.log10(largest) + 1e-9)
    is_plain = PLAIN[0] <= largest < PLAIN[1] or power - fine >= abs(power)
    if is_plain:
        return [f"{value + 0.0:.{max(0, -fine)}f}" for value in values]
    return [f"{value / 10.0**power:.{max(0, power - fine)}f}e{power}" if value else "0" for value in values]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Logarithms within [low, high]: of whole decades, of 1, 2, 5 times them, or of round numbers in a narrow range."""
    decades = list(range(math.ceil(low), math.floor(high) + 1))
    if len(decades) >= 3:
        stride = math.ceil(len(decades) / most)
        return [float(decade) for decade in decades if decade % stride == 0]
    some = [decade + part for decade in range(math.floor(low), math.ceil(high)) for part in (0.0, *np.log10((2, 5)))]
    inside = [float(tick) for tick in some if low <= tick <= high]
    if len(inside) >= 3:
        return inside
    return [math.log10(value) for value in nice_ticks(10.0**low, 10.0**high, most) if value > 0]


def log_texts(ticks: Sequence[float]) -> list[str]:
    """The numbers at these logarithms, in one notation: 0.01, 1, 100; or 10⁻⁸, 10⁰; or 0.26, 0.28."""
    if not all(float(tick).is_integer() for tick in ticks):
        values = [float(f"{10.0**tick:.12g}") for tick in ticks]
        gaps = [after - before for before, after in pairwise(values)]
        is_even = len(gaps) > 1 and max(gaps) - min(gaps) < NEAR * min(gaps)
        return even_texts(values, gaps[0]) if is_even else tick_texts(values)
    lowest, highest = PLAIN_DECADES
    if all(lowest <= tick <= highest for tick in ticks):
        return [f"{10.0**tick:g}" for tick in ticks]
    return ["10" + str(int(tick)).translate(SUPERSCRIPT) for tick in ticks]


def apart(ticks: Sequence[float], least: float) -> list[float]:
    """Those that are at least so far from the one before."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= least:
            kept.append(tick)
    return kept


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
