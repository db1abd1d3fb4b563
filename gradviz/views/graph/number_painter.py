"""What changes in a picture of a graph from step to step: the numbers in the boxes and on the edges.

A training thread waits while it is recorded, so each number is written once, and pen and font change once for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from gradviz.core.numbers import Floats
from gradviz.core.tape.captions import arriving_text
from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.box_numbers import BoxNumbers, Form, Lines
from gradviz.views.graph.edge_labels import MARGIN, SHAPES_SCALE, Label, LabelRooms, edge_labels, shape_labels
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.node_lettering import INSET, TAG_SCALE, TEXT_SCALE, Lettering, lettering, tag_line
from gradviz.views.graph.stress import Stress
from gradviz.views.kit.theme import Theme

Placed = tuple[QPointF, str, QPen]
"""The middle of a text, and its colour."""
NEAR = np.array((0.1, 0.35))
"""How far along the first piece of its route the number of a lit edge stands: a curve begins upright."""


class NumberPainter:
    """Of one theme. What it knows of the last drawing is used again."""

    def __init__(self, theme: Theme) -> None:
        self._value, self._gradient = QPen(QColor(theme.value)), QPen(QColor(theme.gradient))
        self._muted, self._on_lit = QPen(QColor(theme.muted)), QPen(QColor(theme.base))
        self._ground, self._lit = QColor(theme.base), QColor(theme.gradient)
        self._numbers = BoxNumbers()
        self._rooms: LabelRooms | None = None
        self._rooms_of: GraphArrays | None = None

    def paint(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        scale: float,
        stress: Stress,
    ) -> None:
        """Paint value, gradient and own `.grad` of the boxes in `visible` (scene units), and what is on edges there."""
        if scale < TEXT_SCALE:
            return
        letters = lettering(scale, drawing.size[1])
        boxes = arrays.nodes_in(visible)
        form = self._form(drawing, letters, stress)
        lines = self._numbers.of(drawing, arrays.sizes, boxes.tolist(), form)
        corners = arrays.corners(boxes)
        first = self._gradient if form.is_of_gradient else self._value
        painter.setFont(letters.mono)
        for opacity, out in stress.groups(boxes):
            painter.setOpacity(opacity)
            self._paint_lines(painter, [lines[at] for at in out], corners[out], letters, first)
        if scale >= TAG_SCALE:
            self._paint_tags(painter, drawing, arrays, boxes.tolist(), lines, corners, letters, stress)
        painter.setOpacity(1.0)
        if letters.gradient_line is not None:
            self._paint_labels(painter, drawing, arrays, visible, letters, scale, stress)

    def paint_shapes(
        self, painter: QPainter, drawing: Drawing, arrays: GraphArrays, visible: QRectF, scale: float
    ) -> None:
        """Paint the shapes on the edges of vectors: they stay from step to step."""
        if scale >= SHAPES_SCALE:
            letters = lettering(scale, drawing.size[1])
            labels = shape_labels(drawing.graph, _alone(drawing, arrays, visible))
            painter.setFont(letters.derivative)
            placed = self._placed(drawing, arrays, labels, letters, visible, self._muted)
            self._write(painter, placed, letters, self._ground)

    @staticmethod
    def _form(drawing: Drawing, letters: Lettering, stress: Stress) -> Form:
        is_single = letters.gradient_line is None
        room = int((drawing.size[0] - letters.indent - INSET) / letters.digit)
        return Form(room, letters.has_labels, is_single, stress.with_gradients and is_single)

    def _paint_lines(
        self, painter: QPainter, lines: Sequence[Lines], corners: Floats, letters: Lettering, first: QPen
    ) -> None:
        """All values, then all gradients: they are of different colours."""
        write, places = painter.drawText, corners + np.array((letters.indent, letters.value_line))
        painter.setPen(first)
        for (value, _, _), (x, y) in zip(lines, places.tolist(), strict=True):
            write(QPointF(x, y), value)
        if letters.gradient_line is None:
            return
        below = letters.gradient_line - letters.value_line
        painter.setPen(self._gradient)
        for (_, gradient, _), (x, y) in zip(lines, places.tolist(), strict=True):
            if gradient:
                write(QPointF(x, y + below), gradient)

    def _paint_tags(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        boxes: Sequence[int],
        lines: Sequence[Lines],
        corners: Floats,
        letters: Lettering,
        stress: Stress,
    ) -> None:
        """At the right of the title where both have room, else of the line below, else in the card alone."""
        painter.setFont(letters.small)
        for box, (_, _, tag), (left, top) in zip(boxes, lines, corners.tolist(), strict=True):
            line = tag_line(letters, arrays.titles[box], tag, drawing.size[0]) if tag else None
            if line is None:
                continue
            painter.setOpacity(stress.of_node(box))
            painter.setPen(self._muted if tag.endswith("None") else self._gradient)
            width = letters.small_metrics.horizontalAdvance(tag)
            painter.drawText(QPointF(left + drawing.size[0] - INSET - width, top + line), tag)

    def _paint_labels(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        letters: Lettering,
        scale: float,
        stress: Stress,
    ) -> None:
        """On each edge the chain rule; that of an edge that is lit stands out, by its producer."""
        graph, ways = drawing.graph, _alone(drawing, arrays, visible)
        lit = {way: arriving_text(graph, edge) for way, edge in ways if stress.is_lit(way)}
        quiet = [(way, edge) for way, edge in ways if not lit.get(way)]
        painter.setFont(letters.derivative)
        labels = edge_labels(graph, quiet, scale, letters.derivative_digits)
        self._write(
            painter, self._placed(drawing, arrays, labels, letters, visible, self._gradient), letters, self._ground
        )
        arriving = [(_near_the_begin(drawing.routes[way]), text, self._on_lit) for way, text in lit.items() if text]
        self._write(painter, arriving, letters, self._lit)

    def _placed(
        self,
        drawing: Drawing,
        arrays: GraphArrays,
        labels: Sequence[Label],
        letters: Lettering,
        visible: QRectF,
        pen: QPen,
    ) -> Iterator[Placed]:
        """Of each label the longest text that has room."""
        if self._rooms is None or self._rooms_of is not arrays:
            self._rooms, self._rooms_of = LabelRooms(drawing, arrays), arrays
        edges, around = [label.edge for label in labels], visible.adjusted(-90, -12, 90, 12)
        rooms, centres, digit = self._rooms.of(edges), self._rooms.centres[edges], letters.derivative_digit
        for label, (left, right), (x, y) in zip(labels, rooms.tolist(), centres.tolist(), strict=True):
            room = (left + right - MARGIN) / digit
            text = next((text for text in label.texts if len(text) <= room), label.texts[-1])
            if text and around.contains(x, y):
                half = min((len(text) * digit + MARGIN) / 2, (left + right) / 2)
                aside = max(half - left, 0.0) - max(half - right, 0.0)  # where a neighbour is near
                yield QPointF(x + aside, y), text, pen

    @staticmethod
    def _write(painter: QPainter, labels: Iterable[Placed], letters: Lettering, ground: QColor) -> None:
        metrics = letters.derivative_metrics
        height, base = metrics.height() + 1, (metrics.ascent() - metrics.descent()) / 2
        for centre, text, pen in labels:
            half = metrics.horizontalAdvance(text) / 2
            painter.fillRect(QRectF(centre.x() - half - 4, centre.y() - height / 2, 2 * half + 8, height), ground)
            painter.setPen(pen)
            painter.drawText(QPointF(centre.x() - half, centre.y() + base), text)


def _alone(drawing: Drawing, arrays: GraphArrays, visible: QRectF) -> list[tuple[int, int]]:
    """The ways in sight that are one edge of the structure, each with it."""
    parts = drawing.folded.parts
    return [(way, parts[way][0]) for way in arrays.edges_in(visible).tolist() if len(parts[way]) == 1]


def _near_the_begin(route: Floats) -> QPointF:
    """A point close to the producer: what is passed goes there, and edges to one consumer are apart there."""
    return QPointF(*((1 - NEAR) * route[0] + NEAR * route[1]))
