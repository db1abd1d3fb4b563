"""Reading CSV files and their kin: a generator that stops between any two hundred rows. Nothing is ever written."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from gradviz.core.tables.delimited_text import LONGEST_LINE, RowError, TextFormat, guess_format, rows_of
from gradviz.core.tables.sheets import Reading, SheetBuilder
from gradviz.storage.experiments.header import open_regular
from gradviz.storage.foreign_files import SNIFFED_BYTES, TABLE, foreign_file
from gradviz.storage.problems import FileError, cause_of
from gradviz.storage.tables.csv_encoding import ENCODINGS, SAMPLE_BYTES, bytes_of_mark, guess_encoding

CHUNK_BYTES = 2**15
ROWS_AT_ONCE = 500
CELLS_AT_ONCE = 10_000
CORRECT = "Correct the file, or choose another separator or encoding."


def read_csv(path: Path, encoding: str = "", layout: TextFormat | None = None) -> Generator[Reading, None, None]:
    """Read a file of rows; yields after each few milliseconds, and in the end with the whole sheet.

    What is not given is guessed, and told in every Reading. FileError says what is wrong, with the line.
    """
    with open_regular(path, TABLE) as stream:
        try:
            yield from _readings(stream, os.fstat(stream.fileno()).st_size, encoding, layout)
        except OSError as error:
            raise FileError(f"The file cannot be read. {cause_of(error)}", TABLE.choose) from error
        except MemoryError:
            raise FileError("The file needs more memory than this machine has.", "Use a larger machine.") from None
        except RowError as error:
            raise FileError(str(error), CORRECT) from None


def _readings(stream: BinaryIO, size: int, encoding: str, layout: TextFormat | None) -> Iterator[Reading]:
    sample = stream.read(SAMPLE_BYTES)
    foreign = foreign_file(sample[:SNIFFED_BYTES], TABLE)
    if foreign is not None:
        raise foreign
    encoding = encoding or guess_encoding(sample)
    if encoding not in ENCODINGS:
        raise FileError("This file holds binary data, not a table in text.", TABLE.choose)
    start = bytes_of_mark(sample, encoding)
    layout = layout or guess_format(_sample_text(sample[start : start + 2**16], encoding))
    stream.seek(start)
    lines = _Lines(stream, encoding)
    builder = SheetBuilder(layout)
    # at once, so that a window can show what was guessed
    yield Reading(0.0, layout, encoding, 0)
    for line, rows in _blocks(lines, layout.separator):
        builder.add(line, rows)
        yield Reading(
            min(lines.bytes_read / max(size, 1), 1.0),
            layout,
            encoding,
            builder.rows,
            builder.preview(),
            builder.counts,
        )
    if not builder.rows:
        names = builder.preview()
        cause = "This file has no rows." if names is None else "This file has a line of names, but no rows below it."
        raise FileError(cause, TABLE.choose)
    yield Reading(1.0, layout, encoding, builder.rows, builder.preview(), builder.counts, builder.sheet())


def _sample_text(sample: bytes, encoding: str) -> str:
    """The text of the first bytes, without its last line, which may be cut."""
    decoded = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
    text = decoded.replace("\r\n", "\n").replace("\r", "\n")
    head, feed, _rest = text.rpartition("\n")
    return head if feed and head.count("\n") > 1 else text


def _blocks(lines: _Lines, separator: str) -> Iterator[tuple[int, list[list[str]]]]:
    """Rows some hundreds at a time, with the line of the last; fewer where they are long."""
    block: list[list[str]] = []
    line, most = 0, ROWS_AT_ONCE
    try:
        for line, cells in rows_of(lines, separator):
            if not block:
                most = max(1, min(ROWS_AT_ONCE, CELLS_AT_ONCE // len(cells)))
            block.append(cells)
            if len(block) >= most:
                yield line, block
                block = []
    except RowError:
        # the rows before the fault are shown beside the message
        if block:
            yield line, block
        raise
    if block:
        yield line, block


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
