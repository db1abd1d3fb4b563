"""A log to be read, copied, and found in its folder."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gradviz.views.kit.theme import monospace


class LogWindow(QDialog):
    """Shows `text`, which it is given, under the full `path` of its file. The window behind stays usable."""

    folder_wanted = Signal()

    def __init__(self, name: str, path: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Crash log {name}")
        self._text = QPlainTextEdit(text)
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Crash log")
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setTabChangesFocus(True)
        self._text.setFont(monospace(9.5))
        self._path = QLabel(path)
        self._path.setWordWrap(True)
        self._path.setTextFormat(Qt.TextFormat.PlainText)
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()

    def _lay_out(self) -> None:
        note = QLabel("It stays on this machine; nothing was sent. Copy it where you report the fault.")
        note.setProperty("muted", True)
        note.setWordWrap(True)
        copy, folder, close = QPushButton("&Copy"), QPushButton("Open &folder"), QPushButton("Close")
        copy.clicked.connect(self.copy)
        folder.clicked.connect(self.folder_wanted)
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.addWidget(copy)
        bottom.addWidget(folder)
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        for widget in (self._path, note):
            layout.addWidget(widget)
        layout.addWidget(self._text, 1)
        layout.addLayout(bottom)

    def sizeHint(self) -> QSize:
        return QSize(820, 520)

    def copy(self) -> None:
        """The whole log to the clipboard."""
        QApplication.clipboard().setText(self._text.toPlainText())

    def show_from(self, words: str) -> None:
        """Scroll so that the first line with `words` is at the top; to the end where no line has them."""
        found = self._text.document().find(words)
        if found.isNull():
            self._text.moveCursor(QTextCursor.MoveOperation.End)
        else:
            self._text.verticalScrollBar().setValue(found.blockNumber())
        self._text.horizontalScrollBar().setValue(0)

    def drawn(self) -> dict[str, object]:
        """What it shows, for tests and assistive tools."""
        top = self._text.firstVisibleBlock().text()
        return {"title": self.windowTitle(), "path": self._path.text(), "text": self._text.toPlainText(), "top": top}
