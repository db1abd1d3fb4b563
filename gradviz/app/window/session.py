"""The session: the open document, its undo, its file. It knows neither widgets nor the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import Experiment
from gradviz.core.runs.result import RunResult

UNDO_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session may open: a document, where it came from, and the result saved with it."""

    document: Document
    path: Path | None = None
    gallery_name: str = ""
    result: RunResult | None = None
    read_only: bool = False


class Session:
    """One open document with undo and redo; old values are kept, for values are frozen."""

    def __init__(self, opened: Opened | None = None) -> None:
        self.open(opened or Opened(Document()))

    def open(self, opened: Opened) -> None:
        """Replace the document; undo begins anew."""
        self.document = opened.document
        self.path = opened.path
        self.gallery_name = opened.gallery_name
        self.read_only = opened.read_only
        self._saved = opened.document
        self._undo: list[Document] = []
        self._redo: list[Document] = []

    @property
    def experiment(self) -> Experiment:
        """What of the document decides a run."""
        return self.document.experiment

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return self.document != self._saved

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
        name = self.path.name if self.path is not None else self.document.title
        return f"{name}[*] – gradviz"

    @property
    def title_of_own(self) -> str:
        """The title where the user has made another experiment of this one: it would be wrong to bear its name."""
        return self.title if self.path is not None else f"Your own, begun with “{self.document.title}”[*] – gradviz"

    def edit(self, path: str, value: Any) -> None:
        """Set the plain `value` at `path`; SettingError leaves everything as it was."""
        self.apply(with_setting(self.document, path, value))

    def apply(self, document: Document) -> None:
        """Take over an edited document, to be undone; nothing happens if it equals the current one."""
        if document == self.document:
            return
        self._undo = [*self._undo[-UNDO_LIMIT:], self.document]
        self._redo = []
        self.document = document

    def apply_experiment(self, experiment: Experiment) -> None:
        """Take over an edited experiment, whose lesson stays."""
        self.apply(self.document.with_experiment(experiment))

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        if self._undo:
            self._redo.append(self.document)
            self.document = self._undo.pop()

    def redo(self) -> None:
        """Do the edit again that was taken back last, if one was."""
        if self._redo:
            self._undo.append(self.document)
            self.document = self._redo.pop()

    def saved_as(self, path: Path) -> None:
        """The document stands in this file now."""
        self.path, self._saved, self.gallery_name, self.read_only = path, self.document, "", False
