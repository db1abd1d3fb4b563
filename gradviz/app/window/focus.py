"""The keyboard never goes to what nobody sees: there keys would be swallowed in silence."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from gradviz.app.window.main_window import MainWindow


class FocusKeeper(QObject):
    """Belongs to the GUI thread. Where a focused widget goes away, Qt chooses the next one, seen or not.

    The focus is taken from one that is behind another tab: without any, all keys are the window's.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]
        window.covered.connect(self._look)

    def _on_focus_changed(self, _old: QWidget | None, _now: QWidget | None) -> None:
        self._look()

    def _look(self) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self._window.isAncestorOf(focused) and self._is_behind(focused):
            focused.clearFocus()

    def _is_behind(self, widget: QWidget) -> bool:
        dock: QWidget | None = widget
        while dock is not None and not isinstance(dock, QDockWidget):
            dock = dock.parentWidget()
        return dock is not None and self._window.is_behind(dock.objectName())
