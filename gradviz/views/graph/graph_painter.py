"""How what stays from step to step is painted, at every zoom: edges, boxes and titles."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.box_text import box_tag
from gradviz.views.graph.edge_painting import paint_edges, paint_routes
from gradviz.views.graph.graph_arrays import Fill, GraphArrays, Ints
from gradviz.views.graph.node_lettering import (
    INSET,
    LEAST_PIXELS,
    TEXT_SCALE,
    Lettering,
    lettering,
    tag_line,
    tag_room,
    text_width,
)
from gradviz.views.graph.shade_colours import shade_colours
from gradviz.views.graph.stress import FADED, Stress
from gradviz.views.kit.theme import Theme, mix

RADIUS, LEAF_RADIUS = 7.0, 22.0
"""Of the corners of boxes."""
GROUP_INSET = 5.0
"""How far the front sheet of a closed group stands before the one behind."""
TITLE_SCALE = 0.16
"""Below this zoom boxes have no title."""
TITLE_ALONE = (28.0, 44.0)
"""The least and the largest height of a title without numbers, in scene units."""

SMALLER, OVERHANG = 0.82, 9.0
"""The part of the usual size that a long title has; scene units that one without numbers may hang over at each side."""


class GraphPainter:
    """Paints one drawing. Fonts and pens are made once a theme; positions come with the drawing."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._edge = QPen(QColor(mix(theme.muted, theme.base, 0.25)), 1.4)
        self._flow = QPen(self._edge.color(), 1.4, Qt.PenStyle.DashLine)
        self._border = QPen(QColor(theme.border), 1.2)
        self._untracked = QPen(QColor(theme.muted), 1.4, Qt.PenStyle.DashLine)
        self._stressed = QPen(QColor(theme.accent), 2.0)
        self._chosen = QPen(QColor(theme.accent), 2.4)
        self._marked = QPen(QColor(theme.accent), 2.0, Qt.PenStyle.DotLine)
        self._refused = QPen(QColor(theme.fault), 4.0)
        self._lit, self._at_work = QPen(QColor(theme.gradient), 2.6), QPen(QColor(theme.gradient), 3.0)
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
        is_walked = stress.lit is not None
        paint_edges(painter, drawing, front, scale, self._edge if stress.edges is None or is_walked else self._stressed)
        if stress.lit is not None:
            paint_edges(painter, drawing, stress.split(stress.lit, arrays.edges_in(around))[1], scale, self._lit)
        boxes = arrays.nodes_in(around)
        for opacity, out in stress.groups(boxes):
            painter.setOpacity(opacity)
            self._paint_nodes(painter, drawing, arrays, boxes[out], scale, stress)
        painter.setOpacity(1.0)
        return len(boxes)

    def _paint_nodes(
        self, painter: QPainter, drawing: Drawing, arrays: GraphArrays, boxes: Ints, scale: float, stress: Stress
    ) -> None:
        """First all boxes, then all that is written in one font, so that the painter changes it once."""
        for box, place in zip(boxes.tolist(), arrays.boxes(boxes).tolist(), strict=True):
            self._paint_box(painter, Fill(int(arrays.fills[box])), QRectF(*place), box, stress)
        if scale >= TEXT_SCALE:
            self._paint_titles(painter, drawing, arrays, boxes, lettering(scale, drawing.size[1]))
        elif scale > TITLE_SCALE:
            self._paint_titles_alone(painter, arrays, boxes, scale)

    def _paint_box(self, painter: QPainter, fill: Fill, place: QRectF, box: int, stress: Stress) -> None:
        painter.setPen(self._untracked if fill is Fill.UNTRACKED else self._border)
        painter.setBrush(self._ground(fill, box, stress))
        radius = LEAF_RADIUS if fill is Fill.LEAF else RADIUS
        if fill is Fill.GROUP:
            painter.drawRoundedRect(place.adjusted(GROUP_INSET, GROUP_INSET, 0, 0), radius, radius)
            place = place.adjusted(0, 0, -GROUP_INSET, -GROUP_INSET)
        if box == stress.at:
            painter.setPen(self._refused if stress.is_refused else self._at_work)
        elif box == stress.chosen:
            painter.setPen(self._chosen)
        elif box in stress.marked:
            painter.setPen(self._marked)
        painter.drawRoundedRect(place, radius, radius)

    def _ground(self, fill: Fill, box: int, stress: Stress) -> QColor:
        return self._fills[fill] if stress.shading is None else self._shades[int(stress.shading.shades[box])]

    def _paint_titles_alone(self, painter: QPainter, arrays: GraphArrays, boxes: Ints, scale: float) -> None:
        least, largest = TITLE_ALONE
        size = min(max(LEAST_PIXELS / scale, least), largest)
        fonts = [_bold(round(size)), _bold(round(SMALLER * size))]
        painter.setPen(QColor(self._theme.text))
        for box, (left, top, width, height) in zip(boxes.tolist(), arrays.boxes(boxes).tolist(), strict=True):
            title, room = arrays.titles[box], width + 2 * OVERHANG
            font = fonts[text_width(fonts[0], title) > room]
            painter.setFont(font)
            place = QRectF(left - OVERHANG, top, room, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, _elided(font, title, room))

    def _paint_titles(
        self, painter: QPainter, drawing: Drawing, arrays: GraphArrays, boxes: Ints, letters: Lettering
    ) -> None:
        """The names, whole where they have room at all, and below the operations in what a tag leaves them."""
        room, line = drawing.size[0] - letters.indent - INSET, letters.subtitle_line
        places = arrays.corners(boxes).tolist()
        painter.setFont(letters.title)
        painter.setPen(QColor(self._theme.text))
        long: list[tuple[QPointF, str]] = []
        for box, (left, top) in zip(boxes.tolist(), places, strict=True):
            title, place = arrays.titles[box], QPointF(left + letters.indent, top + letters.title_line)
            if text_width(letters.title, title) <= room:
                painter.drawText(place, title)
            else:
                long.append((place, title))
        smaller = _bold(round(SMALLER * letters.title.pixelSize()))
        painter.setFont(smaller)
        for place, title in long:
            painter.drawText(place, _elided(smaller, title, room))
        if line is None:
            return
        painter.setFont(letters.small)
        painter.setPen(QColor(self._theme.muted))
        for box, (left, top) in zip(boxes.tolist(), places, strict=True):
            left_over = room - _tag_taken(drawing, arrays, box, letters)
            subtitle = _elided(letters.small, arrays.subtitle(drawing, box), left_over, in_middle=True)
            painter.drawText(QPointF(left + letters.indent, top + line), subtitle)


@lru_cache(maxsize=64)
def _bold(pixels: int) -> QFont:
    font = QFont()
    font.setBold(True)
    font.setPixelSize(pixels)
    return font


@lru_cache(maxsize=8192)
def _elided(font: QFont, text: str, room: float, in_middle: bool = False) -> str:
    """`text` in `room` scene units, a shape at its end whole if `in_middle`: measured once for all nodes of a name."""
    mode = Qt.TextElideMode.ElideMiddle if in_middle else Qt.TextElideMode.ElideRight
    return QFontMetricsF(font).elidedText(text, mode, room)


def _tag_taken(drawing: Drawing, arrays: GraphArrays, box: int, letters: Lettering) -> float:
    """What the tag takes of the line below the title."""
    tag = box_tag(drawing, box)
    if not tag or tag_line(letters, arrays.titles[box], tag, drawing.size[0]) != letters.subtitle_line:
        return 0.0
    return tag_room(letters, tag)
