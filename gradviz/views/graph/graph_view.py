"""The computation graph: what is chosen, open and laid out of it. The plane paints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QSplitter, QToolTip, QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.measures import CHOICES, Measure
from gradviz.core.graph.search import search
from gradviz.core.layout.placement import Direction, Placement, placing
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.grouping import Grouping, GroupingError
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.words import say
from gradviz.views.graph.box_text import BoxText, box_text
from gradviz.views.graph.camera import HEAD
from gradviz.views.graph.graph_menu import Entry, GraphMenu
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.graph_state import Folds, GraphState, Spot, Way, folds, grouped, stress_of
from gradviz.views.graph.node_card_panel import NodeCardPanel
from gradviz.views.graph.overlay import Overlay, overlaid
from gradviz.views.graph.placing_apart import PlacingApart
from gradviz.views.graph.search_bar import SearchBar
from gradviz.views.graph.stress import Stress
from gradviz.views.graph.walking import Walking
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

NODE_SIZE, GAP = (192.0, 92.0), (26.0, 46.0)
ASPECT = 1.4
"""Width by height of a tall graph in columns."""
PAN_PIXELS = 60.0
WIDE = 560
"""From this width on the card stands beside the graph, below it else."""
LEAST_CARD, LARGEST_CARD = 210, 360
"""Pixels of the card's width beside the graph."""
LEAST_RACER = 110
"""Pixels in which the name of an optimiser can be told."""
WAYS: dict[int, Way] = {Qt.Key.Key_U: Way.UPSTREAM, Qt.Key.Key_D: Way.DOWNSTREAM, Qt.Key.Key_P: Way.BETWEEN}
OPENER_WIDTH = 28
ARROWS: dict[int, QPointF] = {
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Down: QPointF(0, 1),
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
}
TURNS = {
    Direction.DOWN: Direction.RIGHT,
    Direction.RIGHT: Direction.UP,
    Direction.UP: Direction.LEFT,
    Direction.LEFT: Direction.DOWN,
}


