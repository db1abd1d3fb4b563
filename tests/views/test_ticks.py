"""Ticks of axes: round numbers that differ, in one notation, none upon another; titles that have room."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtGui import QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QApplication

from gradviz.views.kit.number_axis import NumberAxis
from gradviz.views.kit.quiet_plot import QuietPlot

RANGES = [
    (1795067.9, 1795068.4), (0.0, 1.0), (-6.0, 6.0), (0.12345678, 0.12345679), (0.0, 3e-9), (169.5, 170.5),
    (-39.41, -39.38), (0.0, 1e25), (1e-290, 2e-290), (99999.0, 100001.0), (-2e-5, 7e-5), (0.0, 30_000.0),
    (5e5, 5.3e6), (1e15, 1e15 + 40),
]  # fmt: skip
LOG_RANGES = [
    (0.26, 0.83), (0.61, 0.97), (1e-12, 600.0), (0.5, 90.0), (1e-3, 1e3), (3.2e-8, 3.4e-8), (1e-300, 1e5),
    (39.0, 41.0), (9.0, 11.0), (1e-5, 0.02), (0.001, 20000.0), (1e24, 1e25),
]  # fmt: skip


@pytest.mark.parametrize("size", [90, 150, 400, 900])
@pytest.mark.parametrize("ends", RANGES)
def test_linear_ticks_differ_and_are_the_numbers_they_stand_at(ends: tuple[float, float], size: int, qapp: Any) -> None:
    low, high = ends
    texts, values = ticks(low, high, size)
    assert len(texts) >= 2
    assert len(set(texts)) == len(texts)
    gap = min(b - a for a, b in pairwise(values))
    assert all(abs(float(text) - value) <= 0.02 * gap for text, value in zip(texts, values, strict=True))
    assert has_one_notation(texts)
    assert len(texts) <= size / 15


@pytest.mark.parametrize("size", [90, 150, 400, 900])
@pytest.mark.parametrize("ends", LOG_RANGES)
def test_log_ticks_differ_have_one_notation_and_room(ends: tuple[float, float], size: int, qapp: Any) -> None:
    low, high = (math.log10(end) for end in ends)
    texts, values = ticks(low, high, size, log=True)
    assert len(set(texts)) == len(texts) >= 2
    assert has_one_notation(texts)
    assert all(low <= value <= high for value in values)
    assert all(math.isclose(number(text), 10.0**value, rel_tol=1e-9) for text, value in zip(texts, values, strict=True))
    pixels = [(value - low) / (high - low) * size for value in values]
    letter = QFontMetricsF(QGuiApplication.font()).height()
    assert all(after - before >= letter for before, after in pairwise(pixels)), "no label lies on another"


@pytest.mark.parametrize("height", [110, 150, 300])
@pytest.mark.parametrize(
    "title", ["loss", "probability of class 1", "<b>bold</b> & more", "a very long name of a column " * 3]
)
def test_a_title_is_never_longer_than_its_axis(shown: Callable[..., Any], title: str, height: int) -> None:
    plot = shown(QuietPlot(), 300, height)
    item = plot.getPlotItem()
    item.setLabel("left", title)
    item.setLabel("bottom", title)
    QApplication.processEvents()
    for side in ("left", "bottom"):
        axis = item.getAxis(side)
        room = axis.size().height() if side == "left" else axis.size().width()
        assert axis.label.boundingRect().width() <= room
        assert axis.title.strip() == title.strip() or axis.title.endswith("…")
        at = axis.label.mapRectToScene(axis.label.boundingRect())
        assert plot.sceneRect().contains(at.adjusted(5, 5, -5, -5))


def ticks(low: float, high: float, size: int, log: bool = False) -> tuple[list[str], list[float]]:
    axis = NumberAxis("left")
    axis.setLogMode(log)
    ((spacing, values),) = axis.tickValues(low, high, size)
    return axis.tickStrings(values, 1.0, spacing), values


def number(text: str) -> float:
    """The number that a tick tells, 10 to a power included."""
    base, plain = "10", str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    if text.startswith(base) and text[2:].translate(plain) != text[2:]:
        return float(f"1e{text[2:].translate(plain)}")
    return float(text)


def has_one_notation(texts: list[str]) -> bool:
    """Whether all are plain, or all have an exponent; 0 goes with either."""
    kinds = {("e" in text, any(letter in "⁰¹²³⁴⁵⁶⁷⁸⁹" for letter in text)) for text in texts if text != "0"}
    return len(kinds) <= 1
