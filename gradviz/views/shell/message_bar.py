"""One message that lies over the foot of the panes, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

LONGEST = 300


class MessageBar(QFrame):
    """Plain text of at most 300 characters; a new message replaces the one before. No pane moves for it."""

    freed = Signal()
    """No message stands here any more, and none has taken its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QPushButton()
        self._action.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._then: Callable[[], None] | None = None
        self._action.clicked.connect(self._on_action)
        close = QPushButton("Close")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(close)
        self.hide()
        self._above: QWidget | None = None
        self._when_hidden = QTimer(self, singleShot=True, interval=0)
        self._when_hidden.timeout.connect(self._on_hidden)

    def lie_over(self, window: QWidget, above: QWidget) -> None:
        """Lie over the window, just above a part of it."""
        self.setParent(window)
        self._above = above
        above.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return False

    def _place(self) -> None:
        if self._above is None or self.isHidden():
            return
        width = self._above.width()
        height = self.heightForWidth(width)
        self.setGeometry(self._above.x(), self._above.y() - height, width, height)
        self.raise_()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._when_hidden.start()

    def _on_hidden(self) -> None:
        if self.isHidden():
            self.freed.emit()

    @property
    def text(self) -> str:
        """The message that is shown; empty if none is."""
        return self._text.text() if not self.isHidden() else ""

    def show_message(self, text: str, action: str = "", then: Callable[[], None] | None = None) -> None:
        """Show `text` and, if there is one, a button `action` that calls `then`."""
        self._text.setText(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
        self._then = then
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self.show()
        self._place()

    def _on_action(self) -> None:
        then = self._then
        self.hide()
        if then is not None:
            then()
