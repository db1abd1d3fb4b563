"""One pane alone in the window, and all as they were before."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray, QObject, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolBar


class Alone(QObject):
    """Belongs to the GUI thread. What is stored of the layout is that of all panes."""

    changed = Signal(bool)
    """Whether a pane is alone now."""
    left = Signal()
    """All panes are as they were."""

    def __init__(self, window: QMainWindow, docks: Mapping[str, QDockWidget], bar: QToolBar) -> None:
        super().__init__(window)
        self._window, self._docks, self._bar = window, docks, bar
        self._before: QByteArray | None = None

    @property
    def is_on(self) -> bool:
        """Whether a pane is alone."""
        return self._before is not None

    def state(self) -> QByteArray:
        """The layout of all panes, as Qt stores it."""
        return self._window.saveState() if self._before is None else self._before

    def enter(self, key: str) -> None:
        """Give the whole window to a pane."""
        own = self._docks[key]
        if self._before is not None or own.isFloating():  # one that floats has a window of its own
            own.show()
            own.raise_()
            return
        before = self._window.saveState()
        self._before = before
        own.show()
        for other, dock in self._docks.items():
            if other != key and not dock.isFloating():
                dock.hide()
        self._bar.hide()
        own.raise_()
        self.changed.emit(True)

    def leave(self) -> None:
        """All as before."""
        before, self._before = self._before, None
        if before is not None:
            self._window.restoreState(before)
            self._bar.show()
            self.left.emit()
            self.changed.emit(False)
