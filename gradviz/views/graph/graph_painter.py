"""How nodes and edges of a graph are painted, at every zoom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED, GraphNode
from gradviz.core.graph.tensor_summary import TensorSummary, summary_text
from gradviz.core.numbers import Floats, shape_text, short_number
from gradviz.views.graph.edge_painting import paint_edges, paint_routes
from gradviz.views.graph.graph_arrays import Fill, GraphArrays
from gradviz.views.graph.node_lettering import LEAST_PIXELS, TEXT_SCALE, Lettering, lettering
from gradviz.views.graph.stress import FADED, Stress
from gradviz.views.kit.theme import Theme, mix

RADIUS, LEAF_RADIUS = 7.0, 22.0
"""Of the corners of boxes."""
REVERSED = {"rsub": "sub", "rdiv": "div"}
"""torch's names of a number minus a tensor, and the like."""
TITLE_SCALE = 0.16
"""Below this zoom boxes have no title."""
TITLE_ALONE = (28.0, 44.0)
"""The least and the largest height of a title without numbers, in scene units."""


@dataclass(frozen=True, slots=True)
class NodeText:
    """What a node says, line by line."""

    title: str
    subtitle: str
    value: str
    gradient: str


def node_text(node: GraphNode, value: TensorSummary | None, gradient: TensorSummary | None) -> NodeText:
    """The text of a node: name, operation and shape, value, gradient."""
    return NodeText(node_title(node), node_subtitle(node, value), *_number_lines(value, gradient))


def node_subtitle(node: GraphNode, value: TensorSummary | None) -> str:
    """Operation and shape."""
    # A leaf is no operation: its node in PyTorch, AccumulateGrad, only adds up what arrives.
    operation = "leaf" if node.is_leaf else node.op.rsplit("::", 1)[-1]
    return operation if value is None or value.shape == () else f"{operation}  {shape_text(value.shape)}"


def node_title(node: GraphNode) -> str:
    """Its name, or its operation where it has none."""
    return node.name or spoken_operation(node.op.rsplit("::", 1)[-1])


@lru_cache(maxsize=1024)
def spoken_operation(operation: str) -> str:
    """What autograd's name of a node means: mul of MulBackward0, sub of RsubBackward1."""
    name = re.sub(r"(Backward)?\d*$", "", operation).lower()
    return REVERSED.get(name, name)


