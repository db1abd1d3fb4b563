"""A Python script that a person names: its text, as Python would read it."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

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
