"""One widget for each kind of setting: each shows a plain value, and says when the user has changed it."""

from __future__ import annotations

import json
import math
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QTextCursor, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QPlainTextEdit,
    QSizePolicy,
    QTextEdit,
    QWidget,
)

from gradviz.core.declaration import FieldSpec
from gradviz.views.form.editor import Editor, Line
from gradviz.views.form.table_fields import NamesField, TableField
from gradviz.views.kit.theme import monospace
from gradviz.views.kit.tick_box import TickBox
from gradviz.views.kit.word_list import WordList

COMMIT_AFTER_MS = 700
MOST_CHARACTERS = 32_000
"""Of a line; Qt holds no more than 32,767, and takes long to lay them out."""
SHOWN_CHARACTERS = 500
MOST_AT_ONCE = 500
"""Numbers of a list that are written before its length is looked at."""


class NumberEditor(Editor):
    """A number as the user writes it (0.001, 1e-3); the up and down keys change its leading digit."""

    def __init__(self, integer: bool) -> None:
        super().__init__()
        self._integer = integer
        self._value: Any = None
        self._line = _SteppingLine(self)
        self._line.editingFinished.connect(self._on_finished)
        self._line.stepped.connect(self._on_stepped)
        self._fill(self._line)

    def show_value(self, value: Any) -> None:
        self._value = value
        self._line.setText(number_text(value))

    def focus_widget(self) -> QWidget:
        return self._line

    def show_draft(self, draft: Any) -> None:
        self._line.setText(number_text(draft))

    def _read(self) -> Any:
        text = self._line.text().strip().replace("−", "-").replace(",", ".").replace("_", "")
        try:
            number = float(text)
        except ValueError:
            return self._line.text()
        if self._integer and math.isfinite(number) and number == int(number):
            return int(text) if text.lstrip("+-").isdecimal() else int(number)
        return number

    def _on_finished(self) -> None:
        if self._line.text() == number_text(self._value) and not self._is_marked():
            return
        value = self._read()
        if value != self._value or isinstance(value, str) or self._is_marked():
            self.edited.emit(value)

    def _on_stepped(self, direction: int) -> None:
        value = self._read()
        if isinstance(value, int | float) and math.isfinite(value):
            changed = stepped(value, direction)
            self.edited.emit(int(changed) if self._integer else changed)


class _SteppingLine(Line):
    stepped = Signal(int)

    def _is_for_window(self, event: QKeyEvent) -> bool:
        """Run (Space) and step (Ctrl and an arrow) too: no number has a blank or a second word."""
        is_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        is_step = is_control and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        return is_step or event.key() == Qt.Key.Key_Space or super()._is_for_window(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Up else -1)
            return
        super().keyPressEvent(event)


def number_text(value: Any) -> str:
    """A number so that it reads back equal: 0.001, 1e-08, 30000."""
    return repr(value) if isinstance(value, float) else str(value)


def stepped(value: float, direction: int) -> float:
    """`value` with its leading digit one up or down: 0.001, 0.002, ...; 0.01 down is 0.009."""
    if value == 0:
        return float(direction)
    power = math.floor(math.log10(abs(value)) + 1e-12)
    shrinking = (value > 0) != (direction > 0)
    if shrinking and math.isclose(abs(value), 10.0**power):
        power -= 1
    unit = max(10.0**power, 1.0) if isinstance(value, int) else 10.0**power
    return float(f"{value + direction * unit:.12g}")


class SwitchEditor(Editor):
    """Yes or no."""

    def __init__(self) -> None:
        super().__init__()
        self._box = TickBox()
        self._box.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click, Space runs as before
        self._box.clicked.connect(lambda on: self.edited.emit(bool(on)))
        self._fill(self._box)

    def show_value(self, value: Any) -> None:
        self._box.setChecked(bool(value))

    def focus_widget(self) -> QWidget:
        return self._box


class ChoiceEditor(Editor):
    """One of several words."""

    def __init__(self, choices: tuple[tuple[str, str], ...], editable: bool = False) -> None:
        super().__init__()
        self._box = QuietComboBox()
        self._box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._box.setEditable(editable)
        for value, label in choices:
            self._box.addItem(label, value)
        self._box.activated.connect(lambda index: self.edited.emit(self._box.itemData(index)))
        self._fill(self._box)

    def show_value(self, value: Any) -> None:
        index = self._box.findData(value)
        if index < 0:
            self._box.addItem(f"{value} (not here)", value)
            index = self._box.count() - 1
        self._box.setCurrentIndex(index)

    def focus_widget(self) -> QWidget:
        return self._box


