"""The first rows of a file under the heads of its columns, and how their bad cells are counted in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

from gradviz.core.data.import_choice import ImportChoice, Role
from gradviz.core.numbers import plural
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.sheets import Reading
from gradviz.views.tables.preview_model import PreviewModel, takes_moments, takes_text

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
        selection, cursor = self.selectionModel(), self.currentIndex().column()
        columns = range(self.model().columnCount())
        return tuple(column for column in columns if column == cursor or selection.columnIntersectsSelection(column))


def bad_counts(choice: ImportChoice, last: Reading) -> NDArray[np.int64]:
    """How many cells of each column are bad for what it is wanted for, (columns, kinds)."""
    assert last.counts is not None
    roles = np.array(choice.roles)
    bad = np.where((roles == "out")[:, None], 0, last.counts)
    bad[:, CellFault.NONE] = 0
    for place, role in enumerate(choice.roles):
        if role == "out":
            continue
        if takes_text(choice, place):
            bad[place, CellFault.TEXT] = 0
        elif takes_moments(choice, place):
            bad[place, CellFault.TEXT] -= last.profiles[place].moments
    return bad


def bad_notes(bad: NDArray[np.int64]) -> tuple[str, ...]:
    """What the head of each column says of its bad cells."""
    return tuple(f"{count:,} bad" if count else "" for count in bad.sum(axis=1).tolist())


def bad_sentence(bad: NDArray[np.int64], last: Reading) -> str:
    """Every kind of bad cell among the used columns, counted."""
    totals = zip(CellFault, bad.sum(axis=0).tolist(), strict=True)
    counted = [f"{count:,} {kind.word}" for kind, count in totals if count]
    first = 0 if last.preview is None else len(last.preview.cells)
    shown = f", the first {first} shown" if first < last.rows else ""
    said = f"Bad cells: {', '.join(counted)}." if counted else "No bad cells."
    return f"{plural(last.rows, 'row')}{shown}. {said}"
