"""From rows of cells, wherever they come from, to readings: blocks into a sheet, with a share and a fault told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gradviz.core.tables.column_profiles import ColumnProfile
from gradviz.core.tables.delimited_text import RowError, TextFormat
from gradviz.core.tables.sheets import Reading, SheetBuilder
from gradviz.storage.foreign_files import TABLE
from gradviz.storage.problems import FileError

ROWS_AT_ONCE = 500
CELLS_AT_ONCE = 10_000
Rows = Iterator[tuple[int, list[str]]]
"""The line of each row, and its cells."""


def readings_of(rows: Rows, layout: TextFormat, encoding: str, share: Callable[[], float]) -> Iterator[Reading]:
    """A reading at once, so that a window can show what was guessed, one after each block, and one with the sheet."""
    builder = SheetBuilder(layout)
    profiles: tuple[ColumnProfile, ...] = ()
    due = 0
    yield Reading(0.0, layout, encoding, 0)
    for line, block in _blocks(rows):
        builder.add(line, block)
        if builder.rows >= due:
            # what is guessed of the columns while they come: of thousands it costs more than the rows between
            profiles, due = builder.profiles(), 2 * builder.rows
        yield Reading(
            min(share(), 1.0),
            layout,
            encoding,
            builder.rows,
            builder.preview(),
            builder.counts,
            profiles=profiles,
        )
    if not builder.rows:
        names = builder.preview()
        cause = "This file has no rows." if names is None else "This file has a line of names, but no rows below it."
        raise FileError(cause, TABLE.choose)
    sheet = builder.sheet()
    yield Reading(1.0, layout, encoding, builder.rows, builder.preview(), builder.counts, sheet, "", sheet.profiles)


def _blocks(rows: Rows) -> Iterator[tuple[int, list[list[str]]]]:
    """Rows some hundreds at a time, with the line of the last; fewer where they are long."""
    block: list[list[str]] = []
    line, most = 0, ROWS_AT_ONCE
    try:
        for line, cells in rows:
            if not block:
                most = max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // len(cells)))
            block.append(cells)
            if len(block) >= most:
                yield line, block
                block = []
    except RowError:
        # the rows before the fault are shown beside the message
        if block:
            yield line, block
        raise
    if block:
        yield line, block
