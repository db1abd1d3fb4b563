"""The header of a safetensors file, checked in full before anything large is read or allocated.

Layout: 8 bytes little-endian length of the header, the header as JSON, the bytes of the tensors.
"""

from __future__ import annotations

import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from gradviz.storage.experiments import strict_json
from gradviz.storage.experiments.pieces import Pieces, in_one
from gradviz.storage.foreign_files import CHOOSE, EXPERIMENT, SNIFFED_BYTES, Expected, foreign_file
from gradviz.storage.problems import FileError, cause_of

MAX_HEADER_BYTES = 8 * 2**20
MAX_TENSORS = 10_000
MAX_NAME_LENGTH = 200
MAX_DIMENSIONS = 16
ITEM_BYTES = {"F32": 4, "F64": 8, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}
_ENTRY_KEYS = {"dtype", "shape", "data_offsets"}
_LENGTH_BYTES = 8


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies: [begin, end) counts from `Header.data_start`."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """A header without fault."""

    metadata: dict[str, str]
    tensors: dict[str, TensorEntry]
    data_start: int


def read_header(path: Path) -> Header:
    """The header of the file at `path`; FileError says what it is instead, or what is wrong with it."""
    with open_regular(path) as stream:
        return header_of(stream, os.fstat(stream.fileno()).st_size)


def open_regular(path: Path, wanted: Expected = EXPERIMENT) -> BinaryIO:
    """Open for reading; a pipe or a device, which may never end, is refused."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileError("This is a folder or a device, not a file.", wanted.choose)
        return path.open("rb")
    except OSError as error:
        raise FileError(f"The file cannot be opened. {cause_of(error)}", wanted.choose) from error
    except ValueError:
        raise FileError(
            "The file cannot be opened. Its name has a character that no file can have.", wanted.choose
        ) from None


def header_of(stream: BinaryIO, size: int) -> Header:
    """The header of a stream of `size` bytes that stands at its beginning."""
    return in_one(reading_header(stream, size, 0.0, 1.0))


def reading_header(stream: BinaryIO, size: int, begin: float, end: float) -> Pieces[Header]:
    """The same in pieces."""
    first = stream.read(SNIFFED_BYTES)
    length = _header_length(first, size)
    stream.seek(_LENGTH_BYTES)
    raw = stream.read(length)
    # counted before parsing: 200,000 entries would take a second
    if raw.count(b'"data_offsets"') > MAX_TENSORS:
        raise _too_many()
    data = yield from strict_json.parsing(raw, begin, begin + 0.7 * (end - begin))
    metadata = _metadata(data)
    if len(data) > MAX_TENSORS:
        raise _too_many()
    tensors = {}
    for number, (name, value) in enumerate(data.items()):
        tensors[name] = _entry(name, value)
        if number % 1000 == 999:
            yield begin + 0.8 * (end - begin)
    data_start = _LENGTH_BYTES + length
    _check_places(tensors, size - data_start)
    return Header(metadata, tensors, data_start)


def is_json(first: bytes) -> bool:
    """Whether a file that begins with `first` is JSON text.

    The length of a safetensors header may begin with the byte of a brace too, but it has zero bytes.
    """
    start = first[:SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{") and b"\0" not in first[:_LENGTH_BYTES]


def _header_length(first: bytes, size: int) -> int:
    """The declared length, if the file can be a safetensors file at all."""
    # asked first: the length of a good file may begin with the bytes of a pickle or of gzip
    if first[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise foreign_file(first) or FileError("This is not a gradviz file.", CHOOSE)
    length = int.from_bytes(first[:_LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise foreign_file(first) or FileError(
            f"This is not a gradviz file: it declares a header of {length:,} bytes; "
            f"at most {MAX_HEADER_BYTES:,} are read.",
            CHOOSE,
        )
    if _LENGTH_BYTES + length > size:
        raise truncated(_LENGTH_BYTES + length - size)
    return length


def _metadata(data: Any) -> dict[str, str]:
    """Take the metadata out of the parsed header."""
    if not isinstance(data, dict):
        raise FileError("This is not a gradviz file: its header is not a JSON object.", CHOOSE)
    metadata = data.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise FileError("The metadata in the header of the file are not text.", CHOOSE)
    return metadata


def _entry(name: str, value: Any) -> TensorEntry:
    if len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise FileError(f"The file names a tensor with more than {MAX_NAME_LENGTH} or with odd characters.", CHOOSE)
    if not isinstance(value, dict) or set(value) != _ENTRY_KEYS:
        raise _bad_tensor(name, "needs exactly dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise _bad_tensor(name, f"has the dtype {str(dtype)[:20]!r}; allowed are {', '.join(ITEM_BYTES)}")
    if not _are_counts(shape) or len(shape) > MAX_DIMENSIONS:
        raise _bad_tensor(name, f"has a shape that is not a list of at most {MAX_DIMENSIONS} whole numbers")
    if not _are_counts(offsets) or len(offsets) != 2:
        raise _bad_tensor(name, "has offsets that are not two whole numbers")
    begin, end = offsets
    # Python's integers do not overflow: 2^40 x 2^40 is what it says
    if end - begin != math.prod(shape) * ITEM_BYTES[dtype]:
        raise _bad_tensor(name, "has another size than its shape and dtype need")
    return TensorEntry(dtype, tuple(shape), begin, end)


def _are_counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_places(tensors: dict[str, TensorEntry], data_bytes: int) -> None:
    """The tensors must fill the rest of the file in some order, without overlap or hole."""
    expected = 0
    for name, entry in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != expected:
            raise _bad_tensor(name, "overlaps another one" if entry.begin < expected else "follows a hole in the file")
        expected = entry.end
    if expected > data_bytes:
        raise truncated(expected - data_bytes)
    if expected < data_bytes:
        raise FileError(f"The file has {data_bytes - expected:,} bytes after its last tensor.", CHOOSE)


def _bad_tensor(name: str, fault: str) -> FileError:
    return FileError(f"The tensor {name[:60]!r} {fault}.", "The file is damaged: use another copy of it.")


def truncated(missing: int) -> FileError:
    """The refusal of a file that ends too soon."""
    return FileError(
        f"This is not a gradviz file, or only the beginning of one: {missing:,} bytes are missing.",
        "Copy or download it again.",
    )


def _too_many() -> FileError:
    return FileError(f"The file has more than {MAX_TENSORS:,} tensors.", CHOOSE)
