"""The session: the open document, its undo, its file. It knows neither widgets nor the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.runs.result import RunResult

UNDO_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Document:
    """What a session may open: an experiment, where it came from, and the result saved with it."""

    experiment: Experiment
    path: Path | None = None
    gallery_name: str = ""
    result: RunResult | None = None
    read_only: bool = False


class Session:
    """One open document with undo and redo; old values are kept, for values are frozen."""

    def __init__(self, document: Document | None = None) -> None:
        self.open(document or Document(Experiment()))

    def open(self, document: Document) -> None:
        """Replace the document; undo begins anew."""
        self.experiment = document.experiment
        self.path = document.path
        self.gallery_name = document.gallery_name
        self.read_only = document.read_only
        self._saved = document.experiment
        self._undo: list[Experiment] = []
        self._redo: list[Experiment] = []

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return self.experiment != self._saved

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to do again."""
        return bool(self._redo)

    @property
    def title(self) -> str:
        """The window's title, with Qt's place for the unsaved mark."""
        name = self.path.name if self.path is not None else self.experiment.title
        return f"{name}[*] – gradviz"

    @property
    def title_of_own(self) -> str:
        """The title where the user has made another experiment of this one: it would be wrong to bear its name."""
        return self.title if self.path is not None else f"Your own, begun with “{self.experiment.title}”[*] – gradviz"

    def edit(self, path: str, value: Any) -> None:
        """Set the plain `value` at `path`; SettingError leaves everything as it was."""
        self.apply(with_value(self.experiment, path, value))

    def apply(self, experiment: Experiment) -> None:
        """Take over an edited experiment, to be undone; nothing happens if it equals the current one."""
        if experiment == self.experiment:
            return
        self._undo = [*self._undo[-UNDO_LIMIT:], self.experiment]
        self._redo = []
        self.experiment = experiment

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        if self._undo:
            self._redo.append(self.experiment)
            self.experiment = self._undo.pop()

    def redo(self) -> None:
        """Do the edit again that was taken back last, if one was."""
        if self._redo:
            self._undo.append(self.experiment)
            self.experiment = self._redo.pop()

    def saved_as(self, path: Path) -> None:
        """The document stands in this file now."""
        self.path, self._saved, self.gallery_name, self.read_only = path, self.experiment, "", False
