"""How large a node's text is at a zoom: never smaller on the screen than can be read, and only as many lines as fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QFont, QFontMetricsF

from gradviz.views.kit.theme import monospace

WHOLE_SCALE = 0.85
"""From this zoom on a node is written as it was designed; below, the letters grow against the box."""
LABEL_SCALE = 0.66
"""Below this zoom the words "value" and "grad" are left out: colour and order tell which number is which."""
FOUR_LINES_SCALE = 0.55
"""Below this zoom the operation is left out: three lines are left."""
THREE_LINES_SCALE = 0.41
"""Below this zoom two lines are left, the name and the value in three digits."""
TEXT_SCALE = 0.29
"""Below this zoom the numbers are left out: they could not be read."""
TAG_SCALE = 0.41
"""Below this zoom what `.grad` holds is left out."""
INSET, TAG_GAP = 8.0, 6.0
"""Scene units at the right of a text, and before a tag."""
LEAST_PIXELS = 10.0
"""The height of letters on the screen below which nobody reads them."""
DERIVATIVE_PIXELS = 9.5


@dataclass(frozen=True, slots=True)
class Lettering:
    """Fonts and baselines of one zoom, in scene units from the top of the box; None is left out."""

    title: QFont
    small: QFont
    mono: QFont
    title_metrics: QFontMetricsF
    small_metrics: QFontMetricsF
    digit: float
    indent: float
    title_line: float
    subtitle_line: float | None
    value_line: float
    gradient_line: float | None
    has_labels: bool
    derivative: QFont
    derivative_metrics: QFontMetricsF
    derivative_digit: float
    derivative_digits: int


def lettering(scale: float, height: float) -> Lettering:
    """For boxes of this height in scene units."""
    if scale >= WHOLE_SCALE:
        return _made((14, 11, 12, 11), (19.0, 37.0, 58.0, 77.0), 15.0, True, 7)
    sizes = round((LEAST_PIXELS + 1) / scale), round(LEAST_PIXELS / scale), math.ceil(DERIVATIVE_PIXELS / scale)
    count = 4 if scale >= FOUR_LINES_SCALE else 3 if scale >= THREE_LINES_SCALE else 2
    pitch = (height - 8) / count
    lines = [4 + pitch * (line + 0.8) for line in range(count)]
    places = {4: (*lines,), 3: (lines[0], None, *lines[1:]), 2: (lines[0], None, lines[-1], None)}[count]
    digits = 7 if scale >= LABEL_SCALE else 3
    title = sizes[0] if count > 2 else sizes[1]
    return _made((title, sizes[1], sizes[1], sizes[2]), places, 9.0 if count > 2 else 5.0, scale >= LABEL_SCALE, digits)


def tag_line(letters: Lettering, title: str, tag: str, width: float) -> float | None:
    """The baseline of what `.grad` holds in a box of this width: that of the name where both are whole, else the next.

    None where that is left out at this zoom: the name goes first, and the card has it.
    """
    room = width - letters.indent - INSET
    is_whole = text_width(letters.title, title) + tag_room(letters, tag) <= room
    return letters.title_line if is_whole else letters.subtitle_line


def tag_room(letters: Lettering, tag: str) -> float:
    """What a tag takes of a line."""
    return letters.small_metrics.horizontalAdvance(tag) + TAG_GAP


@lru_cache(maxsize=8192)
def text_width(font: QFont, text: str) -> float:
    """In scene units: measured once for all nodes of a name."""
    return QFontMetricsF(font).horizontalAdvance(text)


@lru_cache(maxsize=32)
def _made(
    sizes: tuple[int, int, int, int], lines: tuple[float | None, ...], indent: float, has_labels: bool, digits: int
) -> Lettering:
    title, small, mono, derivative = QFont(), QFont(), monospace(9), QFont()
    for font, size in zip((title, small, mono, derivative), sizes, strict=True):
        font.setPixelSize(size)
    title.setBold(True)
    first, second, third, fourth = lines
    assert first is not None
    assert third is not None
    return Lettering(
        title,
        small,
        mono,
        QFontMetricsF(title),
        QFontMetricsF(small),
        QFontMetricsF(mono).horizontalAdvance("0"),
        indent,
        first,
        second,
        third,
        fourth,
        has_labels,
        derivative,
        QFontMetricsF(derivative),
        QFontMetricsF(derivative).horizontalAdvance("0"),
        digits,
    )
