"""The dialog that imports a file of rows: how it is read, what its columns are, and what will come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from time import perf_counter

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFont
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.data.default_import import source_of
from gradviz.core.data.import_choice import ImportChoice, ImportOutcome, Role
from gradviz.core.data.import_columns import How, possible_hows, usual_how
from gradviz.core.data.import_guess import first_choice
from gradviz.core.data.sheet_import import column_notes, dataset_from, outcome_of
from gradviz.core.numbers import plural
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.sheets import Asked, Reading
from gradviz.views.kit.theme import Theme
from gradviz.views.tables.column_header import ColumnHeader, table_style
from gradviz.views.tables.format_bar import FIELD_PAD, FormatBar, box_of, labelled, show_value
from gradviz.views.tables.preview_model import PreviewModel
from gradviz.views.tables.preview_table import PreviewTable, bad_counts, bad_notes, bad_sentence
from gradviz.views.tables.scaling_box import ScalingBox

SLICE_S = 0.012
SHOW_EVERY_S = 0.15
"""Between two looks at a reading that goes on: thousands of columns take longer to be shown than to be read."""
HINT = "Click a head to choose what a column is and how it is read; I, T and O are for input, target, left out."
MOST_LAGS = 100
FIELD_PX = 160
BAD_CELLS = {
    "drop": "Drop their rows",
    "mean": "Fill with the column's mean",
    "median": "Fill with the column's median",
    "zero": "Fill with 0",
}
MODELS = {"": "As before, if it fits", "line": "A line", "network": "A small network"}
Reader = Callable[[Asked], Iterator[Reading]]


class ImportDialog(QDialog):
    """Looks every few milliseconds what was read. `imported` carries a function that makes the dataset, and the model
    that was asked for, or None.

    `reader` makes the readings of what is asked, and guesses the rest; it raises nothing, but says a fault in the
    last of them. It may give the same reading again where it has nothing new.
    """

    imported = Signal(object, object)

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
        self._format = FormatBar(encodings)
        self._bad_cells = box_of(BAD_CELLS)
        self._labels = box_of({"values": "Values", "labels": "Class labels"})
        self._fitted_by = box_of(MODELS)
        self._fitted_by.setToolTip(
            "A line is linear regression, of class labels logistic regression. A small network has one hidden layer."
        )
        self._lags = QSpinBox()
        self._lags.setRange(0, MOST_LAGS)
        self._lags.setSpecialValueText("None")
        self._lags.setToolTip("Inputs that are the target of one row before, of two, …: a series told by its past.")
        self._touched: dict[int, Role] = {}
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
        self._begin()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        column.addWidget(self._format)
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
        choices.addLayout(_form(("Fit it by", self._fitted_by), ("Lags of the target", self._lags)))
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
        self._format.changed.connect(self._begin)
        for box in (self._bad_cells, self._labels):
            box.activated.connect(self._choose)
        self._lags.valueChanged.connect(self._choose)
        self._scaling.changed.connect(self._choose)
        self._target_scaling.changed.connect(self._choose)
        self._head.role_chosen.connect(self._on_role_chosen)
        self._head.how_chosen.connect(self._on_how_chosen)
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

    def _begin(self) -> None:
        """Read from the beginning; what was chosen for a column stays where the columns stay the same."""
        self._stop()
        self._last = None
        self._reading = self._reader(self._format.asked)
        self._read_a_slice()
        if self._reading is not None:
            self._timer.start()

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
        self._format.show_reading(last)
        self._progress.setValue(round(100 * last.share) if not last.fault else 0)
        if last.preview is not None and last.profiles:
            self._guess(last)
        if (
            last.preview is None
            or self._model.rowCount() != len(last.preview.cells)
            or last.sheet is not None
            or last.fault
        ):
            self._model.show_preview(last.preview, self._choice)
        self._show_choice()

    _names: tuple[str, ...] = ()

    def _guess(self, last: Reading) -> None:
        """What the columns are by what was read so far, but for what was chosen by hand."""
        assert last.preview is not None
        if self._names != last.preview.names:
            self._touched = {}
        self._names = last.preview.names
        targets = [place for place, role in self._touched.items() if role == "target"]
        guess = first_choice(last.profiles, last.format.header, targets[-1] if targets else -1)
        if not self._touched:
            show_value(self._labels, "labels" if guess.labels else "values")
        elif self._choice is not None:
            guess = replace(guess, hows=self._choice.hows)
        for place, role in self._touched.items():
            guess = guess.with_roles((place,), role)
        self._choice = self._with_boxes(guess)

    # Choosing

    def _on_role_chosen(self, place: int, role: Role) -> None:
        """In the head of a selected column the role is for all that are selected."""
        selected = self._table.selected_columns()
        self.set_roles(selected if place in selected else (place,), role)

    def set_roles(self, places: tuple[int, ...], role: Role) -> None:
        """Give columns a role; with class labels there is one target."""
        if self._choice is None:
            return
        if role == "target" and self._is_text(places):
            show_value(self._labels, "labels")  # what else could texts be as a target
            self._choice = replace(self._choice, labels=True)
        self._choice = self._choice.with_roles(places, role)
        self._touched |= dict.fromkeys(places, role)
        self._choose()

    def _is_text(self, places: tuple[int, ...]) -> bool:
        """Whether this is one column of texts that are no dates."""
        profiles = () if self._last is None else self._last.profiles
        return len(places) == 1 and bool(profiles) and usual_how(profiles[places[0]]) == "indicators"

    def _on_how_chosen(self, place: int, how: How) -> None:
        """Read a column in another way; in the head of a selected one all that are selected and can be."""
        if self._choice is None or self._last is None:
            return
        selected = self._table.selected_columns()
        wanted = selected if place in selected else (place,)
        places = [one for one in wanted if how in possible_hows(self._last.profiles[one])]
        self._choice = self._choice.with_how(places, how)
        self._touched |= {one: self._choice.roles[one] for one in places}
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
            lags=self._lags.value() if self._lags.isEnabled() else 0,
        )

    def _show_choice(self) -> None:
        """Head, counts and the sentence below; Import only where it can succeed."""
        last, choice = self._last, self._choice
        is_values = self._labels.currentData() == "values"
        self._target_scaling.setEnabled(is_values)
        self._lags.setEnabled(is_values)
        self._verdict = self._judged()
        if choice is not None and last is not None and last.preview is not None and last.profiles:
            bad = bad_counts(choice, last)
            notes = self._verdict.notes or column_notes(last.profiles, choice)
            hows = tuple(possible_hows(profile) for profile in last.profiles)
            self._head.show_columns(last.preview.names, choice.roles, bad_notes(bad), notes, hows, choice.hows)
            self._counts.setText(bad_sentence(bad, last))
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
        source = source_of(last, self._name)
        self.accept()
        model = self._fitted_by.currentData() or None
        self.imported.emit(partial(dataset_from, last.sheet, self._choice, source), model)

    def done(self, result: int) -> None:
        self._stop()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop()
        super().closeEvent(event)

    def drawn(self) -> dict[str, object]:
        """What the dialog says that it shows."""
        return {
            **self._format.drawn(),
            "names": self._names,
            "roles": self._head.roles,
            "notes": self._head.notes,
            "told": self._head.told,
            "rows": self._model.rowCount(),
            "sentence": self._sentence.text(),
            "counts": self._counts.text(),
            "can_import": self._import.isEnabled(),
            "reading": self._reading is not None,
        }


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("muted", True)
    return label


def _form(*rows: tuple[str, QWidget]) -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(6)
    for text, widget in rows:
        widget.setMinimumWidth(FIELD_PX)
        widget.setMinimumHeight(widget.fontMetrics().height() + FIELD_PAD)
        form.addRow(labelled(text, widget), widget)
    return form
