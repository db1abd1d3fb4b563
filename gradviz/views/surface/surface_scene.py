"""The surface in three dimensions: a rendered picture, with ticks, minima and paths painted over it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPicture,
    QPixmap,
    QResizeEvent,
    QShowEvent,
    QVector3D,
    QWheelEvent,
)
from PySide6.QtWidgets import QLabel, QWidget

from gradviz.core.numbers import Floats, short_number
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import LIGHT, Theme
from gradviz.views.surface.axis_labels import TITLE, without_overlaps
from gradviz.views.surface.surface_geometry import HEIGHT, SurfaceBox, height_ticks, nice_ticks, pick
from gradviz.views.surface.surface_renderer import Point3, RenderedSurface, SurfaceRenderer

COARSE = 3
SETTLE_MS = 180
HEIGHT_SHIFT = (4.0, 3.0)
"""Pixels that the label of a height stands left of its tick, and above it."""


class SurfaceScene(QWidget):
    """Drag or arrow keys to turn, wheel to zoom, double click to start there.

    The surface is rendered only when camera, size or surface change; a growing path is painted over the picture,
    faint where it runs behind a hill. It turns coarsely and settles finely.
    """

    start_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self._renderer = SurfaceRenderer(self)
        self._renderer.opts["center"].setZ(HEIGHT * 0.32)
        self._box: SurfaceBox | None = None
        self._rendered: RenderedSurface | None = None
        self._labels: list[tuple[Point3, str, str]] = []
        self._written: list[tuple[str, QRectF]] = []
        self._paths: Sequence[Floats] = ()
        self._every = 1
        self._dragged_from: QPointF | None = None
        self._background = QLabel(self)
        self._background.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._background.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._marks = PictureLabel(self)
        self._live = PictureLabel(self)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(lambda: self._render(1))
        self.renderings = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Surface in three dimensions")

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self._renderer.setBackgroundColor(theme.base)
        self._render(1)

    def show_box(self, box: SurfaceBox) -> None:
        """Show a surface, its axes and its minima."""
        self._box = box
        self._every = 0
        self._render(1)

    def show_paths(self, paths: Sequence[Floats]) -> None:
        """Show one path (k, 2) an optimiser, in data coordinates, with a mark at its end."""
        self._paths = paths
        self._draw_paths()

    def _render(self, every: int) -> None:
        """Render anew with every `every`-th line of the grid."""
        if self._box is None or not self.isVisible():
            return
        if every != self._every:
            self._renderer.show_box(self._box, every)
            self._every = every
        self._renderer.resize(self.size(), self.devicePixelRatioF())
        self._place_axes(self._box)
        self._rendered = self._renderer.render()
        self.renderings += 1
        self._background.setPixmap(QPixmap.fromImage(self._rendered.image))
        self._draw_marks(self._rendered, self._box)
        self._draw_paths()

    def _turn(self) -> None:
        """The camera moved: a coarse picture now, a fine one when it rests."""
        self._render(COARSE)
        self._settle.start()

    # Axes

    def _place_axes(self, box: SurfaceBox) -> None:
        """Ticks along the edges of the floor that face the viewer, and up the edge at the left."""
        camera = self._renderer.cameraPosition()
        near_x, near_y = (1 if camera.x() > 0 else -1), (1 if camera.y() > 0 else -1)
        corners: list[Point3] = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
        lines = [point for pair in pairwise([*corners, corners[0]]) for point in pair]
        self._labels = []
        for x in nice_ticks(float(box.grid.x[0]), float(box.grid.x[-1])):
            a = float(box.plane(np.array(x), np.array(0.0))[0])
            lines += [(a, near_y, 0), (a, near_y * 1.05, 0)]
            self._labels.append(((a, near_y * 1.14, 0), short_number(x, 4), "x"))
        for y in nice_ticks(float(box.grid.y[0]), float(box.grid.y[-1])):
            b = float(box.plane(np.array(0.0), np.array(y))[1])
            lines += [(near_x, b, 0), (near_x * 1.05, b, 0)]
            self._labels.append(((near_x * 1.14, b, 0), short_number(y, 4), "y"))
        self._labels.append(((0, near_y * 1.38, 0), box.grid.x_label, TITLE))
        self._labels.append(((near_x * 1.44, 0, 0), box.grid.y_label, TITLE))
        self._place_height_axis(box, lines)
        self._renderer.show_axes(lines, self.theme.muted)

    def _place_height_axis(self, box: SurfaceBox, lines: list[Point3]) -> None:
        """Up the corner that is seen farthest left: the surface never stands before it."""
        matrix = self._renderer.matrix()
        corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        a, b = min(corners, key=lambda corner: matrix.map(QVector3D(corner[0], corner[1], 0)).x())
        lines += [(a, b, 0), (a, b, HEIGHT)]
        for level, text in height_ticks(box):
            z = level * HEIGHT
            lines += [(a, b, z), (a * 1.04, b * 1.04, z)]
            self._labels.append(((a * 1.04, b * 1.04, z), text, "z"))
        title = ("loss (log)" if box.lowest >= 0 else "loss, log above the lowest") if box.log_height else "loss"
        self._labels.append(((a * 1.1, b * 1.1, HEIGHT * 1.17), title, TITLE))

    # What is painted over the picture

    def _draw_marks(self, rendered: RenderedSurface, box: SurfaceBox) -> None:
        """What changes with the camera only: ticks, titles, minima."""
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_labels(painter, rendered)
            self._paint_minima(painter, rendered, box)
        self._marks.show_picture(picture)

    def _draw_paths(self) -> None:
        """What moves with the run."""
        rendered, box = self._rendered, self._box
        if rendered is None or box is None:
            return
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, path in enumerate(self._paths):
                colour = QColor(self.theme.lanes[index % len(self.theme.lanes)])
                self._paint_path(painter, rendered, box, path, colour)
        self._live.show_picture(picture)

    def _paint_labels(self, painter: QPainter, rendered: RenderedSurface) -> None:
        font = QFont(self.font())
        font.setPixelSize(11)
        metrics = QFontMetricsF(font)
        places = rendered.project(np.array([place for place, _, _ in self._labels], dtype=np.float64))
        painter.setFont(font)
        texts, axes = [text for _, text, _ in self._labels], [axis for _, _, axis in self._labels]
        rects = [
            self._place_label(metrics, text, axis, x, y)
            for text, axis, (x, y, _) in zip(texts, axes, places.tolist(), strict=True)
        ]
        written = without_overlaps(rects, axes)
        self._written = [(texts[index], rects[index]) for index in written]
        for index in written:
            painter.setPen(QColor(self.theme.text if axes[index] == TITLE else self.theme.muted))
            painter.drawText(rects[index], Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, texts[index])

    def _place_label(self, metrics: QFontMetricsF, text: str, axis: str, x: float, y: float) -> QRectF:
        """Around a point of the widget, and within it; a height to the left of it, clear of the corner below."""
        width, height = metrics.horizontalAdvance(text), metrics.capHeight() + 2
        if axis == "z":
            x, y = x - width / 2 - HEIGHT_SHIFT[0], y - HEIGHT_SHIFT[1]
        left = min(max(x - width / 2, 3.0), self.width() - width - 3.0)
        return QRectF(left, min(max(y - height / 2, 3.0), self.height() - height - 3.0), width, height)

    def _paint_minima(self, painter: QPainter, rendered: RenderedSurface, box: SurfaceBox) -> None:
        """A cross at every known minimum, faint where a hill hides it."""
        minima = np.array(box.grid.minima, dtype=np.float64).reshape(-1, 2)
        places = rendered.project(box.points(minima[box.inside(minima)], lift=0.02))
        for (x, y, _), hidden in zip(places.tolist(), rendered.hidden(places).tolist(), strict=True):
            pen = QPen(QColor(255, 255, 255, 110 if hidden else 255), 2.0)
            painter.setPen(pen)
            painter.drawLine(QPointF(x - 5, y), QPointF(x + 5, y))
            painter.drawLine(QPointF(x, y - 5), QPointF(x, y + 5))

    def _paint_path(
        self, painter: QPainter, rendered: RenderedSurface, box: SurfaceBox, path: Floats, colour: QColor
    ) -> None:
        """The parts of a path over the surface, and a mark where it stands, if that is among them."""
        inside = box.inside(path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece, is_inside in _runs(path, inside):
            if is_inside:
                places = rendered.project(box.points(piece[box.inside(piece)]))
                self._paint_piece(painter, places[:, :2], rendered.hidden(places), colour)
        if len(path) and inside[-1]:
            x, y, _ = rendered.project(box.points(path[-1:]))[0].tolist()
            painter.setPen(QPen(QColor("#ffffff"), 1.5))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x, y), 5.5, 5.5)

    @staticmethod
    def _paint_piece(painter: QPainter, places: Floats, hidden: NDArray[np.bool_], colour: QColor) -> None:
        for run, is_hidden in _runs(places, hidden):
            faint = QColor(colour)
            faint.setAlpha(90 if is_hidden else 255)
            painter.setPen(QPen(faint, 2.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(arrayToQPolygonF(run[:, 0], run[:, 1]))

    # The user

    def resizeEvent(self, event: QResizeEvent) -> None:
        area = QRectF(self.rect()).toRect()
        self._background.setGeometry(area)
        self._marks.setGeometry(area)
        self._live.setGeometry(area)
        self._render(1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._render(1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is None or not event.buttons():
            return
        moved = event.position() - self._dragged_from
        self._dragged_from = event.position()
        self._renderer.orbit(-moved.x() * 0.6, moved.y() * 0.6)
        self._turn()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged_from = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        distance = self._renderer.opts["distance"] * 0.999 ** event.angleDelta().y()
        self._renderer.opts["distance"] = min(max(distance, 1.2), 12.0)
        self._turn()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {Qt.Key.Key_Left: (-5, 0), Qt.Key.Key_Right: (5, 0), Qt.Key.Key_Up: (0, 5), Qt.Key.Key_Down: (0, -5)}
        turn = turns.get(Qt.Key(event.key()))
        if turn is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
            return
        self._renderer.orbit(*turn)
        self._turn()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.pick_at(event.position().toPoint())
        if found is not None:
            self.start_chosen.emit(*found)

    def pick_at(self, position: QPoint) -> tuple[float, float] | None:
        """x and y of the surface under a point of the widget."""
        ray = self._renderer.ray(position.x(), position.y())
        return None if self._box is None or ray is None else pick(self._box, *ray)

    def drawn(self) -> dict[str, object]:
        """The labels of the axes, how often the surface was rendered, and the rendered size."""
        size = (0, 0) if self._rendered is None else self._rendered.depth.shape
        labels = [text for text, _ in self._written]
        return {"labels": labels, "renderings": self.renderings, "size": size}


def _runs(points: Floats, flags: NDArray[np.bool_]) -> list[tuple[Floats, bool]]:
    """A polyline cut where a flag changes, each piece with its flag and reaching to the next piece."""
    cuts = [0, *(np.flatnonzero(np.diff(flags.astype(int))) + 1).tolist(), len(points)]
    return [
        (points[begin : min(end + 1, len(points))], bool(flags[begin])) for begin, end in pairwise(cuts) if end > begin
    ]
