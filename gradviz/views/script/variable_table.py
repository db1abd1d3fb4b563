"""The table of a script's variables at one line; what the line changed stands out."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QWidget

from gradviz.views.kit.table_columns import Column, Index, SharedTable
from gradviz.views.kit.theme import LIGHT, Theme, mix, monospace
from gradviz.views.script.variable_rows import COLUMNS, Row

WIDTHS = (
    Column(54, 180), Column(110, 300, 2), Column(70, 260, 1), Column(40, 110, spare=True),
    Column(50, 130, spare=True), Column(84, 100, spare=True), Column(38, 50, spare=True),
    Column(70, 160, spare=True), Column(52, 64, spare=True), Column(70, 160, spare=True),
)  # fmt: skip
ROW_HEIGHT = 24
LEFT_CELL = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class VariableModel(QAbstractTableModel):
    """Rows of one event; the same names again only repaint."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self.theme = LIGHT
        self._font = monospace(9)
        self._bold = monospace(9)
        self._bold.setWeight(QFont.Weight.DemiBold)

    def show(self, rows: tuple[Row, ...]) -> None:
        """Replace the rows."""
        if [(row.frame, row.name) for row in rows] != [(row.frame, row.name) for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        self.rows = rows
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT_CELL
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.whole
        if role == Qt.ItemDataRole.FontRole:
            return self._bold if column in row.changed else self._font
        if role == Qt.ItemDataRole.BackgroundRole and (column in row.changed or (column == 0 and row.changed)):
            return QColor(mix(self.theme.accent, self.theme.base, 0.82))
        if role == Qt.ItemDataRole.ForegroundRole and column not in row.changed and column > 2:
            return QColor(self.theme.muted)
        return None


class VariableTable(SharedTable):
    """As many columns as there is room for; a row's tooltip has all. A text longer than all before widens columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._model = VariableModel()
        super().__init__(self._model, WIDTHS, parent)
        self._model.setParent(self)
        self._longest = [0] * len(COLUMNS)
        self.setAccessibleName("Variables")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._model.theme = theme
        self.viewport().update()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._model.rows

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """The variables at an event; the first that the line changed is scrolled to."""
        self._model.show(rows)
        longest = [max((len(row.cells[column]) for row in rows), default=0) for column in range(len(COLUMNS))]
        if any(now > before for now, before in zip(longest, self._longest, strict=True)):
            self._longest = [max(pair) for pair in zip(longest, self._longest, strict=True)]
            self.measure()
        changed = next((number for number, row in enumerate(rows) if row.changed), None)
        if changed is not None:
            self.scrollTo(self._model.index(changed, 0))
