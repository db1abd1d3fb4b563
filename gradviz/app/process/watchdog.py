"""The watchdog: a small process that outlives a hang of the window's, which may hold Python's lock for ever.

It is told what to guard and hears a beat every second. It makes the journal last on the disk after each edit, and where
no beat comes it notes in the journal, and in the log of the session, that the window has stopped answering. It imports
nothing but Python's own library, and ends with the window's process, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from typing import BinaryIO

from gradviz.storage.recovery.lines import AWAKE, HUNG, line_of

ARGUMENT = "--watchdog"
GUARD, SYNC, BEAT = b"guard ", b"sync", b"beat"


class _Guarded:
    """What is guarded, and whether its window answers."""

    def __init__(self, log: str, note: str, owner: int, trace_signal: int) -> None:
        self._log, self._note, self._owner, self._trace_signal = log, note, owner, trace_signal
        self._journal = b""
        self._is_hung = False

    def hear(self, line: bytes) -> None:
        """A line from the window, which answers if it says anything."""
        if self._is_hung:
            self._is_hung = False
            self._add(self._journal, line_of(AWAKE, {}))
        if line.startswith(GUARD) and line != GUARD + self._journal:
            self._journal = line.removeprefix(GUARD)
            self._sync_folder()
        if line != BEAT:
            self.sync()

    def miss(self, seconds: float) -> None:
        """No beat for so long."""
        if self._is_hung:
            return
        self._is_hung = True
        self._add(self._journal, line_of(HUNG, {"seconds": seconds}))
        self._add(os.fsencode(self._log), f"\n== {time.strftime('%H:%M:%S')} {self._note}\n".encode())
        if self._trace_signal and os.getppid() == self._owner:
            with contextlib.suppress(OSError):
                os.kill(self._owner, self._trace_signal)

    def sync(self) -> None:
        """Make what was written outlast a power cut."""
        self._add(self._journal, b"")

    def _sync_folder(self) -> None:
        """Make the name of the journal last, too."""
        if os.name == "posix":
            with contextlib.suppress(OSError):
                descriptor = os.open(os.path.dirname(self._journal), os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    @staticmethod
    def _add(path: bytes, text: bytes) -> None:
        """Add to a file that there is, and make it last; what cannot be done is left: nobody could be told."""
        with contextlib.suppress(OSError, ValueError):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            try:
                if text:
                    os.write(descriptor, text)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Guard until stdin ends: LOG, what to note in it, the number of the window's process, that of the signal for a
    trace, and the patience."""
    log, note, owner, trace_signal, patience = arguments
    guarded, lines = _Guarded(log, note, int(owner), int(trace_signal)), queue.SimpleQueue[bytes | None]()
    threading.Thread(target=_read, args=(sys.stdin.buffer, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=float(patience))
        except queue.Empty:
            guarded.miss(float(patience))
            continue
        if line is None:
            break
        guarded.hear(line)
    guarded.sync()
    return 0


def _read(stream: BinaryIO, lines: queue.SimpleQueue[bytes | None]) -> None:
    for line in stream:
        lines.put(line.rstrip(b"\n"))
    lines.put(None)
