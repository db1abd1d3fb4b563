"""All fields of one set of settings, laid out: made from the declarations, and made anew where another set is shown."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QGroupBox, QLabel, QPushButton, QVBoxLayout, QWidget

from gradviz.core.declaration import Alternative, Declaration, FieldSpec, field_specs, kind_of
from gradviz.core.document.consequence import live_names
from gradviz.core.document.document import Document, editable_specs
from gradviz.views.form.editor import Editor
from gradviz.views.form.editors import ChoiceEditor, editor_for
from gradviz.views.form.entry import MOST_UNFOLDED, Entry
from gradviz.views.form.open_entries import OpenEntries
from gradviz.views.form.rows import field_label, rows, text_label, tooltip

MOST_ITEMS = 8
"""Items of a list whose widgets are made at once: those of a long one would hold the window up."""


class Page(QWidget):
    """Says what its user does to a field, or to a list; it changes nothing itself. Paths are those of settings."""

    edited = Signal(str, object)
    details_wanted = Signal(str)
    toggled = Signal(str, bool)
    """An entry of a list shall open or close."""
    item_wanted = Signal(object, str)
    """One more of the list that a `FieldSpec` describes."""
    exchanged = Signal(str, int, int)
    removed = Signal(str, int)
    whole_wanted = Signal(str)
    """All items of a long list."""

    def __init__(
        self, parent: QWidget, document: Document, devices: tuple[str, ...], opened: OpenEntries, whole: Set[str]
    ) -> None:
        """`devices` are to choose from; `opened` entries of lists do not fold; lists in `whole` have all items."""
        super().__init__(parent)
        self._devices, self._opened, self._whole = devices, opened, whole
        self.editors: dict[str, Editor] = {}
        self.titles: dict[str, str] = {}
        self.notes: dict[str, QLabel] = {}
        self.entries: dict[str, Entry] = {}
        self.below = QWidget()
        """Room below all, for what is scrolled."""
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(4)
        self._fill(column, document)
        column.addWidget(self.below)
        column.addStretch(1)

    def _fill(self, column: QVBoxLayout, document: Document) -> None:
        plain = rows()
        column.addLayout(plain)
        for spec in editable_specs():
            if spec.editor == "hidden":
                continue
            if spec.shape in ("variant", "list", "group"):
                self._add_box(column, spec, getattr(document.experiment, spec.name), spec.name)
            else:
                self._add_row(plain, spec, spec.name)

    def _add_box(self, column: QVBoxLayout, spec: FieldSpec, value: Any, path: str) -> None:
        """In its place before it is filled: what is moved there with all that it holds is styled anew."""
        box = QGroupBox(spec.title)
        box.setToolTip(spec.description)
        column.addWidget(box)
        self._fill_composite(QVBoxLayout(box), spec, value, path)

    def _fill_composite(self, column: QVBoxLayout, spec: FieldSpec, value: Any, path: str) -> None:
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        if spec.shape == "list":
            self._fill_list(column, spec, value, path)
            column.addWidget(self._note_at(path))
        else:
            self._fill_declaration(column, spec.variants, value, path)
        self.titles[path] = spec.title

    def _fill_declaration(
        self, column: QVBoxLayout, variants: tuple[type[Declaration], ...], value: Declaration, path: str
    ) -> None:
        """The choice of an alternative, if there is one, the plain settings, what is noted of them, and the groups."""
        table, last = rows(), rows()
        column.addLayout(table)
        column.addWidget(self._note_at(path))
        if isinstance(value, Alternative) and len(variants) > 1:
            editor = _kind_editor(variants, value)
            editor.focus_widget().setAccessibleName("Kind")
            self._connect(editor, f"{path}.kind")
            self.titles[f"{path}.kind"] = "Kind"
            table.addRow(editor)  # the whole width: the heading says what is chosen here
        for spec in sorted(_specs_of(value), key=lambda spec: spec.editor == "compact"):  # those come last
            inner = f"{path}.{spec.name}"
            if spec.editor == "hidden":
                continue
            if spec.editor == "compact":
                self._add_choice(last, spec, getattr(value, spec.name), inner)
            elif spec.shape in ("variant", "list", "group"):
                self._add_box(column, spec, getattr(value, spec.name), inner)
            else:
                self._add_row(last if spec.is_last else table, spec, inner)
        column.addLayout(last)

    def _fill_list(self, column: QVBoxLayout, spec: FieldSpec, items: tuple[Declaration, ...], path: str) -> None:
        add = QPushButton("Add")
        add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add.setToolTip(f"Add one more to: {spec.title}")
        add.clicked.connect(lambda: self.item_wanted.emit(spec, path))
        column.addWidget(add, 0, Qt.AlignmentFlag.AlignRight)  # above the entries: it stays where it was clicked
        shown = items if path in self._whole else items[:MOST_ITEMS]
        for index, item in enumerate(shown):
            self._add_entry(column, spec, item, path, index, len(items))
        if len(items) > len(shown):
            more = QPushButton(f"Show all {len(items):,}")
            more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            more.clicked.connect(lambda: self.whole_wanted.emit(path))
            column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_entry(
        self, column: QVBoxLayout, spec: FieldSpec, item: Declaration, path: str, index: int, count: int
    ) -> None:
        at = f"{path}.{index}"
        folds = count > 1 and len(field_specs(type(item))) > MOST_UNFOLDED
        entry = Entry(folds, is_open=self._opened.holds(path, index))
        column.addWidget(entry)
        entry.add_buttons(index, count, spec.fewest)
        self._fill_declaration(entry.inner, spec.variants, item, at)
        self.titles[at] = spec.title
        self.entries[at] = entry
        entry.toggled.connect(lambda on: self.toggled.emit(at, on))
        entry.moved.connect(lambda by: self.exchanged.emit(path, index, index + by))
        entry.removed.connect(lambda: self.removed.emit(path, index))

    def _add_row(self, table: QFormLayout, spec: FieldSpec, path: str) -> None:
        editor = editor_for(spec, self._devices)
        editor.setToolTip(tooltip(spec))
        editor.focus_widget().setAccessibleName(spec.title)
        self._connect(editor, path)
        self.titles[path] = spec.title
        label = field_label(spec, editor)
        if spec.editor == "lines":
            table.addRow(label)
            table.addRow(editor)
        else:
            table.addRow(label, editor)

    def _add_choice(self, table: QFormLayout, spec: FieldSpec, value: Alternative, path: str) -> None:
        """A choice that is mostly left alone: a row of its own, and its settings, if it has any, below it."""
        editor = _kind_editor(spec.variants, value)
        editor.setToolTip(f"{spec.description}\n{type(value).about}")
        editor.focus_widget().setAccessibleName(spec.title)
        self._connect(editor, f"{path}.kind")
        self.titles[path] = self.titles[f"{path}.kind"] = spec.title
        table.addRow(field_label(spec, editor), editor)
        for inner in _specs_of(value):
            self._add_row(table, inner, f"{path}.{inner.name}")
        table.addRow(self._note_at(path))

    def _connect(self, editor: Editor, path: str) -> None:
        self.editors[path] = editor
        editor.edited.connect(lambda value: self.edited.emit(path, value))
        editor.details_wanted.connect(lambda: self.details_wanted.emit(path))

    def _note_at(self, path: str) -> QLabel:
        label = text_label("muted")
        self.notes[path] = label
        return label


def _kind_editor(variants: tuple[type[Declaration], ...], value: Alternative) -> ChoiceEditor:
    """The choice between the alternatives; its tooltip is about the chosen one."""
    kinds = [variant for variant in variants if issubclass(variant, Alternative)]
    editor = ChoiceEditor(tuple((kind_of(kind), kind.label or kind_of(kind)) for kind in kinds))
    editor.setToolTip(type(value).about)
    return editor


def _specs_of(value: Declaration) -> tuple[FieldSpec, ...]:
    """The fields of a declaration as it stands, without the idle; what a schedule takes the place of is not live."""
    live, idle = live_names(value), value.idle
    return tuple(replace(spec, live=spec.name in live) for spec in field_specs(type(value)) if spec.name not in idle)
