"""The computation graph: what is chosen, open and laid out of it. The plane paints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.reach import Mask
from gradviz.core.graph.search import search
from gradviz.core.layout.placement import Direction, Placement, placing
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.views.graph.box_text import BoxText, box_text
from gradviz.views.graph.camera import HEAD
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.graph_state import Folds, GraphState, Spot, Way, folds, grouped, stress_of
from gradviz.views.graph.placing_apart import PlacingApart
from gradviz.views.graph.search_bar import SearchBar
from gradviz.views.graph.stress import Stress
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

NODE_SIZE, GAP = (192.0, 92.0), (26.0, 46.0)
ASPECT = 1.4
"""Width by height of a tall graph in columns."""
PAN_PIXELS = 60.0
WAYS: dict[int, Way] = {Qt.Key.Key_U: Way.UPSTREAM, Qt.Key.Key_D: Way.DOWNSTREAM, Qt.Key.Key_P: Way.BETWEEN}
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


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """What a debugger lays over the graph of a step: other numbers of the same structure, and what stands out.

    `nodes` and `edges` are masks over the structure's; `at` is the node at work, -1 for none.
    """

    graph: TracedGraph
    nodes: Mask | None = None
    edges: Mask | None = None
    at: int = -1


class GraphView(View):
    """The graph of one step: drag to move, wheel to zoom, F or double click to fit, arrows to walk the nodes.

    U and D show what leads to the chosen node and what follows of it, P the ways between it and the one chosen before,
    Escape all again; R turns the drawing, Ctrl+F searches.
    """

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
        self._step = 0
        self._racers: tuple[str, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Computation graph")
        self.plane = GraphPlane(self, self.theme)
        self.plane.pressed.connect(self._on_pressed)
        self.plane.double_clicked.connect(self._on_double_clicked)
        self.plane.details = self.details
        self.placing = PlacingApart(self)
        self.placing.told.connect(self._show_waiting)
        self.placing.placed.connect(self._on_placed)
        self.search_bar = SearchBar(self)
        self.search_bar.hide()
        self.search_bar.asked.connect(self.search)
        self.search_bar.next_wanted.connect(self.next_found)
        self.search_bar.left.connect(self._on_search_left)
        self._show_waiting()

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.plane.set_theme(theme)

    def begin_run(self, experiment: Experiment) -> None:
        self.placing.cancel()
        self._traced, self._known, self._folds, self._overlay, self._refusal = None, None, None, None, ""
        self.state = self.state.of_another_graph()
        self.plane.fit()
        self.show_settings(experiment)
        self._show_waiting()

    def show_settings(self, experiment: Experiment) -> None:
        self._racers = optimizer_names(experiment) if len(experiment.optimizers) > 1 else ()
        self._head()
        self.plane.redraw_numbers()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return (TraceGraph(),)

    def show_answer(self, answer: Answer) -> None:
        if isinstance(answer.value, Refusal):
            self._refuse(spoken(answer.value.why))
        if not isinstance(answer.value, TracedGraph):
            return
        known, self._traced = self._traced, answer.value
        self._step, self._refusal, self._overlay = answer.step, "", None
        self._head()
        if known is None or known.structure is not answer.value.structure:
            self._show_other_graph()
        elif self.plane.drawing is not None:
            self.plane.show_numbers(replace(self.plane.drawing, graph=answer.value))

    @property
    def graph(self) -> TracedGraph | None:
        """The graph that is shown, with the numbers that an overlay laid over it."""
        return self._traced if self._overlay is None else self._overlay.graph

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a debugger's numbers and marks over the graph, or take them away; a new step takes them away too."""
        self._overlay = overlay
        if self.plane.drawing is None or self.graph is None:
            return
        self.plane.show_numbers(replace(self.plane.drawing, graph=self.graph))
        self._show_stress()

    def _show_other_graph(self) -> None:
        assert self._traced is not None
        self.state = self.state.of_another_graph()
        self._known = grouped(self._traced.structure, ())
        self._lay_out()

    def _refold(self, state: GraphState, stays: Spot | None = None) -> None:
        """Other groups are open: what `stays` of the graph stays where it is seen."""
        if self._traced is None or self._folds is None:
            self.state = state
            return
        keep = None
        box = self._folds.box_of(stays)
        if box >= 0 and self.plane.drawing is not None:
            keep = self.plane.place_of(box)
        if state.by_hand != self.state.by_hand:
            self._known = grouped(self._traced.structure, state.by_hand)
        self.state = state
        self._lay_out(None if keep is None or stays is None else (stays, keep))

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

    def turn(self, direction: Direction) -> None:
        """Let the edges lead elsewhere."""
        if direction is not self.state.direction and self._folds is not None:
            self.plane.fit()
            self._refold(replace(self.state, direction=direction))

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
        if found:
            at = found.index(chosen) + step if isinstance(chosen, int) and chosen in found else 0
            self.go_to(found[at % len(found)])

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

    def go_to(self, row: int) -> None:
        """Choose a node and have it in sight, large enough to be read."""
        self.choose(row)
        if self._folds is not None and self.plane.drawing is not None:
            self.plane.go_to(self._folds.box_of(row))

    def _stress(self, drawing: Drawing) -> Stress:
        assert self._folds is not None
        if self._overlay is None:
            return stress_of(drawing, self._folds, self.state)
        return _overlaid(self._overlay, self._folds, self.state)

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
        }

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        self.plane.fit()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom by `factor`, keeping the point `about` of the plane where it is."""
        self.plane.zoom(factor, about)

    def _head(self) -> None:
        """The step, whose graph it is in a race, and what the signs on the edges mean."""
        has_derivatives = self.graph is not None and not self.graph.ledger.local.is_empty
        racer = self._racers[:1]
        self.plane.set_head([f"step {self._step:,}", *racer], ["× local derivative = passed on"] * has_derivatives)

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
        self.plane.setGeometry(self.rect())
        self.search_bar.stay_in(self.rect(), HEAD)

    def _on_pressed(self, box: int, _is_marked: bool) -> None:
        self.setFocus()
        self.choose(self._folds.spot_of(box) if self._folds is not None else None)

    def _on_double_clicked(self, _box: int) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._acts_on(event.key(), event.modifiers()):
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
        }

    def _leave(self) -> bool:
        """Cancel a layout that is under way, else let all stand out alike; whether there was anything to leave."""
        if self.placing.waits_for:
            self.placing.stop()
            self._show_waiting()
        elif self.state.way is not Way.ALL or self.state.found is not None:
            self.state = replace(self.state, way=Way.ALL, found=None)
            self._show_stress()
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


def _overlaid(overlay: Overlay, shown: Folds, state: GraphState) -> Stress:
    """What stands out of an overlay, by the boxes and edges that are to be seen."""
    chosen = shown.box_of(overlay.at) if overlay.at >= 0 else shown.box_of(state.chosen)
    if overlay.nodes is None:
        return Stress(chosen)
    nodes = np.zeros(len(shown.folded), dtype=bool)
    nodes[shown.folded.boxes[overlay.nodes]] = True
    wanted = overlay.edges
    edges = np.array([wanted is None or bool(wanted[list(parts)].any()) for parts in shown.folded.parts], dtype=bool)
    return Stress(chosen, nodes, edges)
