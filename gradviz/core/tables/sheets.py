"""A sheet: what was read from a text of rows, with its bad cells counted and its texts kept, before it is a table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.tables.cells import SIGNS, CellFault, cell_numbers, split_sign
from gradviz.core.tables.column_names import column_names, head_names
from gradviz.core.tables.column_profiles import ColumnProfile, WatchedNumbers, WatchedTexts
from gradviz.core.tables.delimited_text import RowError, TextFormat
from gradviz.core.tables.moments import Order, Parts, compact_parts, moments_in
from gradviz.core.tables.tables import MOST_CELLS

PREVIEW_ROWS = 200
MOST_TEXTS = 1000
"""Different texts of a column that are kept; a column with more of them holds no class labels."""
TRIED_TEXTS = 64
"""A column whose first so many texts are no dates is not asked for dates again."""
CLASS_WORDS = frozenset({"none"})
"""Texts that are classes in a column of texts, and mark what is missing in a column of numbers."""
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
    moments: dict[int, Parts] = field(default_factory=dict)
    """At a column with dates or times: what each cell says of one, (rows, parts)."""
    profiles: tuple[ColumnProfile, ...] = ()
    usual_order: Order = "month"
    """Which number of a date comes first where a column cannot tell."""

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
    profiles: tuple[ColumnProfile, ...] = ()
    pages: tuple[str, ...] = ()
    """The sheets of a workbook; none where there is but one table."""
    page: str = ""

    def on_page(self, pages: tuple[str, ...], page: str) -> Reading:
        """The same, of one sheet of a workbook."""
        return replace(self, pages=pages, page=page)


@dataclass(frozen=True)
class Asked:
    """What a person chose of a reading: nothing of it is guessed. `format` has fields of a TextFormat by name."""

    encoding: str = ""
    page: str = ""
    format: dict[str, Any] = field(default_factory=dict)


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
        self._head: list[list[str]] = []
        self._names: tuple[str, ...] | None = None
        self._values: list[Floats] = []
        self._faults: list[Marks] = []
        self._texts: dict[int, dict[str, int] | None] = {}
        self._codes: dict[int, list[tuple[int, NDArray[np.int32]]]] = {}
        self._moments: dict[int, list[tuple[int, Parts]]] = {}
        self._watched: list[WatchedTexts] = []
        self._numbers = WatchedNumbers(0)
        self._first_rows: list[tuple[str, ...]] = []
        self._first_faults: list[Marks] = []
        self._preview: Preview | None = None
        self._counts = np.zeros((0, KINDS), dtype=np.int64)
        self.rows = 0

    def add(self, line: int, rows: list[list[str]]) -> None:
        """Take rows of one width over; the last begins in `line`."""
        if self._names is None:
            rows = self._begin(rows)
        if not rows:
            return
        values, faults = cell_numbers(rows, self._format.decimal, self._format.grouping)
        if (self.rows + len(rows)) * values.shape[1] > MOST_CELLS:
            raise RowError(line, f"the file has more than {MOST_CELLS:,} cells, which is what gradviz can hold")
        self._mark_missing(rows, values, faults)
        self._keep_texts(rows, faults)
        self._watch(rows, values, faults)
        if self.rows < PREVIEW_ROWS:
            wanted = PREVIEW_ROWS - self.rows
            self._first_rows += [tuple(row) for row in rows[:wanted]]
            self._first_faults.append(faults[:wanted])
        self._values.append(values)
        self._faults.append(faults)
        self._counts = self._counts + fault_counts(faults)
        self.rows += len(rows)

    def _begin(self, rows: list[list[str]]) -> list[list[str]]:
        """Take the rows of names off the first ones; the rest."""
        wanted = self._format.names_rows - len(self._head)
        self._head += rows[:wanted]
        rest = rows[max(wanted, 0) :]
        if rest or len(self._head) >= max(self._format.names_rows, 1):
            self._name_columns(len((rest or self._head)[0]))
        return rest

    def _name_columns(self, width: int) -> None:
        given, units = head_names(self._head) if self._head else ([""] * width, [""] * width)
        self._names = column_names(given)
        self._counts = np.zeros((width, KINDS), dtype=np.int64)
        is_headed = any(given)
        self._numbers = WatchedNumbers(width)
        self._watched = [
            WatchedTexts(name, is_headed and not plain, unit)
            for name, plain, unit in zip(self._names, given, units, strict=True)
        ]

    def _mark_missing(self, rows: list[list[str]], values: Floats, faults: Marks) -> None:
        """Cells that the person named as missing, by their text or their number."""
        for word in self._format.missing:
            try:
                same = values == float(word)
            except ValueError:
                same = np.array([[cell.strip() == word for cell in row] for row in rows])
            values[same] = np.nan
            faults[same] = CellFault.MISSING

    def _keep_texts(self, rows: list[list[str]], faults: Marks) -> None:
        is_text = faults == CellFault.TEXT
        for column in np.flatnonzero(is_text.any(axis=0)).tolist():
            self._keep_moments(column, rows, is_text[:, column])
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

    def _keep_moments(self, column: int, rows: list[list[str]], is_text: NDArray[np.bool_]) -> None:
        watched = self._watched[column]
        if watched.texts >= TRIED_TEXTS and not watched.moments:
            watched.texts += int(is_text.sum())
            return
        parts = moments_in([row[column] if wanted else "" for row, wanted in zip(rows, is_text.tolist(), strict=True)])
        watched.texts += int(is_text.sum())
        found = int(np.count_nonzero(parts[:, 0]))
        watched.moments += found
        if found:
            self._moments.setdefault(column, []).append((self.rows, parts))

    def _watch(self, rows: list[list[str]], values: Floats, faults: Marks) -> None:
        """Whether numbers count the rows, and which signs stand beside them."""
        self._numbers.see(values)
        if SIGNS.search("\n".join(cell for row in rows for cell in row)) is None:
            return
        for column, watched in enumerate(self._watched):
            cells = (row[column].strip() for row, fault in zip(rows, faults[:, column], strict=True) if not fault)
            watched.signs.update(sign for cell in cells if (sign := split_sign(cell)[1]))

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many cells of each column have each fault, (columns, kinds)."""
        counts = self._counts
        for column in self._word_columns():
            counts = counts.copy()
            counts[column, CellFault.MISSING] += counts[column, CellFault.TEXT]
            counts[column, CellFault.TEXT] = 0
        return counts

    def _word_columns(self) -> list[int]:
        """The columns in which "none" is no class, because nothing but numbers stands beside it."""
        return [
            column
            for column, texts in self._texts.items()
            if texts and {text.lower() for text in texts} <= CLASS_WORDS and self._counts[column, CellFault.NONE]
        ]

    def _told(self, faults: Marks) -> Marks:
        """The faults with each "none" as what it is in its column."""
        for column in self._word_columns():
            faults = faults.copy()
            faults[faults[:, column] == CellFault.TEXT, column] = CellFault.MISSING
        return faults

    def profiles(self) -> tuple[ColumnProfile, ...]:
        """What has been seen of each column."""
        counts, words = self.counts, set(self._word_columns())
        return tuple(self._profile(column, counts[column], column in words) for column in range(len(self._watched)))

    def _profile(self, column: int, counts: NDArray[np.int64], is_word: bool) -> ColumnProfile:
        watched, seen, numbers = self._watched[column], self._numbers, int(counts[CellFault.NONE])
        texts = {} if is_word else self._texts.get(column, {})
        has_numbers = bool(numbers)
        return ColumnProfile(
            watched.name,
            self.rows,
            numbers,
            int(counts[CellFault.TEXT]),
            -1 if texts is None else len(texts),
            watched.moments,
            watched.told_signs(numbers),
            watched.unit,
            watched.is_nameless,
            bool(seen.is_counting[column]) and has_numbers,
            bool(seen.is_whole[column]) and has_numbers,
            bool(seen.is_compact[column]) and has_numbers,
        )

    def preview(self) -> Preview | None:
        """The first rows; None before there is one."""
        if self._names is None:
            return None
        if self._preview is not None and len(self._preview.cells) == len(self._first_rows):
            return self._preview
        faults = np.concatenate(self._first_faults) if self._first_faults else np.zeros((0, len(self._names)), np.uint8)
        self._preview = Preview(self._names, tuple(self._first_rows), self._told(faults))
        return self._preview

    def sheet(self) -> Sheet:
        """Everything that was added."""
        names = self._names or ()
        values = np.concatenate(self._values) if self._values else np.empty((0, len(names)))
        faults = np.concatenate(self._faults) if self._faults else np.zeros((0, len(names)), dtype=np.uint8)
        codes = {column: _laid(parts, self.rows, -1) for column, parts in self._codes.items()}
        moments = {column: _laid(parts, self.rows, 0) for column, parts in self._moments.items()}
        for column in np.flatnonzero(self._numbers.is_compact).tolist():
            self._numbers.is_compact[column] = compact_parts(values[:, column]) is not None
        words = set(self._word_columns())
        kept = ({} if column in words else self._texts.get(column, {}) for column in range(len(names)))
        texts = tuple(None if known is None else tuple(known) for known in kept)
        usual: Order = "day" if self._format.decimal == "," else "month"
        return Sheet(names, values, self._told(faults), texts, codes, moments, self.profiles(), usual)


def _laid(parts: list[tuple[int, NDArray[np.int32]]], rows: int, empty: int) -> NDArray[np.int32]:
    """Pieces, each from its row on, as one array with a value where there is none."""
    whole = np.full((rows, *parts[0][1].shape[1:]), empty, dtype=np.int32)
    for start, part in parts:
        whole[start : start + len(part)] = part
    return whole