class GraphView(View):
    """The graph of one step: drag to move, wheel to zoom, F or double click to fit, arrows to walk the nodes.

    Enter opens a closed group, and the card of a node; Backspace closes the group around. U and D show what leads to
    the chosen node and what follows of it, P the ways between it and the one chosen before, Escape all again. The menu
    has all keys.
    """

    asks_changed = Signal()
    """The graph of another optimiser is wanted."""

    key: ClassVar[str] = "graph"
    title: ClassVar[str] = "Graph"
    content: ClassVar[str] = "painted"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = GraphState()
        self._traced: TracedGraph | None = None
        self._overlay: Overlay | None = None
        self._known: Grouping | None = None
        self._folds: Folds | None = None
        self._refusal = ""
        self._step: int | None = 0
        """None of a graph that is of no run."""
        self._racers: tuple[str, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Computation graph")
        self.plane = GraphPlane(self, self.theme)
        self.plane.pressed.connect(self._on_pressed)
        self.plane.released.connect(self._on_released)
        self.plane.double_clicked.connect(self._on_double_clicked)
        self.plane.details = self.details
        self.card = NodeCardPanel(self)
        self.card.hide()
        self.card.left.connect(lambda: self.show_card(False))
        self.card.pinned.connect(self._on_pinned)
        self._halves = QSplitter(self)
        self._halves.addWidget(self.plane)
        self._halves.addWidget(self.card)
        self._halves.setChildrenCollapsible(False)
        self._halves.setStretchFactor(0, 1)
        self.walking = Walking(self, self.set_overlay, self._chosen_row)
        self.walking.changed.connect(self._on_walking)
        self.menu = GraphMenu(self, self._entries())
        self.racer = QComboBox(self)
        self.racer.setAccessibleName("Whose graph it is")
        self.racer.hide()
        self.racer.currentIndexChanged.connect(self._on_racer)
        self.placing = PlacingApart(self)
        self.placing.told.connect(self._show_waiting)
        self.placing.placed.connect(self._on_placed)
        self.search_bar = SearchBar(self)
        self.search_bar.hide()
        self.search_bar.asked.connect(self.search)
        self.search_bar.next_wanted.connect(self.next_found)
        self.search_bar.left.connect(self._on_search_left)
        self.plane.resized.connect(self._place_controls)
        self._place_controls()
        self._show_waiting()

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.plane.set_theme(theme)
        self.walking.set_theme(theme)
        self._show_card()

    def set_language(self, language: str) -> None:
        """The language of the sentences on the card, ``en`` or ``zh``."""
        self.card.language = language
        self._show_card()

    def begin_run(self, experiment: Experiment) -> None:
        self.placing.cancel()
        self.walking.begin()
        self._traced, self._known, self._folds, self._overlay, self._refusal = None, None, None, None, ""
        self.state = self.state.of_another_graph()
        self.plane.fit()
        self.show_settings(experiment)
        self._show_waiting()

    def show_settings(self, experiment: Experiment) -> None:
        names = optimizer_names(experiment) if len(experiment.optimizers) > 1 else ()
        if names != self._racers:
            self._racers = names
            self._show_racers()
        self._head()
        self.plane.redraw_numbers()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return self.walking.asks(TraceGraph(self.state.optimizer, jacobians=False))

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer.value, Refusal):
            self._refuse(spoken(answer.value.why))
        if isinstance(answer.value, BackwardPass):
            answer = replace(answer, value=self.walking.take(answer.value))
        if not isinstance(answer.value, TracedGraph):
            return
        known, graph = self._traced, answer.value
        if known is not None and graph.structure is not known.structure and graph.structure.is_like(known.structure):
            graph = replace(graph, structure=known.structure)  # of another optimiser: it is drawn and folded alike
        self._traced = graph
        self._step, self._refusal, self._overlay = answer.step, "", None
        self._head()
        if known is None or known.structure is not graph.structure:
            self._show_other_graph()
        elif self.plane.drawing is not None:
            self._show_numbers(self.plane.drawing, graph)
        self.walking.show()
        self._show_card()

    def _show_numbers(self, drawing: Drawing, graph: TracedGraph) -> None:
        """The same drawing with other numbers; where they colour it, boxes are painted again too."""
        self.plane.show_numbers(replace(drawing, graph=graph))
        if self.state.measure is not None:
            self._show_stress()

    def show_graph(
        self,
        graph: TracedGraph,
        opened: frozenset[str] | None = None,
        by_hand: tuple[tuple[tuple[int, ...], str], ...] = (),
    ) -> None:
        """A graph that is of no run: a person's own, with these groups open and grouped by hand."""
        self._traced, self._step, self._overlay, self._refusal = graph, None, None, ""
        self._known = grouped(graph.structure, by_hand)
        self.walking.offer(graph)
        self.state = replace(self.state.of_another_graph(), opened=opened, by_hand=by_hand)
        self._head()
        self._lay_out()

    @property
    def graph(self) -> TracedGraph | None:
        """The graph that is shown, with the numbers that an overlay laid over it."""
        return self._traced if self._overlay is None else self._overlay.graph

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a debugger's numbers and marks over the graph, or take them away; a new step takes them away too."""
        self._overlay = overlay
        if self.plane.drawing is None or self.graph is None:
            return
        self.plane.drawing = replace(self.plane.drawing, graph=self.graph)
        self._show_stress()
        self._show_card()
        if overlay is not None and overlay.at >= 0 and self._folds is not None:
            self.plane.follow(self._folds.box_of(overlay.at))

    def _show_other_graph(self) -> None:
        assert self._traced is not None
        self.state = self.state.of_another_graph()
        self._known = grouped(self._traced.structure, ())
        self._lay_out()

    def _refold(self, state: GraphState, from_: Spot | None = None, to: Spot | None = None) -> None:
        """Other groups are open. Where the spot `from_` was seen, there `to` is seen afterwards."""
        if self._traced is None or self._folds is None:
            self.state = state
            return
        box = self._folds.box_of(from_)
        place = self.plane.place_of(box) if box >= 0 and self.plane.drawing is not None else None
        if state.by_hand != self.state.by_hand:
            self._known = grouped(self._traced.structure, state.by_hand)
        self.state = state
        self._lay_out(None if place is None or to is None else (to, place))

    def open_group(self, key: str) -> None:
        """Show what is in a group, and look at its first node."""
        if self._folds is None:
            return
        first = self._folds.rows_in(key)[0]
        state = replace(self.state.choosing(first), opened=self._folds.opened | {key})
        self._refold(state, key, first)

    def close_group(self) -> None:
        """Make one box of the innermost open group that the chosen node lies in."""
        around = None if self._folds is None else self._folds.around(self.state.chosen)
        if self._folds is not None and around is not None:
            state = replace(self.state.choosing(around.key), opened=self._folds.opened - {around.key})
            self._refold(state, self.state.chosen, around.key)

    def open_all(self) -> None:
        """Open every group."""
        if self._known is None:
            return
        self._refold_fitted(replace(self.state, opened=frozenset(group.key for group in self._known.groups)))

    def close_all(self) -> None:
        """Close every group."""
        self._refold_fitted(replace(self.state, opened=frozenset()))

    def _refold_fitted(self, state: GraphState) -> None:
        self.plane.fit()
        self._refold(state)

    def toggle_once(self) -> None:
        """Draw shared leaves once, or beside each use."""
        self._refold(replace(self.state, once=not self.state.once), self.state.chosen, self.state.chosen)

    def mark(self) -> None:
        """Mark the chosen node for a group of one's own, or no longer."""
        if isinstance(self.state.chosen, int):
            self.state = self.state.marking(self.state.chosen)
            self._show_stress()

    def group_marked(self) -> None:
        """Make one box of the marked nodes, or say why they cannot be one."""
        rows = tuple(sorted(self.state.marked))
        made = (*self.state.by_hand, (rows, f"group {len(self.state.by_hand) + 1}"))
        if self._traced is None or self._folds is None:
            return
        try:
            known = grouped(self._traced.structure, made)
        except GroupingError as error:
            QToolTip.showText(self.plane.mapToGlobal(self.plane.rect().center()), str(error), self.plane)
            return
        key = known.groups[-1].key
        state = replace(self.state.choosing(key), by_hand=made, marked=frozenset(), opened=self._folds.opened - {key})
        self._refold(state, rows[0], key)

    def colour_by(self, measure: Measure | None) -> None:
        """Colour the boxes by a number."""
        self.state = replace(self.state, measure=measure)
        self._head()
        self._show_stress()

    def show_card(self, is_shown: bool) -> None:
        """Show the card beside the graph, or hide it."""
        self.state = replace(self.state, has_card=is_shown)
        self.card.setVisible(is_shown)
        self._share_room()
        if not is_shown:
            self.setFocus()
        self._show_card()

    def _share_room(self) -> None:
        """The card has the smaller part; where a person draws the line, it stays until the view has another size."""
        if self._halves.orientation() is Qt.Orientation.Horizontal:
            own = max(LEAST_CARD, min(round(0.36 * self.width()), LARGEST_CARD))
            self._halves.setSizes([self.width() - own, own])
        else:
            self._halves.setSizes([round(0.58 * self.height()), round(0.42 * self.height())])

    def _show_card(self) -> None:
        if self.state.has_card:
            spot = self.state.chosen if self.state.pinned is None else self.state.pinned
            self.card.set_pinned(self.state.pinned is not None)
            self.card.show_spot(self.graph, self._folds, spot, self.theme)

    def _on_pinned(self, is_pinned: bool) -> None:
        chosen = self.state.chosen
        self.state = replace(self.state, pinned=chosen if is_pinned and isinstance(chosen, int) else None)
        self._show_card()

    def _lay_out(self, keep: tuple[Spot, QPointF] | None = None) -> None:
        """Lay out what is to be seen of the graph."""
        assert self._traced is not None
        assert self._known is not None
        self._folds = shown = folds(self._traced.structure, self._known, self.state)
        self._kept = keep
        lines = [(a, b) for a, b in (*shown.folded.edges.tolist(), *shown.folded.flows)]
        work = placing(len(shown.folded), lines, NODE_SIZE, GAP, self.state.direction, ASPECT)
        self.placing.begin(work, len(shown.folded))
        if self.placing.waits_for:
            self._show_waiting()

    def _on_placed(self, placement: Placement) -> None:
        assert self.graph is not None
        assert self._folds is not None
        shown, edges = self._folds, len(self._folds.folded.edges)
        drawing = Drawing(
            self.graph,
            shown.grouping,
            shown.folded,
            placement.places,
            placement.routes[:edges],
            NODE_SIZE,
            placement.routes[edges:],
            placement.direction,
        )
        keep = None
        if self._kept is not None:
            box = shown.box_of(self._kept[0])
            keep = (box, self._kept[1]) if box >= 0 else None
        self._head()
        self.plane.show_drawing(drawing, self._stress(drawing), keep)
        self._show_card()

    def turn(self, direction: Direction) -> None:
        """Let the edges lead elsewhere."""
        if direction is not self.state.direction and self._folds is not None:
            self._refold_fitted(replace(self.state, direction=direction))

    def search(self, query: str) -> None:
        """Let what is found stand out, and go to the first."""
        found = search(self.graph, query) if self.graph is not None else ()
        self.state = replace(self.state, found=found if query.strip() else None)
        self.search_bar.tell(len(found), query)
        if found:
            self.go_to(found[0])
        else:
            self._show_stress()

    def next_found(self, step: int) -> None:
        """Go to the next one that was found, or with -1 to the one before."""
        found, chosen = self.state.found, self.state.chosen
        if not found or self._folds is None:
            return
        if chosen not in found:
            self.uncover(found[0])
            return
        at = found.index(chosen)
        is_hidden = not self._folds.keys_over(found[at]) <= self._folds.opened
        self.uncover(found[at if is_hidden else (at + step) % len(found)])

    def uncover(self, row: int) -> None:
        """Go to a node, and open the groups that hide it."""
        if self._folds is None:
            return
        over = self._folds.keys_over(row)
        if not over <= self._folds.opened:
            self._refold(replace(self.state, opened=self._folds.opened | over))
        self.go_to(row)

    def open_search(self) -> None:
        """Ask what to look for."""
        self.search_bar.open_in(self.plane.geometry(), HEAD)

    def _on_search_left(self) -> None:
        self.state = replace(self.state, found=None)
        self.setFocus()
        self._show_stress()

    def choose(self, spot: Spot | None) -> None:
        """Look at a node or a group."""
        self.state = self.state.choosing(spot)
        self._show_stress()
        self._show_card()

    def go_to(self, row: int) -> None:
        """Choose a node and have it in sight, large enough to be read."""
        self.choose(row)
        if self._folds is not None and self.plane.drawing is not None:
            self.plane.go_to(self._folds.box_of(row))

    def _stress(self, drawing: Drawing) -> Stress:
        assert self._folds is not None
        stress = stress_of(drawing, self._folds, self.state)
        return stress if self._overlay is None else overlaid(stress, self._overlay, self._folds)

    def _chosen_row(self) -> int:
        """The node that is looked at, -1 where there is none."""
        return self.state.chosen if isinstance(self.state.chosen, int) else -1

    def _show_stress(self) -> None:
        if self.plane.drawing is not None:
            self.plane.show_stress(self._stress(self.plane.drawing))

    def drawn(self) -> dict[str, object]:
        drawing, arrays = self.plane.drawing, self.plane.arrays
        if drawing is None or arrays is None or self._folds is None:
            return {"nodes": [], "step": self._step, "painted": 0, "derivatives": {}, "words": self._empty_text()}
        sizes = [int(arrays.sizes[group]) if group >= 0 else 1 for group in drawing.folded.groups.tolist()]
        texts = [box_text(drawing, box, size) for box, size in enumerate(sizes)]
        nodes = [(text.title, text.subtitle, *_labelled(text)) for text in texts]
        stress = self._stress(drawing)
        return {
            "nodes": nodes,
            "tags": {text.title: text.tag for text in texts if text.tag},
            "step": self._step,
            "painted": self.plane.painted,
            "derivatives": _derivatives(drawing),
            "header": self.plane.header(),
            "direction": str(self.state.direction),
            "found": self.state.found or (),
            "standing out": [] if stress.nodes is None else np.flatnonzero(stress.nodes).tolist(),
            "opened": self._folds.opened,
            "walk": self.walking.bar.drawn() if self.walking.is_open else {},
            "at work": stress.at,
            "lit": [] if stress.lit is None else np.flatnonzero(stress.lit).tolist(),
            "card": self.card.drawn() if self.state.has_card else None,
        }

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        self.plane.fit()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom by `factor`, keeping the point `about` of the plane where it is."""
        self.plane.zoom(factor, about)

    def _head(self) -> None:
        """The step, whose graph it is in a race, and what signs and colours mean."""
        has_derivatives = self.graph is not None and not self.graph.ledger.local.is_empty
        racer = [self._racers[self.state.optimizer]] if self._racers and self.racer.isHidden() else []
        legend = ["upstream × local derivative = passed on"] * has_derivatives
        whose = ["graph of the gradient"] if self.walking.is_of_gradient else []
        self.plane.set_head([self._begin_of_head(), *whose, *racer], legend, self._controls_width())

    def _begin_of_head(self) -> str:
        """The step; of a graph that is of no run how large it is, and why gradients are absent."""
        if self._step is not None:
            return f"step {self._step:,}"
        assert self.graph is not None
        count = spoken(say("{count:node|nodes}", count=len(self.graph.structure)))
        note = spoken(self.graph.ledger.note)
        return f"{count}. {note}" if note else count

    def _show_racers(self) -> None:
        """Whose graph can be chosen."""
        self.state = replace(self.state, optimizer=min(self.state.optimizer, max(len(self._racers) - 1, 0)))
        self.racer.blockSignals(True)
        self.racer.clear()
        self.racer.addItems(list(self._racers))
        self.racer.setCurrentIndex(self.state.optimizer)
        self.racer.blockSignals(False)
        self._place_controls()

    def _on_racer(self, index: int) -> None:
        self.choose_optimizer(index)

    def choose_optimizer(self, index: int) -> None:
        """Show the graph of another optimiser of the race."""
        if 0 <= index < max(len(self._racers), 1) and index != self.state.optimizer:
            self.state = replace(self.state, optimizer=index)
            self.racer.setCurrentIndex(index)
            self._head()
            self.asks_changed.emit()

    def _place_controls(self) -> None:
        """At the right of the head; the names of a race where there is room."""
        self.menu.adjustSize()
        right = self._halves.x() + self.plane.x() + self.plane.width()
        self.menu.setGeometry(right - self.menu.width() - 4, 2, self.menu.width(), int(HEAD) - 2)
        opener = self.walking.opener
        opener.setGeometry(self.menu.x() - OPENER_WIDTH - 4, 2, OPENER_WIDTH, int(HEAD) - 2)
        room = opener.x() - 4 - self.plane.x() - 130
        self.racer.setVisible(bool(self._racers) and room >= LEAST_RACER)
        width = min(self.racer.sizeHint().width(), room)
        self.racer.setGeometry(opener.x() - width - 4, 1, width, int(HEAD))
        self._head()
        self.plane.redraw_numbers()

    def _controls_width(self) -> int:
        return self.menu.width() + OPENER_WIDTH + 16 + (0 if self.racer.isHidden() else self.racer.width() + 4)

    def _refuse(self, why: str) -> None:
        """Words in the place of a graph that cannot be had."""
        self.placing.cancel()
        self._traced, self._folds, self._overlay, self._refusal = None, None, None, why
        self._show_waiting()

    def _show_waiting(self) -> None:
        self.plane.show_words(self._empty_text())

    def _empty_text(self) -> str:
        if self._refusal:
            return self._refusal
        if self.placing.waits_for:
            return spoken(self.placing.words())
        return "The graph appears with the first evaluation" if self._traced is None else "No graph was recorded"

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def _on_walking(self) -> None:
        """The bar came, went or grew, or other questions are asked."""
        self._arrange()
        self.asks_changed.emit()

    def _arrange(self) -> None:
        """Graph and card have the room that the bar leaves."""
        room = self.walking.place(self.rect())
        is_wide = self.width() >= WIDE
        self._halves.setOrientation(Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical)
        self._halves.setGeometry(room)
        self._share_room()
        self.search_bar.stay_in(room, HEAD)

    def _on_pressed(self, box: int, is_marked: bool) -> None:
        self.setFocus()
        self.choose(self._folds.spot_of(box) if self._folds is not None else None)
        if is_marked:
            self.mark()

    def _on_released(self, box: int) -> None:
        """A click on a node shows its card; a group may be about to be double clicked."""
        spot = None if self._folds is None else self._folds.spot_of(box)
        if isinstance(spot, int) and not self.state.has_card:
            self.show_card(True)

    def _on_double_clicked(self, box: int) -> None:
        spot = None if self._folds is None else self._folds.spot_of(box)
        if isinstance(spot, str):
            self.open_group(spot)
        elif spot is None:
            self.fit()

    def _enter(self) -> None:
        """Open a closed group, or the card of a node, where it can be scrolled."""
        if isinstance(self.state.chosen, str):
            self.open_group(self.state.chosen)
        elif self.state.chosen is not None:
            self.show_card(True)
            self.card.take_focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.walking.press(event) and not self._acts_on(event.key(), event.modifiers()):
            super().keyPressEvent(event)

    def _acts_on(self, key: int, held: Qt.KeyboardModifier) -> bool:
        """Whether the key means something here."""
        if key == Qt.Key.Key_F and held & Qt.KeyboardModifier.ControlModifier:
            self.open_search()
        elif key in ARROWS:
            self._move(key, bool(held & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape:
            return self._leave()
        elif key in WAYS:
            self.state = replace(self.state, way=WAYS[key], found=None)
            self._show_stress()
        elif key in self._actions():
            self._actions()[key]()
        else:
            return False
        return True

    def _actions(self) -> dict[int, Callable[[], None]]:
        """What the keys do that need no more."""
        return {
            Qt.Key.Key_F: self.fit,
            Qt.Key.Key_Plus: lambda: self.plane.zoom(1.25),
            Qt.Key.Key_Equal: lambda: self.plane.zoom(1.25),
            Qt.Key.Key_Minus: lambda: self.plane.zoom(0.8),
            Qt.Key.Key_R: lambda: self.turn(TURNS[self.state.direction]),
            Qt.Key.Key_Return: self._enter,
            Qt.Key.Key_Enter: self._enter,
            Qt.Key.Key_Backspace: self.close_group,
            Qt.Key.Key_O: self.open_all,
            Qt.Key.Key_C: self.close_all,
            Qt.Key.Key_X: self.mark,
            Qt.Key.Key_G: self.group_marked,
            Qt.Key.Key_K: lambda: self.show_card(not self.state.has_card),
            Qt.Key.Key_I: lambda: self._on_pinned(self.state.pinned is None),
            Qt.Key.Key_S: self.toggle_once,
            Qt.Key.Key_V: self._next_colour,
            Qt.Key.Key_M: self.menu.showMenu,
        }

    def _next_colour(self) -> None:
        choices = (None, *CHOICES)
        self.colour_by(choices[(choices.index(self.state.measure) + 1) % len(choices)])

    def _entries(self) -> tuple[Entry, ...]:
        """The lines of the menu."""
        line = Entry("", "", lambda: None)
        colours = [
            Entry(f"Colour by {measure}", "V", partial(self.colour_by, measure), partial(self._is_measure, measure))
            for measure in CHOICES
        ]
        return (
            Entry("Open all groups", "O", self.open_all),
            Entry("Close all groups", "C", self.close_all),
            Entry("Close the group around", "Backspace", self.close_group),
            Entry("Mark the chosen node", "X", self.mark),
            Entry("Group what is marked", "G", self.group_marked),
            line,
            Entry("Shared parameters once", "S", self.toggle_once, lambda: self.state.once),
            Entry("No colours", "V", partial(self.colour_by, None), partial(self._is_measure, None)),
            *colours,
            line,
            Entry("Node card", "K", lambda: self.show_card(not self.state.has_card), lambda: self.state.has_card),
            Entry("Step through", "W", self.walking.toggle, lambda: self.walking.is_open),
            Entry("Find", "Ctrl+F", self.open_search),
            Entry("Turn", "R", lambda: self.turn(TURNS[self.state.direction])),
            Entry("Fit", "F", self.fit),
        )

    def _is_measure(self, measure: Measure | None) -> bool:
        return self.state.measure is measure

    def _leave(self) -> bool:
        """Cancel a layout that is under way, else let all stand out alike; whether there was anything to leave."""
        if self.placing.waits_for:
            self.placing.stop()
            self._show_waiting()
        elif self.state.way is not Way.ALL or self.state.found is not None:
            self.state = replace(self.state, way=Way.ALL, found=None)
            self._show_stress()
        elif self.walking.is_open:
            self.walking.close()
        else:
            return False
        return True

    def _move(self, key: int, is_shifted: bool) -> None:
        """To the next box or the one before; with Shift the graph itself."""
        if is_shifted:
            self.plane.pan(-ARROWS[key] * PAN_PIXELS)
        elif self._folds is not None and len(self._folds.folded):
            step = 1 if key in (Qt.Key.Key_Right, Qt.Key.Key_Down) else -1
            box = (self._folds.box_of(self.state.chosen) + step) % len(self._folds.folded)
            self.choose(self._folds.spot_of(box))

    def details(self, box: int) -> str:
        """All that is known of a box, as lines; empty for no box."""
        spot = None if self._folds is None else self._folds.spot_of(box)
        if self.graph is None or spot is None:
            return ""
        if isinstance(spot, str):
            return spot
        return "\n".join(f"{spoken(line.label)}: {spoken(line.text)}" for line in card(self.graph, spot))


def _labelled(text: BoxText) -> tuple[str, str]:
    """Value and gradient as a node shows them near by."""
    value = text.value if text.is_group else f"value {text.value}"
    return value, f"grad  {text.gradient}" if text.gradient else ""


def _derivatives(drawing: Drawing) -> dict[tuple[int, int], float]:
    """By producer and consumer the local derivative of an edge, where it is one number."""
    local = drawing.graph.ledger.local
    found: dict[tuple[int, int], float] = {}
    for (producer, consumer), parts in zip(drawing.folded.edges.tolist(), drawing.folded.parts, strict=True):
        factor = local[parts[0]] if len(parts) == 1 else None
        if factor is not None and factor.is_one and factor.entries is not None:
            found[producer, consumer] = float(factor.entries.reshape(-1)[0].real)
    return found
