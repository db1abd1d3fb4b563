"""A grid for a table view: the first row holds the names, the others the cells, the bad ones marked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont

from gradviz.core.data.grids import Grid
from gradviz.core.tables.cells import CellFault
from gradviz.views.kit.table_columns import Index
from gradviz.views.kit.theme import LIGHT, Theme, mix

Display, Edit = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole


class GridModel(QAbstractTableModel):
    """Shows a grid; `changed` carries the grid that an edit asks for."""

    changed = Signal(object)

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self._grid = grid
        self._theme = LIGHT

    def show_grid(self, grid: Grid) -> bool:
        """Show another grid; whether it has another size."""
        before, is_other = self._grid, False
        if (len(before.rows), len(before.names)) == (len(grid.rows), len(grid.names)):
            self._grid = grid
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1), [])
        else:
            is_other = True
            self.beginResetModel()
            self._grid = grid
            self.endResetModel()
        return is_other

    def set_theme(self, theme: Theme) -> None:
        """Colours of cells."""
        self._theme = theme

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if parent.isValid() else len(self._grid.rows) + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._grid.names)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Display) -> Any:
        if role != Display:
            return None
        if orientation == Qt.Orientation.Vertical:
            return "name" if section == 0 else str(section)
        return self._grid.names[section] if section < len(self._grid.names) else None

    def text_at(self, row: int, column: int) -> str:
        """The text of a cell, or of a name in row 0."""
        return self._grid.names[column] if row == 0 else self._grid.rows[row - 1][column]

    def fault_at(self, row: int, column: int) -> CellFault:
        """Why a cell is bad; rows that are empty to the end are none, nor is a column that is left out."""
        is_cell = 0 < row <= len(self._grid.filled) and self._grid.roles[column] != "out"
        return CellFault(int(self._grid.faults[row - 1, column])) if is_cell else CellFault.NONE

    def data(self, index: Index, role: int = Display) -> Any:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role in (Display, Edit):
            return self.text_at(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.fault_at(row, column).sentence or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if row == 0 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole and row == 0:
            font = QFont()
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return self._colour(row, column, role)

    def _colour(self, row: int, column: int, role: int) -> QBrush | None:
        theme, is_bad = self._theme, self.fault_at(row, column) is not CellFault.NONE
        if role == Qt.ItemDataRole.BackgroundRole:
            if is_bad:
                return QBrush(QColor(mix(theme.base, theme.fault, 0.22)))
            return QBrush(QColor(theme.panel)) if row == 0 else None
        if role == Qt.ItemDataRole.ForegroundRole:
            if is_bad:
                return QBrush(QColor(theme.fault))
            return QBrush(QColor(theme.muted)) if self._grid.roles[column] == "out" else None
        return None

    def setData(self, index: Index, value: Any, role: int = Edit) -> bool:
        if role != Edit or not index.isValid():
            return False
        row, column, text = index.row(), index.column(), str(value)
        if text.strip() != self.text_at(row, column):
            self.changed.emit(
                self._grid.with_name(column, text) if row == 0 else self._grid.with_cell(row - 1, column, text)
            )
        return True
