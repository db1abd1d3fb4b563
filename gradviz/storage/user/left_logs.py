"""The logs that sessions left behind: which of them tell of an unexpected end that its user was not told of.

A log that has no last line and that nobody holds is that of a session that crashed or was killed; a number of a process
that is used again cannot be mistaken. Where a file system knows no locks, no log is taken for a crash.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gradviz.storage.user.crash_logs import ENDED, FATAL, HANGS, MARK, MOST_BYTES, OPENS_WINDOW, crash_folder, lock

MOST_LOGS = 10
OFFERED = "Offered at a later start"
_NAME = re.compile(r"gradviz-\d{8}-\d{6}-\d+\.log")
_FATAL = re.compile(r"^(?:Fatal Python error|Windows fatal exception): (.*)$", re.MULTILINE)
_LEFT_BY = re.compile(rf"^{MARK}\S+ {FATAL}: (.*)$", re.MULTILINE)
_HUNG = re.compile(rf"^{MARK}\S+ {HANGS}", re.MULTILINE)
_OVER = re.compile(rf"^{MARK}\S+ (?:{ENDED}|{OFFERED})", re.MULTILINE)
_YOUNG_S = 60.0


class Ending(StrEnum):
    """How a session ended that left its log behind."""

    CRASHED = "crashed"
    KILLED = "killed"
    """Nothing in the log says why: kill -9, no memory left, no power."""
    HUNG = "hung"
    """The window had stopped answering, and was ended from outside."""


@dataclass(frozen=True)
class LeftLog:
    """The log of a session that did not end well; `reason` is what the system called the crash."""

    path: Path
    ending: Ending
    reason: str
    is_window: bool
    ended_at: float


def all_logs() -> list[Path]:
    """Every log, the newest first."""
    try:
        names = sorted((name for name in os.listdir(crash_folder()) if _NAME.fullmatch(name)), reverse=True)
    except (OSError, ValueError):
        return []
    return [crash_folder() / name for name in names]


def left_logs() -> list[LeftLog]:
    """The logs of sessions that are over, did not end well, and were not offered yet; the newest first."""
    return [found for path in all_logs() if (found := _left(path)) is not None]


def mark_offered(path: Path) -> None:
    """Note in a log that its user was told: it is not offered again."""
    with contextlib.suppress(OSError), path.open("ab") as stream:
        stream.write(f"\n{MARK}{time.strftime('%H:%M:%S')} {OFFERED}\n".encode())


def remove_old_logs() -> None:
    """Keep the newest ten, and every log of a session that goes on."""
    for path in all_logs()[MOST_LOGS:]:
        with contextlib.suppress(OSError):
            if not _is_held(path):
                path.unlink()


def read_log(path: Path) -> str:
    """The text of a log; a sentence where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(2 * MOST_BYTES).decode("utf-8", "replace")
    except OSError as error:
        return f"This log cannot be read: {error.strerror or type(error).__name__}."


def _left(path: Path) -> LeftLog | None:
    with contextlib.suppress(OSError):
        text, status = read_log(path), path.stat()
        is_new = status.st_size == 0 and 0 <= time.time() - status.st_mtime < _YOUNG_S
        if is_new or _OVER.search(text) or _is_held(path):
            return None
        fatal = _LEFT_BY.search(text) or _FATAL.search(text)
        ending = Ending.CRASHED if fatal is not None else Ending.HUNG if _HUNG.search(text) else Ending.KILLED
        is_window = OPENS_WINDOW in text or not text
        return LeftLog(path, ending, "" if fatal is None else fatal[1].strip(), is_window, status.st_mtime)
    return None


def _is_held(path: Path) -> bool:
    """Whether a process that lives holds the log, or nobody can tell."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return True
    try:
        lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
