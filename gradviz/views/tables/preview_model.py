"""The first rows of a file for a table view: cells as they were written, with the bad ones marked."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QBrush, QColor

from gradviz.core.data.import_choice import ImportChoice
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.moments import moment_parts
from gradviz.core.tables.sheets import Preview
from gradviz.views.kit.table_columns import Index
from gradviz.views.kit.theme import LIGHT, Theme, mix

LONGEST_SHOWN = 120


class PreviewModel(QAbstractTableModel):
    """Rows and columns of a preview, coloured by what a choice makes of them."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self._choice: ImportChoice | None = None
        self._theme = LIGHT

    def show_preview(self, preview: Preview | None, choice: ImportChoice | None) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._preview, self._choice = preview, choice
        self.endResetModel()

    def show_choice(self, choice: ImportChoice) -> None:
        """Colour the same rows by another choice."""
        self._choice = choice
        last = self.index(self.rowCount() - 1, self.columnCount() - 1)
        self.dataChanged.emit(self.index(0, 0), last, [])

    def set_theme(self, theme: Theme) -> None:
        """Colours of cells."""
        self._theme = theme

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if self._preview is None or parent.isValid() else len(self._preview.cells)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if self._preview is None or parent.isValid() else len(self._preview.names)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or self._preview is None:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return self._preview.names[section] if section < len(self._preview.names) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        preview = self._preview
        if preview is None or not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return preview.cells[row][column][:LONGEST_SHOWN]
        fault = self.fault_at(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return fault.sentence or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignLeft
                if preview.faults[row, column] == CellFault.TEXT
                else Qt.AlignmentFlag.AlignRight
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return self._colour(column, fault, role)

    def _colour(self, column: int, fault: CellFault, role: int) -> QBrush | None:
        theme = self._theme
        if fault is not CellFault.NONE:
            if role == Qt.ItemDataRole.BackgroundRole:
                return QBrush(QColor(mix(theme.base, theme.fault, 0.22)))
            return QBrush(QColor(theme.fault)) if role == Qt.ItemDataRole.ForegroundRole else None
        if role == Qt.ItemDataRole.ForegroundRole and self._role_of(column) == "out":
            return QBrush(QColor(theme.muted))
        return None

    def _role_of(self, column: int) -> str:
        return "out" if self._choice is None or column >= len(self._choice.roles) else self._choice.roles[column]

    def fault_at(self, row: int, column: int) -> CellFault:
        """Why a cell is bad for what it is wanted for; no cell is in a column that is left out."""
        if self._preview is None or self._choice is None or self._role_of(column) == "out":
            return CellFault.NONE
        fault = CellFault(int(self._preview.faults[row, column]))
        if fault is not CellFault.TEXT:
            return fault
        if takes_text(self._choice, column):
            return CellFault.NONE
        is_moment = takes_moments(self._choice, column) and moment_parts(self._preview.cells[row][column]) is not None
        return CellFault.NONE if is_moment else fault


def takes_text(choice: ImportChoice, column: int) -> bool:
    """Whether texts are what a column is wanted for: class labels, columns of 0 and 1, an order."""
    is_target = choice.roles[column] == "target"
    if is_target and choice.labels:
        return True
    how = choice.hows[column] if choice.hows else "numbers"
    return how in ("ordered", "seen") or (how == "indicators" and not is_target)


def takes_moments(choice: ImportChoice, column: int) -> bool:
    """Whether dates and times are what a column is wanted for."""
    return bool(choice.hows) and choice.hows[column] in ("moments", "day_first", "month_first")
