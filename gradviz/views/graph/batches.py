"""Many lines, boxes or pieces of a picture in one call of QPainter, from numpy's own memory.

A Python object each would take longer than filling the pixels. The arrays are float64, C-contiguous, and alive until
the call returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter, QPixmap
from shiboken6 import wrapInstance

from gradviz.core.numbers import Floats


def draw_lines(painter: QPainter, lines: Floats) -> None:
    """(n, 4): x and y of both ends."""
    _drawn(painter.drawLines, lines, QLineF)


def draw_boxes(painter: QPainter, boxes: Floats) -> None:
    """(n, 4): left, top, width, height."""
    _drawn(painter.drawRects, boxes, QRectF)


def draw_pieces(painter: QPainter, picture: QPixmap, centres: Floats, sources: Floats) -> None:
    """Pieces of `picture`, `sources` (n, 4) in its pixels, unscaled about `centres` (n, 2)."""
    if not len(centres):
        return
    fragments = np.ones((len(centres), 10))  # x, y, source, scale, rotation, opacity
    fragments[:, :2], fragments[:, 2:6], fragments[:, 8] = centres, sources, 0.0
    first: Any = wrapInstance(fragments.ctypes.data, QPainter.PixmapFragment)
    painter.drawPixmapFragments(first, len(fragments), picture)


def _drawn(draw: Any, rows: Floats, primitive: type) -> None:
    if len(rows):
        held = np.ascontiguousarray(rows, dtype=np.float64)
        draw(wrapInstance(held.ctypes.data, primitive), len(held))
