"""A layout that is under way: where it is done, how far it is, and how to leave it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from gradviz.core.layout.placement import Placement
from gradviz.core.words import Words, say

AT_ONCE = 2000
"""Nodes up to which a layout takes tens of milliseconds, for which nobody needs another thread."""
OFFERED_AFTER_S = 2.0
"""When leaving it is offered."""

Work = Generator[float, None, Placement]


class Underway(Protocol):
    """Work in another thread."""

    def cancel(self) -> None:
        """Leave it; nothing is heard of it any more."""


Starter = Callable[[Work, Callable[[float], None], Callable[[Placement], None]], Underway]
"""Begins work apart from the window's thread and tells in this one how far it is and, once, what came of it."""


class PlacingApart(QObject):
    """Lays out one graph at a time, a large one wherever `starter` does it, a small one at once."""

    told = Signal()
    placed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.starter: Starter | None = None
        self.waits_for = 0
        """How many boxes the layout has that is under way or was left; 0 for none."""
        self._underway: Underway | None = None
        self._share = 0.0
        self._began = 0.0
        self._is_left = False

    def begin(self, work: Work, count: int) -> None:
        """Lay out `count` boxes by `work`; `placed` comes at once where they are few."""
        self.cancel()
        self.waits_for, self._share, self._began = count, 0.0, time.monotonic()
        if self.starter is None or count <= AT_ONCE:
            self._done(_finished(work))
        else:
            self._underway = self.starter(work, self._on_progress, self._done)
            if not self.waits_for:  # done before it was even returned
                self._underway = None

    def cancel(self) -> None:
        """Leave what is under way, as if nobody had asked."""
        if self._underway is not None:
            self._underway.cancel()
        self._underway, self.waits_for, self._is_left = None, 0, False

    def stop(self) -> None:
        """Leave it and say so."""
        count = self.waits_for
        self.cancel()
        self.waits_for, self._is_left = count, True

    def words(self) -> Words:
        """What the view says in the meantime."""
        count = self.waits_for
        if self._is_left:
            return say(
                "The layout of {count:node|nodes} was cancelled. R lays them out in another direction.", count=count
            )
        percent = round(100 * self._share)
        if time.monotonic() - self._began < OFFERED_AFTER_S:
            return say("Laying out {count:node|nodes}: {percent} %", count=count, percent=percent)
        return say("Laying out {count:node|nodes}: {percent} %. Escape cancels.", count=count, percent=percent)

    def _on_progress(self, share: float) -> None:
        self._share = share
        self.told.emit()

    def _done(self, placement: Placement) -> None:
        waited, self.waits_for, self._underway = self.waits_for, 0, None
        if waited:
            self.placed.emit(placement)


def _finished(work: Work) -> Placement:
    while True:
        try:
            next(work)
        except StopIteration as end:
            placement: Placement = end.value
            return placement
