"""Text whose lines are rows of cells: how it is written, guessed from its beginning, and split into cells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradviz.core.tables.cells import CellFault, cell_number
from gradviz.core.tables.tables import LONGEST_NAME, MOST_COLUMNS

SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Blanks"}
DECIMALS = {".": "Point", ",": "Comma"}
_ABSENT = (CellFault.EMPTY, CellFault.MISSING, CellFault.NAN)
LONGEST_CELL = 100_000
LONGEST_LINE = 4_000_000
SAMPLE_LINES = 60
_BLANK_CELL = re.compile(r'"((?:[^"]|"")*)"(?=[ \t]|$)|([^ \t"][^ \t]*)|(")')


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How rows are written: what is between the cells, what is in a number, and whether names come first."""

    separator: str = ","
    decimal: str = "."
    header: bool = True


class RowError(ValueError):
    """A row that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line:,}: {reason}.")
        self.line = line
        self.reason = reason


def rows_of(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The line at which each row begins, and its cells; RowError where a row cannot be read.

    `lines` end in a line feed. Empty lines are no rows. Every row has as many cells as the first.
    """
    split = _split_at_blanks if separator == " " else _split_at
    width = 0
    for line, cells in split(lines, separator):
        if width == 0:
            width = len(cells)
            if width > MOST_COLUMNS:
                raise RowError(line, f"it has {width:,} columns; at most {MOST_COLUMNS:,} are possible")
        elif len(cells) != width:
            raise RowError(line, f"it has {_count(len(cells))}, the rows before it have {width:,}")
        yield line, cells


def _count(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells:,} cells"


def _split_at(lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    fed = _Feed(lines)
    reader = csv.reader(fed, delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        first = fed.line + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _row_error(error, first, fed) from None
        if not cells:
            continue
        if any(len(cell) > LONGEST_CELL for cell in cells) if fed.length > LONGEST_CELL else False:
            raise RowError(first, f"a cell has more than {LONGEST_CELL:,} characters")
        yield first, cells


class _Feed:
    """The lines for csv, counted, and with the length of the row that is being read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.line = 0
        self.length = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.line += 1
        self.length = len(line)
        if self.length > LONGEST_LINE:
            raise RowError(self.line, f"it has more than {LONGEST_LINE:,} characters")
        return line


def _row_error(error: csv.Error, first: int, fed: _Feed) -> RowError:
    """What csv says, in words that tell where to look."""
    said = str(error)
    if "unexpected end" in said:
        return RowError(first, 'a quote " is opened and never closed')
    if "field limit" in said:
        is_open = fed.line > first
        closed = 'a quote " is opened and not closed'
        return RowError(first, closed if is_open else f"a cell has more than {LONGEST_CELL:,} characters")
    if "expected after" in said:
        return RowError(first, 'there is text after a closing quote "')
    return RowError(first, said)


def _split_at_blanks(lines: Iterable[str], _separator: str) -> Iterator[tuple[int, list[str]]]:
    """Cells with any number of blanks and tabs between them; a cell in quotes ends on its line."""
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise RowError(number, f"it has more than {LONGEST_LINE:,} characters")
        text = line.rstrip("\n")
        cells = [_blank_cell(found, number) for found in _BLANK_CELL.finditer(text)] if '"' in text else text.split()
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise RowError(number, f"a cell has more than {LONGEST_CELL:,} characters")
        if cells:
            yield number, cells


def _blank_cell(found: re.Match[str], line: int) -> str:
    quoted, plain, stray = found.groups()
    if stray:
        raise RowError(line, 'a quote " is opened and not closed, or there is text after a closing one')
    return plain if quoted is None else quoted.replace('""', '"')


def guess_format(sample: str) -> TextFormat:
    """How the rows of a text are written, by its first lines."""
    lines = [f"{line}\n" for line in sample.split("\n")[:SAMPLE_LINES] if line.strip()]
    best: tuple[float, ...] = (-1.0,)
    chosen = TextFormat(header=False)
    for separator in SEPARATORS:
        rows = _sampled_rows(lines, separator)
        for decimal in DECIMALS:
            if decimal == separator or not rows:
                continue
            score = _score(rows, decimal)
            if score > best:
                best, chosen = score, TextFormat(separator, decimal, _has_header(rows, decimal))
    return chosen


def _sampled_rows(lines: list[str], separator: str) -> list[list[str]]:
    """The rows of a sample, ragged as they may be; a quote left open at its end is the sample's end."""
    if separator == " ":
        return [line.split() for line in lines]
    try:
        return [row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row]
    except csv.Error:
        return []


def _score(rows: list[list[str]], decimal: str) -> tuple[float, ...]:
    """Whether most rows have one width above 1, how many cells are numbers, how even the rows are."""
    width, agreeing = Counter(len(row) for row in rows).most_common(1)[0]
    even = agreeing / len(rows)
    body = rows[1:] or rows
    cells = [cell for row in body for cell in row]
    faults = Counter(cell_number(cell, decimal)[1] for cell in cells[:2000])
    numbers = (faults[CellFault.NONE] + 0.9 * sum(faults[kind] for kind in _ABSENT)) / max(1, sum(faults.values()))
    is_table = width > 1 and even > 0.5
    return float(is_table), round(even * (0.2 + numbers), 6), even, -float(decimal == ",")


def _has_header(rows: list[list[str]], decimal: str) -> bool:
    """Whether the first row has text over numbers, or nothing but different texts."""
    first = [cell_number(cell, decimal)[1] for cell in rows[0]]
    if CellFault.NONE in first or CellFault.TEXT not in first:
        return False
    return len(rows) > 1 and len(set(rows[0])) == len(rows[0])


def column_names(cells: list[str]) -> tuple[str, ...]:
    """Names that a table may have, each one different, from the cells of a header or from none."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        kept = "".join(letter if letter.isprintable() else " " for letter in cell[: 4 * LONGEST_NAME])
        stem = " ".join(kept.split())[: LONGEST_NAME - 8].strip() or f"column {number}"
        name, count = stem, 1
        while name in taken:
            count += 1
            name = f"{stem} {count}"
        taken.add(name)
        names.append(name)
    return tuple(names)
