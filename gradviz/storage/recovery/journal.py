"""The recovery journal of a session: what its document was when it was last whole on disk, and every edit since.

The session holds a lock on its journal for as long as its process lives; `gradviz.storage.recovery.left_work` finds by
it what was left behind. Beside the journal, under its name, lie the run as it was saved last, and tables
that are too large for it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
import zlib
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import FORMAT_VERSION, to_data
from gradviz.core.tables.tables import tables_in
from gradviz.storage.recovery.changes import changes_between
from gradviz.storage.recovery.file_stamp import FileStamp
from gradviz.storage.recovery.lines import BASE, EDIT, RUN, line_of, lining
from gradviz.storage.user.crash_logs import lock
from gradviz.storage.user.folders import data_folder

ENDING = ".journal"
RUN_ENDING = ".run.gradviz"
TABLES_ENDING = ".tables.gradviz"
OPEN_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Base:
    """What a journal begins with: a document that is whole without it, and where it is."""

    document: Document
    path: Path | None = None
    gallery_name: str = ""
    read_only: bool = False
    stamp: FileStamp | None = None
    steps: int = 0
    """Of the run that stands in the file."""


class Journal:
    """The journal of this process, or one that was left and taken up. Belongs to one thread.

    OSError where it cannot be written; then what was not written is part of the next line.
    """

    def __init__(self, path: Path, descriptor: int, data: Any = None, has_run: bool = False) -> None:
        """`data` is the document, as plain data, that the journal ends with."""
        self.path = path
        self._descriptor = descriptor
        self._data = data
        self.has_run = has_run
        """Whether the run lies beside it."""
        self._may_be_torn = True
        """Whether the last line may lack its end: the next begins with one."""

    @property
    def run_path(self) -> Path:
        """Where the run is saved."""
        return self.path.with_name(self.path.name + RUN_ENDING)

    def tables_path(self, document: Document) -> Path | None:
        """Where a copy of a document lies for its large tables; None if it has none."""
        digests = sorted(table.digest for table in tables_in(document.experiment) if not table.is_inline)
        if not digests:
            return None
        name = f"{self.path.name}-{zlib.crc32(''.join(digests).encode()):08x}{TABLES_ENDING}"
        return self.path.with_name(name)

    def begin(self, base: Base) -> None:
        """Begin anew with a document that is whole without the journal: what stood here is not needed any more."""
        data = to_data(base.document)
        self.begin_with(line_of(BASE, _record_of(base, data)), data)

    def begin_with(self, line: bytes, data: Any) -> None:
        """The same with the line that `base_lining` made, and the document as plain data."""
        self.empty()
        self._write(line)
        self._data = data
        for beside in sides_of(self.path):
            with contextlib.suppress(OSError):
                beside.unlink()

    def empty(self) -> None:
        """Nothing that stands here is needed any more; what begins it anew is on its way."""
        os.ftruncate(self._descriptor, 0)
        self._data, self.has_run = None, False

    def edit(self, document: Document) -> bool:
        """Add what `document` has that the last one had not; False if that is nothing."""
        data = to_data(document)
        changes = changes_between(self._data, data)
        if changes:
            self._append(EDIT, {"changes": changes})
            self._data = data
        return bool(changes)

    def note_run(self, step: int) -> None:
        """The run was saved beside the journal."""
        self._append(RUN, {"step": step})
        self.has_run = True

    def sync(self) -> None:
        """Make what was written outlast a power cut."""
        os.fsync(self._descriptor)

    def end(self) -> None:
        """Nothing of it is needed any more. Emptied first: if this is cut short, nobody is offered what is gone."""
        remove(self.path, self._descriptor)

    def _append(self, kind: str, record: dict[str, Any]) -> None:
        self._write(line_of(kind, record))

    def _write(self, line: bytes) -> None:
        line = b"\n" * self._may_be_torn + line
        length = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, line)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, length)
            raise
        self._may_be_torn = False


def base_lining(base: Base, data: Any) -> Generator[float, None, bytes]:
    """The line that a journal begins with, in pieces: for another thread. `data` is the document as plain data."""
    return lining(BASE, _record_of(base, data))


def _record_of(base: Base, data: Any) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "document": data,
        "path": None if base.path is None else os.path.abspath(base.path),
        "gallery": base.gallery_name,
        "read_only": base.read_only,
        "stamp": None if base.stamp is None else asdict(base.stamp),
        "steps": base.steps,
    }


def recovery_folder() -> Path:
    """Where journals lie."""
    return data_folder() / "recovery"


def open_journal() -> Journal:
    """Begin the journal of this process; OSError or ValueError where the folder cannot be written."""
    folder = recovery_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(_TRIES):
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}"
        path = folder / name
        descriptor = os.open(path, OPEN_FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        if _is_mine(descriptor):
            return Journal(path, descriptor)
        os.close(descriptor)  # another start took it for a leftover just now
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def _is_mine(descriptor: int) -> bool:
    try:
        lock(descriptor)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a disk without locks: nobody takes what it cannot lock
    return os.name != "posix" or os.fstat(descriptor).st_nlink > 0


def sides_of(path: Path) -> list[Path]:
    """What lies beside a journal, under its name."""
    return [found for found in path.parent.glob(f"{path.name}*") if found != path]


def remove(path: Path, descriptor: int) -> None:
    """Empty a journal, then remove what lies beside it, then itself; OSError never."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
    for beside in sides_of(path):
        with contextlib.suppress(OSError):
            beside.unlink()
    if os.name == "posix":
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)
    else:  # Windows removes no file that is open
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()
