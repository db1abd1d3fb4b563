"""The room at the foot of the form for its message: why an edit was refused, else what the field with the cursor is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gradviz.core.declaration import Mending
from gradviz.views.form.mending_button import MendingButton

LINES = 2
"""So many lines are kept free; a longer message lies over what is above."""
MARGIN = 12
GAP = 4
"""Pixels between a sentence and the button below it."""


class MessageRoom(QWidget):
    """Always as high, whatever is said: nothing in the form moves for a message.

    `mended` carries the path and the plain value of an edit that would make good what was refused.
    """

    mended = Signal(str, object)

    def __init__(self, form: QWidget) -> None:
        super().__init__(form)
        self._form = form
        self.fault = ""
        self._hint = ""
        self._label = QLabel(form)
        self._label.setObjectName("form_message")
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setAlignment(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        self._button = MendingButton(form)
        self._button.mended.connect(self.mended)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.installEventFilter(self)

    def sizeHint(self) -> QSize:
        return QSize(100, LINES * self._label.fontMetrics().lineSpacing() + 10)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_fault(self, sentence: str, mending: Mending | None = None) -> None:
        """Why an edit was refused, and one that would help; empty where none was."""
        self.fault = sentence
        self._button.offer(mending)
        self._show()

    def show_hint(self, text: str) -> None:
        """What the field with the cursor is, as long as nothing was refused. Longer than the room it is not shown."""
        self._hint = text
        if not self.fault:
            self._show()

    @property
    def text(self) -> str:
        """What stands there."""
        return self._label.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _show(self) -> None:
        self._label.setText(self.fault or self._hint)
        is_fault = bool(self.fault)
        if self._label.property("fault") != is_fault:
            self._label.setProperty("fault", is_fault)
            self._label.style().unpolish(self._label)
            self._label.style().polish(self._label)
        self._place()

    def _place(self) -> None:
        form, button = self._form, self._button
        size = button.sizeHint()
        below = 0 if button.isHidden() else size.height() + GAP
        self._label.setContentsMargins(MARGIN, 4, MARGIN, 4 + below)
        wanted = self._label.heightForWidth(form.width())
        if not self.fault and wanted > self.sizeHint().height():
            self._label.setText("")
        height = max(self.sizeHint().height(), wanted)
        self._label.setGeometry(0, form.height() - height, form.width(), height)
        self._label.raise_()
        width = min(size.width(), form.width() - 2 * MARGIN)
        button.setGeometry(MARGIN, form.height() - 4 - size.height(), width, size.height())
        button.raise_()
