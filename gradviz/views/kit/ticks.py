"""The ticks of an axis: round numbers in one notation, which differ and do not lie upon one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gradviz.core.numbers import short_number

PLAIN = (1e-3, 1e6)
"""Numbers whose largest lies between these are written without an exponent."""
PLAIN_DECADES = (-3, 4)
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NEAR = 0.01
"""A text tells its number to this share of the least distance of two."""


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most `most` + 1 round numbers (1, 2 or 5 times a power of ten apart) within [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    decimals = 1 - int(np.floor(np.log10(step)))
    return [round(float((first + k) * step), decimals) + 0.0 for k in range(count)]


def tick_texts(values: Sequence[float]) -> list[str]:
    """Round numbers in as many digits as tell them apart, all of one kind: 1000 beside 200, not 1e3."""
    if len(values) < 2:
        return [short_number(value, 5) for value in values]
    largest = max(abs(value) for value in values)
    apart = min(abs(after - before) for before, after in pairwise(values))
    least = int(np.floor(np.log10(largest or 1.0)) - np.floor(np.log10(apart or 1.0))) + 1
    for digits in range(min(max(least, 5), 16), 17):
        texts = [short_number(value, digits) for value in values]
        if all(abs(float(text) - value) <= NEAR * apart for text, value in zip(texts, values, strict=True)):
            break
    return texts


def even_texts(values: Sequence[float], spacing: float) -> list[str]:
    """Numbers that are `spacing` apart, all with the same decimals, or all with the same exponent."""
    largest = max((abs(value) for value in values), default=0.0)
    if not largest or not spacing:
        return [short_number(value, 5) for value in values]
    fine, power = math.floor(math.log10(spacing) + 1e-9), math.floor(math.log10(largest) + 1e-9)
    is_plain = PLAIN[0] <= largest < PLAIN[1] or power - fine >= abs(power)
    if is_plain:
        return [f"{value + 0.0:.{max(0, -fine)}f}" for value in values]
    return [f"{value / 10.0**power:.{max(0, power - fine)}f}e{power}" if value else "0" for value in values]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Logarithms within [low, high]: of whole decades, of 1, 2, 5 times them, or of round numbers in a narrow range."""
    decades = list(range(math.ceil(low), math.floor(high) + 1))
    if len(decades) >= 3:
        stride = math.ceil(len(decades) / most)
        return [float(decade) for decade in decades if decade % stride == 0]
    some = [decade + part for decade in range(math.floor(low), math.ceil(high)) for part in (0.0, *np.log10((2, 5)))]
    inside = [float(tick) for tick in some if low <= tick <= high]
    if len(inside) >= 3:
        return inside
    return [math.log10(value) for value in nice_ticks(10.0**low, 10.0**high, most) if value > 0]


def log_texts(ticks: Sequence[float]) -> list[str]:
    """The numbers at these logarithms, in one notation: 0.01, 1, 100; or 10⁻⁸, 10⁰; or 0.26, 0.28."""
    if not all(float(tick).is_integer() for tick in ticks):
        values = [float(f"{10.0**tick:.12g}") for tick in ticks]
        gaps = [after - before for before, after in pairwise(values)]
        is_even = len(gaps) > 1 and max(gaps) - min(gaps) < NEAR * min(gaps)
        return even_texts(values, gaps[0]) if is_even else tick_texts(values)
    lowest, highest = PLAIN_DECADES
    if all(lowest <= tick <= highest for tick in ticks):
        return [f"{10.0**tick:g}" for tick in ticks]
    return ["10" + str(int(tick)).translate(SUPERSCRIPT) for tick in ticks]


def apart(ticks: Sequence[float], least: float) -> list[float]:
    """Those that are at least so far from the one before."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= least:
            kept.append(tick)
    return kept
