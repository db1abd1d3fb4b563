"""Crash logs: each session of the program writes one, and takes it away when it ends well.

A session holds a lock on its log for as long as its process lives. The system takes the lock back however the process
ends: `gradviz.storage.user.left_logs` finds by it what was left behind. What is here is imported before the first
painting.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from gradviz.storage.user.folders import data_folder

MOST_BYTES = 1_000_000
MARK = "== "
"""How each line begins that gradviz itself writes below the head."""
ENDED = "Ended"
OPENS_WINDOW = "Opens the window."
HANGS = "The window has not answered"
"""How the note begins of a watchdog that heard nothing for long."""
FATAL = "Fatal"
"""How the line begins, or the title of a report, that tells of what ended the process."""
_LOCKED_BYTE = 1 << 30  # far behind the end: Windows lets nobody read a byte that is locked


class SessionLog:
    """The log of this process. Nothing here raises once it is open: a full disk is no reason to end a run."""

    def __init__(self, path: Path, head: str) -> None:
        """Make the file, lock it, then write the head: a log that is empty is one whose lock is not yet taken."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self.path = path
        self.descriptor = os.open(path, flags, 0o600)
        self._bytes = 0
        self.keeps = False
        """Whether something was written that is worth keeping after a good end."""
        with contextlib.suppress(OSError):
            lock(self.descriptor)
        self._write(head)

    def note(self, text: str) -> None:
        """A line on how far the session is; a log of such lines alone does not outlive a good end."""
        self._write(f"{MARK}{time.strftime('%H:%M:%S')} {text}\n")

    def report(self, title: str, text: str) -> None:
        """Something that went wrong. From a megabyte on nothing more is added: a fault may come with every frame."""
        self.keeps = True
        if self._bytes <= MOST_BYTES:
            self.note(title)
            self._write(text if text.endswith("\n") or not text else text + "\n")
            if self._bytes > MOST_BYTES:
                self.note("What else went wrong is left out: this log is long enough.")

    def end(self, how: str) -> None:
        """The last line. The file goes if nothing in it is worth keeping."""
        self.note(f"{ENDED} {how}")
        with contextlib.suppress(OSError):
            os.close(self.descriptor)
        if not self.keeps:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self._bytes += len(data)
        with contextlib.suppress(OSError):
            os.write(self.descriptor, data)


def crash_folder() -> Path:
    """Where crash logs lie."""
    return data_folder() / "crash-logs"


def open_session_log(head: str) -> SessionLog:
    """Begin the log of this process; OSError or ValueError where the folder cannot be written."""
    folder = crash_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SessionLog(folder / f"gradviz-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log", head)


if sys.platform == "win32":
    import msvcrt

    def lock(descriptor: int) -> None:
        """Hold the file until the process ends; OSError if another does."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Hold the file until the process ends; OSError if another does. Not lockf: it ends with any close."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
