"""How nodes and edges of a graph are painted, at every zoom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED, GraphNode
from gradviz.core.graph.tensor_summary import TensorSummary, summary_text
from gradviz.core.numbers import Floats, shape_text, short_number
from gradviz.views.graph.node_lettering import LEAST_PIXELS, TEXT_SCALE, Lettering, lettering
from gradviz.views.kit.theme import Theme, mix

ARROW = 7.0
REVERSED = {"rsub": "sub", "rdiv": "div"}
"""torch's names of a number minus a tensor, and the like."""
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
    operation = node.op.rsplit("::", 1)[-1]
    shape = "" if value is None or value.shape == () else "  " + shape_text(value.shape)
    # A leaf is no operation: its node in PyTorch, AccumulateGrad, only adds up what arrives.
    subtitle = f"leaf{shape}" if node.is_leaf else f"{operation}{shape}"
    title = node.name or spoken_operation(operation)
    return NodeText(title, subtitle, *_number_lines(value, gradient))


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
        self._chosen = QPen(QColor(theme.accent), 2.4)

    def paint(self, painter: QPainter, graph: GraphSnapshot, visible: QRectF, scale: float, chosen: int) -> int:
        """Paint edges, boxes and titles that lie in `visible` (scene units); return how many nodes were painted."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for routes, pen in ((graph.structure.flow_routes, self._flow), (graph.structure.routes, self._edge)):
            for route in routes:
                self._paint_edge(painter, route, visible, scale, pen)
        boxes = self._boxes(graph, visible)
        for index, box in boxes:
            self._paint_node(painter, graph, index, box, scale, index == chosen)
        return len(boxes)

    def paint_numbers(self, painter: QPainter, graph: GraphSnapshot, visible: QRectF, scale: float) -> None:
        """Paint what changes from step to step: value and gradient of the nodes in `visible`."""
        if scale < TEXT_SCALE:
            return
        letters = lettering(scale, graph.structure.size[1])
        painter.setFont(letters.mono)
        value_pen, gradient_pen = QPen(QColor(self._theme.value)), QPen(QColor(self._theme.gradient))
        room = int((graph.structure.size[0] - letters.indent - 8) / letters.digit)
        for index, box in self._boxes(graph, visible):
            value, gradient = _number_lines(graph.values[index], graph.gradients[index], letters.has_labels)
            left = box.left() + letters.indent
            painter.setPen(value_pen)
            if letters.gradient_line is None:
                painter.drawText(QPointF(left, box.top() + letters.value_line), _cut(_shortened(value), room))
                continue
            painter.drawText(QPointF(left, box.top() + letters.value_line), _cut(value, room))
            painter.setPen(gradient_pen)
            painter.drawText(QPointF(left, box.top() + letters.gradient_line), _cut(gradient, room))
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

    def _boxes(self, graph: GraphSnapshot, visible: QRectF) -> list[tuple[int, QRectF]]:
        """The nodes within `visible`, with their boxes."""
        width, height = graph.structure.size
        left, top = visible.left() - width / 2, visible.top() - height / 2
        right, bottom = visible.right() + width / 2, visible.bottom() + height / 2
        x, y = graph.structure.places.T
        seen = np.flatnonzero((x > left) & (x < right) & (y > top) & (y < bottom))
        places = graph.structure.places[seen].tolist()
        return [
            (int(index), QRectF(x - width / 2, y - height / 2, width, height))
            for index, (x, y) in zip(seen, places, strict=True)
        ]

    def _paint_edge(self, painter: QPainter, route: Floats, visible: QRectF, scale: float, pen: QPen) -> None:
        points = [QPointF(x, y) for x, y in route.tolist()]
        path = _smooth(points)
        if not path.boundingRect().adjusted(-2, -2, 2, 2).intersects(visible):
            return
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if scale > 0.25:
            painter.setBrush(pen.color())
            painter.setPen(Qt.PenStyle.NoPen)
            tip = points[-1]
            left, right = QPointF(tip.x() - ARROW / 2, tip.y() - ARROW), QPointF(tip.x() + ARROW / 2, tip.y() - ARROW)
            painter.drawPolygon(QPolygonF([tip, left, right]))

    def _paint_node(
        self, painter: QPainter, graph: GraphSnapshot, index: int, box: QRectF, scale: float, chosen: bool
    ) -> None:
        node = graph.structure.nodes[index]
        untracked = node.op == UNTRACKED
        painter.setPen(self._chosen if chosen else self._untracked if untracked else self._border)
        painter.setBrush(QColor(self._fill(node, index)))
        radius = 22.0 if node.is_leaf else 7.0
        painter.drawRoundedRect(box, radius, radius)
        if scale < TEXT_SCALE:
            if scale > 0.16:
                self._paint_title_alone(painter, node, box, scale)
            return
        letters = lettering(scale, box.height())
        self._paint_titles(painter, node_text(node, graph.values[index], None), box, letters)

    def _fill(self, node: GraphNode, index: int) -> str:
        if node.op == UNTRACKED:
            return self._theme.base
        if node.is_leaf:
            return self._theme.leaf
        return self._theme.result if index == 0 else self._theme.operation

    def _paint_title_alone(self, painter: QPainter, node: GraphNode, box: QRectF, scale: float) -> None:
        least, largest = TITLE_ALONE
        font = QFont()
        font.setBold(True)
        font.setPixelSize(round(min(max(LEAST_PIXELS / scale, least), largest)))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text))
        title = QFontMetricsF(font).elidedText(
            node_text(node, None, None).title, Qt.TextElideMode.ElideRight, box.width()
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_titles(self, painter: QPainter, text: NodeText, box: QRectF, letters: Lettering) -> None:
        elide, left, room = Qt.TextElideMode.ElideRight, box.left() + letters.indent, box.width() - letters.indent - 8
        painter.setFont(letters.title)
        painter.setPen(QColor(self._theme.text))
        title = letters.title_metrics.elidedText(text.title, elide, room)
        painter.drawText(QPointF(left, box.top() + letters.title_line), title)
        if letters.subtitle_line is None:
            return
        painter.setFont(letters.small)
        painter.setPen(QColor(self._theme.muted))
        subtitle = letters.small_metrics.elidedText(text.subtitle, elide, room)
        painter.drawText(QPointF(left, box.top() + letters.subtitle_line), subtitle)


def _number_lines(
    value: TensorSummary | None, gradient: TensorSummary | None, has_labels: bool = True
) -> tuple[str, str]:
    """The lines of a node that change from step to step."""
    value_text = "not kept" if value is None else summary_text(value, 2)
    gradient_text = "none" if gradient is None else summary_text(gradient, 2)
    return (f"value {value_text}", f"grad  {gradient_text}") if has_labels else (value_text, gradient_text)


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


def _smooth(points: list[QPointF]) -> QPainterPath:
    """A curve through the points of a route that leaves and arrives vertically."""
    path = QPainterPath(points[0])
    for before, after in pairwise(points):
        middle = (before.y() + after.y()) / 2
        path.cubicTo(QPointF(before.x(), middle), QPointF(after.x(), middle), after)
    return path
