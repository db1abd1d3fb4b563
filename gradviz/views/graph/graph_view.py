"""The computation graph, drawn by one self-painted item: a graph of any size, at any zoom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPicture,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphStructure
from gradviz.core.layout.placement import Direction, Placement, placing
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.graph_canvas import HEAD, Camera, GraphCanvas
from gradviz.views.graph.graph_painter import node_text
from gradviz.views.graph.marks import Marks
from gradviz.views.graph.minimap import Minimap
from gradviz.views.graph.node_details import node_details
from gradviz.views.graph.node_lettering import LABEL_SCALE, TEXT_SCALE, THREE_LINES_SCALE
from gradviz.views.graph.placing_apart import PlacingApart
from gradviz.views.graph.search_bar import SearchBar
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

MARGIN = 16.0
LARGEST_FIT = 1.35
LEAST_SCALE = 0.002
ASPECT = 1.4
"""Width by height of a tall graph in columns."""
MAPPED_NODES = 60
"""A graph of fewer nodes needs no map."""
PAN_PIXELS = 60.0
BETWEEN = "  ·  "
PARTS: dict[int, Callable[[Marks, GraphStructure], None]] = {
    Qt.Key.Key_U: Marks.lead_to,
    Qt.Key.Key_D: Marks.follow,
    Qt.Key.Key_P: Marks.join,
}
ARROWS: dict[int, QPoint] = {
    Qt.Key.Key_Right: QPoint(1, 0),
    Qt.Key.Key_Down: QPoint(0, 1),
    Qt.Key.Key_Left: QPoint(-1, 0),
    Qt.Key.Key_Up: QPoint(0, -1),
}
TURNS = {
    Direction.DOWN: Direction.RIGHT,
    Direction.RIGHT: Direction.UP,
    Direction.UP: Direction.LEFT,
    Direction.LEFT: Direction.DOWN,
}


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
        self._graph: GraphSnapshot | None = None
        self._refusal = ""
        self._step = 0
        self._canvas = GraphCanvas(self.theme)
        self._arrays: GraphArrays | None = None
        self._given: GraphStructure | None = None
        self._direction = Direction.DOWN
        self._marks = Marks()
        self._scale = 1.0
        self._offset = QPointF()
        self._fitted = True
        self._dragged_from: QPointF | None = None
        self._painted_nodes = 0
        self._racer = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self._base = PictureLabel(self, opaque=True)
        self._numbers = PictureLabel(self)
        self._map = Minimap(self, self.theme)
        self._map.hide()
        self._map.wanted.connect(self.centre_on)
        self.placing = PlacingApart(self)
        self.placing.told.connect(self._redraw)
        self.placing.placed.connect(self._on_placed)
        self._search = SearchBar(self)
        self._search.hide()
        self._search.asked.connect(self.search)
        self._search.next_wanted.connect(self.next_found)
        self._search.left.connect(self._on_search_left)
        self.setAccessibleName("Computation graph")

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def set_theme(self, theme: Theme) -> None:
        self._canvas = GraphCanvas(theme)
        super().set_theme(theme)
        self._remap()
        self._redraw()

    def begin_run(self, experiment: Experiment) -> None:
        self._graph, self._arrays, self._given = None, None, None
        self._fitted, self._refusal = True, ""
        self.placing.cancel()
        self._marks = Marks()
        self.show_settings(experiment)

    def show_settings(self, experiment: Experiment) -> None:
        self._racer = optimizer_names(experiment)[0] if len(experiment.optimizers) > 1 else ""
        self._redraw()

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        return (CaptureGraph(),)

    def show_answer(self, answer: Answer) -> None:
        if not isinstance(answer.value, GraphSnapshot):
            self._refuse(answer.value)
            return
        is_new = self._given is not answer.value.structure
        self._step, self._refusal = answer.step, ""
        if is_new:
            self._given = answer.value.structure
            self._marks = Marks()
            self._lay_out(answer.value)
            return
        if self._graph is not None:
            self._graph = replace(answer.value, structure=self._graph.structure)
        elif self.placing.waits_for is not None:
            self.placing.waits_for = answer.value
        self._redraw_numbers()

    def _lay_out(self, graph: GraphSnapshot) -> None:
        """Show the graph, laid out anew where it has no places yet or leads elsewhere."""
        structure = graph.structure
        self.placing.cancel()
        if structure.is_placed and structure.direction is self._direction:
            self._show_placed(graph)
            return
        self._graph, self._arrays = None, None
        work = placing(len(structure.nodes), structure.lines, structure.size, (26.0, 46.0), self._direction, ASPECT)
        self.placing.begin(work, graph)
        self._redraw()

    def _on_placed(self, placement: Placement, graph: GraphSnapshot) -> None:
        self._show_placed(replace(graph, structure=graph.structure.placed(placement)))

    def _show_placed(self, graph: GraphSnapshot) -> None:
        self._graph, self._arrays = graph, GraphArrays(graph.structure)
        self._remap()
        if self._fitted or not len(self._arrays.nodes_in(self._seen())):
            self.fit()
        self._redraw()

    def turn(self, direction: Direction) -> None:
        """Let the edges lead elsewhere."""
        if direction is self._direction or self._given is None or (self._graph is None and not self.placing.waits_for):
            return
        self._direction, self._fitted = direction, True
        graph = self._graph or self.placing.waits_for
        assert graph is not None
        self._lay_out(replace(graph, structure=self._given))

    def _remap(self) -> None:
        if self._graph is not None and self._arrays is not None and len(self._graph.structure.nodes) >= MAPPED_NODES:
            self._map.show_graph(self._graph, self._arrays, self._scene_rect(), self.theme)
            self._place_map()

    def _place_map(self) -> None:
        """In the corner, where it is not in the way and there is more than what is seen."""
        graph = self._graph
        is_large = graph is not None and len(graph.structure.nodes) >= MAPPED_NODES
        has_room = self.width() > 2 * self._map.width() and self.height() > 2 * self._map.height()
        self._map.setVisible(is_large and has_room and not self._fitted)
        self._map.move(self.width() - self._map.width() - 8, self.height() - self._map.height() - 8)
        if self._map.isVisible():
            self._map.show_seen(self._seen())

    def _seen(self) -> QRectF:
        return Camera(self._scale, self._offset).seen(self.rect())

    def search(self, query: str) -> None:
        """Let what is found stand out, and go to the first."""
        if self._graph is not None:
            self._marks.search(self._graph, query)
        self._search.tell(len(self._marks.found), query)
        if self._marks.found:
            self._go_to(self._marks.found[0])
        else:
            self._redraw()

    def next_found(self, step: int) -> None:
        """Go to the next one that was found, or with -1 to the one before."""
        node = self._marks.next_found(step)
        if node >= 0:
            self._go_to(node)

    def open_search(self) -> None:
        """Ask what to look for."""
        self._search.open_in(self.rect(), HEAD)

    def _on_search_left(self) -> None:
        self._marks.part = None
        self.setFocus()
        self._redraw()

    def _go_to(self, node: int) -> None:
        """Choose a node and have it in sight, large enough to be read."""
        self._marks.choose(node)
        assert self._graph is not None
        place = QPointF(*self._graph.structure.places[node].tolist())
        if self._scale < TEXT_SCALE:
            self._scale = 0.6
            self.centre_on(place)
        elif not self._seen().adjusted(90, 60, -90, -60).contains(place):
            self.centre_on(place)
        else:
            self._redraw()

    def centre_on(self, place: QPointF) -> None:
        """Have a point of the scene in the middle."""
        self._fitted = False
        self._offset = QPointF(self.width() / 2, self.height() / 2) - place * self._scale
        self._redraw()

    def drawn(self) -> dict[str, object]:
        graph = self._graph
        if graph is None:
            return {"nodes": [], "step": self._step, "painted": 0, "derivatives": {}}
        rows = zip(graph.structure.nodes, graph.values, graph.gradients, strict=True)
        texts = [node_text(node, value, gradient) for node, value, gradient in rows]
        nodes = [(text.title, text.subtitle, text.value, text.gradient) for text in texts]
        derivatives = dict(zip(graph.structure.edges, graph.derivatives, strict=False))
        return {"nodes": nodes, "step": self._step, "painted": self._painted_nodes, "derivatives": derivatives} | {
            "header": self.header(),
            "direction": str(self._direction),
            "found": self._marks.found,
            "standing out": [] if self._marks.part is None else np.flatnonzero(self._marks.part.nodes).tolist(),
        }

    @property
    def drawn_nodes(self) -> int:
        """How many nodes were painted last."""
        return self._painted_nodes

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        self._fitted = True
        if self._graph is None or not len(self._graph.structure.places):
            return
        scene = self._scene_rect()
        room = max(self.height() - HEAD, 1)
        scale = min(self.width() / scene.width(), room / scene.height(), LARGEST_FIT)
        self._scale = max(scale, LEAST_SCALE)
        centre = scene.center()
        self._offset = QPointF(self.width() / 2 - centre.x() * scale, HEAD + room / 2 - centre.y() * scale)
        self._redraw()

    def _scene_rect(self) -> QRectF:
        assert self._arrays is not None
        left, top, right, bottom = self._arrays.bounds.tolist()
        return QRectF(left - MARGIN, top - MARGIN, right - left + 2 * MARGIN, bottom - top + 2 * MARGIN)

    def _redraw(self) -> None:
        """Paint all that is to be seen: many small nodes at once; else labels fill the pixels without Python's lock."""
        graph, arrays = self._graph, self._arrays
        if graph is None or arrays is None or not graph.structure.nodes:
            self._base.show_picture(self._canvas.words(self.rect(), self._empty_text()))
        else:
            painted = self._canvas.paint(
                self._base, graph, arrays, Camera(self._scale, self._offset), self._marks.stress()
            )
            self._painted_nodes = painted
        self._place_map()
        self._redraw_numbers()

    def _redraw_numbers(self) -> None:
        """Record what changes from step to step."""
        graph, arrays = self._graph, self._arrays
        if graph is None or arrays is None or not graph.structure.nodes:
            self._numbers.show_picture(QPicture())
        else:
            camera = Camera(self._scale, self._offset)
            self._canvas.write(self._numbers, graph, arrays, camera, self._marks.stress(), self.header())

    def header(self) -> str:
        """The step, whose graph it is in a race, and what the signs of this zoom mean: as much as has room, whole."""
        parts = [f"step {self._step:,}", *([self._racer] if self._racer else []), *self._legend()]
        room = self.width() - 20
        while len(parts) > 1 and self.fontMetrics().horizontalAdvance(BETWEEN.join(parts)) > room:
            parts.pop()
        return BETWEEN.join(parts)

    def _legend(self) -> list[str]:
        """What the signs of this zoom mean, and how to see what it leaves out."""
        if self._scale < TEXT_SCALE:
            return ["zoom in for the numbers"]
        if self._scale < THREE_LINES_SCALE:
            return ["value", "zoom in for the gradients"]
        has_derivatives = self._graph is not None and any(one is not None for one in self._graph.derivatives)
        values = [] if self._scale >= LABEL_SCALE else ["value, gradient"]
        return [*values, *(["× local derivative"] if has_derivatives else [])]

    def _refuse(self, told: object) -> None:
        """Words in the place of a graph that cannot be had."""
        if isinstance(told, Refusal):
            self._graph, self._arrays, self._given = None, None, None
            self._refusal = spoken(told.why)
            self._redraw()

    def _empty_text(self) -> str:
        if self._refusal:
            return self._refusal
        if self.placing.waits_for is not None:
            return spoken(self.placing.words())
        return "The graph appears with the first evaluation" if self._graph is None else "No graph was recorded"

    def _to_scene(self, point: QPointF) -> QPointF:
        return (point - self._offset) / self._scale

    def _node_at(self, point: QPointF) -> int:
        if self._arrays is None:
            return -1
        scene = self._to_scene(point)
        return self._arrays.node_at(scene.x(), scene.y())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._base.setGeometry(self.rect())
        self._numbers.setGeometry(self.rect())
        self._search.stay_in(self.rect(), HEAD)
        if self._fitted:
            self.fit()
        self._redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom by `factor`, keeping the widget point `about` where it is."""
        scale = min(max(self._scale * factor, LEAST_SCALE), 6.0)
        scene = self._to_scene(about)
        self._scale, self._fitted = scale, False
        self._offset = about - scene * scale
        self._redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = event.position()
        self._marks.choose(self._node_at(event.position()))
        self._redraw()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None and event.buttons():
            self._offset += event.position() - self._dragged_from
            self._dragged_from, self._fitted = event.position(), False
            self._redraw()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        middle = QPointF(self.width() / 2, self.height() / 2)
        held = event.modifiers()
        if key == Qt.Key.Key_F and held & Qt.KeyboardModifier.ControlModifier:
            self.open_search()
        elif key == Qt.Key.Key_F:
            self.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8, middle)
        elif key in PARTS and self._graph is not None:
            PARTS[key](self._marks, self._graph.structure)
            self._redraw()
        elif key == Qt.Key.Key_R:
            self.turn(TURNS[self._direction])
        elif key == Qt.Key.Key_Escape and self.placing.waits_for is not None:
            self.placing.stop()
            self._redraw()
        elif key == Qt.Key.Key_Escape and self._marks.part is not None:
            self._marks.part = None
            self._redraw()
        elif key in ARROWS and held & Qt.KeyboardModifier.ShiftModifier:
            self._pan(ARROWS[key])
        elif key in ARROWS and self._graph is not None:
            forward = key in (Qt.Key.Key_Right, Qt.Key.Key_Down)
            self._marks.walk(1 if forward else -1, len(self._graph.structure.nodes))
            self._redraw()
        else:
            super().keyPressEvent(event)

    def _pan(self, towards: QPoint) -> None:
        self._offset -= QPointF(towards) * PAN_PIXELS
        self._fitted = False
        self._redraw()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._node_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.node_details(index), self)
            return True
        return super().event(event)

    def node_details(self, index: int) -> str:
        """All that is known of a node, as lines; empty for no node."""
        return "" if self._graph is None or index < 0 else node_details(self._graph, index)
