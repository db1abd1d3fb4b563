"""Labels of three axes: those that are written stand apart, and are thinned evenly."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from gradviz.views.surface.axis_labels import TITLE, without_overlaps


def row(count: int, apart: float) -> list[QRectF]:
    return [QRectF(apart * k, 0, 20, 8) for k in range(count)]


def test_all_are_written_where_there_is_room() -> None:
    assert without_overlaps(row(6, 30), ["x"] * 6) == list(range(6))


def test_crowded_ticks_are_thinned_evenly() -> None:
    assert without_overlaps(row(7, 15), ["z"] * 7) == [0, 2, 4, 6]
    assert without_overlaps(row(7, 1), ["z"] * 7) == [], "one number tells no scale"


def test_titles_come_before_ticks_and_the_floor_before_the_height() -> None:
    same = [QRectF(0, 0, 20, 8)] * 3
    assert without_overlaps(same, ["z", "x", TITLE]) == [2]
    assert without_overlaps(same[:2], ["z", "y"]) == [1]
