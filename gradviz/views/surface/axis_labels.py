"""Where the labels of three axes stand, and which are written: none upon another, a tick, an axis, or the surface."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from gradviz.core.numbers import Floats

APART = 3.0
"""Pixels between two labels, and between a label and its tick."""
TITLE = "title"
AXES = (TITLE, "x", "y", "z")
"""Who comes first where there is too little room: seen from above, the heights have none."""
Size = tuple[float, float]


def outward(edge: Floats, middle: Floats) -> Floats:
    """The direction (2,) in pixels at right angles to an axis (2, 2), away from a point; 0 where it is seen end on."""
    along = edge[1] - edge[0]
    length = float(np.hypot(*along))
    if length < 1.0:
        return np.zeros(2)
    normal = np.array([along[1], -along[0]]) / length
    away = edge.mean(axis=0) - middle
    return normal if normal @ away >= 0 else -normal


def beside(end: Floats, direction: Floats, size: Size, room: float = APART) -> QRectF:
    """A label of `size` that begins `room` beyond the end of its tick: it lies on one side of the line through that
    end at right angles to `direction`, tick and axis on the other."""
    width, height = size
    reach = abs(direction[0]) * width / 2 + abs(direction[1]) * height / 2 + room
    x, y = (end + direction * reach).tolist()
    return QRectF(x - width / 2, y - height / 2, width, height)


def within(rect: QRectF, width: float, height: float) -> QRectF:
    """The label moved into a widget of this size."""
    left = min(max(rect.left(), APART), width - rect.width() - APART)
    top = min(max(rect.top(), APART), height - rect.height() - APART)
    return QRectF(left, top, rect.width(), rect.height())


def is_struck(rect: QRectF, segments: Floats) -> bool:
    """Whether a line of (n, 2, 2) goes through a label."""
    low, high = np.array([rect.left(), rect.top()]), np.array([rect.right(), rect.bottom()])
    begin, along = segments[:, 0], segments[:, 1] - segments[:, 0]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        first, second = (low - begin) / along, (high - begin) / along
    is_still = along == 0
    is_between = (begin >= low) & (begin <= high)
    enters = np.where(is_still, np.where(is_between, -np.inf, np.inf), np.minimum(first, second)).max(axis=1)
    leaves = np.where(is_still, np.where(is_between, np.inf, -np.inf), np.maximum(first, second)).min(axis=1)
    return bool(((enters <= leaves) & (leaves >= 0) & (enters <= 1)).any())


def covered(rect: QRectF, depth: Floats, ratio: float) -> float:
    """The share of a label that lies upon something that was rendered."""
    rows = slice(max(int(rect.top() * ratio), 0), max(int(rect.bottom() * ratio), 0) + 1)
    columns = slice(max(int(rect.left() * ratio), 0), max(int(rect.right() * ratio), 0) + 1)
    part: NDArray[np.bool_] = depth[rows, columns] < 1.0
    return float(part.mean()) if part.size else 0.0


def without_overlaps(rects: Sequence[QRectF], axes: Sequence[str]) -> list[int]:
    """The indices of the labels to write, ascending; `axes` says of each whose tick it is, or that it is a title."""
    taken: list[QRectF] = []
    chosen: list[int] = []
    for axis in AXES:
        own = [index for index, other in enumerate(axes) if other == axis]
        kept = [index for index in _thinned(rects, own, axis) if not _meets(rects[index], taken)]
        if axis == TITLE or len(kept) > 1 or len(own) == 1:  # one number of several tells no scale
            chosen += kept
            taken += [_padded(rects[index]) for index in kept]
    return sorted(chosen)


def _thinned(rects: Sequence[QRectF], own: list[int], axis: str) -> list[int]:
    """Every one, every second, every third ... tick of an axis, until they are apart; of titles the first ones."""
    if axis == TITLE:
        return [index for k, index in enumerate(own) if not _meets(rects[index], [rects[other] for other in own[:k]])]
    for stride in range(1, len(own)):
        kept = own[::stride]
        if not any(_meets(rects[index], [_padded(rects[other]) for other in kept[:k]]) for k, index in enumerate(kept)):
            return kept
    return own[:1]


def _padded(rect: QRectF) -> QRectF:
    return rect.adjusted(-APART, -APART, APART, APART)


def _meets(rect: QRectF, others: Sequence[QRectF]) -> bool:
    return any(rect.intersects(other) for other in others)
