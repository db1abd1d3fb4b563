"""Reading Parquet files, batch by batch, through arro3; columns of lists and structures are left as text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradviz.core.tables.delimited_text import RowError, TextFormat, even_rows
from gradviz.core.tables.sheets import Reading
from gradviz.storage.experiments.header import open_regular
from gradviz.storage.foreign_files import TABLE
from gradviz.storage.problems import FileError
from gradviz.storage.tables.optional_libraries import library
from gradviz.storage.tables.readings import readings_of
from gradviz.storage.tables.workbook_reading import cell_text

LAYOUT = TextFormat(separator="")
"""A Parquet file has names, and its numbers are numbers: there is nothing to guess."""


def read_parquet(path: Path, asked: Mapping[str, Any] | None = None) -> Iterator[Reading]:
    """Read a Parquet file; FileError says what is wrong. Of what is `asked`, the marks of missing cells count."""
    library("arro3.core", "Parquet files")
    arro3 = library("arro3.io", "Parquet files")
    layout = replace(LAYOUT, missing=tuple((asked or {}).get("missing", ())))
    _check_ends(path)
    try:
        batches = arro3.read_parquet(str(path))
        rows = even_rows(_rows(batches), layout)
        yield from readings_of(rows, layout, "", lambda: 0.5)
    except RowError as error:
        raise FileError(str(error), TABLE.choose) from None
    except FileError:
        raise
    except BaseException as error:
        # a fault of the library's own comes as PanicException, which is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise FileError(f"This Parquet file cannot be read: {error}.", "Write it as CSV first.") from None


def _check_ends(path: Path) -> None:
    """A file that was cut short, told before the library looks at it."""
    with open_regular(path, TABLE) as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 8, 0))
        end = stream.read(8)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != b"PAR1" or length > size - 12:
        raise FileError("This Parquet file cannot be read: its end is missing.", "Copy it again, or write it as CSV.")


def _rows(batches: Any) -> Iterator[tuple[int, list[str]]]:
    """The names, and the rows of one batch after the other."""
    yield 1, list(batches.schema.names)
    line = 1
    for batch in batches:
        columns = [[cell_text(cell) for cell in column.to_pylist()] for column in batch.columns]
        for cells in zip(*columns, strict=True):
            line += 1
            yield line, list(cells)
