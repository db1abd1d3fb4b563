"""Draws the surface with OpenGL into a picture off the screen, with the depth of every pixel.

The window itself holds no OpenGL widget: it is painted by Qt alone, wherever and whenever, and a surface that
stands still costs nothing while paths grow on it. pyqtgraph's items do the drawing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees, radians, tan
from typing import Any

import numpy as np
import OpenGL
from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QColor, QImage, QMatrix4x4, QOffscreenSurface, QOpenGLContext, QVector3D
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLFramebufferObjectFormat

OpenGL.ERROR_CHECKING = False  # pyqtgraph checks the shaders; a glGetError after each call doubles a frame

import pyqtgraph.opengl as gl  # noqa: E402 - after the switch above
from OpenGL import GL  # noqa: E402
from pyqtgraph.opengl.GLViewWidget import GLViewMixin  # noqa: E402

from gradviz.core.numbers import Floats  # noqa: E402
from gradviz.views.surface.surface_geometry import SurfaceBox, mesh  # noqa: E402

SAMPLES = 4
FIELD_OF_VIEW = 45.0
"""Degrees across the shorter side; pyqtgraph counts across the width."""
LABEL_ROOM, MOST_LABEL_SHARE = 64, 0.13
"""Pixels at the left and at the right of the box for the numbers of its heights, and no more of the width than this."""
GL_FLOAT_DEPTH = 0x1902
Point3 = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class RenderedSurface:
    """A picture of the surface, the depth (rows, columns) of its pixels in 0..1, and how points map onto it."""

    image: QImage
    depth: Floats
    matrix: Floats
    ratio: float

    def project(self, points: Floats) -> Floats:
        """Points (n, 3) of the box as x and y in widget pixels, and depth in 0..1: (n, 3)."""
        height, width = self.depth.shape
        return projected(self.matrix, points, (width / self.ratio, height / self.ratio))

    def hidden(self, projected: Floats, slack: float = 2e-5) -> Any:
        """Which projected points (n, 3) lie behind the surface: (n,) of bool."""
        height, width = self.depth.shape
        column = np.clip((projected[:, 0] * self.ratio).astype(int), 0, width - 1)
        row = np.clip((projected[:, 1] * self.ratio).astype(int), 0, height - 1)
        return projected[:, 2] > self.depth[row, column] + slack


def projected(matrix: Floats, points: Floats, size: tuple[float, float]) -> Floats:
    """Points (n, 3) of the box as x and y in a picture of this size, and depth in 0..1: (n, 3)."""
    full = np.column_stack((points, np.ones(len(points)))) @ matrix.T
    seen = full[:, :3] / full[:, 3:4]
    return np.column_stack(((seen[:, 0] + 1) / 2 * size[0], (1 - seen[:, 1]) / 2 * size[1], (seen[:, 2] + 1) / 2))


class SurfaceRenderer(GLViewMixin, QObject):
    """pyqtgraph's scene without a widget: camera, surface and axes."""

    def __init__(self, parent: QObject | None = None) -> None:
        self._size, self._ratio = QSize(1, 1), 1.0
        self._context = QOpenGLContext()
        self._target = QOffscreenSurface()
        self._target.create()
        self._context.create()
        self._buffers: tuple[QOpenGLFramebufferObject, QOpenGLFramebufferObject] | None = None
        super().__init__(parent)
        self._mesh: Any = None
        self._axes = gl.GLLinePlotItem(mode="lines", width=1.0, glOptions="translucent")
        self._axes.setVisible(False)
        self.addItem(self._axes)
        self.setCameraPosition(distance=3.8, elevation=34, azimuth=-58)

    # What pyqtgraph's items ask of a widget

    def width(self) -> int:
        """Width in widget pixels."""
        return self._size.width()

    def height(self) -> int:
        """Height in widget pixels."""
        return self._size.height()

    def devicePixelRatioF(self) -> float:
        """Device pixels a widget pixel."""
        return self._ratio

    def isValid(self) -> bool:
        """Items are initialised when first rendered, not when they are added."""
        return False

    def context(self) -> QOpenGLContext:
        """The context that items are drawn in."""
        return self._context

    def update(self) -> None:
        """Items call this; the scene renders when it is told to."""

    # What the scene asks of it

    def show_box(self, box: SurfaceBox, every: int = 1) -> None:
        """Take a surface over; `every` > 1 leaves grid lines out, for a quick picture."""
        vertices, faces, colours = mesh(box, every)
        data = gl.MeshData(vertexes=vertices, faces=faces, vertexColors=colours)
        if self._mesh is None:
            self._mesh = gl.GLMeshItem(meshdata=data, smooth=True, computeNormals=False, glOptions="opaque")
            self.addItem(self._mesh)
        else:
            self._mesh.setMeshData(meshdata=data)

    def show_axes(self, lines: list[Point3], colour: str) -> None:
        """Take pairs of points over as the lines of the axes."""
        self._axes.setData(pos=np.array(lines, dtype=np.float32), color=QColor(colour).getRgbF())
        self._axes.setVisible(bool(lines))

    def matrix(self) -> QMatrix4x4:
        """Box coordinates to -1..1 on the screen."""
        viewport = self.getViewport()
        made: QMatrix4x4 = self.projectionMatrix(viewport, viewport) * self.viewMatrix()
        return made

    def matrix_array(self) -> Floats:
        """The same (4, 4), row by row."""
        return np.array(self.matrix().data()).reshape(4, 4).T

    def resize(self, size: QSize, ratio: float) -> None:
        """The size of the next picture, in widget pixels: the box is seen whole, and the numbers beside it."""
        self._size, self._ratio = QSize(max(size.width(), 2), max(size.height(), 2)), ratio
        width, height = self._size.width(), self._size.height()
        between = width - 2 * min(LABEL_ROOM, MOST_LABEL_SHARE * width)
        self.opts["fov"] = 2 * degrees(atan(tan(radians(FIELD_OF_VIEW / 2)) * max(width / height, width / between)))

    def ray(self, x: float, y: float) -> tuple[Floats, Floats] | None:
        """Origin and direction, in box coordinates, of what is seen at a widget pixel."""
        inverse, possible = self.matrix().inverted()
        if not possible:
            return None
        a, b = 2 * x / self.width() - 1, 1 - 2 * y / self.height()
        near, far = (_triple(inverse.map(QVector3D(a, b, depth))) for depth in (-1.0, 1.0))
        return near, far - near

    def render(self) -> RenderedSurface:
        """Draw now; takes about 10 ms at 600 x 600 pixels on a software renderer."""
        device = QSize(round(self.width() * self._ratio), round(self.height() * self._ratio))
        self._context.makeCurrent(self._target)
        try:
            smooth, plain = self._framebuffers(device)
            smooth.bind()
            GL.glViewport(0, 0, device.width(), device.height())
            self.initializeGL()
            self.paint(region=self.getViewport(), viewport=self.getViewport())
            bits = GL.GL_COLOR_BUFFER_BIT | GL.GL_DEPTH_BUFFER_BIT
            QOpenGLFramebufferObject.blitFramebuffer(plain, smooth, int(bits))
            plain.bind()
            depth = GL.glReadPixels(0, 0, device.width(), device.height(), GL_FLOAT_DEPTH, GL.GL_FLOAT)
            image = plain.toImage()
            plain.release()
        finally:
            self._context.doneCurrent()
        image.setDevicePixelRatio(self._ratio)
        rows = np.asarray(depth, dtype=np.float64).reshape(device.height(), device.width())[::-1]
        return RenderedSurface(image, rows, self.matrix_array(), self._ratio)

    def _framebuffers(self, size: QSize) -> tuple[QOpenGLFramebufferObject, QOpenGLFramebufferObject]:
        """One with several samples a pixel to draw into, and one to read from."""
        if self._buffers is None or self._buffers[0].size() != size:
            wanted = QOpenGLFramebufferObjectFormat()
            wanted.setAttachment(QOpenGLFramebufferObject.Attachment.CombinedDepthStencil)
            plain = QOpenGLFramebufferObject(size, wanted)
            wanted.setSamples(SAMPLES)
            self._buffers = QOpenGLFramebufferObject(size, wanted), plain
        return self._buffers


def _triple(vector: QVector3D) -> Floats:
    return np.array([vector.x(), vector.y(), vector.z()])
