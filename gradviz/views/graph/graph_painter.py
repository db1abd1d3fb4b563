"""How nodes and edges of a graph are painted, at every zoom."""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from gradviz.core.numbers import Floats, short_number
from gradviz.core.tape.captions import grad_tag, passed_text
from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.box_text import box_subtitle, box_text, number_lines
from gradviz.views.graph.edge_painting import paint_edges, paint_routes
from gradviz.views.graph.graph_arrays import Fill, GraphArrays
from gradviz.views.graph.node_lettering import LEAST_PIXELS, TEXT_SCALE, Lettering, lettering
from gradviz.views.graph.shade_colours import shade_colours
from gradviz.views.graph.stress import FADED, Stress
from gradviz.views.kit.theme import Theme, mix

RADIUS, LEAF_RADIUS = 7.0, 22.0
"""Of the corners of boxes."""
GROUP_INSET = 5.0
"""How far the front sheet of a closed group stands before the one behind."""
TITLE_SCALE = 0.16
"""Below this zoom boxes have no title."""
TAG_SCALE = 0.41
"""Below this zoom what `.grad` holds is left out."""
PASSED_SCALE = 0.66
"""Below this zoom edges have the local derivative alone."""
TITLE_ALONE = (28.0, 44.0)
"""The least and the largest height of a title without numbers, in scene units."""


class GraphPainter:
    """Paints one drawing. Fonts and pens are made once a theme; positions come with the drawing."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._edge = QPen(QColor(mix(theme.muted, theme.base, 0.25)), 1.4)
        self._flow = QPen(self._edge.color(), 1.4, Qt.PenStyle.DashLine)
        self._border = QPen(QColor(theme.border), 1.2)
        self._untracked = QPen(QColor(theme.muted), 1.4, Qt.PenStyle.DashLine)
        self._lines: dict[int, tuple[str, str, str]] = {}
        self._lines_of: Drawing | None = None
        self._lines_key = (False, False, 0)
        """Of what the lines are, and for which letters: panning writes the same ones again."""
        self._stressed = QPen(QColor(theme.accent), 2.0)
        self._chosen = QPen(QColor(theme.accent), 2.4)
        self._marked = QPen(QColor(theme.accent), 2.0, Qt.PenStyle.DotLine)
        self._shades = shade_colours(theme, is_behind_text=True)
        self._fills = {
            Fill.OPERATION: QColor(theme.operation),
            Fill.LEAF: QColor(theme.leaf),
            Fill.RESULT: QColor(theme.result),
            Fill.UNTRACKED: QColor(theme.base),
            Fill.GROUP: QColor(mix(theme.operation, theme.accent, 0.12)),
        }

    def paint(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        scale: float,
        stress: Stress,
    ) -> int:
        """Paint edges, boxes and titles that lie in `visible` (scene units); return how many boxes were painted."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        around = visible.adjusted(-4, -4, 4, 4)
        paint_routes(painter, drawing.flow_routes, drawing.direction, scale, self._flow)
        back, front = stress.split(stress.edges, arrays.edges_in(around))
        painter.setOpacity(FADED)
        paint_edges(painter, drawing, back, scale, self._edge)
        painter.setOpacity(1.0)
        paint_edges(painter, drawing, front, scale, self._edge if stress.edges is None else self._stressed)
        letters = lettering(scale, drawing.size[1]) if scale >= TEXT_SCALE else None
        boxes = arrays.nodes_in(around)
        for box, (left, top, width, height) in zip(boxes.tolist(), arrays.boxes(boxes).tolist(), strict=True):
            painter.setOpacity(stress.of_node(box))
            place = QRectF(left, top, width, height)
            self._paint_box(painter, Fill(int(arrays.fills[box])), place, box, stress)
            if letters is not None:
                self._paint_titles(
                    painter, drawing, arrays, box, place, letters, _tag_room(drawing, box, letters, scale)
                )
            elif scale > TITLE_SCALE:
                self._paint_title_alone(painter, arrays.titles[box], place, scale)
        painter.setOpacity(1.0)
        return len(boxes)

    def paint_numbers(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        scale: float,
        stress: Stress,
    ) -> None:
        """Paint what changes from step to step: value, gradient and own `.grad` of the nodes in `visible`."""
        if scale < TEXT_SCALE:
            return
        letters = lettering(scale, drawing.size[1])
        room = int((drawing.size[0] - letters.indent - 8) / letters.digit)
        key = letters.has_labels, letters.gradient_line is None, room
        if self._lines_of is not drawing or self._lines_key != key:
            self._lines, self._lines_of, self._lines_key = {}, drawing, key
        boxes = arrays.nodes_in(visible)
        for box, (left, top, width, _) in zip(boxes.tolist(), arrays.boxes(boxes).tolist(), strict=True):
            known = self._lines.get(box)
            if known is None:
                known = self._lines[box] = _lines_in(drawing, arrays, box, letters, room)
            painter.setOpacity(stress.of_node(box))
            self._paint_lines(painter, known, QPointF(left + letters.indent, top), letters)
            if known[2] and scale >= TAG_SCALE:
                ground = self._ground(Fill(int(arrays.fills[box])), box, stress)
                self._paint_tag(painter, known[2], QPointF(left + width - 8, top), ground, letters)
        painter.setOpacity(1.0)
        if letters.gradient_line is not None:
            self._paint_derivatives(painter, drawing, arrays, visible, letters, scale)

    def _paint_lines(self, painter: QPainter, lines: tuple[str, str, str], corner: QPointF, letters: Lettering) -> None:
        painter.setFont(letters.mono)
        painter.setPen(QPen(QColor(self._theme.value)))
        painter.drawText(corner + QPointF(0, letters.value_line), lines[0])
        if letters.gradient_line is not None:
            painter.setPen(QPen(QColor(self._theme.gradient)))
            painter.drawText(corner + QPointF(0, letters.gradient_line), lines[1])

    def _paint_tag(self, painter: QPainter, tag: str, corner: QPointF, colour: QColor, letters: Lettering) -> None:
        """At the right of the title, over its end where it is long: what `.grad` holds is not to be missed."""
        width = letters.small_metrics.horizontalAdvance(tag)
        ground = QRectF(corner.x() - width - 6, corner.y() + 5, width + 8, letters.small_metrics.height() + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRect(ground)
        painter.setFont(letters.small)
        is_none = tag.endswith("None")
        painter.setPen(QPen(QColor(self._theme.muted if is_none else self._theme.gradient)))
        painter.drawText(QPointF(corner.x() - width, corner.y() + letters.title_line), tag)

    def _paint_derivatives(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        letters: Lettering,
        scale: float,
    ) -> None:
        """On each edge the factor of the chain rule, and what it passes on."""
        painter.setFont(letters.derivative)
        metrics = letters.derivative_metrics
        ground = QColor(self._theme.base)
        for edge in arrays.edges_in(visible).tolist():
            parts = drawing.folded.parts[edge]
            text = edge_label(drawing, parts[0], scale, letters.derivative_digits) if len(parts) == 1 else ""
            if not text:
                continue
            box = QRectF(0, 0, metrics.horizontalAdvance(text) + 8, metrics.height() + 1)
            box.moveCenter(_towards_the_end(drawing.routes[edge]))
            if box.intersects(visible):
                painter.fillRect(box, ground)
                painter.setPen(QColor(self._theme.gradient))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_box(self, painter: QPainter, fill: Fill, place: QRectF, box: int, stress: Stress) -> None:
        painter.setPen(self._untracked if fill is Fill.UNTRACKED else self._border)
        painter.setBrush(self._ground(fill, box, stress))
        radius = LEAF_RADIUS if fill is Fill.LEAF else RADIUS
        if fill is Fill.GROUP:
            painter.drawRoundedRect(place.adjusted(GROUP_INSET, GROUP_INSET, 0, 0), radius, radius)
            place = place.adjusted(0, 0, -GROUP_INSET, -GROUP_INSET)
        if box == stress.chosen:
            painter.setPen(self._chosen)
        elif box in stress.marked:
            painter.setPen(self._marked)
        painter.drawRoundedRect(place, radius, radius)

    def _ground(self, fill: Fill, box: int, stress: Stress) -> QColor:
        return self._fills[fill] if stress.shading is None else self._shades[int(stress.shading.shades[box])]

    def _paint_title_alone(self, painter: QPainter, text: str, place: QRectF, scale: float) -> None:
        least, largest = TITLE_ALONE
        font = QFont()
        font.setBold(True)
        font.setPixelSize(round(min(max(LEAST_PIXELS / scale, least), largest)))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.text))
        title = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, title)

    def _paint_titles(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        box: int,
        place: QRectF,
        letters: Lettering,
        taken: float,
    ) -> None:
        left, room = place.left() + letters.indent, place.width() - letters.indent - 8
        painter.setFont(letters.title)
        painter.setPen(QColor(self._theme.text))
        title = _elided(letters.title, arrays.titles[box], room - taken)
        painter.drawText(QPointF(left, place.top() + letters.title_line), title)
        if letters.subtitle_line is None:
            return
        painter.setFont(letters.small)
        painter.setPen(QColor(self._theme.muted))
        subtitle = _elided(letters.small, box_subtitle(drawing, box), room)
        painter.drawText(QPointF(left, place.top() + letters.subtitle_line), subtitle)


