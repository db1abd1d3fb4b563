"""Where a person types what to look for in a graph."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QWidget

from gradviz.core.graph.search import GRADIENTS
from gradviz.core.words import say
from gradviz.views.kit.speech import spoken

WIDTH = 330


class SearchBar(QWidget):
    """Enter goes to the next that was found, Shift+Enter to the one before, Escape leaves."""

    asked = Signal(str)
    next_wanted = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        self._line = QLineEdit(self)
        self._line.setPlaceholderText("Name, operation, module, shape, or: gradient is 0")
        self._line.setAccessibleName("Search the graph")
        self._line.setClearButtonEnabled(True)
        completer = QCompleter(list(GRADIENTS), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._line.setCompleter(completer)
        self._line.textChanged.connect(self.asked)
        self._line.installEventFilter(self)
        self._count = QLabel(self)
        layout = self._layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._count)

    def open_in(self, room: QRect, top: float) -> None:
        """Show it at the top right of its parent, ready to type."""
        self.stay_in(room, top)
        self.show()
        self.raise_()
        self._line.setFocus()
        self._line.selectAll()

    def stay_in(self, room: QRect, top: float) -> None:
        """Keep it within a parent of another size."""
        width = min(WIDTH, room.width() - 16)
        self.setGeometry(room.width() - width - 8, int(top) + 4, width, self.sizeHint().height())

    def tell(self, count: int, query: str) -> None:
        """How many were found."""
        self._count.setText(spoken(say("{count:node|nodes}", count=count)) if query.strip() else "")
        self._layout.activate()  # at once: the line gives the count its room

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.next_wanted.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.hide()
                self.left.emit()
                return True
        return super().eventFilter(watched, event)
