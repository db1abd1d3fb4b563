"""What is seen of columns while they are read: texts, dates, signs of currency, and whether they count the rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.tables.moments import FIRST_COMPACT, LAST_COMPACT


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """Counts of a column's cells. `texts` are the different ones, -1 where they are too many to be kept."""

    name: str
    rows: int = 0
    numbers: int = 0
    text_cells: int = 0
    texts: int = 0
    moments: int = 0
    signs: tuple[str, ...] = ()
    """Signs of currency or percent beside its numbers, the most frequent first, and "" where some have none."""
    unit: str = ""
    """What stands below its name in the file."""
    is_nameless: bool = False
    """Whether the file names other columns, but not this one."""
    is_counting: bool = False
    """Whether its numbers are 0, 1, 2, ... or 1, 2, 3, ..., one a row."""
    is_whole: bool = False
    is_compact: bool = False
    """Whether its numbers are dates, such as 20240131."""

    @property
    def bad(self) -> int:
        """Cells with neither a number nor a text."""
        return self.rows - self.numbers - self.text_cells

    @property
    def is_text(self) -> bool:
        """Whether more of its cells are texts than numbers."""
        return self.text_cells > self.numbers

    @property
    def is_moment(self) -> bool:
        """Whether nine of ten of its filled cells are dates or times."""
        return self.moments > 0 and self.moments >= 0.9 * (self.text_cells + self.numbers)


@dataclass(slots=True)
class WatchedTexts:
    """A column while it is read, but for its numbers."""

    name: str
    is_nameless: bool = False
    unit: str = ""
    texts: int = 0
    moments: int = 0
    signs: Counter[str] = field(default_factory=Counter)

    def told_signs(self, numbers: int) -> tuple[str, ...]:
        """The signs by how often they stand, and "" where some of so many numbers have none."""
        signs = tuple(sign for sign, _ in self.signs.most_common())
        return (*signs, "") if signs and self.signs.total() < numbers else signs


class WatchedNumbers:
    """The numbers of all columns while they are read: a table of ten thousand columns comes row by row."""

    def __init__(self, width: int) -> None:
        self._first = np.full(width, np.nan)
        self._rows = 0
        self.is_counting = np.ones(width, dtype=np.bool_)
        self.is_whole = np.ones(width, dtype=np.bool_)
        self.is_compact = np.ones(width, dtype=np.bool_)
        """Whether all numbers could be dates of eight digits; which of them are days, is seen at the end."""

    def see(self, values: Floats) -> None:
        """The next rows of every column, NaN where there is no number."""
        if not self._rows:
            self._first = values[0].copy()
            self.is_counting = np.isin(self._first, (0.0, 1.0))
        places = np.flatnonzero(self.is_counting)
        if len(places):
            wanted = self._first[places] + self._rows + np.arange(len(values))[:, None]
            self.is_counting[places] = (values[:, places] == wanted).all(axis=0)
        self._keep(self.is_whole, values, _are_whole)
        self._keep(self.is_compact, values, _are_compact)
        self._rows += len(values)

    @staticmethod
    def _keep(flags: NDArray[np.bool_], values: Floats, holds: object) -> None:
        """Ask only the columns of which it held so far."""
        places = np.flatnonzero(flags)
        if len(places):
            assert callable(holds)
            flags[places] = holds(values[:, places])


def _are_whole(values: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(((values == np.rint(values)) | np.isnan(values)).all(axis=0))


def _are_compact(values: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        within = (values >= FIRST_COMPACT) & (values <= LAST_COMPACT)
    return np.asarray((within | np.isnan(values)).all(axis=0))
