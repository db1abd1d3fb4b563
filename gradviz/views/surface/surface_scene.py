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
    QWheelEvent,
)
from PySide6.QtWidgets import QLabel, QWidget

from gradviz.core.numbers import Floats
from gradviz.views.kit.lanes import LaneSign, along, lane_sign, paint_mark, paint_signs
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import LIGHT, Theme
from gradviz.views.surface.axis_labels import TITLE
from gradviz.views.surface.run_marks import Mark
from gradviz.views.surface.scene_axes import Label, SceneAxes, Sight, axes_of, labels_of
from gradviz.views.surface.surface_geometry import HEIGHT, LIFT, SurfaceBox, pick
from gradviz.views.surface.surface_renderer import RenderedSurface, SurfaceRenderer, projected

COARSE = 3
SETTLE_MS = 180


CAMERA = ("distance", "elevation", "azimuth")
NEAREST, FARTHEST = 1.2, 12.0
"""Distances of the camera."""


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
        self._labels: list[Label] = []
        self._segments: Floats = np.empty((0, 2, 2))
        self._lift: Floats = np.zeros(2)
        """What LIFT is in pixels, about: a path is painted on the surface, but seen as if it lay above it."""
        self._paths: Sequence[Floats] = ()
        self._run_marks: Sequence[Mark] = ()
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

    @property
    def camera(self) -> list[float]:
        """Distance, elevation and azimuth, the two in degrees."""
        return [float(self._renderer.opts[name]) for name in CAMERA]

    def place_camera(self, distance: float, elevation: float, azimuth: float) -> None:
        """Look from there."""
        within = min(max(distance, NEAREST), FARTHEST), min(max(elevation, -90.0), 90.0), azimuth % 360.0
        self._renderer.opts.update(zip(CAMERA, within, strict=True))
        self._render(1)

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

    def show_run(self, paths: Sequence[Floats], marks: Sequence[Mark] = ()) -> None:
        """Show one path (k, 2) an optimiser, in data coordinates, with its mark."""
        self._paths, self._run_marks = paths, marks
        self._draw_run()

    def _render(self, every: int) -> None:
        """Render anew with every `every`-th line of the grid."""
        if self._box is None or not self.isVisible():
            return
        if every != self._every:
            self._renderer.show_box(self._box, every)
            self._every = every
        self._renderer.resize(self.size(), self.devicePixelRatioF())
        matrix, camera = self._renderer.matrix_array(), self._renderer.cameraPosition()
        size = self.width(), self.height()
        axes = axes_of(self._box, (camera.x(), camera.y(), camera.z()), lambda points: projected(matrix, points, size))
        self._renderer.show_axes(axes.lines, self.theme.muted)
        self._rendered = self._renderer.render()
        self.renderings += 1
        self._background.setPixmap(QPixmap.fromImage(self._rendered.image))
        middle = self._rendered.project(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, LIFT]]))[:, :2]
        self._lift = middle[1] - middle[0]
        self._draw_marks(self._rendered, self._box, axes)
        self._draw_run()

    def _turn(self) -> None:
        """The camera moved: a coarse picture now, a fine one when it rests."""
        self._render(COARSE)
        self._settle.start()

    # What is painted over the picture

    def _draw_marks(self, rendered: RenderedSurface, box: SurfaceBox, axes: SceneAxes) -> None:
        """What changes with the camera only: ticks, titles, minima."""
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_labels(painter, rendered, axes)
            self._paint_minima(painter, rendered, box)
        self._marks.show_picture(picture)

    def _draw_run(self) -> None:
        """What moves with the run."""
        rendered, box = self._rendered, self._box
        if rendered is None or box is None:
            return
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, path in enumerate(self._paths):
                self._paint_path(painter, rendered, box, path, lane_sign(self.theme, index, len(self._paths)))
            self._paint_marks(painter, rendered, box)
        self._live.show_picture(picture)

    def _paint_labels(self, painter: QPainter, rendered: RenderedSurface, axes: SceneAxes) -> None:
        font = QFont(self.font())
        font.setPixelSize(11)
        sight = Sight(rendered.project, rendered.depth, rendered.ratio, QFontMetricsF(font))
        self._labels, self._segments = labels_of(axes, sight), sight.points(axes.lines).reshape(-1, 2, 2)
        painter.setFont(font)
        for label in self._labels:
            painter.setPen(QColor(self.theme.text if label.axis == TITLE else self.theme.muted))
            painter.drawText(label.rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, label.text)

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
        self, painter: QPainter, rendered: RenderedSurface, box: SurfaceBox, path: Floats, sign: LaneSign
    ) -> None:
        """The parts of a path over the surface."""
        inside = box.inside(path)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece, is_inside in _runs(path, inside):
            if is_inside:
                places = rendered.project(box.points(piece[box.inside(piece)]))
                self._paint_piece(painter, places[:, :2] - self._lift, rendered.hidden(places), sign)

    def _paint_marks(self, painter: QPainter, rendered: RenderedSurface, box: SurfaceBox) -> None:
        """A dot at each loss; where that is not the surface's, with a line down or up to the surface."""
        places = np.array([(mark.x, mark.y) for mark in self._run_marks]).reshape(-1, 2)
        inside = box.inside(places)
        marks = [mark for mark, is_inside in zip(self._run_marks, inside.tolist(), strict=True) if is_inside]
        if not marks:
            return
        points, tops, feet = _mark_points(box, marks, places[inside])
        pixels = rendered.project(np.concatenate((points, feet)))[:, :2].tolist()
        hidden = rendered.hidden(rendered.project(tops)).tolist()
        for mark, at, foot, is_hidden in zip(marks, pixels[: len(marks)], pixels[len(marks) :], hidden, strict=True):
            sign = lane_sign(self.theme, mark.optimizer)
            if mark.is_off:
                painter.setPen(QPen(QColor(sign.colour), 1.4, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(*at), QPointF(*foot))
            paint_mark(painter, QPointF(*at), sign, self.theme, mark.is_off, is_hidden)

    def _paint_piece(self, painter: QPainter, places: Floats, hidden: NDArray[np.bool_], sign: LaneSign) -> None:
        """A stretch of a path; in a race with its sign along what is seen of it."""
        for run, is_hidden in _runs(places, hidden):
            faint = QColor(sign.colour)
            faint.setAlpha(90 if is_hidden else 255)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(faint, 2.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(arrayToQPolygonF(run[:, 0], run[:, 1]))
            if len(self._paths) > 1 and not is_hidden:
                paint_signs(painter, along(run, sign.share), sign, self.theme.base)

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
        self._renderer.opts["distance"] = min(max(distance, NEAREST), FARTHEST)
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
        labels = [label.text for label in self._labels]
        return {"labels": labels, "renderings": self.renderings, "size": size}


def _runs(points: Floats, flags: NDArray[np.bool_]) -> list[tuple[Floats, bool]]:
    """A polyline cut where a flag changes, each piece with its flag and reaching to the next piece."""
    cuts = [0, *(np.flatnonzero(np.diff(flags.astype(int))) + 1).tolist(), len(points)]
    return [
        (points[begin : min(end + 1, len(points))], bool(flags[begin])) for begin, end in pairwise(cuts) if end > begin
    ]


def _mark_points(box: SurfaceBox, marks: Sequence[Mark], places: Floats) -> tuple[Floats, Floats, Floats]:
    """Of marks at places (n, 2): where each stands, where it is looked for, and its foot on the surface; (n, 3) each.

    Between the points of the grid the true loss lies a little under what is drawn: it is not hidden by that.
    """
    draped, lift = box.points(places), np.array([0.0, 0.0, LIFT])
    points, feet = draped - lift, draped - lift
    for row, mark in enumerate(marks):
        if mark.loss is not None:
            points[row, 2] = box.height_of(mark.loss)
        if mark.foot is not None:
            feet[row, 2] = box.height_of(mark.foot)
    tops = points + lift
    on_surface = [not mark.is_off for mark in marks]
    tops[on_surface, 2] = np.maximum(tops[on_surface, 2], draped[on_surface, 2])
    return points, tops, feet
