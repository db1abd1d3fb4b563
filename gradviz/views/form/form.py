"""The settings form, made from the declarations alone: it knows no field by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.declaration import (
    Declaration,
    FieldSpec,
    Mending,
    names_of,
    notes_of,
)
from gradviz.core.document.document import Document, editable_data
from gradviz.views.form.anchor import Anchor, anchor_at, hold, top_of
from gradviz.views.form.editor import Editor
from gradviz.views.form.entry import Entry
from gradviz.views.form.form_data import one_more, structure_of, value_at_path
from gradviz.views.form.message_room import MessageRoom
from gradviz.views.form.open_entries import OpenEntries
from gradviz.views.form.page import MOST_ITEMS, Page
from gradviz.views.form.rows import NO_SPACE, breakable

LEAST_WIDTH = 310
"""Pixels: every field of every section is whole then."""
STEP = 40
"""Pixels of a line that the wheel scrolls by, three a notch: a form is several screens long."""


class Form(QWidget):
    """Shows a document and emits (path, plain value) for every edit; it changes nothing itself."""

    edited = Signal(str, object)
    details_wanted = Signal(str)
    """The path of a setting whose own editor is asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page: Page | None = None
        self._opened = OpenEntries()
        self._fault: tuple[str, str] | None = None
        self._structure: Any = None
        self._document: Document | None = None
        self._drafts: dict[str, Any] = {}
        self._offered = ""
        """The path of the edit that is being offered: a document that comes meanwhile has it."""
        self._whole_lists: set[str] = set()
        self._devices: tuple[str, ...] = ("cpu",)
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
            self._hold_anchor(self._editors, anchor)
        self.clear_faults()
        self._offer_drafts(data)

    @property
    def _editors(self) -> dict[str, Editor]:
        return {} if self._page is None else self._page.editors

    @property
    def _titles(self) -> dict[str, str]:
        return {} if self._page is None else self._page.titles

    @property
    def _entries(self) -> dict[str, Entry]:
        return {} if self._page is None else self._page.entries

    @property
    def _notes(self) -> dict[str, QLabel]:
        return {} if self._page is None else self._page.notes

    def _hold_anchor(self, widgets: Mapping[str, QWidget], anchor: Anchor | None) -> None:
        assert self._page is not None, "nothing is shown yet"
        hold(self._scroll, widgets, anchor, self._page.below)

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
        page = Page(self._scroll.viewport(), document, self._devices, self._opened, self._whole_lists)
        page.edited.connect(self._offer)
        page.details_wanted.connect(self.details_wanted)
        page.toggled.connect(self._on_toggled)
        page.item_wanted.connect(self._add_item)
        page.exchanged.connect(self._exchange)
        page.removed.connect(self._remove)
        page.whole_wanted.connect(self._show_whole)
        place = self._scroll.verticalScrollBar().value()
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._page = page
        self._scroll.setWidget(page)
        hold(self._scroll, {}, None, page.below)
        self._scroll.verticalScrollBar().setValue(place)

    def _on_toggled(self, at: str, on: bool) -> None:
        """Open or close an entry; its head stays where it is."""
        self._opened.set(at, on)
        anchor = anchor_at(self._scroll, self._entries, at)
        self._entries[at].set_open(on)
        self._hold_anchor(self._entries, anchor)

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
        self._opened.open_alone(path, len(items))
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
        self._opened.exchange(path, a, b)
        self.edited.emit(path, items)

    def _remove(self, path: str, index: int) -> None:
        items = self._items(path)
        del items[index]
        self._opened.remove(path, index)
        self.edited.emit(path, items)
