"""What a graph view shows: a graph, what is chosen and open of it, and what a debugger laid over it."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QObject, QPointF, Signal

from gradviz.core.layout.placement import Placement
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.graph_state import Folds, GraphState, Spot, folds, grouped, stress_of
from gradviz.views.graph.overlay import Overlay, overlaid
from gradviz.views.graph.stress import Stress

NODE_SIZE, GAP = (192.0, 92.0), (26.0, 46.0)
Kept = tuple[Spot, QPointF]
"""A spot, and where on the plane it stays."""
ByHand = tuple[tuple[tuple[int, ...], str], ...]


class GraphContent(QObject):
    """Belongs to a view; it is changed by those who act on the view, and says what must be laid out or painted."""

    folded = Signal()
    """Other boxes are to be laid out."""
    chosen = Signal()
    """Another node is looked at."""

    def __init__(self, parent: QObject, plane: GraphPlane) -> None:
        super().__init__(parent)
        self._plane = plane
        self.state = GraphState()
        self.traced: TracedGraph | None = None
        self.overlay: Overlay | None = None
        self.known: Grouping | None = None
        self.folds: Folds | None = None
        self.kept: Kept | None = None
        self.has_vectors = False
        """Whether anything in the graph is more than one number."""

    @property
    def graph(self) -> TracedGraph | None:
        """The graph that is shown, with the numbers that an overlay laid over it."""
        return self.traced if self.overlay is None else self.overlay.graph

    def clear(self) -> None:
        """Nothing is there yet."""
        self.traced, self.known, self.folds, self.overlay = None, None, None, None

    def take(self, graph: TracedGraph) -> bool:
        """Another step, or another graph; whether it is another one, which has to be laid out."""
        known = self.traced
        if known is not None and graph.structure is not known.structure and graph.structure.is_like(known.structure):
            graph = replace(graph, structure=known.structure)  # of another optimiser: it is drawn and folded alike
        self.traced, self.overlay = graph, None
        return known is None or known.structure is not graph.structure

    def begin(self, state: GraphState) -> None:
        """Lay out the graph that was taken, in this state."""
        assert self.traced is not None
        self.state, self.known = state, grouped(self.traced.structure, state.by_hand)
        self.has_vectors = any(math.prod(shape) != 1 for shape in self.traced.structure.shapes)
        self.lay_out()

    def refold(self, state: GraphState, from_: Spot | None = None, to: Spot | None = None) -> None:
        """Other groups are open. Where the spot `from_` was seen, there `to` is seen afterwards."""
        if self.traced is None or self.folds is None:
            self.state = state
            return
        box = self.folds.box_of(from_)
        place = self._plane.place_of(box) if box >= 0 and self._plane.drawing is not None else None
        if state.by_hand != self.state.by_hand:
            self.known = grouped(self.traced.structure, state.by_hand)
        self.state = state
        self.lay_out(None if place is None or to is None else (to, place))

    def refold_fitted(self, state: GraphState) -> None:
        """Other groups are open, and all of the graph is to be seen."""
        self._plane.fit()
        self.refold(state)

    def lay_out(self, kept: Kept | None = None) -> None:
        """Fold it, and have it laid out."""
        assert self.traced is not None
        assert self.known is not None
        self.folds, self.kept = folds(self.traced.structure, self.known, self.state), kept
        self.folded.emit()

    def show_placed(self, placement: Placement) -> None:
        """Draw what is to be seen of it as it was laid out."""
        assert self.graph is not None
        assert self.folds is not None
        shown, edges = self.folds, len(self.folds.folded.edges)
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
        box = -1 if self.kept is None else shown.box_of(self.kept[0])
        keep = (box, self.kept[1]) if self.kept is not None and box >= 0 else None
        self._plane.show_drawing(drawing, self.stress(drawing), keep)

    def show_numbers(self) -> None:
        """The same drawing with other numbers; where they colour it, boxes are painted again too."""
        if self._plane.drawing is not None and self.graph is not None:
            self._plane.show_numbers(replace(self._plane.drawing, graph=self.graph))
            if self.state.measure is not None:
                self.show_stress()

    def lay_over(self, overlay: Overlay | None) -> None:
        """Numbers and marks of a debugger, over the same boxes."""
        self.overlay = overlay
        if self._plane.drawing is None or self.graph is None:
            return
        self._plane.drawing = replace(self._plane.drawing, graph=self.graph)
        self.show_stress()

    def stress(self, drawing: Drawing) -> Stress:
        """How it is painted: what is chosen, and what stands out."""
        assert self.folds is not None
        stress = stress_of(drawing, self.folds, self.state)
        return stress if self.overlay is None else overlaid(stress, self.overlay, self.folds)

    def show_stress(self) -> None:
        """Paint again what stands out."""
        if self._plane.drawing is not None:
            self._plane.show_stress(self.stress(self._plane.drawing))

    def choose(self, spot: Spot | None) -> None:
        """Look at a node or a group."""
        self.state = self.state.choosing(spot)
        self.show_stress()
        self.chosen.emit()

    def spot_of(self, box: int) -> Spot | None:
        """What a box shows; None for no box."""
        return None if self.folds is None else self.folds.spot_of(box)

    @property
    def chosen_row(self) -> int:
        """The node that is looked at, -1 where there is none."""
        return self.state.chosen if isinstance(self.state.chosen, int) else -1
