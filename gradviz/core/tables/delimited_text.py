"""Text whose lines are rows of cells: how it is written, and the cells of its rows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from gradviz.core.tables.cells import CellFault, cell_number
from gradviz.core.tables.tables import MOST_COLUMNS

SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar", " ": "Blanks"}
DECIMALS = {".": "Point", ",": "Comma"}
LONGEST_CELL = 100_000
LONGEST_LINE = 4_000_000
MOST_NOTES = 5
"""Lines of text below a table, such as its source, that are passed over."""
_BLANK_CELL = re.compile(r'"((?:[^"]|"")*)"(?=[ \t]|$)|([^ \t"][^ \t]*)|(")')


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How rows are written: what is between the cells, what is in a number, and what stands around the rows.

    `skip` lines come before the first row, a title, say; lines that begin with `comment` are none, but the last one
    above the rows holds the names where `comment_names`. `head_rows` rows hold the names where there is a `header`.
    A row has `width` cells, or as many as the first; with `row_names` the names lack one for the first column.
    `missing` are the cells by which a person marks what is not known, such as -999.
    """

    separator: str = ","
    decimal: str = "."
    header: bool = True
    grouping: str = ""
    skip: int = 0
    comment: str = ""
    comment_names: bool = False
    head_rows: int = 1
    width: int = 0
    row_names: bool = False
    missing: tuple[str, ...] = ()

    @property
    def names_rows(self) -> int:
        """How many of the first rows hold names."""
        return self.head_rows if self.header else 0

    @property
    def is_plain(self) -> bool:
        """Whether the rows are all that the text has, under one line of names or none."""
        return self == TextFormat(self.separator, self.decimal, self.header) and bool(self.separator)


class RowError(ValueError):
    """A row that cannot be read; `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line:,}: {reason}.")
        self.line = line
        self.reason = reason


def rows_of(lines: Iterable[str], layout: TextFormat) -> Iterator[tuple[int, list[str]]]:
    """The line at which each row begins, and its cells; RowError where a row cannot be read.

    `lines` end in a line feed. Empty lines are no rows, nor are rows of empty cells, nor lines of text at the end.
    Every row has as many cells as the first: empty ones beyond that are cut off.
    """
    split = _split_at_blanks if layout.separator == " " else _split_at
    kept = rows_only(lines, layout) if layout.skip or layout.comment else lines
    yield from even_rows(split(kept, layout.separator), layout)


def even_rows(rows: Iterator[tuple[int, list[str]]], layout: TextFormat) -> Iterator[tuple[int, list[str]]]:
    """Rows of one width; RowError where one is longer or shorter than the others, and goes on so."""
    width, heads = layout.width, layout.names_rows
    for line, given in rows:
        if not given[0].strip() and len(given) > 1 and not any(map(str.strip, given)):
            continue
        cells = _fitted(given, width, heads > 0 and layout.row_names) if heads > 0 else given
        heads -= 1
        width = width or _checked_width(line, cells)
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            cells = cells[:width]
        if len(cells) != width:
            _pass_over_notes(line, cells, rows, width)
            return
        yield line, cells


def _checked_width(line: int, cells: list[str]) -> int:
    if len(cells) > MOST_COLUMNS:
        raise RowError(line, f"it has {len(cells):,} columns; at most {MOST_COLUMNS:,} are possible")
    return len(cells)


def _fitted(names: list[str], width: int, lacks_first: bool) -> list[str]:
    """A row of names with as many cells as there are columns."""
    short = width - len(names)
    if short <= 0:
        return names
    return [""] * short + names if lacks_first else names + [""] * short


def _pass_over_notes(line: int, cells: list[str], rows: Iterator[tuple[int, list[str]]], width: int) -> None:
    """RowError, unless nothing follows but a few lines of text that are no rows."""
    last = list(islice(chain([(line, cells)], rows), MOST_NOTES + 1))
    if len(last) > MOST_NOTES or len(cells) > width or not all(_is_note(given) for _, given in last):
        raise RowError(line, f"it has {_count(len(cells))}, the rows before it have {width:,}")


def _is_note(cells: list[str]) -> bool:
    """Whether cells are words below a table: no numbers are among them."""
    faults = {cell_number(cell)[1] for cell in cells}
    return CellFault.TEXT in faults and CellFault.NONE not in faults


def rows_only(lines: Iterable[str], layout: TextFormat) -> Iterator[str]:
    """The lines with an empty one for each that is no row, so that all keep their number."""
    comment, is_above = layout.comment, True
    held: list[str] = []
    for number, line in enumerate(lines):
        if number < layout.skip:
            yield "\n"
        elif comment and line.lstrip().startswith(comment):
            is_name = is_above and layout.comment_names
            yield from "\n" * (len(held) if is_name else 1)
            held = [line.lstrip().removeprefix(comment).lstrip()] if is_name else held
        elif held and not line.strip():
            held.append(line)
        else:
            is_above = is_above and not line.strip()
            yield from held
            held = []
            yield line


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
        cells = blank_cells(line, number)
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise RowError(number, f"a cell has more than {LONGEST_CELL:,} characters")
        if cells:
            yield number, cells


def blank_cells(line: str, number: int) -> list[str]:
    """The cells of a line with blanks and tabs between them; RowError where a quote is left open."""
    text = line.rstrip("\n")
    return [_blank_cell(found, number) for found in _BLANK_CELL.finditer(text)] if '"' in text else text.split()


def _blank_cell(found: re.Match[str], line: int) -> str:
    quoted, plain, stray = found.groups()
    if stray:
        raise RowError(line, 'a quote " is opened and not closed, or there is text after a closing one')
    return plain if quoted is None else quoted.replace('""', '"')
