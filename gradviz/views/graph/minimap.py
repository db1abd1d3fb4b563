"""The whole graph in a corner, with a frame around what is seen of it: press and drag to go elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from gradviz.core.tape.drawing import Drawing
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.overview_painter import OverviewPainter
from gradviz.views.graph.stress import Stress
from gradviz.views.kit.theme import Theme

MOST = QSize(190, 130)
INSET = 5


class Minimap(QWidget):
    """Its picture is painted once a structure; the frame moves over it."""

    wanted = Signal(QPointF)
    """A point of the scene that is to be in the middle."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture = QPixmap()
        self._scene = QRectF()
        self._seen = QRectF()
        self.setAccessibleName("Overview of the graph")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_drawing(self, drawing: Drawing, arrays: GraphArrays, scene: QRectF, theme: Theme) -> None:
        """A picture of all of it, as large as fits."""
        self._theme, self._scene = theme, scene
        scale = self._scale_for(MOST)
        self.setFixedSize(int(scene.width() * scale) + 2 * INSET, int(scene.height() * scale) + 2 * INSET)
        ratio = self.devicePixelRatioF()
        self._picture = QPixmap(self.size() * ratio)
        self._picture.fill(QColor(theme.panel))
        origin = (QPointF(INSET, INSET) - scene.topLeft() * scale) * ratio
        with QPainter(self._picture) as painter:
            OverviewPainter(theme).paint(painter, drawing, arrays, scene, scale * ratio, origin, Stress())
        self._picture.setDevicePixelRatio(ratio)
        self.update()

    def show_seen(self, seen: QRectF) -> None:
        """Frame this part of the scene."""
        self._seen = seen
        self.update()

    def _scale_for(self, room: QSize) -> float:
        return min(room.width() / max(self._scene.width(), 1.0), room.height() / max(self._scene.height(), 1.0))

    def _scale(self) -> float:
        return (self.width() - 2 * INSET) / max(self._scene.width(), 1.0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        scale = self._scale()
        origin = QPointF(INSET, INSET)
        frame = QRectF((self._seen.topLeft() - self._scene.topLeft()) * scale + origin, self._seen.size() * scale)
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._picture)
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
            painter.setPen(QPen(QColor(self._theme.accent), 1.6))
            painter.drawRect(frame.intersected(QRectF(self.rect()).adjusted(1, 1, -2, -2)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons():
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        self.wanted.emit(self._scene.topLeft() + (at - QPointF(INSET, INSET)) / max(self._scale(), 1e-9))
