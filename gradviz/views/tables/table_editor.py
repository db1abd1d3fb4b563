"""A small spreadsheet for a table: type, paste, add and remove, undo; what is no number is marked."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.data.grids import Grid
from gradviz.core.data.import_choice import Role
from gradviz.core.data.table_datasets import TableDataset
from gradviz.views.kit.theme import Theme
from gradviz.views.tables.column_header import ColumnHeader, table_style
from gradviz.views.tables.grid_model import GridModel

UNDO_LIMIT = 500
HINT = "Type, or paste from a spreadsheet. Ctrl+Z takes back. A click on a column's head chooses what it is."


class TableEditor(QDialog):
    """Edits a grid; `edited` carries the dataset. `before` gives scaling and labels, None where there was no table."""

    edited = Signal(object)

    def __init__(self, grid: Grid, before: TableDataset | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Edit table")
        self._before = before
        self._states = [grid]
        self._at = 0
        self._model = GridModel(grid)
        self._model.setParent(self)
        self._model.changed.connect(self.apply)
        self._table = _GridView(self._model)
        self._head = ColumnHeader(self._table, has_names=False)
        self._table.setHorizontalHeader(self._head)
        self._head.role_chosen.connect(self._on_role)
        self._table.end_passed.connect(self._on_end_passed)
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._ok = QPushButton("Use this table")
        self._lay_out()
        self._add_keys()
        self._show()
        self.resize(720, 560)
        self._table.setFocus()
        self._table.setCurrentIndex(self._model.index(1, 0))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        hint = QLabel(HINT)
        hint.setProperty("muted", True)
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addWidget(self._table, 1)
        tools = QHBoxLayout()
        self._buttons = {
            "Add &row": self.add_row,
            "Add &column": self.add_column,
            "Remove r&ows": self.remove_rows,
            "Remove co&lumns": self.remove_columns,
        }
        for text, action in self._buttons.items():
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, chosen=action: chosen())
            tools.addWidget(button)
        tools.addStretch(1)
        column.addLayout(tools)
        bottom = QHBoxLayout()
        bottom.addWidget(self._sentence, 1)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.reject)
        self._ok.clicked.connect(self._accept)
        for button in (cancel, self._ok):
            button.setAutoDefault(False)  # Enter belongs to the cells
            bottom.addWidget(button)
        column.addLayout(bottom)

    def _add_keys(self) -> None:
        for keys, method in (
            (("Ctrl+Z",), self.undo),
            (("Ctrl+Shift+Z", "Ctrl+Y"), self.redo),
            (("Ctrl+C",), self.copy),
            (("Ctrl+X",), self.cut),
            (("Ctrl+V",), self.paste),
            (("Del",), self.clear),
        ):
            action = QAction(self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _=False, chosen=method: chosen())
            self._table.addAction(action)

    def set_theme(self, theme: Theme) -> None:
        """Colours of head and cells."""
        self._head.set_theme(theme)
        self._model.set_theme(theme)
        self._table.setStyleSheet(table_style(theme))
        self._table.viewport().update()

    # The grid and its undo

    @property
    def grid(self) -> Grid:
        """What is shown."""
        return self._states[self._at]

    def apply(self, grid: Grid) -> None:
        """Take an edit over, to be undone."""
        if grid != self.grid:
            self._states = [*self._states[max(0, self._at + 1 - UNDO_LIMIT) : self._at + 1], grid]
            self._at = len(self._states) - 1
            self._show()

    def undo(self) -> None:
        """Take the last edit back."""
        self._at = max(self._at - 1, 0)
        self._show()

    def redo(self) -> None:
        """Do it again."""
        self._at = min(self._at + 1, len(self._states) - 1)
        self._show()

    def _show(self) -> None:
        current = self._table.currentIndex()
        row, column = current.row(), current.column()
        grid = self.grid
        if self._model.show_grid(grid) and row >= 0:
            # a table of another size forgets the cursor
            rows, columns = self._model.rowCount() - 1, self._model.columnCount() - 1
            self._table.setCurrentIndex(self._model.index(min(row, rows), min(column, columns)))
        bad = [grid.bad_in(place) for place in range(len(grid.names))]
        self._head.show_columns(grid.names, grid.roles, tuple(f"{count:,} bad" if count else "" for count in bad))
        verdict = grid.verdict(self._before)
        self._say(verdict.sentence, is_fault=not verdict.can_succeed and bool(grid.filled))
        self._ok.setEnabled(verdict.can_succeed)

    def _say(self, sentence: str, is_fault: bool) -> None:
        self._sentence.setText(sentence)
        self._sentence.setProperty("fault", is_fault)
        self._sentence.style().unpolish(self._sentence)
        self._sentence.style().polish(self._sentence)

    def _on_role(self, column: int, role: Role) -> None:
        self.apply(self.grid.with_role(column, role))

    def _on_end_passed(self) -> None:
        """Enter in the last row begins another one."""
        if any(self.grid.rows[-1]):
            column = self._table.currentIndex().column()
            self.add_row(at_end=True)
            self._table.setCurrentIndex(self._model.index(len(self.grid.rows), column))

    # What the buttons and keys do

    def _selected(self) -> list[tuple[int, int]]:
        """The selected cells as places of the view, in which row 0 is that of the names."""
        return sorted((index.row(), index.column()) for index in self._table.selectionModel().selectedIndexes())

    def _try(self, make: object, *arguments: object) -> None:
        """An edit that may be refused for its size or its text."""
        assert callable(make)
        try:
            self.apply(make(*arguments))
        except ValueError as error:
            self._say(str(error), is_fault=True)

    def add_row(self, at_end: bool = False) -> None:
        """An empty row below the cursor."""
        row = self._table.currentIndex().row()
        self._try(self.grid.with_rows, len(self.grid.rows) if at_end or row < 0 else row)

    def add_column(self) -> None:
        """An empty column to the right of the cursor."""
        column = self._table.currentIndex().column()
        self._try(self.grid.with_columns, column + 1 if column >= 0 else len(self.grid.names))

    def remove_rows(self) -> None:
        """Remove every row with a selected cell."""
        self.apply(self.grid.without_rows({row - 1 for row, _ in self._selected() if row > 0}))

    def remove_columns(self) -> None:
        """Remove every column with a selected cell."""
        self.apply(self.grid.without_columns({column for _, column in self._selected()}))

    def clear(self) -> None:
        """Empty the selected cells."""
        self.apply(self.grid.cleared([(row - 1, column) for row, column in self._selected() if row > 0]))

    def copy(self) -> None:
        """The selected cells to the clipboard, with tabs between them."""
        cells = self._selected()
        if cells:
            rows = sorted({row for row, _ in cells})
            columns = sorted({column for _, column in cells})
            text = "\n".join("\t".join(self._model.text_at(row, column) for column in columns) for row in rows)
            QApplication.clipboard().setText(text)

    def cut(self) -> None:
        """Copy, then empty."""
        self.copy()
        self.clear()

    def paste(self) -> None:
        """The text of the clipboard from the first selected cell on."""
        text = QApplication.clipboard().text()
        row, column = self._selected()[0] if self._selected() else (1, 0)
        if text.strip():
            self._try(self.grid.with_pasted, row, column, text)

    def _accept(self) -> None:
        try:
            made = self.grid.dataset(self._before)
        except ValueError as error:
            self._say(str(error), is_fault=True)
            return
        self.accept()
        self.edited.emit(made)

    def sizeHint(self) -> QSize:
        return QSize(720, 560)

    def drawn(self) -> dict[str, object]:
        """What the editor says that it shows."""
        return {
            "names": self.grid.names,
            "roles": self._head.roles,
            "rows": self.grid.rows,
            "notes": self._head.notes,
            "sentence": self._sentence.text(),
            "can_use": self._ok.isEnabled(),
        }


class _GridView(QTableView):
    """Enter goes down as in a spreadsheet; past the last row it says so."""

    end_passed = Signal()

    def __init__(self, model: GridModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(25)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.AnyKeyPressed | triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setAccessibleName("Cells of the table")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        # while a cell is edited its line lets Enter through to here, and is about to be closed by it
        if is_enter and self.state() != QAbstractItemView.State.EditingState:
            self._go_down()
            return
        super().keyPressEvent(event)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        if hint == QAbstractItemDelegate.EndEditHint.SubmitModelCache:
            self._go_down()

    def _go_down(self) -> None:
        index = self.currentIndex()
        if index.row() + 1 < self.model().rowCount():
            below = self.model().index(index.row() + 1, index.column())
            self.selectionModel().setCurrentIndex(below, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            self.end_passed.emit()
