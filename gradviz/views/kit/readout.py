"""A text that changes many times a second without asking the window to be laid out again."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Readout(QWidget):
    """Like a QLabel of a fixed width (0: as wide as there is room). A QLabel has its window laid out at every text."""

    def __init__(self, least_width: int, alignment: Qt.AlignmentFlag, muted: bool = False) -> None:
        super().__init__()
        self._least_width = least_width
        self._text = ""
        self._label = QLabel(self)
        self._label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setProperty("muted", muted)
        self.setSizePolicy(
            QSizePolicy.Policy.Expanding if not least_width else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed
        )

    def text(self) -> str:
        """What is shown."""
        return self._text

    def setText(self, text: str) -> None:
        """Show a text."""
        if text != self._text:
            self._text = text
            self._label.setText(text)

    def sizeHint(self) -> QSize:
        return QSize(self._least_width or 80, self._label.fontMetrics().height() + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._label.setGeometry(self.rect())
