"""What the script prints, by Python and below it, and the answer to ``input()``: there is nobody."""

from __future__ import annotations

import _thread
import io
import os
import sys
from typing import Any

MOST_KEPT = 1_000_000
"""Characters of the whole run that are sent; the rest is counted."""
MOST_AT_ONCE = 20_000
"""Characters of one line's output that are sent."""
DRAINED = 65536


class Output:
    """Text that waits for the line that printed it to end."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.kept = 0
        self.left_out = 0

    def write(self, text: str) -> None:
        """Take what was printed, as long as there is room."""
        room = MOST_KEPT - self.kept
        taken = text[:room] if room > 0 else ""
        self.left_out += len(text) - len(taken)
        if taken:
            self.kept += len(taken)
            self.waiting.append(taken)

    def take(self) -> str:
        """What was printed since the last time."""
        if not self.waiting:
            return ""
        waiting, self.waiting = self.waiting, []
        text = "".join(waiting)
        if len(text) > MOST_AT_ONCE:
            self.left_out += len(text) - MOST_AT_ONCE
            self.kept -= len(text) - MOST_AT_ONCE
            text = text[:MOST_AT_ONCE]
        return text


class Tap(io.RawIOBase):
    """The bytes below sys.stdout and sys.stderr. A forked copy of the script has descriptors instead."""

    def __init__(self, output: Output, descriptor: int) -> None:
        super().__init__()
        self._output = output
        self._descriptor = descriptor
        self.forked = False

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def fileno(self) -> int:
        """The descriptor of that number, whose own output arrives as well."""
        return self._descriptor

    def isatty(self) -> bool:
        """No terminal."""
        return False

    def write(self, data: Any) -> int:
        """Take the bytes of a print."""
        raw = bytes(data)
        if self.forked:
            return os.write(self._descriptor, raw)
        self._output.write(raw.decode("utf-8", "backslashreplace"))
        return len(raw)


def tap(output: Output) -> list[Tap]:
    """Put taps below sys.stdout and sys.stderr, and drain descriptors 1 and 2, to which libraries in C write."""
    taps = []
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = Tap(output, descriptor)
        taps.append(raw)
        errors = "strict" if name == "stdout" else "backslashreplace"
        text = io.TextIOWrapper(raw, "utf-8", errors, write_through=True)  # type: ignore[type-var]
        setattr(sys, name, text)
        setattr(sys, "__" + name + "__", text)
    reader, writer = os.pipe()
    for descriptor in (1, 2):
        os.dup2(writer, descriptor)
    os.close(writer)
    _thread.start_new_thread(_drain, (reader, output))
    return taps


def _drain(reader: int, output: Output) -> None:
    while True:
        data = os.read(reader, DRAINED)
        if not data:
            return
        output.write(data.decode("utf-8", "backslashreplace"))
