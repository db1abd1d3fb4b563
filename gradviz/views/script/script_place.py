"""Where the Script pane will stand: it is made when it is first painted, so that no start waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

if TYPE_CHECKING:
    from gradviz.views.script.script_view import ScriptView


class ScriptPlace(View):
    """Empty, until it is painted or asked for its view."""

    key: ClassVar[str] = "script"
    title: ClassVar[str] = "Script"
    content: ClassVar[str] = "text"
    is_picture: ClassVar[bool] = False
    made = Signal(object)
    """The view is there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: ScriptView | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    @property
    def is_made(self) -> bool:
        """Whether it was ever shown."""
        return self._view is not None

    def view(self) -> ScriptView:
        """The view, made now if need be."""
        if self._view is None:
            from gradviz.views.script.script_view import ScriptView

            self._view = ScriptView()
            self._view.set_theme(self.theme)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self._view)
            self.made.emit(self._view)
        return self._view

    def paintEvent(self, event: QPaintEvent) -> None:
        """Behind another tab it is shown too, as Qt has it, but never painted."""
        super().paintEvent(event)
        if self._view is None:
            QTimer.singleShot(0, self.view)

    def sizeHint(self) -> QSize:
        return QSize(450, 320)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self._view is not None:
            self._view.set_theme(theme)

    def drawn(self) -> dict[str, object]:
        shown: dict[str, object] = {"text": ""} if self._view is None else self._view.drawn()
        return shown if shown["text"] else {**shown, "absence": "Nothing is written here yet."}