class GraphPainter:
    """Paints one snapshot. Fonts and pens are made once a theme; positions come with the snapshot."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._edge = QPen(QColor(mix(theme.muted, theme.base, 0.25)), 1.4)
        self._flow = QPen(self._edge.color(), 1.4, Qt.PenStyle.DashLine)
        self._border = QPen(QColor(theme.border), 1.2)
        self._untracked = QPen(QColor(theme.muted), 1.4, Qt.PenStyle.DashLine)
        self._lines: dict[int, tuple[str, str]] = {}
        self._lines_of: GraphSnapshot | None = None
        self._lines_key = (False, False, 0)
        """Of what the lines are, and for which letters: panning writes the same ones again."""
        self._stressed = QPen(QColor(theme.accent), 2.0)
        self._chosen = QPen(QColor(theme.accent), 2.4)
        self._fills = {
            Fill.OPERATION: QColor(theme.operation),
            Fill.LEAF: QColor(theme.leaf),
            Fill.RESULT: QColor(theme.result),
            Fill.UNTRACKED: QColor(theme.base),
        }

    def paint(
        self,
        painter: QPainter,
        graph: GraphSnapshot,
        arrays: GraphArrays,
        visible: QRectF,
        scale: float,
        stress: Stress,
    ) -> int:
        """Paint edges, boxes and titles that lie in `visible` (scene units); return how many nodes were painted."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        around = visible.adjusted(-4, -4, 4, 4)
        paint_routes(painter, graph.structure.flow_routes, graph.structure.direction, scale, self._flow)
        back, front = stress.split(stress.edges, arrays.edges_in(around))
        painter.setOpacity(FADED)
        paint_edges(painter, graph.structure, back, scale, self._edge)
        painter.setOpacity(1.0)
        paint_edges(painter, graph.structure, front, scale, self._edge if stress.edges is None else self._stressed)
        letters = lettering(scale, graph.structure.size[1]) if scale >= TEXT_SCALE else None
        nodes = arrays.nodes_in(around)
        for index, (left, top, width, height) in zip(nodes.tolist(), arrays.boxes(nodes).tolist(), strict=True):
            painter.setOpacity(stress.of_node(index))
            fill = self._fills[Fill(int(arrays.fills[index]))]
            box = QRectF(left, top, width, height)
            self._paint_box(painter, graph.structure.nodes[index], box, fill, index == stress.chosen)
            if letters is not None:
                self._paint_titles(painter, graph.structure.nodes[index], graph.values[index], box, letters)
            elif scale > TITLE_SCALE:
                self._paint_title_alone(painter, graph.structure.nodes[index], box, scale)
        painter.setOpacity(1.0)
        return len(nodes)

    def paint_numbers(
        self,
        painter: QPainter,
        graph: GraphSnapshot,
        arrays: GraphArrays,
        visible: QRectF,
        scale: float,
        stress: Stress,
    ) -> None:
        """Paint what changes from step to step: value and gradient of the nodes in `visible`."""
        if scale < TEXT_SCALE:
            return
        letters = lettering(scale, graph.structure.size[1])
        painter.setFont(letters.mono)
        room = int((graph.structure.size[0] - letters.indent - 8) / letters.digit)
        key = letters.has_labels, letters.gradient_line is None, room
        if self._lines_of is not graph or self._lines_key != key:
            self._lines, self._lines_of, self._lines_key = {}, graph, key
        value_pen, gradient_pen = QPen(QColor(self._theme.value)), QPen(QColor(self._theme.gradient))
        nodes = arrays.nodes_in(visible)
        for index, (left_end, top, *_) in zip(nodes.tolist(), arrays.boxes(nodes).tolist(), strict=True):
            known = self._lines.get(index)
            if known is None:
                known = self._lines[index] = _lines_in(graph, index, letters, room)
            value, gradient = known
            left = left_end + letters.indent
            painter.setOpacity(stress.of_node(index))
            painter.setPen(value_pen)
            painter.drawText(QPointF(left, top + letters.value_line), value)
            if letters.gradient_line is not None:
                painter.setPen(gradient_pen)
                painter.drawText(QPointF(left, top + letters.gradient_line), gradient)
        painter.setOpacity(1.0)
        if letters.gradient_line is not None:
            self._paint_derivatives(painter, graph, visible, letters)

    def _paint_derivatives(self, painter: QPainter, graph: GraphSnapshot, visible: QRectF, letters: Lettering) -> None:
        """On each edge the factor of the chain rule, just above the consumer."""
        painter.setFont(letters.derivative)
        metrics = letters.derivative_metrics
        ground = QColor(self._theme.base)
        for route, derivative in zip(graph.structure.routes, graph.derivatives, strict=False):
            if derivative is None:
                continue
            text = f"× {short_number(derivative, letters.derivative_digits)}"
            at = _towards_the_end(route)
            box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 1)
            box.moveCenter(at)
            if box.intersects(visible):
                painter.fillRect(box, ground)
                painter.setPen(QColor(self._theme.gradient))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_box(self, painter: QPainter, node: GraphNode, box: QRectF, fill: QColor, chosen: bool) -> None:
        untracked = node.op == UNTRACKED
        painter.setPen(self._chosen if chosen else self._untracked if untracked else self._border)
        painter.setBrush(fill)
        radius = LEAF_RADIUS if node.is_leaf else RADIUS
        painter.drawRoundedRect(box, radius, radius)

    def _paint_title_alone(self, painter: QPainter, node: GraphNode, box: QRectF, scale: float) -> None:
        least, largest = TITLE_ALONE
        font = QFont()
        font.setBold(True)
        font.setPixelSize(round(min(max(LEAST_PIXELS / scale, least), largest)))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text))
        title = QFontMetricsF(font).elidedText(node_title(node), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_titles(
        self, painter: QPainter, node: GraphNode, value: TensorSummary | None, box: QRectF, letters: Lettering
    ) -> None:
        left, room = box.left() + letters.indent, box.width() - letters.indent - 8
        painter.setFont(letters.title)
        painter.setPen(QColor(self._theme.text))
        title = _elided(letters.title, node_title(node), room)
        painter.drawText(QPointF(left, box.top() + letters.title_line), title)
        if letters.subtitle_line is None:
            return
        painter.setFont(letters.small)
        painter.setPen(QColor(self._theme.muted))
        subtitle = _elided(letters.small, node_subtitle(node, value), room)
        painter.drawText(QPointF(left, box.top() + letters.subtitle_line), subtitle)


@lru_cache(maxsize=8192)
def _elided(font: QFont, text: str, room: float) -> str:
    """`text` in `room` scene units: measured once for all nodes of this name."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)


def _number_lines(
    value: TensorSummary | None, gradient: TensorSummary | None, has_labels: bool = True
) -> tuple[str, str]:
    """The lines of a node that change from step to step."""
    value_text = "not kept" if value is None else summary_text(value, 2)
    gradient_text = "none" if gradient is None else summary_text(gradient, 2)
    return (f"value {value_text}", f"grad  {gradient_text}") if has_labels else (value_text, gradient_text)


def _lines_in(graph: GraphSnapshot, index: int, letters: Lettering, room: int) -> tuple[str, str]:
    """The lines of a node in at most `room` characters each."""
    value, gradient = _number_lines(graph.values[index], graph.gradients[index], letters.has_labels)
    if letters.gradient_line is None:
        return _cut(_shortened(value), room), ""
    return _cut(value, room), _cut(gradient, room)


def _shortened(text: str) -> str:
    """Its numbers in three digits."""
    return re.sub(r"\d+\.?\d*(?:e-?\d+)?", lambda found: short_number(float(found[0]), 3), text)


def _cut(text: str, room: int) -> str:
    """`text` in at most `room` characters of a fixed-pitch font: measuring each would cost more than painting it.

    First the mean goes, then digits: what is left is whole.
    """
    if len(text) <= room:
        return text
    ends = text.partition(", mean")[0]
    shown = ends if len(ends) <= room else _shortened(ends)
    return shown if len(shown) <= room else shown[: room - 1] + "…"


def _towards_the_end(route: Floats) -> QPointF:
    """A point of the last piece of a route, where edges to one consumer have not met yet."""
    return QPointF(*((route[-2] + route[-1]) / 2))
