"""The one errand of the window at a time, such as reading a file: its progress, Cancel, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QElapsedTimer, QObject

from gradviz.app.process.errand import Errand, Work
from gradviz.app.window.main_window import MainWindow

T = TypeVar("T")
TOLD_AFTER_MS = 400
"""Nobody needs to be told of what ends sooner."""


class Errands(QObject):
    """Belongs to the GUI thread. A new errand takes the place of the one before, which is left."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._now: Errand[Any] | None = None
        self._since = QElapsedTimer()
        self._told = ""

    @property
    def is_busy(self) -> bool:
        """Whether one is under way."""
        return self._now is not None

    def run(self, what: str, work: Work[T], then: Callable[[Callable[[], T]], None]) -> None:
        """Do `work`; `then` is called in this thread with a function that gives what came of it, or raises.

        `what` is what is done, in the words of a message: "Opening run.gradviz".
        """
        self.cancel()
        errand: Errand[T] = Errand(work, self)
        self._now = errand
        self._since.start()
        errand.progressed.connect(lambda share: self._on_progress(what, share))
        errand.ended.connect(lambda: self._on_ended(errand, then))
        errand.start()

    def cancel(self) -> None:
        """Leave the errand that is under way."""
        if self._now is not None:
            self._now.cancel()
            self._forget()

    def _on_progress(self, what: str, share: float) -> None:
        if self._since.elapsed() >= TOLD_AFTER_MS:
            self._told = f"{what}… {share:.0%}"
            self._window.messages.show_message(self._told, "Cancel", self.cancel)

    def _on_ended(self, errand: Errand[T], then: Callable[[Callable[[], T]], None]) -> None:
        if self._now is errand:
            self._forget()
            then(errand.result)

    def _forget(self) -> None:
        if self._now is not None:
            self._now.deleteLater()
        self._now = None
        if self._told and self._window.messages.text == self._told:
            self._window.messages.hide()
        self._told = ""
