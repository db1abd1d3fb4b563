"""Words in the place of a picture: why there is nothing to draw."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget


class Absence(QWidget):
    """Shows `picture`, or a heading and a sentence on why there is none."""

    def __init__(self, picture: QWidget, heading: str) -> None:
        super().__init__()
        self._heading = QLabel(heading)
        self._heading.setObjectName("heading")
        self._sentence = QLabel()
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setProperty("muted", True)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(48, 24, 48, 24)
        column.setSpacing(8)
        column.addStretch(1)
        for label in (self._heading, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(2)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(picture)
        self._stack.addWidget(words)

    def explain(self, sentence: str) -> None:
        """Show the sentence; the picture again if it is empty."""
        self._sentence.setText(sentence)
        self._stack.setCurrentIndex(1 if sentence else 0)

    @property
    def sentence(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self._sentence.text()
