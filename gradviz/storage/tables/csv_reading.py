"""Reading CSV files and their kin: a generator that stops between any two hundred rows. Nothing is ever written."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gradviz.core.tables.delimited_text import LONGEST_LINE, RowError, TextFormat, rows_of
from gradviz.core.tables.sheets import Reading
from gradviz.core.tables.text_guess import guess_format
from gradviz.storage.experiments.header import open_regular
from gradviz.storage.foreign_files import SNIFFED_BYTES, TABLE, foreign_file
from gradviz.storage.problems import FileError, cause_of
from gradviz.storage.tables.csv_encoding import ENCODINGS, SAMPLE_BYTES, bytes_of_mark, guess_encoding
from gradviz.storage.tables.readings import readings_of

CHUNK_BYTES = 2**15
GUESSED_BYTES = 2**16
CORRECT = "Correct the file, or choose another separator or encoding."


def read_csv(
    path: Path, encoding: str = "", layout: TextFormat | None = None, asked: Mapping[str, Any] | None = None
) -> Generator[Reading, None, None]:
    """Read a file of rows; yields after each few milliseconds, and in the end with the whole sheet.

    What is not given is guessed, and told in every Reading; `asked` are fields of the format that a person chose.
    FileError says what is wrong, with the line.
    """
    with open_regular(path, TABLE) as stream:
        try:
            yield from _readings(stream, os.fstat(stream.fileno()).st_size, encoding, layout, asked)
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", TABLE.choose) from error
        except MemoryError:
            raise FileError("The file needs more memory than this machine has.", "Use a larger machine.") from None
        except RowError as error:
            raise FileError(str(error), CORRECT) from None


def read_text(text: str, asked: Mapping[str, Any] | None = None) -> Iterator[Reading]:
    """Read rows out of a text, such as what a person copied elsewhere."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    layout = guess_format(plain[:GUESSED_BYTES], asked)
    lines = (f"{line}\n" for line in plain.split("\n"))
    try:
        yield from readings_of(rows_of(lines, layout), layout, "utf-8", lambda: 0.5)
    except RowError as error:
        raise FileError(str(error), "Correct it where it was copied, or choose another separator.") from None


def _readings(
    stream: BinaryIO, size: int, encoding: str, layout: TextFormat | None, asked: Mapping[str, Any] | None
) -> Iterator[Reading]:
    sample = stream.read(SAMPLE_BYTES)
    foreign = foreign_file(sample[:SNIFFED_BYTES], TABLE)
    if foreign is not None:
        raise foreign
    encoding = encoding or guess_encoding(sample)
    if encoding not in ENCODINGS:
        raise FileError("This file holds binary data, not a table in text.", TABLE.choose)
    start = bytes_of_mark(sample, encoding)
    layout = layout or guess_format(_sample_text(sample[start : start + GUESSED_BYTES], encoding), asked)
    stream.seek(start)
    lines = _Lines(stream, encoding)
    yield from readings_of(rows_of(lines, layout), layout, encoding, lambda: lines.bytes_read / max(size, 1))


def _sample_text(sample: bytes, encoding: str) -> str:
    """The text of the first bytes, without its last line, which may be cut."""
    decoded = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    text = decoded.replace("\r\n", "\n").replace("\r", "\n")
    head, feed, _rest = text.rpartition("\n")
    return head if feed and head.count("\n") > 1 else text


class _Lines:
    """The lines of a stream, each ending in a line feed, whatever ended them in the file."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
        self.bytes_read = 0
        self._line = 0

    def __iter__(self) -> Iterator[str]:
        rest = ""
        is_last = False
        while not is_last:
            chunk = self._stream.read(CHUNK_BYTES)
            is_last = not chunk
            self.bytes_read += len(chunk)
            # split at line feeds alone: splitlines would also split at what may stand within a cell
            *whole, rest = (rest + self._decoded(chunk, is_last)).split("\n")
            for line in whole:
                self._line += 1
                yield f"{line}\n"
            if len(rest) > LONGEST_LINE:
                raise RowError(self._line + 1, f"it has more than {LONGEST_LINE:,} characters")
        if rest:
            yield rest

    def _decoded(self, chunk: bytes, is_last: bool) -> str:
        try:
            return self._decoder.decode(chunk, is_last)
        except UnicodeDecodeError:
            name = ENCODINGS[self._encoding]
            raise RowError(self._line + 1, f"here or soon after it the bytes are not {name}") from None
