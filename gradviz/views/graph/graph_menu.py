"""What can be done with a graph, in one menu with the keys: for whoever does not know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget


class Entry(NamedTuple):
    """A line of the menu: `is_on` says whether a mark stands before it, None where there is never one; `is_there`
    whether it is offered now, None where it always is."""

    text: str
    key: str
    act: Callable[[], None]
    is_on: Callable[[], bool] | None = None
    is_there: Callable[[], bool] | None = None


class GraphMenu(QToolButton):
    """Its marks are looked up whenever it opens. An entry without a text is a line between."""

    def __init__(self, parent: QWidget, entries: tuple[Entry, ...]) -> None:
        super().__init__(parent)
        self.setText("View")
        self.setAccessibleName("What can be done with the graph")
        self.setToolTip("Fold, colour, find and turn the graph (M)")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._marked: list[tuple[QAction, Callable[[], bool]]] = []
        self._offered: list[tuple[QAction, Callable[[], bool]]] = []
        for entry in entries:
            self._add(entry)
        self._menu.aboutToShow.connect(self._mark)
        self.setMenu(self._menu)

    def _add(self, entry: Entry) -> None:
        if not entry.text:
            self._menu.addSeparator()
            return
        action = self._menu.addAction(f"{entry.text}\t{entry.key}" if entry.key else entry.text)
        action.triggered.connect(lambda _checked=False: entry.act())
        if entry.is_on is not None:
            action.setCheckable(True)
            self._marked.append((action, entry.is_on))
        if entry.is_there is not None:
            self._offered.append((action, entry.is_there))

    def _mark(self) -> None:
        for action, is_on in self._marked:
            action.setChecked(is_on())
        for action, is_there in self._offered:
            action.setVisible(is_there())
