"""What every editor of the form is: a widget that shows one plain value, and says when its user has changed it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget


class Editor(QWidget):
    """An editor of one plain value. `edited` carries the new value; a value that cannot be read comes as text."""

    edited = Signal(object)
    details_wanted = Signal()
    """The value has an editor of its own, which is asked for."""

    def show_value(self, value: Any) -> None:
        """Show `value` without a signal."""
        raise NotImplementedError

    def focus_widget(self) -> QWidget:
        """The widget that is marked when the value is wrong."""
        raise NotImplementedError

    def show_draft(self, draft: Any) -> None:
        """Show a value that was refused, so that it can be mended."""

    def mark_place(self, place: tuple[int, int] | None) -> None:
        """Point at line and column of a text, or at nothing."""

    def _is_marked(self) -> bool:
        """Whether what is written was refused: then even the value that stood there before is an edit."""
        return bool(self.focus_widget().property("fault"))

    def _fill(self, widget: QWidget) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        self.setFocusProxy(widget)


class Line(QLineEdit):
    """A line that leaves to the window the keys that it has no use for itself, and files that are dropped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(False)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_for_window(event):
            event.ignore()
            return True
        return super().event(event)

    def _is_for_window(self, event: QKeyEvent) -> bool:
        """Undo and redo, as long as nothing was typed here that they could take back."""
        is_undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
        return is_undo and not self.isModified()
