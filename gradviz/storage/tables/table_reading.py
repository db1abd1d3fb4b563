"""Reading a table out of any file that may hold one: rows of text, a workbook, a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradviz.core.tables.sheets import Asked, Reading
from gradviz.storage.experiments.header import open_regular
from gradviz.storage.foreign_files import SNIFFED_BYTES, TABLE
from gradviz.storage.tables.csv_reading import read_csv
from gradviz.storage.tables.parquet_reading import read_parquet
from gradviz.storage.tables.workbook_reading import WORKBOOKS, read_workbook

TEXTS = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data")
PARQUETS = (".parquet", ".pq")
TABLES = (*TEXTS, *WORKBOOKS, *PARQUETS)
"""How the names of files end that hold tables."""
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_WORKBOOKS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")


def read_table(path: Path, asked: Asked = Asked()) -> Iterator[Reading]:  # noqa: B008 - a frozen value
    """Read a table; what is not asked for is guessed. FileError says what is wrong. What a file is, its bytes tell."""
    with open_regular(path, TABLE) as stream:
        first = stream.read(SNIFFED_BYTES)
    if first.startswith(b"PAR1"):
        return read_parquet(path, asked.format)
    if _is_workbook(path, first):
        return read_workbook(path, asked.page, asked.format)
    return read_csv(path, asked.encoding, None, asked.format)


def _is_workbook(path: Path, first: bytes) -> bool:
    if first.startswith(_OLD_WORKBOOK):
        return True
    is_named = path.suffix.lower() in WORKBOOKS
    return first.startswith(b"PK\x03\x04") and (is_named or any(part in first for part in _IN_WORKBOOKS))