def edge_label(drawing: Drawing, edge: int, scale: float, digits: int = 7) -> str:
    """What is written on an edge of the structure at a zoom: the local derivative, and where there is room what it
    passes on, with fewer digits."""
    has_room = scale >= PASSED_SCALE
    text = passed_text(drawing.graph, edge, min(digits, 4) if has_room else digits)
    return text if has_room else text.partition(" = ")[0]


@lru_cache(maxsize=8192)
def _elided(font: QFont, text: str, room: float) -> str:
    """`text` in `room` scene units: measured once for all nodes of this name."""
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)


def _tag_room(drawing: Drawing, box: int, letters: Lettering, scale: float) -> float:
    """What the tag takes of the title's line."""
    row = int(drawing.folded.rows[box])
    tag = grad_tag(drawing.graph, row) if row >= 0 and scale >= TAG_SCALE else ""
    return letters.small_metrics.horizontalAdvance(tag) + 6 if tag else 0.0


def _lines_in(drawing: Drawing, arrays: GraphArrays, box: int, letters: Lettering, room: int) -> tuple[str, str, str]:
    """The lines of a box in at most `room` characters each, and its tag."""
    if drawing.folded.rows[box] < 0:
        return box_text(drawing, box, int(arrays.sizes[drawing.folded.groups[box]])).value, "", ""
    value, gradient, tag = number_lines(drawing, box)
    if letters.has_labels:
        value, gradient = f"value {value}", f"grad  {gradient}" if gradient else ""
    if letters.gradient_line is None:
        return _cut(_shortened(value), room), "", tag
    return _cut(value, room), _cut_parts(gradient, room), tag


def _cut_parts(text: str, room: int) -> str:
    """A gradient in `room` characters: of a part and its whole both are kept, in fewer digits."""
    part, middle, whole = text.partition(" of ")
    if len(text) <= room or not middle:
        return _cut(text, room)
    each = (room - len(middle)) // 2
    shorter = f"{_cut(part, max(each, room - len(middle) - len(whole)))}{middle}{whole}"
    return shorter if len(shorter) <= room else f"{_cut(part, each)}{middle}{_cut(whole, each)}"


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
