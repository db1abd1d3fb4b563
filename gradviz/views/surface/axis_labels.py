"""Which labels of three axes are written, so that none stands upon another: fewer, evenly, rather than crowded."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF

APART = 3.0
"""Pixels between two labels."""
TITLE = "title"
AXES = (TITLE, "x", "y", "z")
"""Who comes first where there is too little room: seen from above, the heights have none."""


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
