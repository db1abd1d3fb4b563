"""The heat map of a tensor: what is under the pointer or the keyboard is told, and NaN has a colour of its own."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from gradviz.core.tape.heat_map import MARKED, Mark, heat_map
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.views.graph.heat_map import Cell, HeatMapView
from gradviz.views.kit.theme import DARK, LIGHT

pytestmark = pytest.mark.usefixtures("no_leaks")


def shown(qtbot, entries: object) -> HeatMapView:  # type: ignore[no-untyped-def]
    view = HeatMapView(LIGHT)
    qtbot.addWidget(view)
    view.resize(300, 200)
    array = np.array(entries, dtype=float)
    view.show_map(heat_map(TensorNumbers(array.shape, "float64", array)), "value of x")
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_index_and_value_of_what_is_under_the_pointer(qtbot) -> None:  # type: ignore[no-untyped-def]
    view = shown(qtbot, [[1.0, -2.0], [3.0, 4.5]])
    assert view.drawn()["readout"] == ""
    QTest.mouseMove(view, view.cell_rect(Cell(1, 1)).center().toPoint())
    qtbot.waitUntil(lambda: view.readout() == "[1, 1]  4.5")
    assert view.accessibleDescription() == "[1, 1]  4.5"
    QTest.mouseMove(view, QPoint(280, 10))
    qtbot.waitUntil(lambda: view.readout() == "")


def test_the_arrow_keys_go_from_cell_to_cell_and_stop_at_the_ends(qtbot) -> None:  # type: ignore[no-untyped-def]
    view = shown(qtbot, [[1.0, -2.0, 7.0], [3.0, 4.5, 8.0]])
    told = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(view, key)
        told.append(view.readout())
    assert told == ["[0, 0]  1", "[0, 1]  -2", "[1, 1]  4.5", "[1, 1]  4.5", "[1, 2]  8", "[1, 0]  3"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_cells_have_their_colours_and_marks(qtbot, theme) -> None:  # type: ignore[no-untyped-def]
    view = shown(qtbot, [[1.0, -1.0], [0.0, np.nan]])
    view.show_theme(theme)
    image = view.grab().toImage()

    def colour(cell: Cell) -> tuple[int, int, int]:
        found = image.pixelColor((view.cell_rect(cell).center() * image.devicePixelRatio()).toPoint())
        return found.red(), found.green(), found.blue()

    assert colour(Cell(1, 1)) == MARKED[Mark.NAN]
    assert colour(Cell(0, 0))[0] > colour(Cell(0, 0))[2], "positive is warm"
    assert colour(Cell(0, 1))[2] > colour(Cell(0, 1))[0], "negative is cold"
    zero = view.cell_rect(Cell(1, 0)).center()
    assert image.pixelColor((zero * image.devicePixelRatio()).toPoint()).name() == theme.base
    assert view.drawn()["marks"] == {"NaN": 1}
    assert view.drawn()["legend"] == ("-1", "1")


def test_a_large_tensor_fits_and_says_that_it_is_reduced(qtbot) -> None:  # type: ignore[no-untyped-def]
    view = shown(qtbot, np.arange(399.0))
    assert view.drawn()["cells"] == (1, 100)
    assert view.drawn()["note"] == "each cell is the mean of 1 × 4 entries"
    assert view.cell_rect(Cell(0, 99)).right() <= view.width() + 0.01
    QTest.mouseMove(view, (view.cell_rect(Cell(0, 99)).center() + QPointF(0, 0)).toPoint())
    qtbot.waitUntil(lambda: view.readout() == "[396] … [398]  mean 397")


def test_without_a_map_there_is_nothing(qtbot) -> None:  # type: ignore[no-untyped-def]
    view = shown(qtbot, [1.0, 2.0])
    view.show_map(None, "")
    assert view.drawn() == {}
    assert not view.isVisible()
