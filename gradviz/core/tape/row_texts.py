"""The numbers of many rows of a column in short, at once: what a live picture writes anew at every step."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gradviz.core.numbers import short_number
from gradviz.core.tape.captions import brief
from gradviz.core.tape.tensor_numbers import NumberColumn

MEAN = ", mean "
LEAST_MEAN = len(MEAN) + 1
"""Letters that a mean takes at least."""

Part = tuple[int, int, int]
"""A place among the rows, where its entries begin, and how many they are."""


def row_texts(column: NumberColumn, rows: Sequence[int], room: int) -> list[str]:
    """What `brief` says of each row, a mean only where `room` letters hold it too; empty where there is nothing.

    Ranges of all rows are taken together: one by one that would be most of what a step costs.
    """
    texts, several = [""] * len(rows), []
    flat, shapes = column.flat, column.shapes
    for place, (row, start) in enumerate(zip(rows, column.starts[list(rows)].tolist(), strict=True)):
        if start == -1:
            continue
        if start < 0:
            texts[place] = brief(column.others[row])
            continue
        shape = shapes[row]
        size = math.prod(shape)
        if size > 2:
            several.append((place, start, size))
        elif not shape:
            texts[place] = short_number(flat.item(start), 6)
        else:
            texts[place] = _list_text(flat[start : start + size].tolist())
    if several:
        _write_ranges(texts, column, several, room)
    return texts


def _list_text(numbers: Sequence[float]) -> str:
    """One number in six digits, two in four."""
    digits = 6 if len(numbers) == 1 else 4
    return f"[{', '.join([short_number(number, digits) for number in numbers])}]"


def _write_ranges(texts: list[str], column: NumberColumn, parts: Sequence[Part], room: int) -> None:
    entries = np.concatenate([column.flat[start : start + size] for _, start, size in parts])
    sizes = [size for _, _, size in parts]
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    lows, highs = np.minimum.reduceat(entries, begins), np.maximum.reduceat(entries, begins)
    sums = np.add.reduceat(entries, begins)
    found = zip(parts, lows.tolist(), highs.tolist(), sums.tolist(), strict=True)
    for (place, _, size), low, high, total in found:
        texts[place] = _range_text(low, high, total / size, room)


def _range_text(low: float, high: float, mean: float, room: int) -> str:
    """As `numbers_text` writes it."""
    if low == high:
        return f"all {short_number(low, 4)}"
    ends = f"{short_number(low, 3)} … {short_number(high, 3)}"
    if len(ends) + LEAST_MEAN > room:
        return ends
    whole = f"{ends}{MEAN}{short_number(mean, 3)}"
    return whole if len(whole) <= room else ends
