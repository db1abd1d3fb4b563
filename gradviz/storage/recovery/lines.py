"""Records as lines with a checksum: a line that a power cut has torn is known for what it is.

What is here needs nothing but Python's own library: the watchdog writes such lines too, and starts in some 30 ms.
"""

from __future__ import annotations

import contextlib
import json
import time
import zlib
from collections.abc import Generator, Iterator
from typing import Any

BASE, EDIT, RUN, HUNG, AWAKE = "base", "edit", "run", "hung", "awake"
"""The kinds of records: a document that is whole without the journal; an edit; a run that was saved; and that the
window has stopped answering, or answers again."""


MOST_AT_ONCE = 2_000
"""Parts of a record that are written in one piece: some 2 ms."""


def line_of(kind: str, record: dict[str, Any]) -> bytes:
    """A record as a line: its checksum, and what it is, when it was, and what it says as JSON."""
    return _with_checksum(json.dumps(_stamped(kind, record)))


def lining(kind: str, record: dict[str, Any]) -> Generator[float, None, bytes]:
    """The same in pieces, between which Python's lock is free: a long record takes its time."""
    parts: list[str] = []
    for part in json.JSONEncoder().iterencode(_stamped(kind, record)):
        parts.append(part)
        if len(parts) % MOST_AT_ONCE == 0:
            yield 0.5
    return _with_checksum("".join(parts))


def _stamped(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "at": round(time.time(), 3), **record}


def _with_checksum(text: str) -> bytes:
    data = text.encode()
    return b"%08x %s\n" % (zlib.crc32(data), data)


def records_of(data: bytes) -> Iterator[dict[str, Any]]:
    """The records that are whole; a torn line is left out, wherever it stands."""
    for line in data.split(b"\n"):
        checksum, _, text = line.partition(b" ")
        if checksum == b"%08x" % zlib.crc32(text):
            with contextlib.suppress(ValueError, RecursionError):
                record = json.loads(text)
                if isinstance(record, dict):
                    yield record
