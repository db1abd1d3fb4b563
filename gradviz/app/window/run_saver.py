"""The run, saved beside the journal now and then: asked of the engine, and written in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QObject

from gradviz.app.process.errand import Errand
from gradviz.app.runs.run_control import RunControl
from gradviz.core.document.document import Document
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import Words
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.problems import FileError

FIRST_S = 10.0
EVERY_S = 60.0
"""Seconds of training before a run is saved first, and after that from one time to the next."""
LEAST_S = 2.0
"""A run that stands is saved once if it took longer than this."""
REST = 100.0
"""A run that takes long to save is saved more seldom: of a hundred seconds, one."""
_ENDED = (RunState.PAUSED, RunState.FINISHED, RunState.DIVERGED)


class RunSaver(QObject):
    """Belongs to the GUI thread. `is_due` is asked every second, and costs nothing."""

    def __init__(self, control: RunControl, parent: QObject) -> None:
        super().__init__(parent)
        self._control = control
        self._errand: Errand[None] | None = None
        self._is_asking = False
        self._saved = (0, 0)
        """Number and last step of the run that was saved last."""
        self._at_s = 0.0
        """Its seconds of training then."""
        self._not_before = 0.0

    def is_due(self) -> bool:
        """Whether the run shall be saved now."""
        control = self._control
        if self._errand is not None or self._is_asking or not control.known or time.monotonic() < self._not_before:
            return False
        if control.state is RunState.RUNNING:
            is_same = control.number == self._saved[0]
            return control.step >= control.known and (
                control.seconds - self._at_s >= EVERY_S if is_same else control.seconds >= FIRST_S
            )
        stands = control.state in _ENDED and control.step >= control.known
        return stands and control.seconds >= LEAST_S and control.mark != self._saved

    def forget(self) -> None:
        """What was saved is no longer there."""
        self._saved = (0, 0)

    def save(self, path: Path, document: Document, then: Callable[[int, str], None]) -> None:
        """Save run and document; `then` hears the step, and why it could not be written, if it could not."""
        number, began = self._control.number, time.monotonic()

        def write(result: RunResult) -> None:
            self._is_asking = False
            if self._control.number == number:
                self._write(path, document, result, began, then)

        self._is_asking = True
        self._control.collect(write, self._on_refused)

    def _on_refused(self, _why: Words) -> None:
        self._is_asking = False

    def _write(
        self, path: Path, document: Document, result: RunResult, began: float, then: Callable[[int, str], None]
    ) -> None:
        errand = self._errand = Errand(writing(path, document, result), self)
        is_running = self._control.state is RunState.RUNNING
        self._saved = (self._control.number, result.step) if is_running else self._control.mark
        self._at_s = self._control.seconds
        errand.ended.connect(lambda: self._on_written(errand, result.step, began, then))
        errand.start(patience_s=0.0)

    def _on_written(self, errand: Errand[None], step: int, began: float, then: Callable[[int, str], None]) -> None:
        self._errand = None
        self._not_before = time.monotonic() + REST * (time.monotonic() - began)
        errand.deleteLater()
        try:
            errand.result()
        except FileError as error:
            then(step, error.cause)
        else:
            then(step, "")


def writing(path: Path, document: Document, result: RunResult | None) -> Generator[float, None, None]:
    """What the other thread does."""
    save(path, document, result)
    yield 1.0
