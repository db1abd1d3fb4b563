"""The wire to gradviz: length-prefixed JSON of plain values, never a pickle."""

from __future__ import annotations

import _thread
import json
import os
from typing import Any

LENGTH_BYTES = 4
_exit = os._exit  # a script's own is replaced: it sends first
BATCH = 256
"""So many events travel together: one call of the encoder in C for all of them."""


class Wire:
    """What is sent to gradviz; several threads may send. Without a reader the child ends: nothing is left to do."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.sent = 0
        self._events: list[Any] = []
        self._segments: list[Any] = []
        self._lock = _thread.allocate_lock()
        self._dumps = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode

    def add(self, event: list[Any]) -> None:
        """One more event; it leaves with its batch, or when the ticking thread flushes."""
        with self._lock:
            self._events.append(event)
            full = len(self._events) >= BATCH
        if full:
            self.flush()

    def begin_segment(self, segment: list[Any]) -> None:
        """One more iteration of a loop, told before its events."""
        with self._lock:
            self._segments.append(segment)

    def flush(self) -> None:
        """Send what is waiting."""
        with self._lock:
            self._flush()

    def send(self, kind: str, *values: Any) -> None:
        """Send a message after all events so far."""
        with self._lock:
            self._flush()
            self._write([kind, *values])

    def close(self) -> None:
        """In a forked copy of the script: it has nothing to say."""
        self.descriptor = -1
        self._lock = _thread.allocate_lock()

    def _flush(self) -> None:
        if self._segments:
            waiting, self._segments = self._segments, []
            self._write(["segments", waiting])
        if self._events:
            waiting, self._events = self._events, []
            self._write(["events", waiting])

    def _write(self, message: list[Any]) -> None:
        if self.descriptor < 0:
            return
        body = self._dumps(message).encode("ascii")
        self.sent += len(body)
        view = memoryview(len(body).to_bytes(LENGTH_BYTES, "big") + body)
        try:
            while view:
                view = view[os.write(self.descriptor, view) :]
        except OSError:
            _exit(1)
