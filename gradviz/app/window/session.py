"""The session: the open document, its undo, its file. It knows neither widgets nor the engine's thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.pasted_columns import with_typed
from gradviz.core.runs.result import RunResult
from gradviz.storage.recovery.file_stamp import FileStamp, stamp_of

UNDO_LIMIT = 500

RunMark = tuple[int, int]
"""Number and last step of a run."""
NO_RUN: RunMark = (0, 0)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session may open: a document, where it came from, and the result saved with it."""

    document: Document
    path: Path | None = None
    gallery_name: str = ""
    result: RunResult | None = None
    read_only: bool = False
    stamp: FileStamp | None = None
    """What its file was when it was read."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a session stood: its document, and the number of the run behind it, which may be recalled."""

    document: Document
    run: int


@dataclass(frozen=True, slots=True)
class LeftSession:
    """A session that was left for another document, whole: it can be gone back to."""

    opened: Opened
    saved: Document
    saved_run: RunMark
    run: int
    undo: tuple[Stand, ...]
    redo: tuple[Stand, ...]


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
        self.stamp = opened.stamp
        """What the file was when it was last read or written here."""
        self._saved = opened.document
        self.run = 0
        """The number of the run behind the document."""
        self.saved_run = NO_RUN
        """The run that stands in the file."""
        self._undo: list[Stand] = []
        self._redo: list[Stand] = []

    def left(self) -> LeftSession:
        """All that it takes to go on with it."""
        opened = Opened(self.document, self.path, self.gallery_name, None, self.read_only, self.stamp)
        return LeftSession(opened, self._saved, self.saved_run, self.run, tuple(self._undo), tuple(self._redo))

    def take_up(self, left: LeftSession) -> None:
        """Go on with a session that was left."""
        self.open(left.opened)
        self._saved, self.saved_run, self.run = left.saved, left.saved_run, left.run
        self._undo, self._redo = list(left.undo), list(left.redo)

    def count_as_unsaved(self, saved: Document, saved_run: RunMark, before: Sequence[Document]) -> None:
        """The open document was edited in a session that is over: what its file holds, and what undo goes back to."""
        self._saved, self.saved_run = saved, saved_run
        self._undo = [Stand(document, 0) for document in before]

    @property
    def saved(self) -> Document:
        """The document as it stands in its file, or was opened."""
        return self._saved

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

    @property
    def plain_name(self) -> str:
        """The title as the name of a file, without an ending."""
        kept = "".join(c if c.isalnum() or c in " -_" else " " for c in self.document.title)
        return " ".join(kept.split())[:60] or "experiment"

    def edit(self, path: str, value: Any) -> None:
        """Set the plain `value` at `path`; SettingError leaves everything as it was."""
        self.apply(with_typed(self.document, path, value))

    def apply(self, document: Document) -> None:
        """Take over an edited document, to be undone; nothing happens if it equals the current one."""
        if document != self.document:
            self.begin_anew()
            self.document = document

    def begin_anew(self) -> None:
        """The same document with another run: undo goes back to the one before."""
        self._undo = [*self._undo[-UNDO_LIMIT:], self._stand]
        self._redo = []

    @property
    def _stand(self) -> Stand:
        return Stand(self.document, self.run)

    @property
    def run_before(self) -> int:
        """The number of the run that undo goes back to; the current one's where it does not change, 0 without undo."""
        return self._undo[-1].run if self._undo else 0

    def apply_experiment(self, experiment: Experiment) -> None:
        """Take over an edited experiment, whose lesson stays."""
        self.apply(self.document.with_experiment(experiment))

    def undo(self) -> None:
        """Take the last edit back, if there is one."""
        self._go(self._undo, self._redo)

    def redo(self) -> None:
        """Do the edit again that was taken back last, if one was."""
        self._go(self._redo, self._undo)

    def _go(self, there: list[Stand], back: list[Stand]) -> None:
        if there:
            back.append(self._stand)
            stand = there.pop()
            self.document, self.run = stand.document, stand.run

    def saved_as(self, path: Path, run: RunMark) -> None:
        """The document stands in this file now, with this run."""
        self.stamp = stamp_of(path)
        self.path, self._saved, self.gallery_name, self.read_only = path, self.document, "", False
        self.saved_run = run
