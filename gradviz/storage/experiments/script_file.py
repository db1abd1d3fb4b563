"""A Python script that a person names or writes: its text, as Python would read it."""

from __future__ import annotations

import contextlib
import io
import tempfile
import tokenize
from collections.abc import Iterator
from pathlib import Path

from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.problems import FileError, cause_of

LARGEST = 5_000_000
"""Bytes of a script."""


def read_script(path: Path) -> str:
    """The text of a script, by the encoding that it declares; FileError where it cannot be read."""
    try:
        if path.is_dir():
            raise FileError(f"{path.name[:60]} is a folder.", "Name a Python file.")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise FileError(f"{path.name[:60]} cannot be read. {cause_of(error)}", "Name a Python file.") from None
    if len(data) > LARGEST:
        raise FileError(f"{path.name[:60]} is larger than any script.", "Name a Python file.")
    if b"\0" in data:
        raise FileError(f"{path.name[:60]} is no text.", "Name a Python file.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise FileError(f"{path.name[:60]} is no Python text.", "Save it as UTF-8.") from None


def write_script(path: Path, text: str) -> None:
    """Replace the file by this text, in the encoding that it declares, or raise FileError and leave it as it was."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data = text.encode(encoding)
    except (SyntaxError, LookupError):
        pass  # Python will say what is wrong with the declaration
    except UnicodeEncodeError:
        raise FileError(
            "The script has letters that its encoding has not.", "Declare UTF-8 in its first line."
        ) from None
    write_bytes(path, data)


@contextlib.contextmanager
def scratch_script(text: str) -> Iterator[Path]:
    """A file with this text in a folder of its own, both gone afterwards; FileError where there is no place for it."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="gradviz-script-", ignore_cleanup_errors=True)
    except OSError as error:
        raise FileError(f"There is no place for the script. {cause_of(error)}", "Save it as a file.") from None
    with folder:
        path = Path(folder.name) / "script.py"
        write_script(path, text)
        yield path
