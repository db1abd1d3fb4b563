"""From older formats of the experiment file to the present one: one function per old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradviz.core.experiment import FORMAT_VERSION
from gradviz.storage.problems import FileError, NewerFormatError

Document = dict[str, Any]

MIGRATIONS: dict[int, Callable[[Document], Document]] = {}
"""At n: the function that makes a document of format n one of format n + 1."""


def migrate(data: Document, version: int) -> Document:
    """The document in the present format; NewerFormatError names a version from the future."""
    if version > FORMAT_VERSION:
        raise NewerFormatError(version, FORMAT_VERSION)
    for old in range(version, FORMAT_VERSION):
        if old not in MIGRATIONS:
            raise FileError(
                f"This file has format version {old}, which gradviz no longer reads.", "Save it with an older gradviz."
            )
        data = MIGRATIONS[old](data)
    return data
