"""Files that are something else, told by their first bytes so that a message can name them."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.storage.problems import FileError

CHOOSE = "Choose a .gradviz or .json experiment."
SNIFFED_BYTES = 512


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file should be: its name in a sentence, and what to do instead."""

    name: str
    choose: str


EXPERIMENT = Expected("a gradviz file", CHOOSE)
TABLE = Expected("a table in text", "Choose a .csv, .tsv or .txt file.")
_NO_PICKLE = "gradviz opens no pickles and nothing compressed, because those can run code or unpack without end."
_MAGIC = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, which stands in for the real file", "git lfs"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"%PDF-", "a PDF document", ""),
    (b"PK\x03\x04", "a zip archive, such as a PyTorch .pt checkpoint", "pickle"),
    (b"PK\x05\x06", "a zip archive", "pickle"),
    (b"\x1f\x8b", "a gzip archive", "pickle"),
    (b"\x80\x02", "a Python pickle, such as an old PyTorch checkpoint", "pickle"),
    (b"\x80\x03", "a Python pickle", "pickle"),
    (b"\x80\x04", "a Python pickle", "pickle"),
    (b"\x80\x05", "a Python pickle", "pickle"),
)


# these begin with bytes that other readers of this program must let through
_BESIDE_TABLES = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook", "excel"),
    (b"PAR1", "a Parquet file", "binary"),
    (b"\x93NUMPY", "a NumPy array", "binary"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "binary"),
    (b"SQLite format 3\0", "a SQLite database", "binary"),
    (b"GIF8", "a GIF picture", ""),
    (b'{"', "JSON", "json"),
    (b"{\n", "JSON", "json"),
)


def foreign_file(first: bytes, expected: Expected = EXPERIMENT) -> FileError | None:
    """The refusal of a file that begins with `first`, or None where nothing else is recognised."""
    if not first:
        return FileError(f"This file is empty: it is not {expected.name}.", expected.choose)
    start = first[:SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<") and b"<html" in start):
        return FileError(
            f"This is an HTML page, not {expected.name}.", "Download the file itself, not the page that shows it."
        )
    if expected is TABLE:
        beside = _beside_tables(first)
        if beside is not None:
            return beside
    for magic, what, family in _MAGIC:
        if first.startswith(magic):
            return _named(what, family, expected)
    return None


def _beside_tables(first: bytes) -> FileError | None:
    """What a person may take for a CSV file, or may have dropped in its place."""
    if first.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in first or b"xl/" in first):
        return _named("an Excel workbook", "excel", TABLE)
    if first.startswith(b"PK\x03\x04") and b"opendocument.spreadsheet" in first:
        return _named("an OpenDocument spreadsheet", "excel", TABLE)
    if first[8:9] == b"{" and b"\0" in first[:8]:
        return FileError("This is a gradviz or safetensors file, not a table in text.", "Open it with File, Open.")
    for magic, what, family in _BESIDE_TABLES:
        if first.startswith(magic):
            return _named(what, family, TABLE)
    return None


def _named(what: str, family: str, expected: Expected) -> FileError:
    if family == "pickle":
        return FileError(f"This is {what}, not {expected.name}. {_NO_PICKLE}", expected.choose)
    next_steps = {
        "git lfs": "Run git lfs pull in its folder, then open it again.",
        "excel": "Save it as CSV in the spreadsheet program, then import that.",
        "binary": "Write it as CSV first.",
        "json": "An experiment is opened with File, Open; a table must be CSV.",
    }
    return FileError(f"This is {what}, not {expected.name}.", next_steps.get(family, expected.choose))
