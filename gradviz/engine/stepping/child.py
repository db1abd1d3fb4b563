"""The one child process: started in a session of its own, heard over a socket, and ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradviz.engine.problems import EngineError
from gradviz.engine.stepping.validation import WireError

RECORDER = Path(__file__).parent.parent / "recorder"
LENGTH_BYTES = 4
MOST_BYTES = 1 << 26
"""Of one message: 256 events of large lists, or a picture."""
ENDS_S = 5.0
"""So long a child may take to go after its last word."""
ERRORS_READ = 1 << 16


class Child:
    """A Python that runs the recorder. One thread; close it."""

    def __init__(self, python: str, options: dict[str, Any], folder: str) -> None:
        if os.name != "posix":
            raise EngineError("Scripts are stepped through on Linux and macOS alone so far.")
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._buffer = bytearray()
        command = [*_recorder(python), json.dumps({**options, "wire": theirs.fileno()})]
        try:
            self._process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(),), start_new_session=True, env=_environment(),
            )  # fmt: skip
        except OSError as error:
            ours.close()
            raise EngineError(f"There is no Python at {python[:120]} ({error.strerror}). Name another.") from None
        finally:
            theirs.close()

    def messages(self, wait_s: float) -> Iterator[list[Any] | None]:
        """Messages as they come, and None whenever none came for so long; ends when the child has."""
        while True:
            ready, _, _ = select.select([self._socket], [], [], wait_s)
            if not ready:
                if self._process.poll() is not None and not self._is_readable():
                    return
                yield None
                continue
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionError:
                return
            if not data:
                return
            self._buffer += data
            yield from self._whole_messages()

    def _is_readable(self) -> bool:
        return bool(select.select([self._socket], [], [], 0)[0])

    def _whole_messages(self) -> Iterator[list[Any]]:
        begin = 0
        while len(self._buffer) - begin >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[begin : begin + LENGTH_BYTES], "big")
            if length > MOST_BYTES:
                raise WireError("The process that ran the script sent a message that is too long. Run it again.")
            if len(self._buffer) - begin - LENGTH_BYTES < length:
                break
            body = bytes(self._buffer[begin + LENGTH_BYTES : begin + LENGTH_BYTES + length])
            begin += LENGTH_BYTES + length
            yield _message(body)
        del self._buffer[:begin]

    def end(self, patience_s: float = ENDS_S) -> int | None:
        """Wait for its end, then end it and all of its session; the exit status, below 0 of a signal."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        is_gone = self._process.poll() is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return self._process.returncode if is_gone else None

    def errors(self) -> str:
        """What Python itself said on stderr: that there is no recorder, or where it crashed. After `end`."""
        pipe = self._process.stderr
        if pipe is None:
            return ""
        os.set_blocking(pipe.fileno(), False)
        with contextlib.suppress(OSError):
            return (pipe.read(ERRORS_READ) or b"").decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        """End whatever still lives."""
        self.end(0.0)
        self._socket.close()
        if self._process.stderr is not None:
            self._process.stderr.close()


def _message(body: bytes) -> list[Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    if type(message) is not list or not message or type(message[0]) is not str:
        raise WireError("The process that ran the script sent a message that cannot be read. Run it again.")
    return message


def _recorder(python: str) -> list[str]:
    """How a Python runs the recorder; the packaged program is its own Python."""
    if getattr(sys, "frozen", False) and python == sys.executable:
        return [python, "--recorder"]
    return [python, str(RECORDER)]


def _environment() -> dict[str, str]:
    """That of gradviz, without what would make another Python look for gradviz's own packages."""
    left_out = {"PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONFAULTHANDLER", "QT_QPA_PLATFORM"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def physical_memory() -> int:
    """Bytes of memory that the machine has; 0 where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def now() -> float:
    """Seconds of a clock that no one sets."""
    return time.monotonic()
