"""Where a save is under way: what a killed one leaves is removed at the next start, in whatever folder it was."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradviz.storage.atomic_write import remove_leftovers
from gradviz.storage.user.folders import data_folder

_PREFIX = "saving-"


@contextmanager
def noted_save(path: Path) -> Iterator[None]:
    """Note down the folder of `path` for as long as something is written there. Never a reason not to save."""
    marker = data_folder() / f"{_PREFIX}{os.getpid()}"
    with contextlib.suppress(OSError, ValueError):
        marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        marker.write_bytes(os.fsencode(path.absolute().parent))
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            marker.unlink(missing_ok=True)


def clear_unfinished_saves() -> None:
    """Remove what saves that were killed have left, and their notes."""
    with contextlib.suppress(OSError, ValueError):
        for marker in data_folder().glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError, ValueError):
                remove_leftovers(Path(os.fsdecode(marker.read_bytes())))
                marker.unlink()
