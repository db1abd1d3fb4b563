"""The colours of numbers: from the ground to the accent, and that of a fault for what is not finite."""

from __future__ import annotations

from PySide6.QtGui import QColor

from gradviz.core.graph.measures import NOT_FINITE, SHADES, UNKNOWN
from gradviz.views.kit.theme import Theme, mix

LEAST = 0.06
MOST_BEHIND_TEXT, MOST_ALONE = 0.42, 1.0
"""How much of the accent the largest number has: text must be read on it, unless there is none."""


def shade_colours(theme: Theme, is_behind_text: bool) -> dict[int, QColor]:
    """By shade; UNKNOWN is the ground."""
    most = MOST_BEHIND_TEXT if is_behind_text else MOST_ALONE
    shares = [LEAST + (most - LEAST) * shade / (SHADES - 1) for shade in range(SHADES)]
    colours = {shade: QColor(mix(theme.base, theme.accent, share)) for shade, share in enumerate(shares)}
    colours[UNKNOWN] = QColor(theme.base if is_behind_text else theme.border)
    colours[NOT_FINITE] = QColor(mix(theme.base, theme.fault, most))
    return colours
