"""An errand: slow work that is done a piece at a time in a thread of its own, while the window answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

T = TypeVar("T")
Work = Generator[float, None, T]
"""Yields the share that is done, after each few milliseconds; returns what came of it."""

PATIENCE_S = 0.03
"""What is done within this time is handled at once, so that small files open without a flicker."""
LOOK_EVERY_MS = 15
REST_S = 0.002
"""Between two pieces Python's lock is free, which the window takes."""


class Errand(QObject, Generic[T]):
    """Belongs to the GUI thread, which learns of progress and end by looking: the other thread sends no signal."""

    progressed = Signal(float)
    ended = Signal()
    """It is done, or failed; `result` has what came of it."""

    def __init__(self, work: Work[T], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._share = 0.0
        self._value: Any = None
        self._error: BaseException | None = None
        self._is_unwanted = False
        self._is_done = threading.Event()
        self._thread = threading.Thread(target=self._do, name="gradviz-errand", daemon=True)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self._on_look)

    def start(self, patience_s: float = PATIENCE_S) -> None:
        """Begin; `ended` comes before this returns where the work takes no longer than the patience."""
        self._thread.start()
        if patience_s and self._is_done.wait(patience_s):
            self.ended.emit()
        else:
            self._look.start()

    def cancel(self) -> None:
        """Leave the work after its present piece; nothing is heard of it any more."""
        self._is_unwanted = True
        self._look.stop()

    def wait(self, patience_s: float) -> bool:
        """Wait until the other thread is done with it; whether it is."""
        return self._is_done.wait(patience_s)

    def result(self) -> T:
        """What came of it, once it has ended; what it raised is raised here."""
        if self._error is not None:
            raise self._error
        value: T = self._value
        return value

    def _on_look(self) -> None:
        if self._is_done.is_set():
            self._look.stop()
            self.ended.emit()
        else:
            self.progressed.emit(self._share)

    def _do(self) -> None:
        """The other thread."""
        try:
            self._value = self._worked()
        except BaseException as error:
            self._error = error
        finally:
            self._is_done.set()

    def _worked(self) -> T | None:
        while not self._is_unwanted:
            try:
                self._share = next(self._work)
            except StopIteration as end:
                value: T = end.value
                return value
            time.sleep(REST_S)
        self._work.close()
        return None


class Feed(Iterator[T]):
    """What an iterator gives, read ahead of whoever asks in a thread of its own; he gets the newest, not all.

    Where there is nothing new within some milliseconds the last comes again, so that nobody waits for long.
    """

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._newest: T | None = None
        self._is_unwanted = self._is_over = False
        self._error: BaseException | None = None
        self._news = threading.Condition()
        self._is_told = True
        threading.Thread(target=self._do, name="gradviz-feed", daemon=True).start()

    def __next__(self) -> T:
        with self._news:
            self._news.wait_for(lambda: not self._is_told or self._is_over, LOOK_EVERY_MS / 1000)
            while self._newest is None and not self._is_over:
                self._news.wait()
            if self._error is not None:
                raise self._error
            if self._newest is None or (self._is_over and self._is_told):
                raise StopIteration
            self._is_told = True
            return self._newest

    def close(self) -> None:
        """Nobody wants any more."""
        self._is_unwanted = True

    def _do(self) -> None:
        """The other thread."""
        try:
            for found in self._source:
                with self._news:
                    self._newest, self._is_told = found, False
                    self._news.notify()
                if self._is_unwanted:
                    break
                time.sleep(REST_S)
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._error = error
        with self._news:
            self._is_over = True
            self._news.notify()
