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
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.declaration import Alternative, Declaration, FieldSpec, field_specs, kind_of, notes_of
from gradviz.core.document.consequence import live_names
from gradviz.core.document.document import Document, editable_data, editable_specs
from gradviz.views.form.editor import Editor
from gradviz.views.form.editors import ChoiceEditor, editor_for
from gradviz.views.form.form_data import one_more, structure_of, value_at_path

LEAST_WIDTH = 270
MOST_ITEMS = 16
"""Items of a list whose widgets are made at once: those of a long one would hold the window up."""


class Form(QWidget):
    """Shows a document and emits (path, plain value) for every edit; it changes nothing itself."""

    edited = Signal(str, object)
    details_wanted = Signal(str)
    """The path of a setting whose own editor is asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editors: dict[str, Editor] = {}
        self._faults: dict[str, QLabel] = {}
        self._notes: dict[str, QLabel] = {}
        self._structure: Any = None
        self._document: Document | None = None
        self._drafts: dict[str, Any] = {}
        self._whole_lists: set[str] = set()
        self._devices: tuple[str, ...] = ("cpu",)
        self._general_fault = _text_label("fault")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._general_fault)
        layout.addWidget(self._scroll)
        self.setMinimumWidth(LEAST_WIDTH)

    def set_devices(self, devices: tuple[str, ...]) -> None:
        """The devices to choose from, once torch has told."""
        if devices != self._devices:
            self._devices, self._structure = devices, None
            if self._document is not None:
                self.show_document(self._document)

    def show_document(self, document: Document) -> None:
        """Show all values; the widgets are made anew only when another set of settings is asked for."""
        data = editable_data(document)
        structure = structure_of(data)
        self._document = document
        if structure != self._structure:
            self._structure = structure
            held = self._held_path()
            self._rebuild(document)
            self._hold(held)
        for path, editor in self._editors.items():
            editor.show_value(value_at_path(data, path))
        self._show_notes(notes_of(document.experiment))
        self.clear_faults()
        self._offer_drafts(data)

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
            label.setText(notes.get(path, ""))
            label.setVisible(path in notes)

    def note_texts(self) -> dict[str, str]:
        """The notes that stand now, by the path of what they are below."""
        return {path: label.text() for path, label in self._notes.items() if not label.isHidden()}

    def _offer_drafts(self, data: Any) -> None:
        """What was refused stays in its field, and is offered again: another edit may have made it right."""
        waiting, self._drafts = self._drafts, {}
        for path, draft in waiting.items():
            if path in self._editors and value_at_path(data, path) != draft:
                self._editors[path].show_draft(draft)
                QTimer.singleShot(0, partial(self._offer, path, draft))

    def _offer(self, path: str, draft: Any) -> None:
        if path in self._editors:
            self._drafts[path] = draft
            self.edited.emit(path, draft)

    def forget_drafts(self) -> bool:
        """Drop what was refused; whether there was any."""
        dropped = bool(self._drafts) and bool(self.fault_texts())
        self._drafts = {}
        return dropped

    def clear_faults(self) -> None:
        """Take every mark away."""
        for path in list(self._faults):
            self._mark(path, "")
        self._general_fault.hide()

    def show_fault(self, path: str, sentence: str, place: tuple[int, int] | None = None) -> None:
        """Mark the field at `path`, or the nearest around it, with a sentence; point at a place in its text."""
        self.clear_faults()
        while path and path not in self._faults:
            path = path.rpartition(".")[0]
        if path:
            self._mark(path, sentence, place)
        else:
            self._general_fault.setText(sentence)
            self._general_fault.show()

    def fault_texts(self) -> dict[str, str]:
        """The marks that stand now, by path; the empty path is the form itself."""
        shown = {path: label.text() for path, label in self._faults.items() if not label.isHidden()}
        return shown | ({"": self._general_fault.text()} if not self._general_fault.isHidden() else {})

    def editor(self, path: str) -> Editor:
        """The editor of a path such as ``optimizers.0.lr``."""
        return self._editors[path]

    def paths(self) -> tuple[str, ...]:
        """Every path that can be edited now."""
        return tuple(self._editors)

    def _mark(self, path: str, sentence: str, place: tuple[int, int] | None = None) -> None:
        label = self._faults[path]
        label.setText(sentence)
        label.setVisible(bool(sentence))
        editor = self._editors.get(path)
        if editor is not None:
            editor.mark_place(place)
            widget = editor.focus_widget()
            widget.setProperty("fault", bool(sentence))
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _rebuild(self, document: Document) -> None:
        self._editors, self._faults, self._notes = {}, {}, {}
        place = self._scroll.verticalScrollBar().value()
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(4)
        plain = _rows()
        column.addLayout(plain)
        for spec in editable_specs():
            if spec.editor == "hidden":
                continue
            if spec.shape in ("variant", "list", "group"):
                box = QGroupBox(spec.title)
                box.setToolTip(spec.description)
                self._fill_composite(QVBoxLayout(box), spec, getattr(document.experiment, spec.name), spec.name)
                column.addWidget(box)
            else:
                self._add_row(plain, spec, spec.name)
        column.addStretch(1)
        old = self._scroll.takeWidget()
        if old is not None:
            old.deleteLater()
        self._scroll.setWidget(inner)
        self._scroll.verticalScrollBar().setValue(place)

    def _fill_composite(self, column: QVBoxLayout, spec: FieldSpec, value: Any, path: str) -> None:
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(4)
        if spec.shape == "list":
            self._fill_list(column, spec, value, path)
            column.addWidget(self._note_at(path))
        else:
            self._fill_declaration(column, spec.variants, value, path)
        column.addWidget(self._fault_at(path))

    def _fill_declaration(
        self, column: QVBoxLayout, variants: tuple[type[Declaration], ...], value: Declaration, path: str
    ) -> None:
        """The choice of an alternative, if there is one, the plain settings, what is noted of them, and the groups."""
        rows = _rows()
        column.addLayout(rows)
        column.addWidget(self._note_at(path))
        if isinstance(value, Alternative) and len(variants) > 1:
            kinds = [variant for variant in variants if issubclass(variant, Alternative)]
            editor = ChoiceEditor(tuple((kind_of(kind), kind.label or kind_of(kind)) for kind in kinds))
            editor.setToolTip(type(value).about)
            editor.focus_widget().setAccessibleName("Kind")
            self._connect(editor, f"{path}.kind")
            rows.addRow("Kind", editor)
        for spec in _specs_of(value):
            inner = f"{path}.{spec.name}"
            if spec.editor == "hidden":
                continue
            if spec.shape in ("variant", "list", "group"):
                box = QGroupBox(spec.title)
                box.setToolTip(spec.description)
                self._fill_composite(QVBoxLayout(box), spec, getattr(value, spec.name), inner)
                column.addWidget(box)
            else:
                self._add_row(rows, spec, inner)

    def _fill_list(self, column: QVBoxLayout, spec: FieldSpec, items: tuple[Declaration, ...], path: str) -> None:
        for index, item in enumerate(items if path in self._whole_lists else items[:MOST_ITEMS]):
            frame = QWidget()
            inner = QVBoxLayout(frame)
            inner.setContentsMargins(0, 0, 0, 6)
            inner.setSpacing(2)
            inner.addLayout(self._item_head(item, index, len(items), path, spec.fewest))
            self._fill_declaration(inner, spec.variants, item, f"{path}.{index}")
            inner.addWidget(self._fault_at(f"{path}.{index}"))
            column.addWidget(frame)
        if len(items) > MOST_ITEMS and path not in self._whole_lists:
            more = QPushButton(f"Show all {len(items):,}")
            more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            more.clicked.connect(lambda: self._show_whole(path))
            column.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        add = QPushButton("Add")
        add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        add.setToolTip(f"Add one more to: {spec.title}")
        add.clicked.connect(lambda: self._add_item(spec, path))
        column.addWidget(add, 0, Qt.AlignmentFlag.AlignLeft)

    def _item_head(self, item: Declaration, index: int, count: int, path: str, fewest: int) -> QHBoxLayout:
        head = QHBoxLayout()
        label = QLabel(f"{index + 1}.  {getattr(type(item), 'label', '') or getattr(item, 'name', '')}")
        label.setProperty("muted", True)
        head.addWidget(label, 1)
        for text, tip, target in (("↑", "Move up", index - 1), ("↓", "Move down", index + 1)):
            move = _small_button(text, tip)
            move.setEnabled(0 <= target < count)
            move.clicked.connect(lambda _=False, a=index, b=target: self._exchange(path, a, b))
            head.addWidget(move)
        remove = _small_button("✕", "Remove")
        remove.setEnabled(count > fewest)
        remove.clicked.connect(lambda _=False: self._remove(path, index))
        head.addWidget(remove)
        return head

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
        self.edited.emit(path, [*items, one_more(items, spec)])

    def _exchange(self, path: str, a: int, b: int) -> None:
        items = self._items(path)
        items[a], items[b] = items[b], items[a]
        self.edited.emit(path, items)

    def _remove(self, path: str, index: int) -> None:
        items = self._items(path)
        del items[index]
        self.edited.emit(path, items)

    def _add_row(self, rows: QFormLayout, spec: FieldSpec, path: str) -> None:
        editor = editor_for(spec, self._devices)
        editor.setToolTip(tooltip(spec))
        editor.focus_widget().setAccessibleName(spec.title)
        self._connect(editor, path)
        label = QLabel(spec.title)
        label.setToolTip(tooltip(spec))
        label.setBuddy(editor)
        if spec.editor == "lines":
            rows.addRow(label)
            rows.addRow(editor)
        else:
            rows.addRow(label, editor)
        rows.addRow(self._fault_at(path))

    def _connect(self, editor: Editor, path: str) -> None:
        self._editors[path] = editor
        editor.edited.connect(lambda value: self._offer(path, value))
        editor.details_wanted.connect(lambda: self.details_wanted.emit(path))

    def _note_at(self, path: str) -> QLabel:
        label = _text_label("muted")
        self._notes[path] = label
        return label

    def _fault_at(self, path: str) -> QLabel:
        label = _text_label("fault")
        self._faults[path] = label
        return label


def _specs_of(value: Declaration) -> tuple[FieldSpec, ...]:
    """The fields of a declaration as it stands: a schedule takes a setting's place, which is then not live."""
    live = live_names(value)
    return tuple(replace(spec, live=spec.name in live) for spec in field_specs(type(value)))


def tooltip(spec: FieldSpec) -> str:
    """Description, limits, and whether a change takes effect at once."""
    lines = [spec.description]
    if spec.lower is not None or spec.upper is not None:
        low = "…" if spec.lower is None else f"{spec.lower:g}"
        high = "…" if spec.upper is None else f"{spec.upper:g}"
        lines.append(f"From {low} to {high}.")
    lines.append("Takes effect at once, between two steps." if spec.live else "A change starts a new run.")
    return "\n".join(line for line in lines if line)


def _rows() -> QFormLayout:
    rows = QFormLayout()
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    rows.setHorizontalSpacing(12)
    rows.setVerticalSpacing(5)
    return rows


def _text_label(role: str) -> QLabel:
    """A line of plain text, hidden until it has something to say; `role` decides its colour."""
    label = QLabel()
    label.setProperty(role, True)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.hide()
    return label


def _small_button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFlat(True)
    button.setFixedWidth(26)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
