"""What a process is usually born with, where it is missing: the three standard streams, a folder to stand in."""

from __future__ import annotations

import contextlib
import io
import os
import sys

STDIN, STDOUT, STDERR = 0, 1, 2


def ensure_streams() -> bool:
    """Open what is missing of stdin, stdout and stderr onto nothing; returns whether there was a stderr.

    A descriptor below 3 that stays free goes to whatever is opened next, and what a library then writes to stderr
    would go into a file, or to the X server.
    """
    had_stderr = sys.stderr is not None and _is_open(STDERR)
    for number in (STDIN, STDOUT, STDERR):
        if not _is_open(number):
            point(number, os.devnull)
    if sys.stdin is None:
        _take_stream("stdin", io.TextIOWrapper(io.FileIO(STDIN, closefd=False), "utf-8"))
    if sys.stdout is None:
        _take_stream("stdout", _text_stream(STDOUT))
    if sys.stderr is None:
        _take_stream("stderr", _text_stream(STDERR))
    return had_stderr


def _take_stream(name: str, stream: io.TextIOBase) -> None:
    """Put a stream where `sys` has none, and where it keeps what the process was born with."""
    setattr(sys, name, stream)
    setattr(sys, f"__{name}__", stream)


def begin() -> bool:
    """Put right what may be missing; returns whether there was a stderr."""
    had_stderr = ensure_streams()
    leave_deleted_folder()
    give_children_their_libraries()
    return had_stderr


def leave_deleted_folder() -> None:
    """Stand elsewhere if the current folder is gone or closed to us: MKL would end the process with status 2."""
    try:
        os.stat(os.getcwd())
    except OSError:
        os.chdir(os.path.abspath(os.sep))


def give_children_their_libraries() -> None:
    """A packaged program runs with its own libraries before the system's; what it starts, such as a browser, must not.

    The loader of this process has read the variable long ago.
    """
    if getattr(sys, "frozen", False) and sys.platform.startswith("linux"):
        before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
        os.environ.pop("LD_LIBRARY_PATH", None)
        if before is not None:
            os.environ["LD_LIBRARY_PATH"] = before


def point_stderr(path: str) -> None:
    """Let stderr, that of C too, add to the file at `path`."""
    point(STDERR, path, os.O_APPEND)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def point(number: int, path: str, flags: int = 0) -> None:
    """Make a descriptor stand for `path`; the streams of children go the same way."""
    with contextlib.suppress(OSError):
        opened = os.open(path, os.O_RDWR | flags)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def _text_stream(number: int) -> io.TextIOWrapper:
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
