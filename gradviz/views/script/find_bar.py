"""Find in a script: a line below it, that goes from place to place."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from gradviz.core.words import say
from gradviz.views.kit.speech import spoken


class FindBar(QWidget):
    """Searches `editor` from the cursor on, and begins anew at its end. Enter on, Shift+Enter back, Escape closes."""

    closed = Signal()

    def __init__(self, editor: QPlainTextEdit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find")
        self._field.setAccessibleName("Find in the script")
        self._field.textEdited.connect(self._on_edited)
        self._field.setAcceptDrops(False)
        self._count = QLabel()
        self._count.setProperty("muted", True)
        close = QToolButton()
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip("Close (Escape)")
        close.setAccessibleName("Close the search")
        close.clicked.connect(self.leave)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._field, 1)
        layout.addWidget(self._count)
        layout.addWidget(close)
        self.hide()

    def enter(self) -> None:
        """Begin, with what is selected."""
        chosen = self._editor.textCursor().selectedText()
        if chosen and "\u2029" not in chosen:
            self._field.setText(chosen)
        self.show()
        self._field.setFocus()
        self._field.selectAll()
        self._show_count()

    def leave(self) -> None:
        """Back to the script."""
        self.hide()
        self._editor.setFocus()
        self.closed.emit()

    def search(self, backwards: bool = False, here: bool = False) -> bool:
        """Go to the next place, or the one before; `here` counts where the cursor is already."""
        text = self._field.text()
        cursor = self._editor.textCursor()
        if here:
            cursor.setPosition(cursor.selectionStart())
        flags = QTextDocument.FindFlag.FindBackward if backwards else QTextDocument.FindFlag(0)
        document = self._editor.document()
        found = document.find(text, cursor, flags)
        if found.isNull():
            begin = QTextCursor(document)
            begin.movePosition(QTextCursor.MoveOperation.End if backwards else QTextCursor.MoveOperation.Start)
            found = document.find(text, begin, flags)
        if not text or found.isNull():
            return False
        self._editor.setTextCursor(found)
        return True

    def _on_edited(self) -> None:
        self.search(here=True)
        self._show_count()

    def _show_count(self) -> None:
        text = self._field.text().lower()
        count = self._editor.toPlainText().lower().count(text) if text else 0
        self._count.setText(spoken(say("{n:place|places}", n=count)) if text else "")

    @property
    def count(self) -> str:
        """What it says of how often the text is there."""
        return self._count.text()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.search(backwards=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
