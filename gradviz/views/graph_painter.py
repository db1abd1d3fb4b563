"""How nodes and edges of a graph are painted, at every zoom."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from gradviz.core.numbers import shape_text, summary_text
from gradviz.core.records import Floats, GraphNode, GraphSnapshot, TensorSummary
from gradviz.views.theme import Theme, mix, monospace

TEXT_SCALE = 0.42
"""Below this zoom the numbers are left out: they could not be read."""
ARROW = 7.0


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
    title = node.name or node.module or operation.removesuffix("0").removesuffix("Backward").lower()
    return NodeText(
        title,
        subtitle,
        "value  " + ("not kept" if value is None else summary_text(value, 2)),
        "grad   " + ("none" if gradient is None else summary_text(gradient, 2)),
    )


class GraphPainter:
    """Paints one snapshot. Fonts and pens are made once a theme; positions come with the snapshot."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._title = QFont()
        self._title.setPixelSize(14)
        self._title.setBold(True)
        self._small = QFont()
        self._small.setPixelSize(11)
        self._mono = monospace(9)
        self._mono.setPixelSize(12)
        self._title_metrics = QFontMetricsF(self._title)
        self._small_metrics = QFontMetricsF(self._small)
        self._mono_metrics = QFontMetricsF(self._mono)
        self._edge = QPen(QColor(mix(theme.muted, theme.base, 0.25)), 1.4)
        self._border = QPen(QColor(theme.border), 1.2)
        self._chosen = QPen(QColor(theme.accent), 2.4)

    def paint(self, painter: QPainter, graph: GraphSnapshot, visible: QRectF, scale: float, chosen: int) -> int:
        """Paint what lies in `visible` (scene units); return how many nodes were painted."""
        structure = graph.structure
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for route in structure.routes:
            self._paint_edge(painter, route, visible, scale)
        width, height = structure.size
        painted = 0
        for index, (x, y) in enumerate(structure.places.tolist()):
            box = QRectF(x - width / 2, y - height / 2, width, height)
            if box.intersects(visible):
                self._paint_node(painter, graph, index, box, scale, index == chosen)
                painted += 1
        return painted

    def _paint_edge(self, painter: QPainter, route: Floats, visible: QRectF, scale: float) -> None:
        points = [QPointF(x, y) for x, y in route.tolist()]
        path = _smooth(points)
        if not path.boundingRect().adjusted(-2, -2, 2, 2).intersects(visible):
            return
        painter.setPen(self._edge)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if scale > 0.25:
            painter.setBrush(self._edge.color())
            painter.setPen(Qt.PenStyle.NoPen)
            tip = points[-1]
            left, right = QPointF(tip.x() - ARROW / 2, tip.y() - ARROW), QPointF(tip.x() + ARROW / 2, tip.y() - ARROW)
            painter.drawPolygon(QPolygonF([tip, left, right]))

    def _paint_node(
        self, painter: QPainter, graph: GraphSnapshot, index: int, box: QRectF, scale: float, chosen: bool
    ) -> None:
        node = graph.structure.nodes[index]
        painter.setPen(self._chosen if chosen else self._border)
        painter.setBrush(QColor(self._fill(node, index)))
        radius = box.height() / 2.6 if node.is_leaf else 7.0
        painter.drawRoundedRect(box, radius, radius)
        if scale < TEXT_SCALE:
            if scale > 0.16:
                self._paint_title_alone(painter, node, box)
            return
        text = node_text(node, graph.values[index], graph.gradients[index])
        self._paint_text(painter, text, box.adjusted(12, 6, -12, -6))

    def _fill(self, node: GraphNode, index: int) -> str:
        if node.is_leaf:
            return self._theme.leaf
        return self._theme.result if index == 0 else self._theme.operation

    def _paint_title_alone(self, painter: QPainter, node: GraphNode, box: QRectF) -> None:
        font = QFont(self._title)
        font.setPixelSize(24)
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text))
        title = QFontMetricsF(font).elidedText(
            node_text(node, None, None).title, Qt.TextElideMode.ElideRight, box.width()
        )
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_text(self, painter: QPainter, text: NodeText, box: QRectF) -> None:
        elide = Qt.TextElideMode.ElideRight
        left, x, width = box.left(), box.left(), box.width()
        title = self._title_metrics.elidedText(text.title, elide, width)
        title_width = self._title_metrics.horizontalAdvance(title)
        painter.setFont(self._title)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(QPointF(left, box.top() + 13), title)
        painter.setFont(self._small)
        painter.setPen(QColor(self._theme.muted))
        room = width - title_width - 8
        subtitle = self._small_metrics.elidedText(text.subtitle, elide, max(room, 0))
        if len(subtitle) > 2:
            painter.drawText(
                QPointF(box.right() - self._small_metrics.horizontalAdvance(subtitle), box.top() + 13), subtitle
            )
        painter.setFont(self._mono)
        for line, colour, offset in ((text.value, self._theme.value, 35), (text.gradient, self._theme.gradient, 54)):
            painter.setPen(QColor(colour))
            painter.drawText(QPointF(x, box.top() + offset), self._mono_metrics.elidedText(line, elide, width))


def _smooth(points: list[QPointF]) -> QPainterPath:
    """A curve through the points of a route that leaves and arrives vertically."""
    path = QPainterPath(points[0])
    for before, after in pairwise(points):
        middle = (before.y() + after.y()) / 2
        path.cubicTo(QPointF(before.x(), middle), QPointF(after.x(), middle), after)
    return path
