"""The settings form, made from the declarations alone: it knows no field by name."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QFormLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.declaration import (
    Alternative,
    Declaration,
    FieldSpec,
    Mending,
    field_specs,
    kind_of,
    names_of,
    notes_of,
)
from gradviz.core.document.consequence import live_names
from gradviz.core.document.document import Document, editable_data, editable_specs
from gradviz.views.form.anchor import anchor_at, hold, top_of
from gradviz.views.form.editor import Editor
from gradviz.views.form.editors import ChoiceEditor, editor_for
from gradviz.views.form.entry import MOST_UNFOLDED, Entry
from gradviz.views.form.form_data import one_more, structure_of, value_at_path
from gradviz.views.form.message_room import MessageRoom
from gradviz.views.form.rows import NO_SPACE, breakable, field_label, rows, text_label, tooltip

LEAST_WIDTH = 310
"""Pixels: every field of every section is whole then."""
STEP = 40
"""Pixels of a line that the wheel scrolls by, three a notch: a form is several screens long."""
MOST_ITEMS = 8
"""Items of a list whose widgets are made at once: those of a long one would hold the window up."""


class Form(QWidget):
    """Shows a document and emits (path, plain value) for every edit; it changes nothing itself."""

    edited = Signal(str, object)
    details_wanted = Signal(str)
    """The path of a setting whose own editor is asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, Editor] = {}
        self._titles: dict[str, str] = {}
        self._entries: dict[str, Entry] = {}
        self._open: dict[str, set[int]] = {}
        self._fault: tuple[str, str] | None = None
        self._notes: dict[str, QLabel] = {}
        self._structure: Any = None
        self._document: Document | None = None
        self._drafts: dict[str, Any] = {}
        self._offered = ""
        """The path of the edit that is being offered: a document that comes meanwhile has it."""
        self._whole_lists: set[str] = set()
        self._devices: tuple[str, ...] = ("cpu",)
        self._below = QWidget()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.verticalScrollBar().setSingleStep(STEP)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._scroll)
        self._room = MessageRoom(self)
        self._room.mended.connect(self._on_mended)
        layout.addWidget(self._room)
        self.setMinimumWidth(LEAST_WIDTH)
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]

    def set_devices(self, devices: tuple[str, ...]) -> None:
        """The devices to choose from, once torch has told."""
        if devices != self._devices:
            self._devices, self._structure = devices, None
            if self._document is not None:
                self.show_document(self._document)

    def show_document(self, document: Document) -> None:
        """Show all values; the widgets are made anew only when another set of settings is asked for."""
        data = editable_data(document)
        structure, notes = structure_of(data), notes_of(document.experiment)
        is_other = structure != self._structure
        anchor = anchor_at(self._scroll, self._editors, self._held_path())
        changes = is_other or notes != self.note_texts()
        self._document = document
        if is_other:
            self._structure = structure
            held = self._held_path()
            self._rebuild(document)
            self._hold(held)
        for path, editor in self._editors.items():
            editor.show_value(value_at_path(data, path))
        self._show_names(document.experiment)
        self._show_notes(notes)
        if changes:
            hold(self._scroll, self._editors, anchor, self._below)
        self.clear_faults()
        self._offer_drafts(data)

    def _show_names(self, experiment: Declaration) -> None:
        """What every entry of a list is called, which any setting may change."""
        for path in {path.rpartition(".")[0] for path in self._entries}:
            items: Any = experiment
            for part in path.split("."):
                items = items[int(part)] if part.isdecimal() else getattr(items, part)
            for index, name in enumerate(names_of(items)):
                if f"{path}.{index}" in self._entries:
                    self._entries[f"{path}.{index}"].set_name(name)

    def _on_focus_changed(self, _old: QWidget | None, _now: QWidget | None) -> None:
        path = self._held_path()
        self._room.show_hint(self._editors[path].toolTip() if path else "")

    def _held_path(self) -> str:
        """The path whose editor has the keyboard; empty where none has."""
        focused = QApplication.focusWidget()
        held = (path for path, editor in self._editors.items() if focused is not None and editor.isAncestorOf(focused))
        return next(held, "")

    def _hold(self, path: str) -> None:
        """Give the keyboard to the editor at `path`, made anew, or to the nearest around it that is there."""
        while path and path not in self._editors:
            path = path.rpartition(".")[0]
        if path:
            self._editors[path].focus_widget().setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_notes(self, notes: dict[str, str]) -> None:
        for path, label in self._notes.items():
            label.setText(breakable(notes.get(path, "")))
            label.setVisible(path in notes)

    def note_texts(self) -> dict[str, str]:
        """The notes that stand now, by the path of what they are below."""
        return {path: label.text().replace(NO_SPACE, "") for path, label in self._notes.items() if not label.isHidden()}

    def _offer_drafts(self, data: Any) -> None:
        """What was refused stays in its field, and is offered again: another edit may have made it right."""
        waiting, self._drafts = self._drafts, {}
        waiting.pop(self._offered, None)  # it is taken over, maybe as another value: a column as a list of numbers
        for path, draft in waiting.items():
            if path in self._editors and value_at_path(data, path) != draft:
                self._editors[path].show_draft(draft)
                QTimer.singleShot(0, partial(self._offer, path, draft))

    def _offer(self, path: str, draft: Any) -> None:
        if path in self._editors:
            self._drafts[path], self._offered = draft, path
            self.edited.emit(path, draft)
            self._offered = ""

    def forget_drafts(self) -> bool:
        """Drop what was refused; whether there was any."""
        dropped = bool(self._drafts) and bool(self.fault_texts())
        self._drafts = {}
        return dropped

    def clear_faults(self) -> None:
        """Take every mark away."""
        if self._fault is not None:
            self._mark(self._fault[0], "")
        self._fault = None
        self._room.show_fault("")

    def show_fault(
        self, path: str, sentence: str, place: tuple[int, int] | None = None, mending: Mending | None = None
    ) -> None:
        """Mark the field at `path`, or the nearest around it, with a sentence; point at a place in its text.

        An edit that would help has a button beside the sentence.
        """
        self.clear_faults()
        while path and path not in self._titles:
            path = path.rpartition(".")[0]
        self._fault = (path, sentence)
        self._open_around(path)
        self._mark(path, sentence, place)
        title = self._titles.get(path, "")
        self._room.show_fault(f"{title}: {sentence}" if title else sentence, mending)

    def _open_around(self, path: str) -> None:
        """Open the entries that a field lies in."""
        for at, entry in self._entries.items():
            if path.startswith(f"{at}.") and not entry.is_open:
                self._on_toggled(at, True)

    def fault_texts(self) -> dict[str, str]:
        """The marks that stand now, by path; the empty path is the form itself."""
        return {} if self._fault is None else dict([self._fault])

    def editor(self, path: str) -> Editor:
        """The editor of a path such as ``optimizers.0.lr``."""
        return self._editors[path]

    def paths(self) -> tuple[str, ...]:
        """Every path that can be edited now."""
        return tuple(self._editors)

    def _mark(self, path: str, sentence: str, place: tuple[int, int] | None = None) -> None:
        editor = self._editors.get(path)
        if editor is not None:
            editor.mark_place(place)
            widget = editor.focus_widget()
            widget.setProperty("fault", bool(sentence))
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _rebuild(self, document: Document) -> None:
        self._editors, self._titles, self._notes, self._entries = {}, {}, {}, {}
        inner = QWidget(self._scroll.viewport())
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(4)
        plain = rows()
        column.addLayout(plain)
        for spec in editable_specs():
            if spec.editor == "hidden":
                continue
            if spec.shape in ("variant", "list", "group"):
                box = QGroupBox(spec.title)
                box.setToolTip(spec.description)
                column.addWidget(box)
                self._fill_composite(QVBoxLayout(box), spec, getattr(document.experiment, spec.name), spec.name)
            else:
                self._add_row(plain, spec, spec.name)
        self._below = QWidget()
        column.addWidget(self._below)
        column.addStretch(1)
        place = self._scroll.verticalScrollBar().value()
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._scroll.setWidget(inner)
        hold(self._scroll, {}, None, self._below)
        self._scroll.verticalScrollBar().setValue(place)

    def _fill_composite(self, column: QVBoxLayout, spec: FieldSpec, value: Any, path: str) -> None:
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        if spec.shape == "list":
            self._fill_list(column, spec, value, path)
            column.addWidget(self._note_at(path))
        else:
            self._fill_declaration(column, spec.variants, value, path)
        self._titles[path] = spec.title

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
            self._titles[f"{path}.kind"] = "Kind"
            table.addRow(editor)  # the whole width: the heading says what is chosen here
        for spec in sorted(_specs_of(value), key=lambda spec: spec.editor == "compact"):  # those come last
            inner = f"{path}.{spec.name}"
            if spec.editor == "hidden":
                continue
            if spec.editor == "compact":
                self._add_choice(last, spec, getattr(value, spec.name), inner)
            elif spec.shape in ("variant", "list", "group"):
                box = QGroupBox(spec.title)
                box.setToolTip(spec.description)
                column.addWidget(box)
                self._fill_composite(QVBoxLayout(box), spec, getattr(value, spec.name), inner)
            else:
                self._add_row(last if spec.is_last else table, spec, inner)
        column.addLayout(last)

    def _fill_list(self, column: QVBoxLayout, spec: FieldSpec, items: tuple[Declaration, ...], path: str) -> None:
        add = QPushButton("Add")
        add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add.setToolTip(f"Add one more to: {spec.title}")
        add.clicked.connect(lambda: self._add_item(spec, path))
        column.addWidget(add, 0, Qt.AlignmentFlag.AlignRight)  # above the entries: it stays where it was clicked
        shown = items if path in self._whole_lists else items[:MOST_ITEMS]
        for index, item in enumerate(shown):
            self._add_entry(column, spec, item, path, index, len(items))
        if len(items) > len(shown):
            more = QPushButton(f"Show all {len(items):,}")
            more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            more.clicked.connect(lambda: self._show_whole(path))
            column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_entry(
        self, column: QVBoxLayout, spec: FieldSpec, item: Declaration, path: str, index: int, count: int
    ) -> None:
        at = f"{path}.{index}"
        folds = count > 1 and len(field_specs(type(item))) > MOST_UNFOLDED
        entry = Entry(folds, is_open=index in self._open.get(path, ()))
        column.addWidget(entry)
        entry.add_buttons(index, count, spec.fewest)
        self._fill_declaration(entry.inner, spec.variants, item, at)
        self._titles[at] = spec.title
        self._entries[at] = entry
        entry.toggled.connect(lambda on: self._on_toggled(at, on))
        entry.moved.connect(lambda by: self._exchange(path, index, index + by))
        entry.removed.connect(lambda: self._remove(path, index))

    def _on_toggled(self, at: str, on: bool) -> None:
        """Open or close an entry; its head stays where it is."""
        path, _, index = at.rpartition(".")
        opened = self._open.setdefault(path, set())
        opened.add(int(index)) if on else opened.discard(int(index))
        anchor = anchor_at(self._scroll, self._entries, at)
        self._entries[at].set_open(on)
        hold(self._scroll, self._entries, anchor, self._below)

    def _items(self, path: str) -> list[Any]:
        assert self._document is not None
        return list(value_at_path(editable_data(self._document), path))

    def _show_whole(self, path: str) -> None:
        """All items of a long list, whose widgets take a while to be made."""
        self._whole_lists.add(path)
        self._structure = None
        if self._document is not None:
            self.show_document(self._document)

    def _add_item(self, spec: FieldSpec, path: str) -> None:
        items = self._items(path)
        if len(items) >= MOST_ITEMS:
            self._whole_lists.add(path)  # the new one is the last
        self._open[path] = {len(items)}
        self.edited.emit(path, [*items, one_more(items, spec)])
        if self._entries.get(f"{path}.{len(items)}") is not None:
            self._follow(self._entries[f"{path}.{len(items)}"])

    def _on_mended(self, path: str, value: Any) -> None:
        """Make the edit of a button below a refusal; new entries of a list are scrolled into sight, as by Add."""
        self.edited.emit(path, value)
        last = self._entries.get(f"{path}.{len(value) - 1}") if isinstance(value, list) else None
        if last is not None:
            self._follow(last)

    def _follow(self, entry: Entry) -> None:
        """Scroll until a new entry is seen, from its head on."""
        top = top_of(self._scroll, entry)
        bar, room = self._scroll.verticalScrollBar(), self._scroll.viewport().height()
        if not bar.value() <= top <= bar.value() + room - min(entry.height(), room):
            bar.setValue(top + min(entry.height(), room) - room)

    def _exchange(self, path: str, a: int, b: int) -> None:
        items = self._items(path)
        items[a], items[b] = items[b], items[a]
        self._open[path] = {{a: b, b: a}.get(index, index) for index in self._open.get(path, ())}
        self.edited.emit(path, items)

    def _remove(self, path: str, index: int) -> None:
        items = self._items(path)
        del items[index]
        self._open[path] = {other - (other > index) for other in self._open.get(path, ()) if other != index}
        self.edited.emit(path, items)

    def _add_row(self, table: QFormLayout, spec: FieldSpec, path: str) -> None:
        editor = editor_for(spec, self._devices)
        editor.setToolTip(tooltip(spec))
        editor.focus_widget().setAccessibleName(spec.title)
        self._connect(editor, path)
        self._titles[path] = spec.title
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
        self._titles[path] = self._titles[f"{path}.kind"] = spec.title
        table.addRow(field_label(spec, editor), editor)
        for inner in _specs_of(value):
            self._add_row(table, inner, f"{path}.{inner.name}")
        table.addRow(self._note_at(path))

    def _connect(self, editor: Editor, path: str) -> None:
        self._editors[path] = editor
        editor.edited.connect(lambda value: self._offer(path, value))
        editor.details_wanted.connect(lambda: self.details_wanted.emit(path))

    def _note_at(self, path: str) -> QLabel:
        label = text_label("muted")
        self._notes[path] = label
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
