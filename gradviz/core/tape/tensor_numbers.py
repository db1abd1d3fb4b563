"""The numbers of a tensor as they were: every entry of a small one, the spread of any, and columns of many tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats, short_number

MOST_ENTRIES = 400
"""Elements up to which all entries of a tensor are kept in any case."""
MOST_OF_ONE, MOST_OF_ALL = 4096, 2_000_000
"""Elements up to which the entries of a larger tensor are kept too, while those of all such of a graph are no more."""
SMALL, LARGE = 1e-100, 1e150
"""Between them squares and sums are neither lost nor infinite."""
BINS = 20
"""Of a histogram, from the least to the largest finite number."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How the numbers of a tensor lie; of complex ones, their absolute values.

    `minimum`, `maximum` and `mean` are NaN where a number is, or where there is none; `norm` is the Euclidean one.
    `not_finite` counts NaN and infinities; `histogram` counts the others in BINS equal bins from `low` to `high`.
    """

    minimum: float
    maximum: float
    mean: float
    norm: float
    not_finite: int
    low: float
    high: float
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TensorNumbers:
    """One tensor at one instant. `entries` has its shape (float64, or complex128), None of a large one.

    `known` is the spread of a tensor without entries, `blocks` its picture (`heat_map.arrangement` tells of what).
    `layout` is empty, or what torch calls one that is not dense.
    """

    shape: tuple[int, ...]
    dtype: str
    entries: NDArray[Any] | None
    known: Spread | None = None
    layout: str = ""
    blocks: NDArray[Any] | None = None

    @property
    def spread(self) -> Spread | None:
        """The spread of all elements; None of a tensor whose numbers cannot be read."""
        if self.known is not None or self.entries is None:
            return self.known
        return spread_of(self.entries)

    @property
    def ends(self) -> tuple[float, float, float] | None:
        """Minimum, maximum and mean alone; None of a tensor whose numbers cannot be read."""
        if self.known is not None or self.entries is None or not self.entries.size:
            return None if self.known is None else (self.known.minimum, self.known.maximum, self.known.mean)
        sizes = np.abs(self.entries) if np.iscomplexobj(self.entries) else self.entries
        return _ends(sizes)

    @property
    def outline(self) -> tuple[float, float, float, float, int] | None:
        """Minimum, maximum, mean, norm and how many are not finite: a spread without its histogram."""
        entries = self.entries
        if self.known is None and entries is not None and entries.size:
            sizes = (np.abs(entries) if np.iscomplexobj(entries) else entries).reshape(-1)
            low, high, mean = _ends(sizes)
            if SMALL < max(-low, high) < LARGE:
                return low, high, mean, math.sqrt(sizes @ sizes), 0
        whole = self.spread
        if whole is None:
            return None
        return whole.minimum, whole.maximum, whole.mean, whole.norm, whole.not_finite

    @property
    def is_one(self) -> bool:
        """Whether it is a single number, whatever its shape."""
        return self.entries is not None and self.entries.size == 1


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """The numbers of many tensors, one a row, read-only. Rows with entries lie in `flat` from `starts[row]` on.

    `starts` is -1 where a row has nothing, and -2 where it stands in `others`: large, sparse or complex tensors.
    """

    flat: Floats
    starts: Ints
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    others: Mapping[int, TensorNumbers]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, row: int) -> TensorNumbers | None:
        start = int(self.starts[row])
        if start == -1:
            return None
        if start == -2:
            return self.others[row]
        shape = self.shapes[row]
        entries = self.flat[start : start + math.prod(shape)].reshape(shape)
        return TensorNumbers(shape, self.dtypes[row], entries)

    def summed(self, rows: Ints) -> TensorNumbers | None:
        """The sum of rows of one shape, in their order; None of none, and where the entries of one are not known."""
        if len(rows) == 1:
            return self[int(rows[0])]
        starts = self.starts[rows]
        if not len(rows) or (starts == -1).any():
            return None
        shape, dtype = self.shapes[int(rows[0])], self.dtypes[int(rows[0])]
        if (starts >= 0).all():
            entries = self.flat[starts[:, None] + np.arange(math.prod(shape))].sum(axis=0).reshape(shape)
            return TensorNumbers(shape, dtype, entries)
        found = [numbers for numbers in (self[row] for row in rows.tolist()) if numbers is not None]
        known = [numbers.entries for numbers in found if numbers.entries is not None]
        return TensorNumbers(found[0].shape, found[0].dtype, np.sum(known, axis=0)) if len(known) == len(rows) else None

    def has(self, row: int) -> bool:
        """Whether there is anything in a row."""
        return bool(self.starts[row] != -1)

    def __iter__(self) -> Iterator[TensorNumbers | None]:
        return (self[row] for row in range(len(self)))

    def only(self, rows: NDArray[np.bool_]) -> NumberColumn:
        """The same column in which the other rows are absent; nothing is copied but where rows begin."""
        return NumberColumn(self.flat, np.where(rows, self.starts, -1), self.shapes, self.dtypes, self.others)

    @property
    def is_empty(self) -> bool:
        """Whether no row has numbers."""
        return bool((self.starts == -1).all())


def no_numbers(rows: int) -> NumberColumn:
    """A column in which nothing is known."""
    return NumberColumn(np.zeros(0), np.full(rows, -1, np.int64), ((),) * rows, ("",) * rows, {})


def _ends(sizes: NDArray[Any]) -> tuple[float, float, float]:
    """Minimum, maximum and mean, by numpy's reductions themselves: their methods take twice as long."""
    low, high = float(np.minimum.reduce(sizes, axis=None)), float(np.maximum.reduce(sizes, axis=None))
    if -LARGE < low <= high < LARGE:
        return low, high, float(np.add.reduce(sizes, axis=None)) / sizes.size
    with np.errstate(all="ignore"):
        return low, high, float(np.add.reduce(sizes, axis=None)) / sizes.size


