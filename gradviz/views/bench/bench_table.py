"""The table of the gradient bench: a row for each parameter and method."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QWidget

from gradviz.core.questions.bench import NAMED, BenchRow, Verdict
from gradviz.core.questions.bench_text import COLUMNS, difference_text, row_texts, values_text
from gradviz.views.kit.table_columns import Column, Index, SharedTable
from gradviz.views.kit.theme import LIGHT, Theme, monospace

PARAMETER, METHOD, VERDICT = 0, 1, 2
WIDTHS = (
    Column(60, 120),
    Column(112, 150),
    Column(96, 190),
    Column(108, 170, 1),
    Column(64, 90),
    Column(64, 90),
    Column(70, 80, spare=True),
    Column(60, 70, spare=True),
)
MOST_IN_TIP = 48


class BenchModel(QAbstractTableModel):
    """The rows of one report. A parameter's name stands in its first row only."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[BenchRow, ...] = ()
        self.theme: Theme = LIGHT

    def show(self, rows: tuple[BenchRow, ...]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if column == PARAMETER and not self._begins(index.row()) else row_texts(row)[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join((row.sentence, values_text(row, MOST_IN_TIP), _how(row)))
        if role == Qt.ItemDataRole.ForegroundRole and column == VERDICT:
            return QColor(self.colour(row))
        if role == Qt.ItemDataRole.FontRole:
            return self._font(row, column)
        return None

    def _begins(self, number: int) -> bool:
        return number == 0 or self._rows[number - 1].parameter != self._rows[number].parameter

    def _font(self, row: BenchRow, column: int) -> Any:
        if column == METHOD or (column == VERDICT and not row.is_fault):
            return None
        if column == VERDICT:
            bold = QFont()
            bold.setBold(True)
            return bold
        font = monospace(9)
        font.setBold(column == PARAMETER)
        return font

    def colour(self, row: BenchRow) -> str:
        """Of a verdict; its mark and its words tell it too."""
        if row.is_fault:
            return self.theme.fault
        if row.verdict in NAMED:
            return self.theme.gradient
        return self.theme.value if row.verdict is Verdict.AGREES else self.theme.muted


def _how(row: BenchRow) -> str:
    """What the last columns tell, which a narrow table hides."""
    step = "" if math.isnan(row.step_size) else f", step size {difference_text(row.step_size)}"
    return f"{row.method}, {row.dtype}{step}"


class BenchTable(SharedTable):
    """The table; where it is narrow, step size and dtype are told by the tooltip alone."""

    def __init__(self, parent: QWidget) -> None:
        rows = BenchModel(parent)
        super().__init__(rows, WIDTHS, parent)
        self.rows = rows
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAccessibleName("Gradients compared")
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
