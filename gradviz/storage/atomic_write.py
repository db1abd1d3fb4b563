"""Write a whole file or leave the old one: never a torn file, never a lost one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from gradviz.storage.problems import FileError, cause_of

SAVE_AS = "Use Save as to choose another place."
MAX_NAME_BYTES = 255
_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}\.part")


def write_bytes(path: Path, chunks: bytes | Iterable[bytes]) -> None:
    """Replace the file at `path`, or raise FileError and leave it byte for byte as it was.

    The mode of an existing file is kept, and a link stays a link: what it points to is replaced.
    """
    check_name(path)
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        mode = _mode_of_writable(target)
        _replace(target, (chunks,) if isinstance(chunks, bytes) else chunks, mode)
    except OSError as error:
        raise FileError(f"The file was not saved. {_cause(error, path)}", SAVE_AS) from error


def check_name(path: Path) -> None:
    """Raise FileError where no file system could store a file of this name."""
    if not path.name:
        raise FileError("The file was not saved. It has no name.", SAVE_AS)
    if "\0" in str(path):
        raise FileError("The file was not saved. Its name contains a NUL character.", SAVE_AS)
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        raise FileError("The file was not saved. Its name has characters that no file can have.", SAVE_AS) from None
    length = len(os.fsencode(path.name))
    if length > MAX_NAME_BYTES:
        raise FileError(
            f"The file was not saved. Its name has {length} bytes; at most {MAX_NAME_BYTES} are possible.", SAVE_AS
        )


def check_writable(path: Path) -> None:
    """FileError where `write_bytes` could not write, asked before work whose result would be lost.

    A file is begun beside it and removed: what a folder allows is known only by trying.
    """
    check_name(path)
    try:
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        temp, descriptor = _open_temp(target, _mode_of_writable(target))
        os.close(descriptor)
        temp.unlink()
    except OSError as error:
        raise FileError(f"The file cannot be written. {_cause(error, path)}", SAVE_AS) from error


def remove_leftovers(folder: Path, older_than_s: float = 60.0) -> None:
    """Remove what a killed save left in `folder`.

    A save holds a lock on its file for as long as its process lives, so that what nobody holds is left over. Where the
    disk knows no locks, it is what is old.
    """
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if _LEFTOVER.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                    if age >= older_than_s or _is_given_up(entry.path):
                        os.unlink(entry.path)


def _is_given_up(path: str) -> bool:
    """Whether no living process holds the lock of a file that is written."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        return try_lock(descriptor) is True
    finally:
        os.close(descriptor)


if sys.platform == "win32":

    def try_lock(descriptor: int) -> bool | None:
        """Windows removes no file that another process has open, which is as good as a lock."""
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool | None:
        """Whether the file is this process's own now, until it is closed; None where the disk knows no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True


def _mode_of_writable(target: Path) -> int | None:
    """The mode of the file to be replaced, None if there is none; FileError where it may not be replaced.

    os.replace would not ask the file, and os.access says yes to root: a mode without any write bit means no.
    """
    if target.parent.exists() and not target.parent.stat().st_mode & 0o222:
        raise FileError("The file was not saved. Its folder is read-only.", SAVE_AS)
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise FileError("The file was not saved. There is a folder or a device of that name.", SAVE_AS)
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise FileError("The file was not saved. The existing file is read-only.", SAVE_AS)
    return stat.S_IMODE(status.st_mode)


def _replace(target: Path, chunks: Iterable[bytes], mode: int | None) -> None:
    """Write a new file beside `target` and put it in its place."""
    temp, descriptor = _open_temp(target, mode)
    try:
        try:
            for chunk in chunks:
                _write_all(descriptor, chunk)
            if mode is not None and os.name == "posix":
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temp, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temp.unlink()
        raise
    _sync_folder(target.parent)


def _open_temp(target: Path, mode: int | None) -> tuple[Path, int]:
    # cut by bytes, so that a name of 255 bytes still has a temporary one
    stem = os.fsencode(target.name)[:200].decode("utf-8", "ignore")
    temp = target.with_name(f".{stem}.{secrets.token_hex(4)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temp, flags, 0o666 if mode is None else 0o600)
    if try_lock(descriptor) is False or not os.fstat(descriptor).st_nlink:  # somebody took it for a leftover just now
        os.close(descriptor)
        with contextlib.suppress(OSError):
            temp.unlink()
        return _open_temp(target, mode)
    return temp, descriptor


def _write_all(descriptor: int, chunk: bytes) -> None:
    """Write until nothing is left: a full disk may take a part of a write and call that success."""
    rest = memoryview(chunk)
    while rest:
        written = os.write(descriptor, rest)
        if written <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[written:]


def _sync_folder(folder: Path) -> None:
    """Make the new name last. Some network disks cannot, and the file is whole all the same."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cause(error: OSError, path: Path) -> str:
    if error.errno == errno.ENOENT and not path.parent.exists():
        return "Its folder does not exist."
    return cause_of(error)
