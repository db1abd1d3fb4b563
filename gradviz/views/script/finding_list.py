"""What is wrong with a script that was run: the error and the silent mistakes, each with a way to its line."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import LIGHT, Theme
from gradviz.views.script.script_state import Finding

MOST_SHOWN = 30
LEAST_HEIGHT, MOST_HEIGHT = 48, 170
"""Pixels; more is scrolled to."""
LONGEST_TITLE = 600


class FindingList(QScrollArea):
    """Emits the finding whose line is wanted. Hidden where there is none."""

    wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._findings: tuple[Finding, ...] = ()
        self._theme = LIGHT
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Findings")
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self._fill()

    def show_findings(self, findings: tuple[Finding, ...]) -> None:
        """Replace them."""
        if findings != self._findings:
            self._findings = findings
            self._fill()

    def _fill(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for finding in self._findings[:MOST_SHOWN]:
            layout.addWidget(self._entry(finding))
        layout.addStretch(1)
        self.setWidget(inside)
        self.setVisible(bool(self._findings))
        self.setMaximumHeight(MOST_HEIGHT)
        self.setMinimumHeight(LEAST_HEIGHT)

    def _entry(self, finding: Finding) -> QWidget:
        colour = self._theme.fault if finding.is_fault else self._theme.gradient
        entry = QFrame()
        entry.setObjectName("finding")
        entry.setStyleSheet(f"#finding {{ border-left: 3px solid {colour}; }}")
        label = QLabel(_html(finding, colour))
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QHBoxLayout(entry)
        layout.setContentsMargins(8, 2, 4, 2)
        layout.addWidget(label, 1)
        if finding.line:
            button = QPushButton(f"Line {finding.line}")
            button.setToolTip("Go to the line, and to the moment when it happened")
            button.clicked.connect(lambda _checked=False, finding=finding: self.wanted.emit(finding))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return entry

    def drawn(self) -> list[dict[str, object]]:
        """What is shown."""
        return [
            {"line": one.line, "fault": one.is_fault, "title": spoken(one.title), "text": spoken(one.explanation)}
            for one in self._findings
        ]


def _html(finding: Finding, colour: str) -> str:
    """What a stranger's script said is text, whatever is in it."""
    title = html.escape(spoken(finding.title)[:LONGEST_TITLE])
    shown = f'<b style="color: {colour}">{title}</b>' if finding.is_fault else title
    more = html.escape(spoken(finding.explanation))
    return f"{shown}<br>{more}" if more else shown
