"""A sheet: what was read from a text of rows, with its bad cells counted and its texts kept, before it is a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.tables.cells import CellFault, cell_numbers
from gradviz.core.tables.delimited_text import RowError, TextFormat, column_names
from gradviz.core.tables.tables import MOST_CELLS

PREVIEW_ROWS = 200
MOST_TEXTS = 1000
"""Different texts of a column that are kept; a column with more of them holds no class labels."""
KINDS = len(CellFault)
Marks = NDArray[np.uint8]


@dataclass(frozen=True)
class Sheet:
    """Numbers (rows, columns) with NaN where `faults` is not 0; of text cells the place in `texts[column]`.

    A column with too many different texts has None in `texts`.
    """

    names: tuple[str, ...]
    values: Floats
    faults: Marks
    texts: tuple[tuple[str, ...] | None, ...]
    codes: dict[int, NDArray[np.int32]]
    """At a column with text: the place of each row's text, -1 where there is none."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.values)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many cells of each column have each fault, (columns, kinds)."""
        return fault_counts(self.faults)


@dataclass(frozen=True)
class Preview:
    """The first rows as they were written, with the faults of their cells."""

    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    faults: Marks


@dataclass(frozen=True)
class Reading:
    """How far a reading has come; `sheet` when it is complete, `fault` when it cannot be."""

    share: float
    format: TextFormat
    encoding: str
    rows: int
    preview: Preview | None = None
    counts: NDArray[np.int64] | None = None
    sheet: Sheet | None = None
    fault: str = ""


def fault_counts(faults: Marks) -> NDArray[np.int64]:
    """How many marks of each kind a column has: (columns, kinds)."""
    if not faults.any():
        counts = np.zeros((faults.shape[1], KINDS), dtype=np.int64)
        counts[:, CellFault.NONE] = len(faults)
        return counts
    return np.stack([np.count_nonzero(faults == kind, axis=0) for kind in range(KINDS)], axis=1)


class SheetBuilder:
    """Collects rows into a sheet, some hundreds at a time."""

    def __init__(self, layout: TextFormat) -> None:
        self._format = layout
        self._names: tuple[str, ...] | None = None
        self._values: list[Floats] = []
        self._faults: list[Marks] = []
        self._texts: dict[int, dict[str, int] | None] = {}
        self._codes: dict[int, list[tuple[int, NDArray[np.int32]]]] = {}
        self._first_rows: list[tuple[str, ...]] = []
        self._first_faults: list[Marks] = []
        self._preview: Preview | None = None
        self.counts = np.zeros((0, KINDS), dtype=np.int64)
        self.rows = 0

    def add(self, line: int, rows: list[list[str]]) -> None:
        """Take rows of one width over; the last begins in `line`."""
        if rows and self._names is None:
            self._begin(rows)
            rows = rows[1:] if self._format.header else rows
        if not rows:
            return
        values, faults = cell_numbers(rows, self._format.decimal)
        if (self.rows + len(rows)) * values.shape[1] > MOST_CELLS:
            raise RowError(line, f"the file has more than {MOST_CELLS:,} cells, which is what gradviz can hold")
        self._keep_texts(rows, faults)
        if self.rows < PREVIEW_ROWS:
            wanted = PREVIEW_ROWS - self.rows
            self._first_rows += [tuple(row) for row in rows[:wanted]]
            self._first_faults.append(faults[:wanted])
        self._values.append(values)
        self._faults.append(faults)
        self.counts = self.counts + fault_counts(faults)
        self.rows += len(rows)

    def _begin(self, rows: list[list[str]]) -> None:
        width = len(rows[0])
        self._names = column_names(rows[0] if self._format.header else [""] * width)
        self.counts = np.zeros((width, KINDS), dtype=np.int64)

    def _keep_texts(self, rows: list[list[str]], faults: Marks) -> None:
        is_text = faults == CellFault.TEXT
        for column in np.flatnonzero(is_text.any(axis=0)).tolist():
            known = self._texts.setdefault(column, {})
            if known is None:
                continue
            codes = np.full(len(rows), -1, dtype=np.int32)
            for row in np.flatnonzero(is_text[:, column]).tolist():
                codes[row] = known.setdefault(rows[row][column].strip(), len(known))
            self._codes.setdefault(column, []).append((self.rows, codes))
            if len(known) > MOST_TEXTS:
                self._texts[column] = None
                del self._codes[column]

    def preview(self) -> Preview | None:
        """The first rows; None before there is one."""
        if self._names is None:
            return None
        if self._preview is not None and len(self._preview.cells) == len(self._first_rows):
            return self._preview
        faults = np.concatenate(self._first_faults) if self._first_faults else np.zeros((0, len(self._names)), np.uint8)
        self._preview = Preview(self._names, tuple(self._first_rows), faults)
        return self._preview

    def sheet(self) -> Sheet:
        """Everything that was added."""
        names = self._names or ()
        values = np.concatenate(self._values) if self._values else np.empty((0, len(names)))
        faults = np.concatenate(self._faults) if self._faults else np.zeros((0, len(names)), dtype=np.uint8)
        codes = {}
        for column, parts in self._codes.items():
            codes[column] = np.full(self.rows, -1, dtype=np.int32)
            for start, part in parts:
                codes[column][start : start + len(part)] = part
        kept = (self._texts.get(column, {}) for column in range(len(names)))
        return Sheet(names, values, faults, tuple(None if texts is None else tuple(texts) for texts in kept), codes)
