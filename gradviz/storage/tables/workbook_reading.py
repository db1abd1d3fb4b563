"""Reading workbooks of Excel and OpenDocument: the cells of one sheet, as text, through python-calamine."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gradviz.core.tables.delimited_text import RowError, even_rows
from gradviz.core.tables.sheets import Reading
from gradviz.core.tables.tables import MOST_CELLS
from gradviz.core.tables.text_guess import SAMPLE_LINES, guess_rows
from gradviz.storage.experiments.header import open_regular
from gradviz.storage.foreign_files import TABLE
from gradviz.storage.problems import FileError, cause_of
from gradviz.storage.tables.optional_libraries import library
from gradviz.storage.tables.readings import readings_of

MOST_BYTES = 2**29
"""A workbook is compressed: what it says that it unpacks to may not be more than this."""
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def read_workbook(path: Path, page: str = "", asked: Mapping[str, Any] | None = None) -> Iterator[Reading]:
    """Read a sheet of a workbook, the first unless one is named; FileError says what is wrong.

    The sheet is read at once, and turned into numbers in slices.
    """
    calamine = library("python_calamine", "Workbooks")
    workbook = _opened(calamine, _checked_bytes(path))
    pages = tuple(workbook.sheet_names)
    page = page or (pages[0] if pages else "")
    if page not in pages:
        known = ", ".join(pages[:8])
        raise FileError(f"There is no sheet {page[:60]!r} in this workbook; there are {known[:120]}.", TABLE.choose)
    yield Reading(0.0, guess_rows([]), "", 0, pages=pages, page=page)
    rows = _rows(calamine, workbook, page)
    layout = guess_rows(rows[:SAMPLE_LINES], asked)
    numbered = ((number, row) for number, row in enumerate(rows, 1) if any(map(str.strip, row)))
    done = [0]
    counted = _counted((pair for pair in numbered if pair[0] > layout.skip), done)
    try:
        yield from (
            reading.on_page(pages, page)
            for reading in readings_of(even_rows(counted, layout), layout, "", lambda: done[0] / max(len(rows), 1))
        )
    except RowError as error:
        raise FileError(str(error), "Correct the workbook, or choose another sheet.") from None


def _counted(rows: Iterator[tuple[int, list[str]]], done: list[int]) -> Iterator[tuple[int, list[str]]]:
    for line, cells in rows:
        done[0] = line
        yield line, cells


def _checked_bytes(path: Path) -> bytes:
    """The file, unless it says that it unpacks to more than memory should hold."""
    with open_regular(path, TABLE) as stream:
        try:
            raw = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", TABLE.choose) from error
    size = len(raw)
    if raw[:2] == b"PK" and size <= MOST_BYTES:
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise FileError("This workbook is damaged.", "Save it again in the spreadsheet program.") from None
    if size > MOST_BYTES:
        raise FileError(
            f"This workbook unpacks to more than {MOST_BYTES // 2**20} MiB.", "Save its sheet as CSV and import that."
        )
    return raw


def _opened(calamine: Any, raw: bytes) -> Any:
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
    except calamine.PasswordError:
        raise FileError("This workbook is protected by a password.", "Save it without one.") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileError(f"This workbook cannot be read: {error}.", "Save its sheet as CSV and import that.") from None


def _rows(calamine: Any, workbook: Any, page: str) -> list[list[str]]:
    """The cells of a sheet as text; rows of one length."""
    try:
        sheet = workbook.get_sheet_by_name(page)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileError(f"This sheet cannot be read: {error}.", "Save it as CSV and import that.") from None
    if sheet.height * sheet.width > MOST_CELLS:
        raise FileError(f"This sheet has more than {MOST_CELLS:,} cells.", "Save a part of it as CSV and import that.")
    return [[cell_text(cell) for cell in row] for row in sheet.iter_rows()]


def cell_text(cell: Any) -> str:
    """A cell as it would stand in a text: numbers exactly, dates as the year, the month and the day."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return str(cell.date()) if cell.time() == datetime.time() else cell.isoformat(" ")
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds() / 3600)
    return str(cell)
