"""How the panes share the window when its size changes: the left column keeps its width, the others their shares."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow

from gradviz.app.window.places import Placed, Where

HORIZONTAL, VERTICAL = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
LEFT_SHARE = 0.22
LEFT_LEAST, LEFT_MOST = 310, 420
"""Of the width of a window that nobody has arranged the left column gets its share, within these pixels."""
LEFT_WIDEST = 0.45
"""The share of a smaller window that a column may take which was dragged in a larger one."""


class Shares(QObject):
    """Qt gives all that a window gains to one column. What its user drags is remembered, and kept from then on."""

    def __init__(self, window: QMainWindow, docks: Mapping[str, QDockWidget], panes: Sequence[Placed]) -> None:
        super().__init__(window)
        self._window, self._docks, self._panes = window, docks, panes
        self._sizes: dict[str, tuple[int, int]] = {}
        self._known = window.size()
        self._applying = False
        for dock in docks.values():
            dock.installEventFilter(self)

    def forget(self) -> None:
        """The shares of a window that nobody has arranged."""
        self._sizes = {}
        self.apply()

    def remember(self) -> None:
        """Keep the shares that the panes have now."""
        self._known = self._window.size()
        self._sizes = {pane.key: self._front(pane).size().toTuple() for pane in self._panes}

    def apply(self) -> None:
        """Share the window out as it is now."""
        if self._applying:
            return
        self._applying = True
        self._share_width()
        for upper, lower in self._pairs():
            self._share_height(upper, lower)
        self._known = self._window.size()
        self._applying = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A pane whose size changes under a held button, and not with the window's, is dragged by its user."""
        is_held = bool(QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton)
        if event.type() == QEvent.Type.Resize and is_held and self._window.size() == self._known:
            self.remember()
        return False

    def _share_width(self) -> None:
        columns = [pane for pane in self._panes if pane.place.width and _is_placed(self._front(pane))]
        docks = [self._front(pane) for pane in columns]
        if len(docks) < 2 or not _are_beside(docks):
            return
        room = sum(dock.width() for dock in docks)
        fixed = [self._left_width() if pane.place.where is Where.LEFT else 0 for pane in columns]
        wanted = [0 if given else self._size(pane)[0] for given, pane in zip(fixed, columns, strict=True)]
        rest = room - sum(fixed)
        widths = [given or round(rest * width / sum(wanted)) for given, width in zip(fixed, wanted, strict=True)]
        self._window.resizeDocks(docks, widths, HORIZONTAL)

    def _left_width(self) -> int:
        left = next(pane.key for pane in self._panes if pane.place.where is Where.LEFT)
        if left in self._sizes:
            return min(self._sizes[left][0], round(LEFT_WIDEST * self._window.width()))
        return min(max(round(LEFT_SHARE * self._window.width()), LEFT_LEAST), LEFT_MOST)

    def _share_height(self, upper: Placed, lower: Placed) -> None:
        docks = [self._front(upper), self._front(lower)]
        if not all(map(_is_placed, docks)) or docks[0].geometry().bottom() > docks[1].geometry().top():
            return
        room = docks[0].height() + docks[1].height()
        wanted = self._size(upper)[1], self._size(lower)[1]
        below = round(room * wanted[1] / sum(wanted))
        self._window.resizeDocks(docks, [room - below, below], VERTICAL)

    def _front(self, pane: Placed) -> QDockWidget:
        """The pane that is seen where this one is: Qt lays those behind it outside of the window."""
        own = self._docks[pane.key]
        group = [own, *self._window.tabifiedDockWidgets(own)]
        return next((dock for dock in group if _is_placed(dock) and dock.geometry().right() > 0), own)

    def _size(self, pane: Placed) -> tuple[int, int]:
        return self._sizes.get(pane.key, (pane.place.width, pane.place.height))

    def _pairs(self) -> list[tuple[Placed, Placed]]:
        """The panes that stand one below another, each by the one in front of its place."""
        known = {pane.key: pane for pane in self._panes}
        pairs = []
        for pane in self._panes:
            at = known[pane.place.other] if pane.place.where is Where.BEHIND else pane
            if pane.place.height and at.place.where is Where.BELOW:
                pairs.append((known[at.place.other], pane))
        return pairs


def _is_placed(dock: QDockWidget) -> bool:
    return not dock.isFloating() and not dock.isHidden()


def _are_beside(docks: Sequence[QDockWidget]) -> bool:
    """Whether no two of them share a column."""
    ends = sorted((dock.geometry().left(), dock.geometry().right()) for dock in docks)
    return all(before[1] < after[0] for before, after in itertools.pairwise(ends))
