"""A graph from afar, by arrays: 50,000 nodes in the time of a frame. Boxes and titles are copied from small pictures.

Below a few pixels a box is a filled rectangle of its colour, at least one pixel large, so that nothing vanishes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPixmap

from gradviz.core.graph.measures import NOT_FINITE, UNKNOWN, Shading
from gradviz.core.numbers import Floats
from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.batches import draw_boxes, draw_lines, draw_pieces
from gradviz.views.graph.graph_arrays import Fill, GraphArrays, Ints
from gradviz.views.graph.graph_painter import LEAF_RADIUS, RADIUS
from gradviz.views.graph.node_lettering import LEAST_PIXELS
from gradviz.views.graph.shade_colours import shade_colours
from gradviz.views.graph.stress import FADED, Stress
from gradviz.views.graph.title_atlas import TitleAtlas
from gradviz.views.kit.theme import Theme, mix

BLOCK_PIXELS = 5.0
"""Boxes lower than this are mere rectangles."""
TITLE_PIXELS = 13.0
"""Boxes higher than this have a title."""
SMOOTH_LINES = 4000
"""Lines up to which they are smoothed."""


SHADE_KEYS = NOT_FINITE - UNKNOWN + 1


class OverviewPainter:
    """Paints in pixels: `zoom` pixels a scene unit, the scene's origin at `origin`."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._line = QColor(mix(theme.muted, theme.base, 0.25))
        fills = {
            Fill.OPERATION: theme.operation,
            Fill.LEAF: theme.leaf,
            Fill.RESULT: theme.result,
            Fill.UNTRACKED: theme.base,
            Fill.GROUP: mix(theme.operation, theme.accent, 0.24),
        }
        self._fills = {kind: QColor(colour) for kind, colour in fills.items()}
        # What is only pixels large needs contrast of its own: there is no border.
        self._blocks = {
            Fill.OPERATION: QColor(mix(theme.muted, theme.base, 0.15)),
            Fill.LEAF: QColor(mix(theme.value, theme.base, 0.25)),
            Fill.RESULT: QColor(theme.accent),
            Fill.UNTRACKED: QColor(theme.border),
            Fill.GROUP: QColor(mix(theme.muted, theme.accent, 0.5)),
        }
        self._shades, self._alone = (
            shade_colours(theme, is_behind_text=True),
            shade_colours(theme, is_behind_text=False),
        )
        self._atlas: TitleAtlas | None = None
        self._atlas_key: tuple[int, int] = (0, 0)

    def paint(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        visible: QRectF,
        zoom: float,
        origin: QPointF,
        stress: Stress,
    ) -> int:
        """Paint what lies in `visible` (scene units); return how many nodes were painted."""
        shift = np.array([origin.x(), origin.y()])
        segments = arrays.segments_in(visible)
        self._paint_lines(painter, arrays, segments, zoom, shift, stress)
        nodes = arrays.nodes_in(visible)
        faded, strong = stress.split(stress.nodes, nodes)
        for part, opacity in ((faded, FADED), (strong, 1.0)):
            painter.setOpacity(opacity)
            self._paint_nodes(painter, drawing, arrays, part, zoom, shift, stress.shading)
        painter.setOpacity(1.0)
        if stress.chosen in nodes:
            self._frame(painter, arrays, stress.chosen, zoom, shift)
        return len(nodes)

    def _paint_lines(
        self, painter: QPainter, arrays: GraphArrays, segments: Ints, zoom: float, shift: Floats, stress: Stress
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(segments) <= SMOOTH_LINES)
        faded, strong = stress.split(stress.edges, segments, arrays.edge_of)
        for part, opacity in ((faded, FADED), (strong, 1.0)):
            painter.setOpacity(opacity)
            colour = QColor(self._theme.accent) if opacity == 1.0 and stress.edges is not None else self._line
            painter.setPen(QPen(colour, max(1.0, 1.4 * zoom)))
            draw_lines(painter, arrays.segments[part] * zoom + np.tile(shift, 2))

    def _paint_nodes(
        self,
        painter: QPainter,
        drawing: Drawing,
        arrays: GraphArrays,
        nodes: Ints,
        zoom: float,
        shift: Floats,
        shading: Shading | None,
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        width, height = drawing.size[0] * zoom, drawing.size[1] * zoom
        boxes = arrays.boxes(nodes) * zoom
        boxes[:, :2] += shift
        looks = list(self._looks(arrays.fills[nodes], None if shading is None else shading.shades[nodes], height))
        if height < BLOCK_PIXELS:
            painter.setPen(Qt.PenStyle.NoPen)
            boxes[:, 2:] = np.maximum(boxes[:, 2:], 1.0)
            for here, _, colour in looks:
                painter.setBrush(colour)
                draw_boxes(painter, boxes[here])
            return
        centres = np.round(boxes[:, :2] + boxes[:, 2:] / 2)
        for here, kind, colour in looks:
            sprite = self._sprite(kind, colour, width, height, zoom)
            whole = np.tile([0.0, 0.0, sprite.width(), sprite.height()], (len(here), 1))
            draw_pieces(painter, sprite, centres[here], whole)
        if height >= TITLE_PIXELS:
            self._paint_titles(painter, arrays, nodes, centres, width, zoom)

    def _looks(self, kinds: Ints, shades: Ints | None, height: float) -> Iterator[tuple[Ints, Fill, QColor]]:
        """Which boxes look alike: their kind and colour."""
        is_block = height < BLOCK_PIXELS
        keys = kinds if shades is None else kinds * SHADE_KEYS + shades - UNKNOWN
        for key in np.unique(keys).tolist():
            kind, shade = (key, 0) if shades is None else divmod(key, SHADE_KEYS)
            own = (self._blocks if is_block else self._fills)[Fill(kind)]
            ramp = self._alone if is_block else self._shades
            yield np.flatnonzero(keys == key), Fill(kind), own if shades is None else ramp[shade + UNKNOWN]

    def _sprite(self, kind: Fill, colour: QColor, width: float, height: float, zoom: float) -> QPixmap:
        sprite = QPixmap(int(width) + 2, int(height) + 2)
        sprite.fill(Qt.GlobalColor.transparent)
        radius = (LEAF_RADIUS if kind is Fill.LEAF else RADIUS) * zoom
        with QPainter(sprite) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            is_dashed = kind is Fill.UNTRACKED
            style = Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(self._theme.muted if is_dashed else self._theme.border), 1.0, style))
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(0.5, 0.5, int(width), int(height)), radius, radius)
        return sprite

    def _paint_titles(
        self, painter: QPainter, arrays: GraphArrays, nodes: Ints, centres: Floats, width: float, zoom: float
    ) -> None:
        pixels = round(min(max(LEAST_PIXELS, 28.0 * zoom), 44.0 * zoom))
        key = (pixels, int(width) - 4)
        if self._atlas is None or self._atlas_key != key:
            font = QFont()
            font.setBold(True)
            font.setPixelSize(max(1, pixels))
            self._atlas, self._atlas_key = TitleAtlas(font, QColor(self._theme.text), width - 4), key
        sources = self._atlas.sources([arrays.titles[index] for index in nodes.tolist()])
        draw_pieces(painter, self._atlas.picture, centres, sources)

    def _frame(self, painter: QPainter, arrays: GraphArrays, node: int, zoom: float, shift: Floats) -> None:
        left, top, width, height = (arrays.boxes(np.array([node]))[0] * zoom).tolist()
        painter.setPen(QPen(QColor(self._theme.accent), 2.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left + shift[0], top + shift[1], max(width, 6.0), max(height, 6.0)))
