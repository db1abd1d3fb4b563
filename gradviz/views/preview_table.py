"""The first rows of a file under the heads of its columns, and how their bad cells are counted in words."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from gradviz.core.cells import CellFault
from gradviz.core.numbers import plural
from gradviz.core.sheet_import import ImportChoice, Role
from gradviz.core.sheets import Reading
from gradviz.views.preview_model import PreviewModel

ROLE_KEYS: dict[int, Role] = {Qt.Key.Key_I: "input", Qt.Key.Key_T: "target", Qt.Key.Key_O: "out"}


class PreviewTable(QTableView):
    """The rows. The keys I, T and O give the selected columns a role; `roles_wanted` carries them and it."""

    roles_wanted = Signal(object, str)

    def __init__(self, model: PreviewModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.verticalHeader().setDefaultSectionSize(24)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("First rows. I, T and O make the columns inputs, targets, or leave them out")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        role = ROLE_KEYS.get(event.key())
        if role is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier and self.currentIndex().isValid():
            self.roles_wanted.emit(self.selected_columns(), role)
            return
        super().keyPressEvent(event)

    def selected_columns(self) -> tuple[int, ...]:
        """The columns of the selection and of the cursor."""
        ranges = self.selectionModel().selection()
        columns = {column for part in ranges for column in range(part.left(), part.right() + 1)}
        return tuple(sorted(columns | {self.currentIndex().column()}))


def bad_note(choice: ImportChoice, place: int, counts: list[int]) -> str:
    """How many cells of a column are bad for what it is wanted for."""
    role = choice.roles[place]
    kinds = [kind for kind in CellFault if kind is not CellFault.NONE]
    if role == "target" and choice.labels:
        kinds.remove(CellFault.TEXT)
    bad = sum(counts[kind] for kind in kinds)
    return "" if role == "out" or not bad else f"{bad:,} bad"


def bad_sentence(choice: ImportChoice, last: Reading) -> str:
    """Every kind of bad cell among the used columns, counted."""
    if last.counts is None:
        return ""
    totals = dict.fromkeys(CellFault, 0)
    for place, row in enumerate(last.counts.tolist()):
        for kind in CellFault:
            is_class = kind is CellFault.TEXT and choice.labels and choice.roles[place] == "target"
            if choice.roles[place] != "out" and not is_class:
                totals[kind] += row[kind]
    bad = [f"{count:,} {kind.word}" for kind, count in totals.items() if count and kind is not CellFault.NONE]
    rows = plural(last.rows, "row")
    shown = (
        ""
        if last.preview is None or last.rows <= len(last.preview.cells)
        else f", the first {len(last.preview.cells)} shown"
    )
    return f"{rows}{shown}. " + (f"Bad cells: {', '.join(bad)}." if bad else "No bad cells.")
