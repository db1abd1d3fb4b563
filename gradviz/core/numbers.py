"""How numbers are written for a person, the same everywhere."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Range = tuple[float, float]
"""The lower and the upper end."""


def short_number(value: float, digits: int = 7) -> str:
    """`value` in at most `digits` significant digits: 129, 0.014859, 4.4838e-10, nan, inf."""
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}"
    return text


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as torch writes it; a scalar is ``()``."""
    return "(" + ", ".join(str(size) for size in shape) + ")"


def element_names(name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """What the numbers of a tensor are called, in its own order: w where it is one, else w[0], w[1], or w[0, 1]."""
    if math.prod(shape) == 1:
        return (name,)
    return tuple(f"{name}[{', '.join(map(str, place))}]" for place in np.ndindex(shape))


def duration_text(seconds: float) -> str:
    """A time span to one or two units: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min."""
    if not np.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, whole = divmod(round(seconds), 60)
    if not minutes:
        return f"{whole} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole} s"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 row, 1,204 rows, 3 classes."""
    return f"1 {one}" if count == 1 else f"{count:,} {many or one + 's'}"
