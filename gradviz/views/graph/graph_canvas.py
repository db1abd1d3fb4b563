"""What is to be seen of a graph, recorded or painted onto the labels that show it.

What can be read is recorded, and a label fills the pixels without Python's lock; many small nodes are painted at once.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPicture, QPixmap

from gradviz.core.graph.measures import SHADES, Shading
from gradviz.core.numbers import short_number
from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.camera import HEAD, LEGEND, Camera
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.graph_painter import GraphPainter
from gradviz.views.graph.node_lettering import TEXT_SCALE
from gradviz.views.graph.number_painter import NumberPainter
from gradviz.views.graph.overview_painter import OverviewPainter
from gradviz.views.graph.shade_colours import shade_colours
from gradviz.views.graph.stress import Stress
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import Theme

SWATCH = 16
"""Pixels of one colour in the legend."""
OVERVIEW_NODES = 120
"""Nodes in sight, too small to be read, from which on they are painted as an overview, by arrays."""


class GraphCanvas:
    """Of one theme."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._shades = shade_colours(theme, is_behind_text=True)
        self._painter, self._overview = GraphPainter(theme), OverviewPainter(theme)
        self._numbers = NumberPainter(theme)

    def words(self, room: QRect, text: str) -> QPicture:
        """A sentence in the place of a graph."""
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.fillRect(room, QColor(self._theme.base))
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        return picture

    def paint(self, label: PictureLabel, drawing: Drawing, arrays: GraphArrays, camera: Camera, stress: Stress) -> int:
        """What stays from step to step: edges, boxes, titles. Returns how many nodes are in sight."""
        seen = camera.seen(label.rect())
        if camera.scale < TEXT_SCALE and len(arrays.nodes_in(seen)) > OVERVIEW_NODES:
            return self._paint_overview(label, drawing, arrays, camera, stress)
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.fillRect(label.rect(), QColor(self._theme.base))
            camera.place(painter)
            count = self._painter.paint(painter, drawing, arrays, seen, camera.scale, stress)
            self._numbers.paint_shapes(painter, drawing, arrays, seen, camera.scale)
        label.show_picture(picture)
        return count

    def _paint_overview(
        self, label: PictureLabel, drawing: Drawing, arrays: GraphArrays, camera: Camera, stress: Stress
    ) -> int:
        ratio = label.devicePixelRatioF()
        pixels = QPixmap(label.size() * ratio)
        pixels.fill(QColor(self._theme.base))
        zoom, origin = camera.scale * ratio, camera.offset * ratio
        with QPainter(pixels) as painter:
            count = self._overview.paint(painter, drawing, arrays, camera.seen(label.rect()), zoom, origin, stress)
        pixels.setDevicePixelRatio(ratio)
        label.show_pixels(pixels)
        return count

    def write(
        self,
        label: PictureLabel,
        drawing: Drawing,
        arrays: GraphArrays,
        camera: Camera,
        stress: Stress,
        header: str,
    ) -> None:
        """What changes from step to step: the numbers, and the header over all."""
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.save()
            camera.place(painter)
            self._numbers.paint(painter, drawing, arrays, camera.seen(label.rect()), camera.scale, stress)
            painter.restore()
            ground = QColor(self._theme.base)
            ground.setAlphaF(0.85)  # over nodes that were moved below it
            painter.fillRect(QRectF(4, 3, label.fontMetrics().horizontalAdvance(header) + 12, HEAD - 4), ground)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(10, 18, header)
            if stress.shading is not None:
                self._legend(painter, stress.shading, label.rect())
        label.show_picture(picture)

    def _legend(self, painter: QPainter, shading: Shading, room: QRect) -> None:
        """What the colours mean: the ends of the numbers, and the steps between."""
        low, high = short_number(shading.low, 3), short_number(shading.high, 3)
        metrics = painter.fontMetrics()
        texts = (f"{shading.measure}  {low}", high)
        widths = [metrics.horizontalAdvance(text) for text in texts]
        ramp = [self._shades[shade] for shade in range(SHADES)]
        left, top = 10, room.height() - int(LEGEND)
        ground = QColor(self._theme.base)
        ground.setAlphaF(0.9)
        painter.fillRect(QRectF(left - 6, top, sum(widths) + len(ramp) * SWATCH + 24, LEGEND - 4), ground)
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(left, top + 14, texts[0])
        left += widths[0] + 6
        for place, colour in enumerate(ramp):
            painter.fillRect(QRectF(left + place * SWATCH, top + 5, SWATCH, 10), colour)
        painter.drawText(left + len(ramp) * SWATCH + 6, top + 14, texts[1])
