"""The surface in three dimensions: pyqtgraph's OpenGL scene with axes, ticks, minima and paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import OpenGL
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMatrix4x4,
    QMouseEvent,
    QPainter,
    QVector3D,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

OpenGL.ERROR_CHECKING = False  # pyqtgraph checks the shaders; a glGetError after each call doubles a frame

import pyqtgraph.opengl as gl  # noqa: E402 - after the switch above

from gradviz.core.numbers import short_number  # noqa: E402
from gradviz.core.records import Floats  # noqa: E402
from gradviz.views.colours import colour_table  # noqa: E402
from gradviz.views.surface_geometry import HEIGHT, SurfaceBox, height_ticks, mesh, nice_ticks, pick  # noqa: E402
from gradviz.views.theme import LIGHT, Theme  # noqa: E402

Point3 = tuple[float, float, float]


class SurfaceScene(gl.GLViewWidget):  # type: ignore[misc]
    """Drag to turn, wheel to zoom, double click to start there."""

    start_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self._box: SurfaceBox | None = None
        self._labels: list[tuple[Point3, str, bool]] = []
        self._mesh: Any = None
        self._floor = gl.GLLinePlotItem(mode="lines", width=1.0, glOptions="translucent")
        self._minima = gl.GLScatterPlotItem(size=11.0, pxMode=True, glOptions="translucent")
        self._marks = gl.GLScatterPlotItem(size=11.0, pxMode=True, glOptions="translucent")
        self._paths: list[Any] = []
        for item in (self._floor, self._minima, self._marks):
            item.setVisible(False)
            self.addItem(item)
        self.setCameraPosition(distance=4.1, elevation=34, azimuth=-58)
        self.opts["center"].setZ(HEIGHT * 0.32)
        self.opts["fov"] = 45
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.frames = 0

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self.theme = theme
        self.setBackgroundColor(theme.base)
        if self._box is not None:
            self.show_box(self._box)

    def show_box(self, box: SurfaceBox) -> None:
        """Show a surface, its axes and its minima."""
        self._box = box
        vertices, faces, colours = mesh(box, colour_table())
        data = gl.MeshData(vertexes=vertices, faces=faces, vertexColors=colours)
        if self._mesh is None:
            self._mesh = gl.GLMeshItem(meshdata=data, smooth=True, computeNormals=False, glOptions="opaque")
            self.addItem(self._mesh)
        else:
            self._mesh.setMeshData(meshdata=data)
        self._show_minima(box)
        self._show_axes()
        self.update()

    def _show_minima(self, box: SurfaceBox) -> None:
        minima = np.array(box.grid.minima, dtype=np.float64).reshape(-1, 2)
        points = box.points(minima, lift=0.02)
        self._minima.setVisible(bool(len(points)))
        if len(points):
            self._minima.setData(pos=points, color=(1.0, 1.0, 1.0, 1.0))

    def show_paths(self, paths: list[Floats]) -> None:
        """Show one path (k, 2) an optimiser, in data coordinates, with a mark at its end."""
        if self._box is None:
            return
        while len(self._paths) < len(paths):
            item = gl.GLLinePlotItem(mode="line_strip", width=2.6, antialias=True, glOptions="translucent")
            self._paths.append(item)
            self.addItem(item)
        ends, colours = [], []
        for index, item in enumerate(self._paths):
            points = self._box.points(paths[index]) if index < len(paths) else np.empty((0, 3))
            colour = QColor(self.theme.lanes[index % len(self.theme.lanes)]).getRgbF()
            item.setVisible(len(points) > 1)
            if len(points) > 1:
                item.setData(pos=points.astype(np.float32), color=colour)
            if len(points):
                ends.append(points[-1])
                colours.append(colour)
        self._marks.setVisible(bool(ends))
        if ends:
            self._marks.setData(pos=np.array(ends) + np.array((0, 0, 0.01)), color=np.array(colours))
        self.update()

    def _show_axes(self) -> None:
        """Ticks along the edges of the floor that face the viewer, and up the edge at the left."""
        box = self._box
        if box is None:
            return
        near_x, near_y = self._near_sides()
        lines: list[Point3] = []
        self._labels = []
        for corner in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            lines.append((*corner, 0))
        lines = [point for a, b in zip(lines, lines[1:] + lines[:1], strict=True) for point in (a, b)]
        for x in nice_ticks(float(box.grid.x[0]), float(box.grid.x[-1])):
            a = float(box.plane(np.array(x), np.array(0.0))[0])
            lines += [(a, near_y, 0), (a, near_y * 1.05, 0)]
            self._labels.append(((a, near_y * 1.14, 0), short_number(x, 4), False))
        for y in nice_ticks(float(box.grid.y[0]), float(box.grid.y[-1])):
            b = float(box.plane(np.array(0.0), np.array(y))[1])
            lines += [(near_x, b, 0), (near_x * 1.05, b, 0)]
            self._labels.append(((near_x * 1.14, b, 0), short_number(y, 4), False))
        self._labels.append(((0, near_y * 1.36, 0), box.grid.x_label, True))
        self._labels.append(((near_x * 1.36, 0, 0), box.grid.y_label, True))
        self._add_height_axis(box, lines)
        self._floor.setData(pos=np.array(lines, dtype=np.float32), color=QColor(self.theme.muted).getRgbF())
        self._floor.setVisible(True)

    def _add_height_axis(self, box: SurfaceBox, lines: list[Point3]) -> None:
        a, b = self._left_corner()
        lines += [(a, b, 0), (a, b, HEIGHT)]
        for level, text in height_ticks(box):
            z = level * HEIGHT
            lines += [(a, b, z), (a * 1.04, b * 1.04, z)]
            self._labels.append(((a * 1.12, b * 1.12, z), text, False))
        title = "loss (log)" if box.log_height else "loss"
        self._labels.append(((a * 1.12, b * 1.12, HEIGHT * 1.16), title, True))

    def _near_sides(self) -> tuple[int, int]:
        camera = self.cameraPosition()
        return (1 if camera.x() > 0 else -1), (1 if camera.y() > 0 else -1)

    def _left_corner(self) -> tuple[int, int]:
        """The corner of the floor that is seen farthest left: the surface never stands before it."""
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        matrix = self._matrix()
        return min(corners, key=lambda corner: matrix.map(QVector3D(corner[0], corner[1], 0)).x())

    def _matrix(self) -> QMatrix4x4:
        viewport = self.getViewport()
        return self.projectionMatrix(viewport, viewport) * self.viewMatrix()

    def paintGL(self) -> None:
        super().paintGL()
        self.frames += 1
        if self._box is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
            self._paint_labels(painter)

    def _paint_labels(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(11)
        bold = QFont(font)
        bold.setBold(True)
        matrix = self._matrix()
        for place, text, is_title in self._labels:
            at = self._on_screen(matrix, place)
            painter.setFont(bold if is_title else font)
            painter.setPen(QColor(self.theme.text if is_title else self.theme.muted))
            metrics = QFontMetricsF(painter.font())
            width = metrics.horizontalAdvance(text)
            x = min(max(at.x() - width / 2, 2.0), self.width() - width - 2.0)
            painter.drawText(QPointF(x, min(max(at.y() + 4, 12.0), self.height() - 4.0)), text)

    def _on_screen(self, matrix: QMatrix4x4, place: Point3) -> QPointF:
        seen = matrix.map(QVector3D(*place))
        return QPointF((seen.x() + 1) / 2 * self.width(), (1 - seen.y()) / 2 * self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._show_axes()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.opts["distance"] = min(max(self.opts["distance"] * 0.999 ** event.angleDelta().y(), 1.2), 12.0)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {Qt.Key.Key_Left: (-5, 0), Qt.Key.Key_Right: (5, 0), Qt.Key.Key_Up: (0, 5), Qt.Key.Key_Down: (0, -5)}
        turn = turns.get(Qt.Key(event.key()))
        if turn is None:
            event.ignore()
            return
        self.orbit(*turn)
        self._show_axes()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        found = self.pick_at(event.position())
        if found is not None:
            self.start_chosen.emit(*found)

    def pick_at(self, position: QPointF) -> tuple[float, float] | None:
        """x and y of the surface under a point of the widget."""
        if self._box is None:
            return None
        inverse, possible = self._matrix().inverted()
        if not possible:
            return None
        a, b = 2 * position.x() / self.width() - 1, 1 - 2 * position.y() / self.height()
        near, far = inverse.map(QVector3D(a, b, -1)), inverse.map(QVector3D(a, b, 1))
        origin = np.array([near.x(), near.y(), near.z()])
        towards = np.array([far.x(), far.y(), far.z()]) - origin
        return pick(self._box, origin, towards)
