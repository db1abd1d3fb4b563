"""All records of a run, and the pyramid that lets a curve of any length be drawn in milliseconds."""

from __future__ import annotations

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.figures import COUNT
from gradviz.core.runs.records import RecordBlock

BRANCH = 16
FIRST_CAPACITY = 4096
LAG = 1 << 13
"""Rows that the pyramid may be behind: it grows when it is looked at, not with each of thirty blocks a second."""


class _Column:
    """A growing array; it doubles, so appending costs a constant."""

    def __init__(self, width: int) -> None:
        self._data = np.empty((FIRST_CAPACITY, width))
        self.length = 0

    def write(self, start: int, rows: Floats) -> None:
        """Put `rows` at `start`; what stood from there on is gone."""
        end = start + len(rows)
        if end > len(self._data):
            grown = np.empty((max(end, 2 * len(self._data)), self._data.shape[1]))
            grown[: self.length] = self._data[: self.length]
            self._data = grown
        self._data[start:end] = rows
        self.length = end

    @property
    def values(self) -> Floats:
        """A read-only view of what was written."""
        view = self._data[: self.length]
        view.flags.writeable = False
        return view


class Pyramid:
    """Smallest and largest value of each block of 16, of 16 blocks, and so on, kept while values arrive.

    NaN counts as no value; a block of nothing but NaN is NaN.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._levels: list[tuple[_Column, _Column]] = []

    def extend(self, values: Floats, start: int) -> None:
        """`values` (n, width) is the whole base; rows before `start` are as they were."""
        low = high = values
        level = 0
        while len(low) > BRANCH:
            if level == len(self._levels):
                self._levels.append((_Column(self._width), _Column(self._width)))
                start = 0
            first = start // BRANCH
            lows, highs = self._levels[level]
            lows.write(first, _reduce(low[first * BRANCH :], np.fmin))
            highs.write(first, _reduce(high[first * BRANCH :], np.fmax))
            low, high, start = lows.values, highs.values, first
            level += 1
        del self._levels[level:]

    def extremes(self, values: Floats, start: int, stop: int, pixels: int) -> tuple[Floats, Floats, Floats]:
        """First steps (k,), minima and maxima (k, width) of blocks of [start, stop), k at most `pixels`."""
        level = 0
        while level < len(self._levels) and (stop - start) // BRANCH ** (level + 1) >= pixels:
            level += 1
        scale = BRANCH**level
        first, last = start // scale, -(-stop // scale)
        low = values if level == 0 else self._levels[level - 1][0].values
        high = values if level == 0 else self._levels[level - 1][1].values
        every = -(-(last - first) // pixels)
        indices = np.arange(first, last, every, dtype=np.float64) * scale
        if every <= 1:
            return indices, low[first:last], high[first:last]
        return indices, _reduce(low[first:last], np.fmin, every), _reduce(high[first:last], np.fmax, every)


def _reduce(rows: Floats, ufunc: np.ufunc, every: int = BRANCH) -> Floats:
    return np.asarray(ufunc.reduceat(rows, np.arange(0, len(rows), every), axis=0))


class History:
    """The losses and positions of every step of a run, from step 0 on; none is ever left out.

    Belongs to one thread, the one that draws.
    """

    def __init__(self, optimizers: int = 1) -> None:
        self._losses = _Column(optimizers)
        self._positions: _Column | None = None
        self._figures: _Column | None = None
        self._pyramid = Pyramid(optimizers)
        self._figure_pyramid = Pyramid(optimizers * COUNT)
        self._piled = 0
        """How many records stand in the pyramids."""
        self.optimizers = optimizers
        self.names: tuple[str, ...] = ()
        """What the numbers of a position are called, once a record has come from the engine."""
        self.rewrites = 0

    def __len__(self) -> int:
        return self._losses.length

    def extend(self, block: RecordBlock) -> None:
        """Add a block; one that begins before the end replaces what stood there (the run went back)."""
        if block.start > len(self):
            raise ValueError(f"records begin at step {block.start}, but the history ends at {len(self)}")
        self.rewrites += block.start < len(self)
        self._losses.write(block.start, block.losses)
        self.names = block.names or self.names
        self._write_positions(block)
        self._write_figures(block)
        self._piled = min(self._piled, block.start)
        if len(self) - self._piled > LAG:
            self._pile()

    def _write_positions(self, block: RecordBlock) -> None:
        """Where a block has none and others have, they are not known: NaN."""
        width = block.positions.shape[2] * self.optimizers
        if self._positions is None:
            if not width:
                return
            self._positions = _Column(width)
            self._positions.write(0, np.full((block.start, width), np.nan))
        width = self._positions.values.shape[1]
        known = block.positions.size > 0
        rows = block.positions.reshape(-1, width) if known else np.full((len(block.losses), width), np.nan)
        self._positions.write(block.start, rows)

    def _write_figures(self, block: RecordBlock) -> None:
        """Where a block has none and others have, they are not known: NaN."""
        width = self.optimizers * COUNT
        if self._figures is None:
            if block.figures is None:
                return
            self._figures = _Column(width)
            self._figures.write(0, np.full((block.start, width), np.nan))
        unknown = np.full((len(block.losses), width), np.nan)
        self._figures.write(block.start, unknown if block.figures is None else block.figures.reshape(-1, width))

    @property
    def figures(self) -> Floats:
        """(steps, optimisers, 3), NaN at steps without an evaluation; (0, ..) where no rows are held out."""
        values = np.empty((0, self.optimizers * COUNT)) if self._figures is None else self._figures.values
        return values.reshape(len(values), self.optimizers, COUNT)

    @property
    def losses(self) -> Floats:
        """(steps, optimisers)."""
        return self._losses.values

    @property
    def positions(self) -> Floats:
        """(steps, optimisers, 2 or 1), or (0, optimisers, 2) where the objective has more numbers than two."""
        if self._positions is None:
            return np.empty((0, self.optimizers, 2))
        values = self._positions.values
        return values.reshape(len(values), self.optimizers, values.shape[1] // self.optimizers)

    def block(self, step: int) -> RecordBlock:
        """A copy of the records up to `step`."""
        losses, positions = self.losses[: step + 1].copy(), self.positions[: step + 1].copy()
        figures = self.figures[: step + 1].copy() if self._figures is not None else None
        positions = positions if len(positions) else np.empty((*losses.shape, 0))
        return RecordBlock(0, losses, positions, figures=figures)

    def extremes(self, start: int, stop: int, pixels: int) -> tuple[Floats, Floats, Floats]:
        """Steps, smallest and largest losses of blocks of [start, stop), for a curve of `pixels` columns."""
        start, stop = max(0, start), min(len(self), stop)
        if stop <= start:
            nothing = np.empty((0, self.optimizers))
            return np.empty(0), nothing, nothing
        self._pile()
        return self._pyramid.extremes(self.losses, start, stop, pixels)

    def figure_extremes(self, start: int, stop: int, pixels: int) -> tuple[Floats, Floats, Floats]:
        """The same of the figures: steps (k,), smallest and largest (k, optimisers, 3), NaN where none is known."""
        start, stop = max(0, start), min(len(self), stop)
        if stop <= start or self._figures is None:
            nothing = np.empty((0, self.optimizers, COUNT))
            return np.empty(0), nothing, nothing
        self._pile()
        steps, low, high = self._figure_pyramid.extremes(self._figures.values, start, stop, pixels)
        shape = (len(steps), self.optimizers, COUNT)
        return steps, low.reshape(shape), high.reshape(shape)

    def _pile(self) -> None:
        if self._piled < len(self):
            self._pyramid.extend(self.losses, self._piled)
            if self._figures is not None:
                self._figure_pyramid.extend(self._figures.values, self._piled)
            self._piled = len(self)
