"""Where the panes stand in a window that nobody has arranged yet: each says its own place, this puts them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow

HORIZONTAL, VERTICAL = Qt.Orientation.Horizontal, Qt.Orientation.Vertical


class Where(Enum):
    """How a pane stands to the window, or to another pane. In this order they are put in place."""

    LEFT = "at the left of the window"
    RIGHT = "at the right of the window"
    BESIDE = "right of another"
    BELOW = "below another"
    BEHIND = "a tab behind another"


@dataclass(frozen=True, slots=True)
class Place:
    """`where` a pane stands, to `other` (the key of a pane) if it is to another one.

    `width` and `height` are its shares of the column and row in pixels of a window of the usual size; 0 leaves them to
    its neighbour. Of the tabs in one place that `in_front` is seen.
    """

    where: Where
    other: str = ""
    width: int = 0
    height: int = 0
    in_front: bool = False


class Placed(Protocol):
    """What a window knows of a pane before anything slow is imported."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def place(self) -> Place: ...


def arrange(window: QMainWindow, docks: Mapping[str, QDockWidget], panes: Sequence[Placed]) -> None:
    """Put every dock where its pane says, as if for the first time."""
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    # split before tabs are made: what is split off a tab joins the tabs
    ranks = {where: rank for rank, where in enumerate(Where)}
    for pane in sorted(panes, key=lambda pane: ranks[pane.place.where]):
        _put(window, docks, pane)
    for dock in docks.values():
        dock.show()
    for pane in panes:
        if pane.place.in_front:
            docks[pane.key].raise_()


def _put(window: QMainWindow, docks: Mapping[str, QDockWidget], pane: Placed) -> None:
    dock, place = docks[pane.key], pane.place
    if place.where is Where.LEFT:
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    elif place.where is Where.RIGHT:
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    elif place.where is Where.BEHIND:
        window.tabifyDockWidget(docks[place.other], dock)
    else:
        window.splitDockWidget(docks[place.other], dock, HORIZONTAL if place.where is Where.BESIDE else VERTICAL)