class QuietComboBox(QComboBox):
    """A combo box that the wheel does not change while a form is scrolled; a narrow one has a list as wide as it asks.

    It asks for little room itself: the longest of its entries would make the form wider than its pane.
    """

    def __init__(self) -> None:
        super().__init__()
        self._has_list = False
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def view(self) -> QAbstractItemView:
        """The list, made when it is first asked for: it costs as much as all the rest of the box."""
        if not self._has_list:
            self._has_list = True
            self.setView(WordList())
        return super().view()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.view()  # the letters typed at a closed box are searched for by its list, too
        super().keyPressEvent(event)

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(view.sizeHintForColumn(0) + 2 * view.frameWidth() + view.verticalScrollBar().width() // 4)
        super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class TextEditor(Editor):
    """One line of text, or a JSON value written on one line."""

    def __init__(self, is_json: bool) -> None:
        super().__init__()
        self._is_json = is_json
        self._value: Any = None
        self._line = Line()
        self._line.editingFinished.connect(self._on_finished)
        self._fill(self._line)

    def show_value(self, value: Any) -> None:
        """A value that is too long for a line is shown by its beginning, and cannot be edited there."""
        self._value = value
        text = self._beginning(value)
        self._line.setReadOnly(len(text) > MOST_CHARACTERS)
        self._line.setText(text if len(text) <= MOST_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …")
        self._line.setCursorPosition(0)

    def focus_widget(self) -> QWidget:
        return self._line

    def _text(self, value: Any) -> str:
        return json.dumps(value) if self._is_json and not isinstance(value, str) else str(value)

    def _beginning(self, value: Any) -> str:
        """The text; where it is longer than a line, only somewhat more than a line of it."""
        if not isinstance(value, list):
            return self._text(value)
        many = 1 if value and isinstance(value[0], list) else MOST_AT_ONCE
        text = "["
        for start in range(0, len(value), many):
            text += ", " * bool(start) + json.dumps(value[start : start + many])[1:-1]
            if len(text) > MOST_CHARACTERS:
                break
        return f"{text}]"

    def _on_finished(self) -> None:
        text = self._line.text()
        if self._line.isReadOnly() or (text == self._text(self._value) and not self._is_marked()):
            return
        value: Any = text
        if self._is_json:
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                value = text
        if value != self._value or self._is_marked():
            self.edited.emit(value)


class LinesEditor(Editor):
    """Several lines; taken over a moment after the last key, or when the focus leaves."""

    def __init__(self) -> None:
        super().__init__()
        self._shown = ""
        self._area = _Area()
        self._area.setFont(monospace(10))
        self._area.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._area.setTabChangesFocus(True)
        self._area.setMinimumHeight(118)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COMMIT_AFTER_MS)
        self._timer.timeout.connect(self._commit)
        self._area.textChanged.connect(self._timer.start)
        self._area.left.connect(self._commit)
        self._fill(self._area)

    def show_value(self, value: Any) -> None:
        self._shown = str(value)
        if self._area.toPlainText() != self._shown:
            self._area.setPlainText(self._shown)
        self._timer.stop()

    def focus_widget(self) -> QWidget:
        return self._area

    def show_draft(self, draft: Any) -> None:
        self._area.setPlainText(str(draft))
        self._timer.stop()
        self._shown = str(draft)

    def mark_place(self, place: tuple[int, int] | None) -> None:
        marks: list[QTextEdit.ExtraSelection] = []
        if place is not None:
            block = self._area.document().findBlockByNumber(place[0] - 1)
            cursor = QTextCursor(block)
            cursor.setPosition(block.position() + min(place[1] - 1, max(block.length() - 2, 0)))
            cursor.movePosition(QTextCursor.MoveOperation.NextCharacter, QTextCursor.MoveMode.KeepAnchor)
            mark = QTextEdit.ExtraSelection()
            mark.cursor = cursor
            mark.format.setBackground(QColor(220, 60, 50, 110))
            marks.append(mark)
        self._area.setExtraSelections(marks)

    def marked_text(self) -> str:
        """What is pointed at."""
        return "".join(mark.cursor.selectedText() for mark in self._area.extraSelections())

    def _commit(self) -> None:
        self._timer.stop()
        text = self._area.toPlainText()
        if text != self._shown:
            self._shown = text
            self.edited.emit(text)


class _Area(QPlainTextEdit):
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(False)  # a file that is dropped here is for the window, and not its path for the text

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


def editor_for(spec: FieldSpec, devices: tuple[str, ...]) -> Editor:
    """The editor that a field asks for. `devices` are those of this machine."""
    if spec.editor == "lines":
        return LinesEditor()
    if spec.editor == "table":
        return TableField()
    if spec.editor == "names":
        return NamesField(default=spec.description.rpartition("nothing means ")[2].rstrip("."))
    if spec.editor == "device":
        return ChoiceEditor(tuple((device, device) for device in devices))
    if spec.shape in ("number", "integer"):
        return NumberEditor(spec.shape == "integer")
    if spec.shape == "switch":
        return SwitchEditor()
    if spec.shape == "choice":
        return ChoiceEditor(tuple((choice, choice.replace("_", " ")) for choice in spec.choices))
    return TextEditor(is_json=spec.shape == "value")
