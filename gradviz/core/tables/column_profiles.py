"""What is seen of a column while it is read: texts, dates, signs of currency, and whether it counts the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.moments import compact_parts


@dataclass(frozen=True)
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


@dataclass
class Watched:
    """A column while it is read: a profile in the making."""

    name: str
    is_nameless: bool = False
    unit: str = ""
    texts: int = 0
    moments: int = 0
    signs: Counter[str] = field(default_factory=Counter)
    _next: float | None = None
    _is_counting: bool = True
    _is_whole: bool = True
    _is_compact: bool = True

    def see_numbers(self, values: Floats) -> None:
        """Numbers of the next rows, NaN where there is none."""
        if self._is_counting:
            first = values[0] if self._next is None else self._next
            begins_well = self._next is not None or first in (0.0, 1.0)
            self._is_counting = begins_well and bool((values == np.arange(len(values)) + first).all())
            self._next = first + len(values)
        if self._is_compact and not np.isnan(values).all():
            self._is_compact = compact_parts(values) is not None
        if self._is_whole:
            with np.errstate(invalid="ignore"):
                self._is_whole = bool(((values == np.rint(values)) | np.isnan(values)).all())

    def profile(self, counts: NDArray[np.int64], texts: Collection[str] | None, rows: int) -> ColumnProfile:
        """What is known after `rows` rows with these counts of faults and these different texts."""
        signs = tuple(sign for sign, _ in self.signs.most_common())
        if signs and self.signs.total() < counts[CellFault.NONE]:
            signs = (*signs, "")
        return ColumnProfile(
            self.name,
            rows,
            int(counts[CellFault.NONE]),
            int(counts[CellFault.TEXT]),
            -1 if texts is None else len(texts),
            self.moments,
            signs,
            self.unit,
            self.is_nameless,
            self._is_counting and rows > 0,
            self._is_whole and bool(counts[CellFault.NONE]),
            self._is_compact and bool(counts[CellFault.NONE]),
        )
