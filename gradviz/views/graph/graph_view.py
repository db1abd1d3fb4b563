"""The computation graph: what is asked of the engine, and who shows and changes what. The plane paints it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.measures import Measure
from gradviz.core.layout.placement import Placement, placing
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.ledger import TracedGraph
from gradviz.views.graph.camera import HEAD
from gradviz.views.graph.card_dock import CardDock
from gradviz.views.graph.finding import Finding
from gradviz.views.graph.folding_actions import FoldingActions
from gradviz.views.graph.graph_colours import GraphColours
from gradviz.views.graph.graph_content import GAP, NODE_SIZE, ByHand, GraphContent
from gradviz.views.graph.graph_entries import entries
from gradviz.views.graph.graph_keys import GraphKeys
from gradviz.views.graph.graph_menu import GraphMenu
from gradviz.views.graph.graph_parts import GraphParts
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.graph_state import GraphState
from gradviz.views.graph.graph_told import begin_of_head, details, told
from gradviz.views.graph.overlay import Overlay
from gradviz.views.graph.placing_apart import PlacingApart
from gradviz.views.graph.race_chooser import RaceChooser
from gradviz.views.graph.walking import Walking
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

ASPECT = 1.4
"""Width by height of a tall graph in columns."""
OPENER_WIDTH = 28


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
        self._refusal = ""
        self._step: int | None = 0
        """None of a graph that is of no run."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Computation graph")
        self.plane = GraphPlane(self, self.theme)
        self.shown = GraphContent(self, self.plane)
        self.dock = CardDock(self, self.plane, self.shown, self.theme)
        self.folding = FoldingActions(self.shown, self.plane)
        self.finding = Finding(self, self.shown, self.plane)
        self.colours = GraphColours(self.shown, self._head)
        self.walking = Walking(self, self.set_overlay, lambda: self.shown.chosen_row)
        self.placing = PlacingApart(self)
        self.racer = RaceChooser(self)
        parts = GraphParts(
            self.plane, self.shown, self.dock, self.folding, self.finding, self.colours, self.walking, self.placing
        )
        self.menu = GraphMenu(self, entries(parts))
        self._keys = GraphKeys(parts, self.menu, self.show_waiting)
        self._connect()
        self._place_controls()
        self.show_waiting()

    def _connect(self) -> None:
        self.plane.pressed.connect(self._on_pressed)
        self.plane.released.connect(self._on_released)
        self.plane.double_clicked.connect(self._on_double_clicked)
        self.plane.resized.connect(self._place_controls)
        self.plane.details = self.details
        self.shown.folded.connect(self._lay_out)
        self.walking.changed.connect(self._on_walking)
        self.racer.currentIndexChanged.connect(self.choose_optimizer)
        self.placing.told.connect(self.show_waiting)
        self.placing.placed.connect(self._on_placed)

    @property
    def state(self) -> GraphState:
        """What is chosen and open."""
        return self.shown.state

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.plane.set_theme(theme)
        self.walking.set_theme(theme)
        self.dock.set_theme(theme)

    def set_language(self, language: str) -> None:
        """The language of the sentences on the card, ``en`` or ``zh``."""
        self.dock.set_language(language)

    def begin_run(self, experiment: Experiment) -> None:
        self.placing.cancel()
        self.walking.begin()
        self._refusal = ""
        self.shown.clear()
        self.shown.state = self.state.of_another_graph()
        self.plane.fit()
        self.show_settings(experiment)
        self.show_waiting()

    def show_settings(self, experiment: Experiment) -> None:
        names = optimizer_names(experiment) if len(experiment.optimizers) > 1 else ()
        if names != self.racer.names:
            optimizer = min(self.state.optimizer, max(len(names) - 1, 0))
            self.shown.state = replace(self.state, optimizer=optimizer)
            self.racer.show_names(names, optimizer)
            self._place_controls()
        self._head()
        self.plane.redraw_numbers()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return self.walking.asks(TraceGraph(self.state.optimizer, jacobians=False))

    def show_answer(self, answer: Answer) -> None:
        found = answer.value
        if isinstance(found, Refusal):
            self._refuse(spoken(found.why))
        if isinstance(found, BackwardPass):
            found = self.walking.take(found)
        if not isinstance(found, TracedGraph):
            return
        is_other = self.shown.take(found)
        self._step, self._refusal = answer.step, ""
        self._head()
        if is_other:
            self.shown.begin(self.state.of_another_graph())
        else:
            self.shown.show_numbers()
        self.walking.show()
        self.dock.show_card()

    def show_graph(
        self,
        graph: TracedGraph,
        opened: frozenset[str] | None = None,
        by_hand: ByHand = (),
        own: tuple[float, ...] = (),
    ) -> None:
        """A graph that is of no run: a person's own, with these groups open and grouped by hand, and coloured by these
        numbers of its nodes, NaN for none; without any it has no colours."""
        self.shown.clear()
        self.shown.take(graph)
        self._step, self._refusal = None, ""
        self.walking.offer(graph)
        self._head()
        state = self.state.of_another_graph()
        measure = Measure.OWN if own else state.measure
        self.shown.begin(replace(state, opened=opened, by_hand=by_hand, own=own, measure=measure))

    @property
    def graph(self) -> TracedGraph | None:
        """The graph that is shown, with the numbers that an overlay laid over it."""
        return self.shown.graph

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Lay a debugger's numbers and marks over the graph, or take them away; a new step takes them away too."""
        self.shown.lay_over(overlay)
        self.dock.show_card()
        if overlay is not None and overlay.at >= 0 and self.shown.folds is not None and self.plane.drawing is not None:
            self.plane.follow(self.shown.folds.box_of(overlay.at))

    def _lay_out(self) -> None:
        """Lay out what is to be seen of the graph."""
        assert self.shown.folds is not None
        folded = self.shown.folds.folded
        lines = [(a, b) for a, b in (*folded.edges.tolist(), *folded.flows)]
        self.placing.begin(placing(len(folded), lines, NODE_SIZE, GAP, self.state.direction, ASPECT), len(folded))
        if self.placing.waits_for:
            self.show_waiting()

    def _on_placed(self, placement: Placement) -> None:
        self._head()
        self.shown.show_placed(placement)
        self.dock.show_card()

    def drawn(self) -> dict[str, object]:
        drawing, arrays = self.plane.drawing, self.plane.arrays
        if drawing is None or arrays is None or self.shown.folds is None:
            return {"nodes": [], "step": self._step, "painted": 0, "derivatives": {}, "words": self._empty_text()}
        return {
            **told(self.shown, drawing, arrays, self.shown.folds),
            "step": self._step,
            "painted": self.plane.painted,
            "header": self.plane.header(),
            "walk": self.walking.bar.drawn() if self.walking.is_open else {},
            "card": self.dock.card.drawn() if self.state.has_card else None,
        }

    def details(self, box: int) -> str:
        """All that is known of a box, as lines; empty for no box."""
        return details(self.shown, box)

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        self.plane.fit()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom by `factor`, keeping the point `about` of the plane where it is."""
        self.plane.zoom(factor, about)

    def _head(self) -> None:
        """The step, whose graph it is in a race, and what signs and colours mean."""
        has_derivatives = self.graph is not None and not self.graph.ledger.local.is_empty
        legend = ["upstream × local derivative = passed on"] * has_derivatives
        legend += ["J Jacobian, f′ by element"] * (has_derivatives and self.shown.has_vectors)
        whose = ["graph of the gradient"] if self.walking.is_of_gradient else []
        racer = self.racer.told(self.state.optimizer)
        taken = self.menu.width() + OPENER_WIDTH + 16 + self.racer.taken
        self.plane.set_head([begin_of_head(self._step, self.graph), *whose, *racer], legend, taken)

    def choose_optimizer(self, index: int) -> None:
        """Show the graph of another optimiser of the race."""
        if 0 <= index < max(len(self.racer.names), 1) and index != self.state.optimizer:
            self.shown.state = replace(self.state, optimizer=index)
            self.racer.setCurrentIndex(index)
            self._head()
            self.asks_changed.emit()

    def _place_controls(self) -> None:
        """At the right of the head; the names of a race where there is room."""
        self.menu.adjustSize()
        right = self.dock.x() + self.plane.x() + self.plane.width()
        self.menu.setGeometry(right - self.menu.width() - 4, 2, self.menu.width(), int(HEAD) - 2)
        opener = self.walking.opener
        opener.setGeometry(self.menu.x() - OPENER_WIDTH - 4, 2, OPENER_WIDTH, int(HEAD) - 2)
        self.racer.place(opener.x() - 4, opener.x() - 4 - self.plane.x() - 130, int(HEAD))
        self._head()
        self.plane.redraw_numbers()

    def _refuse(self, why: str) -> None:
        """Words in the place of a graph that cannot be had."""
        self.placing.cancel()
        self.shown.traced, self.shown.folds, self.shown.overlay, self._refusal = None, None, None, why
        self.show_waiting()

    def show_waiting(self) -> None:
        """Words in the place of a graph that is not there yet."""
        self.plane.show_words(self._empty_text())

    def _empty_text(self) -> str:
        if self._refusal:
            return self._refusal
        if self.placing.waits_for:
            return spoken(self.placing.words())
        return "The graph appears with the first evaluation" if self.shown.traced is None else "No graph was recorded"

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keys.press(event):
            super().keyPressEvent(event)

    def _on_walking(self) -> None:
        """The bar came, went or grew, or other questions are asked."""
        self._arrange()
        self.asks_changed.emit()

    def _arrange(self) -> None:
        """Graph and card have the room that the bar leaves."""
        room = self.walking.place(self.rect())
        self.dock.arrange(room, self.width())
        self.finding.stay_in(room)

    def _on_pressed(self, box: int, is_marked: bool) -> None:
        self.setFocus()
        self.shown.choose(self.shown.spot_of(box))
        if is_marked:
            self.folding.mark()

    def _on_released(self, box: int) -> None:
        """A click on a node shows its card; a group may be about to be double clicked."""
        if isinstance(self.shown.spot_of(box), int) and not self.state.has_card:
            self.dock.open_card(True)

    def _on_double_clicked(self, box: int) -> None:
        spot = self.shown.spot_of(box)
        if isinstance(spot, str):
            self.folding.open_group(spot)
        elif spot is None:
            self.fit()
