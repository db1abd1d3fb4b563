"""Where a picture of a graph is looked at from, as a frozen value: zoom, pan and fit are functions of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainter

HEAD = 24.0
"""Pixels at the top that are left to the step number."""
LEGEND = 24.0
"""Pixels at the bottom of the line that says what colours mean, where there is one."""
LARGEST_FIT = 1.35
LEAST_SCALE, LARGEST_SCALE = 0.002, 6.0


@dataclass(frozen=True)
class Camera:
    """`scale` pixels of the widget a scene unit, the scene's origin at `offset`.

    `is_fitted` where all of the graph is to be seen, whatever becomes of the widget.
    """

    scale: float = 1.0
    offset: QPointF = field(default_factory=QPointF)
    is_fitted: bool = True

    def seen(self, room: QRect) -> QRectF:
        """The part of the scene that fills `room`, whose corner is the widget's."""
        end = QPointF(room.width(), room.height())
        return QRectF(-self.offset / self.scale, (end - self.offset) / self.scale)

    def place(self, painter: QPainter) -> None:
        """Let `painter` work in scene units."""
        painter.translate(self.offset)
        painter.scale(self.scale, self.scale)

    def to_scene(self, point: QPointF) -> QPointF:
        """Where a point of the widget is in the scene."""
        return (point - self.offset) / self.scale

    def zoomed(self, factor: float, about: QPointF) -> Camera:
        """Nearer by `factor`; the point `about` of the widget stays where it is."""
        scale = min(max(self.scale * factor, LEAST_SCALE), LARGEST_SCALE)
        return Camera(scale, about - self.to_scene(about) * scale, is_fitted=False)

    def moved(self, by: QPointF) -> Camera:
        """Over another part, by pixels of the widget."""
        return Camera(self.scale, self.offset + by, is_fitted=False)

    def centred(self, place: QPointF, size: QSize, scale: float | None = None) -> Camera:
        """A point of the scene in the middle of a widget of this size."""
        scale = self.scale if scale is None else scale
        return Camera(scale, QPointF(size.width() / 2, size.height() / 2) - place * scale, is_fitted=False)

    @staticmethod
    def fitting(scene: QRectF, size: QSize, foot: float = 0.0) -> Camera:
        """All of a scene in a widget of this size, below its head and above so many pixels at its foot."""
        room = max(size.height() - HEAD - foot, 1.0)
        scale = min(size.width() / scene.width(), room / scene.height(), LARGEST_FIT)
        scale = max(scale, LEAST_SCALE)
        middle = QPointF(size.width() / 2, HEAD + room / 2)
        return Camera(scale, middle - scene.center() * scale)
