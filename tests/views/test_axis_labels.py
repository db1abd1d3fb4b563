"""Labels of three axes: those that are written stand apart, and are thinned evenly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from gradviz.views.surface.axis_labels import TITLE, beside, covered, is_struck, outward, without_overlaps


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


@given(
    edge=st.lists(st.floats(-400, 400), min_size=4, max_size=4),
    along=st.floats(0, 1),
    away=st.floats(1, 60),
    width=st.floats(4, 90),
)
@example(edge=[0.0, 0.0, 1.0, 2.3e-311], along=0.0, away=1.0, width=4.0)  # all but level: a quotient overflows
def test_a_label_is_beside_its_tick_and_its_axis_never_on_them(
    edge: list[float], along: float, away: float, width: float
) -> None:
    axis = np.array(edge).reshape(2, 2)
    direction = outward(axis, np.array([0.0, 0.0]))
    if not direction.any():
        return
    begin = axis[0] + along * (axis[1] - axis[0])
    end = begin + away * direction
    rect = beside(end, direction, (width, 10.0))
    assert not is_struck(rect, np.stack((axis, np.stack((begin, end)))))
    assert is_struck(rect.translated(*(begin - end - direction * 20).tolist()).adjusted(-99, -99, 99, 99), axis[None])


def test_a_line_through_a_label_strikes_it_and_one_that_ends_before_it_does_not() -> None:
    rect = QRectF(10, 10, 20, 8)
    for line, struck in {
        ((0, 14), (40, 14)): True,
        ((15, 12), (16, 13)): True,
        ((0, 0), (60, 60)): True,
        ((0, 14), (9, 14)): False,
        ((0, 9), (40, 9)): False,
        ((20, 40), (20, 19)): False,
        ((20, 40), (20, 15)): True,
        ((31, 0), (31, 99)): False,
    }.items():
        assert is_struck(rect, np.array([line], dtype=float)) is struck, line


def test_what_lies_on_the_surface_is_known_by_its_depth() -> None:
    depth = np.ones((40, 40))
    depth[:, 20:] = 0.5
    assert covered(QRectF(2, 2, 10, 10), depth, 1.0) == 0
    assert covered(QRectF(22, 2, 10, 10), depth, 1.0) == 1
    assert 0.3 < covered(QRectF(15, 2, 10, 10), depth, 1.0) < 0.7
    assert covered(QRectF(7, 1, 5, 5), depth, 2.0) == pytest.approx(0.3, abs=0.3)
