"""From older formats of the experiment file to the present one: one function per old version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradviz.core.document.experiment import FORMAT_VERSION
from gradviz.storage.problems import FileError, NewerFormatError

Document = dict[str, Any]


def _from_1(document: Document) -> Document:
    """Format 2 only added settings, each with a default that means what format 1 did."""
    return document


MIGRATIONS: dict[int, Callable[[Document], Document]] = {1: _from_1}
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
