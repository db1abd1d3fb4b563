"""What a script printed up to a line, and the figures that it drew."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gradviz.views.kit.theme import monospace

MOST_SHOWN = 200_000
"""Letters: of more the last are shown."""


class OutputPanel(QSplitter):
    """Text above, figures below where there are any."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._shown = ""
        self._numbers: tuple[int, ...] = ()
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(monospace(9))
        self._text.setAccessibleName("Output of the script")
        self._text.setPlaceholderText("Nothing is printed up to this line.")
        self._text.setAcceptDrops(False)
        self._figures = QWidget()
        self._below = QVBoxLayout(self._figures)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setWidget(self._figures)
        self._area.hide()
        self.addWidget(self._text)
        self.addWidget(self._area)
        self.setStretchFactor(1, 2)

    def show_output(self, text: str, left_out: int = 0) -> None:
        """What was printed; what follows on what is shown is added to it."""
        shown = text[-MOST_SHOWN:]
        if left_out:
            shown += f"\n… {left_out:,} more letters were not kept."
        if shown == self._shown:
            return
        if self._shown and shown.startswith(self._shown):
            cursor = self._text.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(shown[len(self._shown) :])
        else:
            self._text.setPlainText(shown)
        self._shown = shown
        self._text.verticalScrollBar().setValue(self._text.verticalScrollBar().maximum())

    def show_figures(self, numbers: tuple[int, ...], pictures: Mapping[int, bytes]) -> None:
        """The figures by their numbers, the newest first."""
        if numbers == self._numbers:
            return
        self._numbers = numbers
        while (item := self._below.takeAt(0)) is not None:
            label = item.widget()
            if label is not None:
                label.deleteLater()
        for number in reversed(numbers):
            picture = QPixmap()
            picture.loadFromData(pictures[number])
            shown = QLabel()
            shown.setPixmap(picture)
            shown.setAccessibleName(f"Figure {number}")
            self._below.addWidget(shown)
        self._area.setVisible(bool(numbers))

    def drawn(self) -> dict[str, object]:
        """What is shown."""
        return {"text": self._shown, "figures": list(self._numbers)}
