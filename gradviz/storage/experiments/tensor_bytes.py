"""The bytes of a safetensors file as arrays, once its header was found to be without fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from gradviz.storage.experiments.header import Header, truncated
from gradviz.storage.experiments.pieces import Pieces

DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}
PIECE_BYTES = 2**20


def reading_tensors(stream: BinaryIO, header: Header, begin: float, end: float) -> Pieces[dict[str, NDArray[Any]]]:
    """Every tensor by name, read-only. The header was checked against the size of the file, which bounds the memory."""
    total = max(1, sum(entry.end - entry.begin for entry in header.tensors.values()))
    found: dict[str, NDArray[Any]] = {}
    done = pending = 0
    for name, entry in sorted(header.tensors.items(), key=lambda item: item[1].begin):
        found[name] = np.empty(entry.shape, DTYPES[entry.dtype])
        stream.seek(header.data_start + entry.begin)
        for count in _filling(stream, found[name]):
            done += count
            pending += count + 1000  # a small tensor takes its time too
            if pending >= PIECE_BYTES:
                pending = 0
                yield begin + (end - begin) * done / total
        found[name].flags.writeable = False
    return found


def _filling(stream: BinaryIO, array: NDArray[Any]) -> Iterator[int]:
    """Fill an array from the stream, and yield how many bytes came."""
    rest = array.reshape(-1).view(np.uint8).data
    while rest:
        count = stream.readinto(rest[:PIECE_BYTES])  # type: ignore[attr-defined]
        if not count:
            raise truncated(len(rest))
        rest = rest[count:]
        yield count
