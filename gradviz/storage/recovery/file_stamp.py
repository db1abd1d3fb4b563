"""What a file was when this window last read or wrote it: by that it is known whether somebody else changed it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileStamp:
    """`digest` is of the content; the others tell quickly that nothing was written since."""

    modified_ns: int
    size: int
    inode: int
    digest: str


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file as it is; None where it cannot be read."""
    try:
        with path.open("rb") as stream:
            status, digest = os.fstat(stream.fileno()), hashlib.sha256()
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except (OSError, ValueError):
        return None
    return FileStamp(status.st_mtime_ns, status.st_size, status.st_ino, digest.hexdigest())


def is_changed(path: Path, known: FileStamp | None) -> bool:
    """Whether the file holds something else than when it was stamped; one that is gone holds nothing to be lost."""
    if known is None:
        return False
    with contextlib.suppress(OSError, ValueError):
        status = path.stat()
        if (status.st_mtime_ns, status.st_size, status.st_ino) == (known.modified_ns, known.size, known.inode):
            return False
    now = stamp_of(path)
    return now is not None and now.digest != known.digest


def free_name(path: Path) -> Path:
    """A name beside `path` that no file has: ``line (2).gradviz``."""
    stem, number = os.fsencode(path.stem)[:200].decode("utf-8", "ignore"), 2
    while (made := path.with_name(f"{stem} ({number}){path.suffix}")).exists():
        number += 1
    return made
