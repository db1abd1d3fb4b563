"""A text that changes many times a second without asking the window to be laid out again."""

from __future__ import annotations

from bisect import bisect_right

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class Readout(QWidget):
    """Like a QLabel of a fixed width (0: as wide as there is room). A QLabel has its window laid out at every text.

    Of several `lines` the text is wrapped; what has no room is cut at a word, and whole in the tooltip.
    """

    def __init__(self, least_width: int, alignment: Qt.AlignmentFlag, muted: bool = False, lines: int = 1) -> None:
        super().__init__()
        self._least_width, self._lines = least_width, lines
        self._text = ""
        self._label = QLabel(self)
        self._label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setProperty("muted", muted)
        if lines > 1:
            self._label.setWordWrap(True)
            self._label.setAlignment(alignment | Qt.AlignmentFlag.AlignTop)
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
            self._show()

    @property
    def shown(self) -> str:
        """The text as far as it has room."""
        return self._label.text()

    def _show(self) -> None:
        if self._lines == 1:
            self._label.setText(self._text)
            return
        words = self._text.split(" ")
        count = bisect_right(range(len(words)), 0, key=lambda last: 0 if self._fits(words[: last + 1]) else 1)
        is_cut = count < len(words)
        self._label.setText(" ".join(words[: max(count - 1, 1)]) + " …" if is_cut else self._text)
        self.setToolTip(self._text if is_cut else "")

    def _fits(self, words: list[str]) -> bool:
        room = QRect(0, 0, max(self.width(), 1), 10_000)
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        return self.fontMetrics().boundingRect(room, flags, " ".join(words)).height() <= self.height()

    def sizeHint(self) -> QSize:
        line = self._label.fontMetrics()
        return QSize(self._least_width or 80, line.height() + (self._lines - 1) * line.lineSpacing() + 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._label.setGeometry(self.rect())
        if self._lines > 1:
            self._show()
