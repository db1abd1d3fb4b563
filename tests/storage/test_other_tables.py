"""Workbooks, Parquet files and texts that were copied: read as the same table in CSV is, or refused in a sentence."""

from __future__ import annotations

import datetime
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradviz.core.data.default_import import default_import
from gradviz.core.tables.sheets import Asked, Reading
from gradviz.storage.problems import FileError
from gradviz.storage.tables import workbook_reading
from gradviz.storage.tables.csv_reading import read_text
from gradviz.storage.tables.table_reading import read_table

DAYS = [datetime.datetime(2024, 1, day) for day in (1, 2, 4)]


def last(path: Path, **asked: Any) -> Reading:
    *_, reading = read_table(path, Asked(**asked))
    assert reading.sheet is not None
    return reading


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    pytest.importorskip("python_calamine", reason="it is in the extra tables")
    openpyxl = pytest.importorskip("openpyxl", reason="it makes the workbook")
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Bench"
    sheet.append(["Made up", None, None, None])
    sheet.append(["day", "kind", "n", "y"])
    for day, kind, number in zip(DAYS, ("red", "blue", "red"), (1.5, 2, 1e-20), strict=True):
        sheet.append([day, kind, number, number + 1])
    second = book.create_sheet("Second sheet")
    for row in ([7, 8], [9, 10.25]):
        second.append(row)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_the_first_sheet_of_a_workbook_with_its_title_passed_over(workbook: Path) -> None:
    reading = last(workbook)
    assert (reading.pages, reading.page) == (("Bench", "Second sheet"), "Bench")
    assert reading.sheet is not None
    made = default_import(reading, reading.sheet, workbook.name)
    assert made.data.table.columns == ("day", "kind = red", "n", "y")
    assert made.data.table.values.tolist() == [[0, 1, 1.5, 2.5], [1, 0, 2, 3], [3, 1, 1e-20, 1]]
    assert not made.data.source.exact, "numpy cannot read a workbook"


def test_a_sheet_is_chosen_by_its_name(workbook: Path) -> None:
    sheet = last(workbook, page="Second sheet").sheet
    assert sheet is not None
    assert sheet.values.tolist() == [[7, 8], [9, 10.25]]
    with pytest.raises(FileError, match="There is no sheet 'Third' in this workbook; there are Bench, Second sheet"):
        last(workbook, page="Third")


def test_a_damaged_and_an_endless_workbook_are_refused(
    workbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(workbook.read_bytes()[:-300])
    with pytest.raises(FileError, match="damaged"):
        last(cut)
    other = tmp_path / "other.xlsx"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("xl/nothing.xml", "<x/>")
    with pytest.raises(FileError, match="cannot be read"):
        last(other)
    monkeypatch.setattr(workbook_reading, "MOST_BYTES", workbook.stat().st_size + 1)
    with pytest.raises(FileError, match="unpacks to more than"):
        last(workbook)


@pytest.mark.parametrize("module", ["python_calamine", "arro3.io"])
def test_without_its_library_a_file_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    if module == "arro3.io":
        monkeypatch.setitem(sys.modules, "arro3.core", None)
    path = tmp_path / ("book.xlsx" if module == "python_calamine" else "table.parquet")
    path.write_bytes(b"PK\x03\x04xl/" if module == "python_calamine" else b"PAR1")
    with pytest.raises(FileError, match=r"is not installed. Install it \(pip install 'gradviz\[tables\]'\)"):
        last(path)


def test_a_parquet_file_has_every_number_exact(tmp_path: Path) -> None:
    arro3 = pytest.importorskip("arro3.io", reason="it is in the extra tables")
    core = pytest.importorskip("arro3.core")
    numbers = np.random.default_rng(1).normal(size=3000)
    kinds = core.Array(["red", "blue", None] * 1000, type=core.DataType.utf8())
    table = core.Table.from_pydict(
        {"x": core.Array(numbers), "k": core.Array(np.arange(3000)), "kind": kinds, "y": core.Array(numbers * 2)}
    )
    path = tmp_path / "table.parquet"
    arro3.write_parquet(table, str(path))
    sheet = last(path).sheet
    assert sheet is not None
    assert sheet.names == ("x", "k", "kind", "y")
    assert sheet.values[:, 0].tobytes() == numbers.tobytes()
    assert (sheet.rows, sheet.texts[2]) == (3000, ("red", "blue"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(FileError, match="This Parquet file cannot be read: its end is missing"):
        last(path)
    path.write_bytes(whole[:-60] + bytes(40) + whole[-20:])
    with pytest.raises(FileError, match="This Parquet file cannot be read"):
        last(path)


def test_a_text_that_was_copied_is_guessed_like_a_file() -> None:
    *_, reading = read_text("Made up\r\nx\ty\r\n1,5\t2\r\n2,5\t4\r\n")
    assert reading.sheet is not None
    assert reading.format.skip == 1
    assert reading.sheet.names == ("x", "y")
    assert reading.sheet.values.tolist() == [[1.5, 2], [2.5, 4]]
    *_, asked = read_text("x\ty\n1,5\t2\n", {"decimal": "."})
    assert asked.sheet is not None
    assert np.isnan(asked.sheet.values[0, 0])
    with pytest.raises(FileError, match="Line 4"):
        list(read_text("x,y\n1,2\n3,4\n5\n"))
