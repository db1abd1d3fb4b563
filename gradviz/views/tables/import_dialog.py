"""The dialog that imports a file of rows: how it is read, what its columns are, and what will come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from time import perf_counter

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFont
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.data.sheet_import import ImportChoice, ImportOutcome, Role, dataset_from, first_choice, outcome_of
from gradviz.core.data.table_datasets import TableSource
from gradviz.core.numbers import plural
from gradviz.core.tables.delimited_text import DECIMALS, SEPARATORS, TextFormat
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.sheets import Reading
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.tables.column_header import ColumnHeader, table_style
from gradviz.views.tables.preview_model import PreviewModel
from gradviz.views.tables.preview_table import PreviewTable, bad_counts, bad_notes, bad_sentence
from gradviz.views.tables.scaling_box import ScalingBox

SLICE_S = 0.012
SHOW_EVERY_S = 0.15
"""Between two looks at a reading that goes on: thousands of columns take longer to be shown than to be read."""
HINT = "Click a head, or press I, T or O, to choose what a column is."
BAD_CELLS = {
    "drop": "Drop their rows",
    "mean": "Fill with the column's mean",
    "median": "Fill with the column's median",
    "zero": "Fill with 0",
}
Reader = Callable[[str, TextFormat | None], Iterator[Reading]]


class ImportDialog(QDialog):
    """Looks every few milliseconds what was read. `imported` carries a function that makes the dataset.

    `reader` makes the readings of an encoding ("" to be guessed) and a format (None to be guessed); it raises
    nothing, but says a fault in the last of them. It may give the same reading again where it has nothing new.
    """

    imported = Signal(object)

    def __init__(self, name: str, reader: Reader, encodings: dict[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Import {name}")
        self._name, self._reader = name, reader
        self._reading: Iterator[Reading] | None = None
        self._last: Reading | None = None
        self._choice: ImportChoice | None = None
        self._verdict = ImportOutcome(False, "")
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._read_a_slice)
        self._encoding = _box(encodings)
        self._separator = _box(SEPARATORS)
        self._decimal = _box(DECIMALS)
        self._header = TickBox("First line has the names")
        self._bad_cells = _box(BAD_CELLS)
        self._labels = _box({"values": "Values", "labels": "Class labels"})
        self._scaling = ScalingBox()
        self._target_scaling = ScalingBox()
        self._model = PreviewModel()
        self._model.setParent(self)
        self._table = PreviewTable(self._model)
        self._head = ColumnHeader(self._table)
        self._table.setHorizontalHeader(self._head)
        self._counts = _muted("")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(6)
        steady = self._progress.sizePolicy()
        steady.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(steady)
        self._cancel = QPushButton("Cancel")
        self._import = QPushButton("Import")
        # raw columns of different sizes are what most first fits diverge on
        self._scaling.choose(Standardise)
        self._lay_out()
        self._connect()
        self.resize(940, 680)
        self._begin("", None)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addLayout(
            _row(
                ("Encoding", self._encoding), ("Separator", self._separator), ("Decimals", self._decimal), self._header
            )
        )
        column.addWidget(self._progress)
        column.addWidget(self._table, 1)
        notes = QHBoxLayout()
        notes.addWidget(self._counts, 1)
        notes.addWidget(_muted(HINT))
        column.addLayout(notes)
        choices = QHBoxLayout()
        choices.setSpacing(28)
        choices.addLayout(_form(("Scale inputs", self._scaling), ("Bad cells", self._bad_cells)))
        choices.addLayout(_form(("Take target as", self._labels), ("Scale target", self._target_scaling)))
        choices.addStretch(1)
        column.addLayout(choices)
        bottom = QHBoxLayout()
        weight = self._sentence.font()
        weight.setWeight(QFont.Weight.DemiBold)
        self._sentence.setFont(weight)
        bottom.addWidget(self._sentence, 1)
        bottom.addWidget(self._cancel)
        bottom.addWidget(self._import)
        column.addLayout(bottom)
        self._import.setDefault(True)

    def _connect(self) -> None:
        for box in (self._encoding, self._separator, self._decimal):
            box.activated.connect(self._read_anew)
        self._header.clicked.connect(self._read_anew)
        for box in (self._bad_cells, self._labels):
            box.activated.connect(self._choose)
        self._scaling.changed.connect(self._choose)
        self._target_scaling.changed.connect(self._choose)
        self._head.role_chosen.connect(self._on_role_chosen)
        self._table.roles_wanted.connect(self.set_roles)
        self._cancel.clicked.connect(self.reject)
        self._import.clicked.connect(self._accept)

    def set_theme(self, theme: Theme) -> None:
        """Colours of head and cells."""
        self._head.set_theme(theme)
        self._model.set_theme(theme)
        self._table.setStyleSheet(table_style(theme))
        self._table.viewport().update()

    # Reading

    def _begin(self, encoding: str, layout: TextFormat | None) -> None:
        """Read from the beginning; the roles stay where the columns stay the same."""
        self._stop()
        self._last = None
        self._reading = self._reader(encoding, layout)
        self._read_a_slice()
        if self._reading is not None:
            self._timer.start()

    def _read_anew(self) -> None:
        if self._separator.currentData() == self._decimal.currentData() == ",":
            # a comma cannot be both: the one that was not touched gives way
            other = self._decimal if self.sender() is self._separator else self._separator
            other.setCurrentIndex(other.findData("." if other is self._decimal else ";"))
        layout = TextFormat(self._separator.currentData(), self._decimal.currentData(), self._header.isChecked())
        self._begin(self._encoding.currentData(), layout)

    def _read_a_slice(self) -> None:
        """Take what comes within a few milliseconds, and show where it stands."""
        until = perf_counter() + SLICE_S
        reading = self._reading
        while reading is not None:
            step = next(reading, None)
            if step is None:
                self._stop()
                break
            before, self._last = self._last, step
            if step.fault and before is not None and step.preview is None:
                # what was read before the fault stays in sight
                self._last = replace(step, preview=before.preview, counts=before.counts, rows=before.rows)
            if perf_counter() >= until:
                break
        is_first = self._model.columnCount() == 0
        if self._reading is None or is_first or until - self._shown_at >= SHOW_EVERY_S:
            self._shown_at = until
            self._show_reading()

    _shown_at = 0.0

    def _stop(self) -> None:
        self._timer.stop()
        reading, self._reading = self._reading, None
        close = getattr(reading, "close", None)
        if close is not None:
            close()

    def _show_reading(self) -> None:
        last = self._last
        if last is None:
            return
        _show(self._encoding, last.encoding)
        _show(self._separator, last.format.separator)
        _show(self._decimal, last.format.decimal)
        self._header.setChecked(last.format.header)
        self._progress.setValue(round(100 * last.share) if not last.fault else 0)
        names = last.preview.names if last.preview is not None else ()
        if last.preview is not None and last.counts is not None and self._is_other_table(names):
            self._choice = first_choice(names, last.counts)
            _show(self._labels, "labels" if self._choice.labels else "values")
            self._choice = self._with_boxes(self._choice)
        if (
            last.preview is None
            or self._model.rowCount() != len(last.preview.cells)
            or last.sheet is not None
            or last.fault
        ):
            self._model.show_preview(last.preview, self._choice)
        self._show_choice()

    _names: tuple[str, ...] = ()

    def _is_other_table(self, names: tuple[str, ...]) -> bool:
        """Whether these are other columns than those that have roles already."""
        same = self._choice is not None and self._names == names
        self._names = names
        return not same

    # Choosing

    def _on_role_chosen(self, place: int, role: Role) -> None:
        """In the head of a selected column the role is for all that are selected."""
        selected = self._table.selected_columns()
        self.set_roles(selected if place in selected else (place,), role)

    def set_roles(self, places: tuple[int, ...], role: Role) -> None:
        """Give columns a role; with class labels there is one target."""
        if self._choice is None:
            return
        self._choice = self._choice.with_roles(places, role)
        self._choose()

    def _choose(self) -> None:
        if self._choice is not None:
            self._choice = self._with_boxes(self._choice)
            self._model.show_choice(self._choice)
            self._show_choice()

    def _with_boxes(self, choice: ImportChoice) -> ImportChoice:
        return replace(
            choice,
            bad_cells=self._bad_cells.currentData(),
            labels=self._labels.currentData() == "labels",
            scaling=self._scaling.scaling,
            target_scaling=self._target_scaling.scaling,
        )

    def _show_choice(self) -> None:
        """Head, counts and the sentence below; Import only where it can succeed."""
        last, choice = self._last, self._choice
        self._target_scaling.setEnabled(self._labels.currentData() == "values")
        if choice is not None and last is not None and last.preview is not None and last.counts is not None:
            bad = bad_counts(choice, last.counts)
            self._head.show_columns(last.preview.names, choice.roles, bad_notes(bad))
            self._counts.setText(bad_sentence(bad, last))
        self._verdict = self._judged()
        self._import.setEnabled(self._verdict.can_succeed)
        self._sentence.setText(self._verdict.sentence)
        is_fault = bool(last is not None and (last.fault or last.sheet is not None) and not self._verdict.can_succeed)
        if bool(self._sentence.property("fault")) != is_fault:
            self._sentence.setProperty("fault", is_fault)
            self._sentence.style().polish(self._sentence)
        self._progress.setVisible(self._reading is not None)

    def _judged(self) -> ImportOutcome:
        last = self._last
        if last is None or last.fault:
            return ImportOutcome(False, last.fault if last is not None else "")
        if last.sheet is None or self._choice is None:
            return ImportOutcome(False, f"Reading… {plural(last.rows, 'row')} so far.")
        return outcome_of(last.sheet, self._choice)

    def _accept(self) -> None:
        last = self._last
        if last is None or last.sheet is None or self._choice is None:
            return
        source = TableSource(
            file=self._name[:255],
            encoding=last.encoding,
            separator=last.format.separator,
            decimal=last.format.decimal,
            header=last.format.header,
        )
        self.accept()
        self.imported.emit(partial(dataset_from, last.sheet, self._choice, source))

    def done(self, result: int) -> None:
        self._stop()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop()
        super().closeEvent(event)

    def drawn(self) -> dict[str, object]:
        """What the dialog says that it shows."""
        return {
            "encoding": self._encoding.currentData(),
            "format": (self._separator.currentData(), self._decimal.currentData(), self._header.isChecked()),
            "names": self._names,
            "roles": self._head.roles,
            "notes": self._head.notes,
            "rows": self._model.rowCount(),
            "sentence": self._sentence.text(),
            "counts": self._counts.text(),
            "can_import": self._import.isEnabled(),
            "reading": self._reading is not None,
        }


def _box(entries: dict[str, str]) -> QComboBox:
    box = QComboBox()
    for value, text in entries.items():
        box.addItem(text, value)
    return box


def _show(box: QComboBox, value: str) -> None:
    index = box.findData(value)
    if index >= 0 and index != box.currentIndex():
        box.setCurrentIndex(index)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("muted", True)
    return label


def _labelled(text: str, widget: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(widget)
    widget.setAccessibleName(text)
    return label


def _row(*parts: tuple[str, QWidget] | QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        if isinstance(part, tuple):
            row.addWidget(_labelled(*part))
            row.addWidget(part[1])
        else:
            row.addWidget(part)
        row.addSpacing(10)
    row.addStretch(1)
    return row


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(6)
    for text, widget in rows:
        widget.setMinimumWidth(220)
        form.addRow(_labelled(text, widget), widget)
    return form
