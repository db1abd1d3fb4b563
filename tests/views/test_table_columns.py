"""Columns that share their table's width: everything that matters is within the pane, at the window's first size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from desk import LEFT
from PySide6.QtCore import QPoint
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest

from gradviz.views.kit.table_columns import Column, SharedTable

COLUMNS = (Column(40, 100), Column(60, 120, 1), Column(50, 80, spare=True))


def table_of(*rows: tuple[str, ...], columns: tuple[Column, ...] = COLUMNS) -> SharedTable:
    model = QStandardItemModel(0, len(columns))
    model.setHorizontalHeaderLabels(list("ABC"[: len(columns)]))
    for row in rows:
        model.appendRow([QStandardItem(text) for text in row])
    table = SharedTable(model, columns)
    model.setParent(table)
    table.verticalHeader().hide()
    table.measure()
    return table


def widths(table: SharedTable) -> list[int]:
    return [table.columnWidth(column) for column in range(3)]


def test_columns_fill_their_table(shown: Callable[..., Any]) -> None:
    table = table_of(("a", "b", "c"))
    shown(table, 500, 200)
    assert sum(widths(table)) == table.viewport().width()
    assert widths(table)[0] == 40, "a short text takes the least"
    assert not table.horizontalScrollBar().isVisible()


def test_a_spare_column_goes_first_and_comes_back(shown: Callable[..., Any]) -> None:
    table = table_of(("a" * 30, "b" * 30, "c"))
    shown(table, 200, 200)
    assert [table.isColumnHidden(column) for column in range(3)] == [False, False, True]
    assert sum(widths(table)) <= table.viewport().width()
    assert not table.horizontalScrollBar().isVisible()
    table.resize(600, 200)
    assert not table.isColumnHidden(2)


def test_below_the_least_there_is_a_bar_to_scroll_by(shown: Callable[..., Any], qtbot: Any) -> None:
    table = table_of(("a" * 30, "b" * 30, "c"))
    shown(table, 90, 200)
    assert widths(table)[:2] == [40, 60]
    qtbot.waitUntil(table.horizontalScrollBar().isVisible)


def test_what_the_user_dragged_stays(shown: Callable[..., Any]) -> None:
    table = table_of(("a", "b", "c"))
    shown(table, 400, 200)
    header, edge = table.horizontalHeader().viewport(), table.columnWidth(0) - 1
    QTest.mousePress(header, LEFT, pos=QPoint(edge, 8))
    for moved in (20, 100):
        QTest.mouseMove(header, QPoint(edge + moved, 8))
    QTest.mouseRelease(header, LEFT, pos=QPoint(edge + 100, 8))
    dragged = widths(table)
    assert dragged[0] == edge + 101
    table.resize(700, 200)
    assert widths(table) == dragged


@pytest.mark.parametrize("text", ["short", "long " * 30])
def test_a_text_that_is_cut_gets_what_is_left(text: str, shown: Callable[..., Any]) -> None:
    table = table_of((text, "b"), columns=(Column(60, 100, 1), Column(60, 100, 1)))
    shown(table, 500, 200)
    first, second = table.columnWidth(0), table.columnWidth(1)
    assert (first > 2 * second) == (text != "short")
