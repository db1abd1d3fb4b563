"""A layout that is under way: where it is done, how far it is, and how to leave it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from gradviz.core.graph.snapshot import GraphSnapshot
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
    placed = Signal(object, object)
    """The placement, and the newest snapshot of the graph that it is of."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.starter: Starter | None = None
        self.waits_for: GraphSnapshot | None = None
        """The graph whose layout is under way or was left."""
        self._underway: Underway | None = None
        self._share = 0.0
        self._began = 0.0
        self._is_left = False

    def begin(self, work: Work, graph: GraphSnapshot) -> None:
        """Lay out `graph` by `work`; `placed` comes at once where the graph is small."""
        self.cancel()
        self.waits_for, self._share, self._began = graph, 0.0, time.monotonic()
        if self.starter is None or len(graph.structure.nodes) <= AT_ONCE:
            self._done(_finished(work))
        else:
            self._underway = self.starter(work, self._on_progress, self._done)
            if self.waits_for is None:  # done before it was even returned
                self._underway = None

    def cancel(self) -> None:
        """Leave what is under way, as if nobody had asked."""
        if self._underway is not None:
            self._underway.cancel()
        self._underway, self.waits_for, self._is_left = None, None, False

    def stop(self) -> None:
        """Leave it and say so."""
        graph = self.waits_for
        self.cancel()
        self.waits_for, self._is_left = graph, True

    def words(self) -> Words:
        """What the view says in the meantime."""
        assert self.waits_for is not None
        count = len(self.waits_for.structure.nodes)
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
        graph, self.waits_for, self._underway = self.waits_for, None, None
        if graph is not None:
            self.placed.emit(placement, graph)


def _finished(work: Work) -> Placement:
    while True:
        try:
            next(work)
        except StopIteration as end:
            placement: Placement = end.value
            return placement
