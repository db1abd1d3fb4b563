"""A tensor as a heat map: colours around 0, with NaN, infinities and what is beyond the colours marked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats, short_number
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.core.words import SILENCE, Words, say

MOST_CELLS = 128
"""Cells along a side of a map of entries."""
MOST_BLOCKS = 32
"""Cells along a side that are kept of a tensor whose entries are not."""
CLIPPED_SHARE, CLIPPED_RATIO = 0.98, 3.0
"""The colours reach no further than this ratio of where this share of the sizes lies."""
MIDDLE = 120
"""The place of 0 among the colours: below it negative numbers, above it positive ones, up to twice as far."""
NEGATIVE, POSITIVE = (47, 125, 225), (232, 113, 10)


class Mark(IntEnum):
    """What a cell is that is no colour of a number; its place among the colours."""

    NAN = 250
    INFINITE = 251
    MINUS_INFINITE = 252
    HIGH = 253
    LOW = 254


MARKED = {
    Mark.NAN: (214, 51, 214),
    Mark.INFINITE: (240, 196, 0),
    Mark.MINUS_INFINITE: (0, 168, 150),
    Mark.HIGH: (198, 0, 57),
    Mark.LOW: (104, 58, 214),
}


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A tensor of any `shape` as rows and columns: the axes that run `down` and `across`, the last of each fastest.

    More than two axes are tiles. A cell is `block` entries (down, across), fewer at the ends.
    """

    shape: tuple[int, ...]
    down: tuple[int, ...]
    across: tuple[int, ...]
    block: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of entries."""
        return math.prod(self.shape[axis] for axis in self.down), math.prod(self.shape[axis] for axis in self.across)

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        (rows, columns), (down, across) = self.size, self.block
        return -(-rows // down), -(-columns // across)

    @property
    def tile(self) -> tuple[int, int] | None:
        """Cells of one tile; None where there is but one, or where blocks blur them."""
        if len(self.shape) < 3 or self.block != (1, 1):
            return None
        return self.shape[-2], self.shape[-1]

    def index(self, row: int, column: int) -> tuple[int, ...]:
        """The index in the tensor of an entry by its row and column."""
        places = [0] * len(self.shape)
        for axes, rest in ((self.down, row), (self.across, column)):
            for axis, place in zip(axes, np.unravel_index(rest, [self.shape[axis] for axis in axes]), strict=True):
                places[axis] = int(place)
        return tuple(places)


def arrangement(shape: tuple[int, ...], most: int) -> Arrangement:
    """Rows and columns of at most `most` cells: the last two axes, then each other one where there is less."""
    down: tuple[int, ...] = ()
    across: tuple[int, ...] = ()
    rows = columns = 1
    for axis in reversed(range(len(shape))):
        if axis == len(shape) - 1 or (axis != len(shape) - 2 and columns < rows):
            across, columns = (axis, *across), columns * shape[axis]
        else:
            down, rows = (axis, *down), rows * shape[axis]
    return Arrangement(shape, down, across, (max(-(-rows // most), 1), max(-(-columns // most), 1)))


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """`cells` (rows, columns) are numbers, or means of blocks; `places` (uint8) their colours in TABLE.

    Colours reach from -`limit` to `limit`. Of complex numbers the absolute value is shown.
    """

    arrangement: Arrangement
    cells: Floats
    places: NDArray[np.uint8]
    limit: float
    is_absolute: bool = False

    @property
    def colours(self) -> NDArray[np.uint8]:
        """RGBA (rows, columns, 4), of which 0 is transparent, so that it goes with a light and a dark ground."""
        found: NDArray[np.uint8] = TABLE[self.places]
        return found

    def marks(self) -> dict[Mark, int]:
        """The marks that there are, and how many cells have each."""
        counts = np.bincount(self.places.reshape(-1), minlength=256)
        return {mark: int(counts[mark]) for mark in Mark if counts[mark]}

    @property
    def note(self) -> Words:
        """That cells are blocks, where they are."""
        down, across = self.arrangement.block
        if down * across == 1:
            return SILENCE
        return say("each cell is the mean of {down} × {across} entries", down=down, across=across)

    def cell_words(self, row: int, column: int) -> Words:
        """Index and value of a cell; of a block its first and last index, and the mean."""
        (down, across), (rows, columns) = self.arrangement.block, self.arrangement.size
        first = _index(self.arrangement.index(row * down, column * across))
        value = short_number(float(self.cells[row, column]), 6)
        if down * across == 1:
            return say("{index}  {value}", index=first, value=value)
        last = self.arrangement.index(min((row + 1) * down, rows) - 1, min((column + 1) * across, columns) - 1)
        return say("{first} … {last}  mean {value}", first=first, last=_index(last), value=value)


def heat_map(numbers: TensorNumbers) -> HeatMap | None:
    """The map of a tensor; None of a single number, of none, and where nothing but a range is known."""
    shown = numbers.entries if numbers.entries is not None else numbers.blocks
    if shown is None or math.prod(numbers.shape) < 2:
        return None
    if numbers.entries is None:
        plan, cells = arrangement(numbers.shape, MOST_BLOCKS), np.asarray(shown, dtype=np.float64)
    else:
        plan = arrangement(numbers.shape, MOST_CELLS)
        sizes = np.abs(shown) if np.iscomplexobj(shown) else shown
        cells = _means(sizes.transpose((*plan.down, *plan.across)).reshape(plan.size), plan.block)
    limit = colour_limit(cells)
    return HeatMap(plan, cells, _places(cells, limit), limit, "complex" in numbers.dtype)


def colour_limit(cells: Floats) -> float:
    """How far the colours reach: to the largest finite size, unless a few lie far beyond all others."""
    sizes = np.abs(cells[np.isfinite(cells)])
    if not sizes.size:
        return 1.0
    most, usual = float(sizes.max()), float(np.quantile(sizes, CLIPPED_SHARE, method="lower"))
    if 0 < CLIPPED_RATIO * usual < most:
        return float(sizes[sizes <= CLIPPED_RATIO * usual].max())
    return most or 1.0


def mark_words(mark: Mark, limit: float) -> Words:
    """What a mark stands for."""
    end = short_number(limit, 3)
    return {
        Mark.NAN: say("NaN"),
        Mark.INFINITE: say("inf"),
        Mark.MINUS_INFINITE: say("-inf"),
        Mark.HIGH: say("above {end}", end=end),
        Mark.LOW: say("below -{end}", end=end),
    }[mark]


def _means(entries: Floats, block: tuple[int, int]) -> Floats:
    """Means of blocks; of one that has a NaN or an infinity that, so that none is lost."""
    if block == (1, 1):
        return entries
    with np.errstate(all="ignore"):
        for axis, length in enumerate(block):
            starts = np.arange(0, entries.shape[axis], length)
            counts = np.diff(np.append(starts, entries.shape[axis]))
            sums = np.add.reduceat(entries, starts, axis=axis)
            entries = sums / (counts[:, None] if axis == 0 else counts)
    return entries


def _places(cells: Floats, limit: float) -> NDArray[np.uint8]:
    with np.errstate(all="ignore"):
        share = np.nan_to_num(np.clip(cells / limit, -1.0, 1.0))
    places = np.asarray(np.rint(MIDDLE * (1.0 + share)), dtype=np.uint8)
    places[cells > limit] = Mark.HIGH
    places[cells < -limit] = Mark.LOW
    places[cells == np.inf] = Mark.INFINITE
    places[cells == -np.inf] = Mark.MINUS_INFINITE
    places[np.isnan(cells)] = Mark.NAN
    return places


def _table() -> NDArray[np.uint8]:
    """256 colours (256, 4): sizes are opacity, so that 0 is whatever is behind."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for place in range(2 * MIDDLE + 1):
        size = abs(place - MIDDLE) / MIDDLE
        table[place] = (*(POSITIVE if place > MIDDLE else NEGATIVE), round(255 * size))
    for mark, colour in MARKED.items():
        table[mark] = (*colour, 255)
    table.setflags(write=False)
    return table


TABLE = _table()
"""The colour of each place, RGBA."""


def _index(places: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(str, places))}]"
