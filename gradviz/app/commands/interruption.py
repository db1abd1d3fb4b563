"""Ctrl+C and SIGTERM end a run between two steps, so that what was trained so far can be kept."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")


@dataclass(slots=True)
class Interruption:
    """Whether somebody wants the run to end, and by which signal."""

    number: int = 0

    def wanted(self) -> bool:
        """Asked between two steps."""
        return self.number != 0

    @property
    def status(self) -> int:
        """The exit status of a process that a signal ended."""
        return 128 + self.number


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Take the first signal as a wish; the second does what it always did, in case a step never ends."""
    wish = Interruption()
    before = {number: signal.getsignal(number) for name in NAMES if (number := getattr(signal, name, None))}

    def note(number: int, _frame: FrameType | None) -> None:
        wish.number = number
        put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        for number in before:
            signal.signal(number, note)
    except ValueError:  # not in the main thread, where signals arrive
        yield wish
        return
    try:
        yield wish
    finally:
        put_back()