def spread_of(entries: NDArray[Any]) -> Spread:
    """Of an array of real or complex numbers of any shape."""
    flat = np.abs(entries).reshape(-1) if np.iscomplexobj(entries) else entries.reshape(-1)
    finite = flat[np.isfinite(flat)]
    odd = flat.size - finite.size
    if not finite.size:
        return Spread(*(math.nan,) * 4, odd, math.nan, math.nan, ())
    low, high = float(finite.min()), float(finite.max())
    histogram = _histogram(finite, low, high)
    with np.errstate(all="ignore"):
        ends = (float(flat.min()), float(flat.max()), float(flat.mean()), float(np.linalg.norm(flat)))
    return Spread(*ends, odd, low, high, histogram)


def _histogram(finite: Floats, low: float, high: float) -> tuple[int, ...]:
    """Counts in BINS bins; all in the first where there is but one number, or the range overflows."""
    width = high - low
    if not 0 < width < math.inf:
        return (finite.size, *(0,) * (BINS - 1))
    place = np.minimum((finite / width - low / width) * BINS, BINS - 1).astype(np.int64)
    return tuple(np.bincount(np.maximum(place, 0), minlength=BINS).tolist())


def numbers_text(numbers: TensorNumbers | None, most: int = 4, digits: int = 6) -> str:
    """The entries of a small tensor, or range and mean of a large one; empty where there is nothing."""
    if numbers is None:
        return ""
    entries = numbers.entries
    if entries is not None and entries.size <= max(most, 1):
        shown = [number_text(entry, digits) for entry in entries.reshape(-1).tolist()]
        return shown[0] if numbers.shape == () else f"[{', '.join(shown)}]"
    ends = numbers.ends
    if ends is None:
        return "empty" if entries is not None else "not readable"
    if ends[0] == ends[1]:
        return f"all {short_number(ends[0], digits)}"
    low, high, mean = (short_number(end, 3) for end in ends)
    return f"{'|·| ' if 'complex' in numbers.dtype else ''}{low} … {high}, mean {mean}"


def number_text(number: complex, digits: int = 6) -> str:
    """A real or a complex number: 0.5, 1-2i."""
    if not isinstance(number, complex):
        return short_number(float(number), digits)
    sign = "-" if number.imag < 0 else "+"
    return f"{short_number(number.real, digits)}{sign}{short_number(abs(number.imag), digits)}i"
