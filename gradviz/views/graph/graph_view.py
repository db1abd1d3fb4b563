"""The computation graph, drawn by one self-painted item: a graph of any size, at any zoom."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPicture, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolTip, QWidget

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED
from gradviz.core.graph.tensor_summary import summary_text
from gradviz.core.numbers import shape_text
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.views.graph.graph_painter import GraphPainter, node_text
from gradviz.views.graph.node_lettering import LABEL_SCALE, TEXT_SCALE, THREE_LINES_SCALE
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme
from gradviz.views.kit.view import View

MARGIN = 16.0
HEAD = 24.0
"""Pixels at the top that are left to the step number."""
LARGEST_FIT = 1.35
BETWEEN = "  ·  "


class GraphView(View):
    """The graph of one step: drag to move, wheel to zoom, F or double click to fit, arrows to walk the nodes."""

    key: ClassVar[str] = "graph"
    title: ClassVar[str] = "Graph"
    content: ClassVar[str] = "painted"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._graph: GraphSnapshot | None = None
        self._refusal = ""
        self._step = 0
        self._painter = GraphPainter(self.theme)
        self._scale = 1.0
        self._offset = QPointF()
        self._fitted = True
        self._dragged_from: QPointF | None = None
        self._chosen = -1
        self._painted_nodes = 0
        self._racer = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self._base = PictureLabel(self, opaque=True)
        self._numbers = PictureLabel(self)
        self.setAccessibleName("Computation graph")

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def set_theme(self, theme: Theme) -> None:
        self._painter = GraphPainter(theme)
        super().set_theme(theme)
        self._redraw()

    def begin_run(self, experiment: Experiment) -> None:
        self._graph, self._chosen, self._fitted, self._refusal = None, -1, True, ""
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
        known = self._graph
        self._graph, self._step, self._refusal = answer.value, answer.step, ""
        if known is None or known.structure is not answer.value.structure:
            self._chosen = -1
            if self._fitted:
                self.fit()
            self._redraw()
        self._redraw_numbers()

    def drawn(self) -> dict[str, object]:
        graph = self._graph
        if graph is None:
            return {"nodes": [], "step": self._step, "painted": 0, "derivatives": {}}
        rows = zip(graph.structure.nodes, graph.values, graph.gradients, strict=True)
        texts = [node_text(node, value, gradient) for node, value, gradient in rows]
        nodes = [(text.title, text.subtitle, text.value, text.gradient) for text in texts]
        derivatives = dict(zip(graph.structure.edges, graph.derivatives, strict=False))
        return {"nodes": nodes, "step": self._step, "painted": self._painted_nodes, "derivatives": derivatives} | {
            "header": self.header()
        }

    def fit(self) -> None:
        """Zoom so that the whole graph is seen."""
        self._fitted = True
        if self._graph is None or not len(self._graph.structure.places):
            return
        scene = self._scene_rect()
        room = max(self.height() - HEAD, 1)
        scale = min(self.width() / scene.width(), room / scene.height(), LARGEST_FIT)
        self._scale = max(scale, 0.01)
        centre = scene.center()
        self._offset = QPointF(self.width() / 2 - centre.x() * scale, HEAD + room / 2 - centre.y() * scale)
        self._redraw()

    def _scene_rect(self) -> QRectF:
        assert self._graph is not None
        structure = self._graph.structure
        width, height = structure.size
        (left, top), (right, bottom) = structure.places.min(axis=0), structure.places.max(axis=0)
        return QRectF(
            left - width / 2 - MARGIN,
            top - height / 2 - MARGIN,
            right - left + width + 2 * MARGIN,
            bottom - top + height + 2 * MARGIN,
        )

    def _redraw(self) -> None:
        """Record all that is to be seen; the labels fill the pixels without Python's lock."""
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.fillRect(self.rect(), QColor(self.theme.base))
            if self._graph is None or not self._graph.structure.nodes:
                painter.setPen(QColor(self.theme.muted))
                painter.drawText(
                    self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._empty_text()
                )
            else:
                visible = self._place_painter(painter)
                self._painted_nodes = self._painter.paint(painter, self._graph, visible, self._scale, self._chosen)
        self._base.show_picture(picture)
        self._redraw_numbers()

    def _redraw_numbers(self) -> None:
        """Record what changes from step to step."""
        picture = QPicture()
        with QPainter(picture) as painter:
            if self._graph is not None and self._graph.structure.nodes:
                painter.setPen(QColor(self.theme.muted))
                painter.drawText(10, 18, self.header())
                visible = self._place_painter(painter)
                self._painter.paint_numbers(painter, self._graph, visible, self._scale)
        self._numbers.show_picture(picture)

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

    def _place_painter(self, painter: QPainter) -> QRectF:
        """Let `painter` work in scene units; returns what is seen of the scene."""
        painter.translate(self._offset)
        painter.scale(self._scale, self._scale)
        return QRectF(self._to_scene(QPointF()), self._to_scene(QPointF(self.width(), self.height())))

    def _refuse(self, told: object) -> None:
        """Words in the place of a graph that cannot be had."""
        if isinstance(told, Refusal):
            self._graph, self._refusal = None, spoken(told.why)
            self._redraw()

    def _empty_text(self) -> str:
        if self._refusal:
            return self._refusal
        return "The graph appears with the first evaluation" if self._graph is None else "No graph was recorded"

    def _to_scene(self, point: QPointF) -> QPointF:
        return (point - self._offset) / self._scale

    def _node_at(self, point: QPointF) -> int:
        if self._graph is None:
            return -1
        scene = self._to_scene(point)
        width, height = self._graph.structure.size
        for index, (x, y) in enumerate(self._graph.structure.places.tolist()):
            if abs(scene.x() - x) <= width / 2 and abs(scene.y() - y) <= height / 2:
                return index
        return -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._base.setGeometry(self.rect())
        self._numbers.setGeometry(self.rect())
        if self._fitted:
            self.fit()
        self._redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Zoom by `factor`, keeping the widget point `about` where it is."""
        scale = min(max(self._scale * factor, 0.01), 6.0)
        scene = self._to_scene(about)
        self._scale, self._fitted = scale, False
        self._offset = about - scene * scale
        self._redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = event.position()
        self._chosen = self._node_at(event.position())
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
        if key == Qt.Key.Key_F:
            self.fit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25, middle)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8, middle)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up) and self._graph is not None:
            forward = key in (Qt.Key.Key_Right, Qt.Key.Key_Down)
            self._chosen = (self._chosen + (1 if forward else -1)) % max(1, len(self._graph.structure.nodes))
            self._redraw()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._node_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.node_details(index), self)
            return True
        return super().event(event)

    def node_details(self, index: int) -> str:
        """All that is known of a node, as lines; empty for no node."""
        if self._graph is None or index < 0:
            return ""
        node = self._graph.structure.nodes[index]
        value, gradient = self._graph.values[index], self._graph.gradients[index]
        lines = [f"{node.name or node.op}  ({'leaf' if node.is_leaf else node.op})"]
        if node.op == UNTRACKED:
            lines.append("Autograd does not know where it comes from: it was computed without a graph, or cut off.")
        if node.module:
            lines.append(f"in {node.module}")
        if value is not None:
            lines.append(f"value {shape_text(value.shape)} {value.dtype}: {summary_text(value, 16)}")
        if gradient is not None:
            lines.append(f"gradient of the loss: {summary_text(gradient, 16)}")
        if not node.is_leaf and gradient is not None:
            lines.append("It passes here; a .grad keeps it only where retain_grad() was called.")
        return "\n".join(lines)
