"""How a graph is walked: the bar, what it asks of the engine, and what it lays over the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QToolButton, QWidget

from gradviz.core.questions.backward import TakeApart
from gradviz.core.questions.question import Question
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk, Standing
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.walk_events import Phase, What
from gradviz.core.tape.walk_graph import graph_at
from gradviz.views.graph.overlay import Overlay
from gradviz.views.graph.walk_bar import WalkBar
from gradviz.views.kit.icons import icon
from gradviz.views.kit.theme import Theme

LEAST_WIDTH = 160
"""Pixels of a graph without the bar, which cannot do with so few."""


class Walking(QObject):
    """Belongs to a view: `lay` lays an overlay over its graph, `chosen` is the node that is looked at, -1 for none.

    `changed` where other questions are asked than before, or the bar has come, gone, or another height.
    """

    changed = Signal()

    def __init__(self, view: QWidget, lay: Callable[[Overlay | None], None], chosen: Callable[[], int]) -> None:
        super().__init__(view)
        self._view, self._lay, self._chosen = view, lay, chosen
        self._own: BackwardPass | None = None
        self.bar = WalkBar(view)
        self.bar.hide()
        self.bar.moved.connect(self.show)
        self.bar.called.connect(self.changed)
        self.bar.grew.connect(self.changed)
        self.bar.left.connect(self.close)
        self.bar.aim_wanted.connect(self._run_to_chosen)
        self.opener = QToolButton(view)
        self.opener.setCheckable(True)
        self.opener.setToolTip("Walk through the graph one node at a time, forwards and backwards (W)")
        self.opener.setAccessibleName("Step through the graph")
        self.opener.setIconSize(QSize(14, 14))
        self.opener.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opener.clicked.connect(self.toggle)

    @property
    def is_open(self) -> bool:
        """Whether the bar is there."""
        return not self.bar.isHidden()

    @property
    def is_of_gradient(self) -> bool:
        """Whether the graph that is walked is that of the gradient."""
        return self.is_open and self.bar.is_of_gradient

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.bar.set_theme(theme)
        self.opener.setIcon(icon("step", theme.accent, theme.muted))

    def offer(self, graph: TracedGraph) -> None:
        """A graph that is of no run: there is one pass to walk through, and no engine to call backward() otherwise."""
        self._own = BackwardPass(graph)
        self.bar.hide_call()
        if self.is_open:
            self.bar.show_pass(self._own)

    def open(self) -> None:
        """Show the bar; keys go to the graph."""
        self.bar.show()
        if self._own is not None:
            self.bar.show_pass(self._own)
            self.show()
        self.opener.setChecked(True)
        self._view.setFocus()
        self.changed.emit()

    def close(self) -> None:
        """Put the bar away: the graph is that of the step again."""
        self.bar.hide()
        self.bar.show_pass(None)
        self.opener.setChecked(False)
        self._lay(None)
        self._view.setFocus()
        self.changed.emit()

    def toggle(self, _checked: bool = False) -> None:
        """Open it, or close it."""
        (self.close if self.is_open else self.open)()

    def begin(self) -> None:
        """Another run begins: at the start again."""
        self.bar.pause()
        self.bar.show_pass(None)

    def asks(self, of: TraceGraph) -> tuple[Question[Any], ...]:
        """What is asked in the place of the graph alone."""
        call = self.bar.call
        if not self.is_open:
            return (of,)
        return (TakeApart(of.optimizer, call.retain_graph, call.twice, call.create_graph),)

    def take(self, taken: BackwardPass) -> TracedGraph:
        """Walk through what was taken apart; returns the graph that is to be drawn."""
        self.bar.show_pass(taken)
        walk = self.bar.walk
        return walk.graph if walk is not None else taken.graph

    def show(self) -> None:
        """Lay over the graph what is so at the position of the bar."""
        walk = self.bar.walk
        if self.is_open and walk is not None:
            self._lay(_overlay(walk, walk.standing(self.bar.position)))

    def place(self, room: QRect) -> QRect:
        """Put the bar into `room`; returns what is left of it for the graph."""
        if not self.is_open:
            self._view.setMinimumWidth(LEAST_WIDTH)
            return room
        self._view.setMinimumWidth(max(LEAST_WIDTH, self.bar.minimumSizeHint().width()))
        height = min(self.bar.sizeHint().height(), room.height() // 2)
        self.bar.setGeometry(room.left(), room.bottom() + 1 - height, room.width(), height)
        return room.adjusted(0, 0, 0, -height)

    def press(self, event: QKeyEvent) -> bool:
        """Whether a key of the graph was one of the bar's, or opened it. Escape first leaves what else there is."""
        if event.key() == Qt.Key.Key_W and not event.modifiers():
            self.toggle()
            return True
        return self.is_open and event.key() != Qt.Key.Key_Escape and self.bar.press(event)

    def _run_to_chosen(self) -> None:
        row = self._chosen()
        if row >= 0:
            self.bar.run_to(row)


def _overlay(walk: BackwardWalk, standing: Standing) -> Overlay:
    """What is not made yet stands back, and the node at work with its edges stands out."""
    rows, lit = standing.event.rows, standing.arriving
    if standing.event.phase is Phase.FORWARD and rows:
        lit = walk.graph.structure.edges_to[rows[0]]
    has_value, event = standing.has_value, standing.event
    return Overlay(
        graph_at(walk, standing),
        None if has_value.all() else has_value,
        lit,
        rows[0] if rows else -1,
        event.what is What.FAILURE,
        event.is_backwards,
    )
