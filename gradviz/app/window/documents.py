"""The open document: opening another one, leaving it, going back, and what of it is unsaved."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.conflicts import OPEN_ELSEWHERE, Conflicts
from gradviz.app.window.errands import Errands
from gradviz.app.window.exports import Exports
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.recent_files import FILTER, RecentFiles
from gradviz.app.window.saving import Saving, question
from gradviz.app.window.session import LeftSession, Opened, Session
from gradviz.app.window.weight_files import WeightFiles
from gradviz.core.declaration import notes_of
from gradviz.core.document.departure import departures
from gradviz.core.document.document import Document
from gradviz.core.numbers import plural
from gradviz.core.words import say
from gradviz.storage.experiments.experiment_file import SavedExperiment, loading
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.problems import FileError, NewerFormatError
from gradviz.storage.recovery.file_stamp import FileStamp, stamp_of
from gradviz.storage.recovery.left_work import TakenUp
from gradviz.storage.shipped.gallery import GalleryEntry
from gradviz.storage.user.preferences import Preferences
from gradviz.views.kit.speech import spoken

OPENED = f"Experiments and scripts (*.gradviz *.json *.py);;{FILTER}"
LONG_RUN_S = 2.0
"""A run of an experiment without a file that took longer is not lost without a question."""


class Documents(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    opened = Signal(object)
    """A document was opened; carries it as an `Opened`."""
    script_wanted = Signal(Path, bool)
    """A Python file shall be shown; with whether its user named it where a program to be run is named."""
    gone_back = Signal()
    """The document that was left last is the open one again."""

    def __init__(
        self,
        window: MainWindow,
        control: RunControl,
        session: Session,
        gallery: tuple[GalleryEntry, ...],
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self.window = window
        self.control = control
        self.session = session
        self.preferences = preferences
        self.gallery = {entry.name: entry for entry in gallery}
        self.errands = Errands(window)
        self.conflicts = Conflicts(window, session)
        self.recent = RecentFiles(window.gallery, preferences)
        self.saving = Saving(window, control, session, preferences, self.conflicts, self.recent)
        self.saving.theirs_wanted.connect(self._open_theirs)
        self.weights = WeightFiles(window, control, session, preferences, self.errands)
        self.exports = Exports(window, control, session, preferences)
        self.guards: list[Callable[[], bool]] = []
        """Asked before the window goes: one that gives False wants to stay."""
        self.left: LeftSession | None = None
        """The document that was left last, with its undo and the number of its run."""

    def open_document(self, opened: Opened) -> None:
        """Make its document the open one; its saved run, if it has one, can be continued.

        The one before is kept, and what is still being read is left.
        """
        self.errands.cancel()
        self.left = self.session.left() if self.session.run else None
        self.session.open(opened)
        self.opened.emit(opened)
        self.session.saved_run = self.control.mark

    def take_up(self, taken: TakenUp) -> None:
        """Open what a session that is over left, with its file, its undo and its run. Later edits are still to be made.

        It counts as unsaved, against what its file holds.
        """
        base, run = taken.base, taken.run
        first, before = taken.documents[0], taken.before
        opened = Opened(first, base.path, base.gallery_name, None if run is None else run.result, base.read_only)
        self.open_document(replace(opened, stamp=base.stamp))
        self.session.count_as_unsaved(base.document, (self.control.number * taken.is_run_saved, base.steps), before)

    def go_back(self) -> None:
        """Go on with the document that was left last, its undo and its run; the one of now is kept instead."""
        if self.left is not None:
            left, self.left = self.left, self.session.left()
            self.session.take_up(left)
            self.gone_back.emit()

    def count_as_saved(self) -> None:
        """Nobody will ask for what is unsaved now: a program that drives the window closes it without a question."""
        self.session.open(Opened(self.session.document))
        self.session.saved_run = self.control.mark

    @property
    def has_unsaved_run(self) -> bool:
        """Whether steps were run that do not stand in the document's file."""
        return self.control.known > 0 and self.control.mark != self.session.saved_run

    @property
    def modified(self) -> bool:
        """Whether there is something to save: an edit, or steps of a run that has a file."""
        return self.session.modified or (self.session.path is not None and self.has_unsaved_run)

    def open_first(self, name: str) -> None:
        """What a start without a file shows: a gallery experiment that one key runs."""
        entry = self.gallery.get(name)
        self.open_document(Opened(Document()) if entry is None else Opened(entry.document, gallery_name=name))

    def new_experiment(self) -> None:
        """An experiment with defaults."""
        if self.may_leave():
            self.open_document(Opened(Document()))

    def open_gallery(self, name: str) -> None:
        """Open a gallery experiment as a new document."""
        if self.may_leave():
            entry = self.gallery[name]
            self.open_document(Opened(entry.document, gallery_name=name))

    def departure(self, document: Document) -> tuple[str, tuple[str, ...]]:
        """The gallery experiment whose lesson this one bears, and what was exchanged since; empty where nothing was."""
        told = _told(document)
        for name, entry in self.gallery.items():
            if told[1] and _told(entry.document) == told:
                return name, departures(entry.experiment, document.experiment)
        return "", ()

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        folder = self.preferences.last_folder
        path, _ = QFileDialog.getOpenFileName(self.window, "Open an experiment or a script", folder, OPENED)
        if path:
            self.open_file(Path(path))

    def open_file(
        self,
        path: Path,
        newer_read_only: bool = False,
        without_run: bool = False,
        otherwise: Callable[[], None] = lambda: None,
    ) -> None:
        """Read a file in another thread, and open it once it is there.

        What is wrong with it is said, the document stays, and `otherwise` is called.
        """
        if is_script(path):
            otherwise()
            self.script_wanted.emit(path, False)
            return
        if not self.may_leave():
            otherwise()
            return
        asked = self.session.document

        def open_it(result: Callable[[], _Read]) -> None:
            if not self._on_read(path, newer_read_only, asked, result):
                otherwise()

        self.errands.run(f"Opening {path.name[:60]}", _reading(path, newer_read_only, without_run), open_it)

    def _on_read(self, path: Path, newer_read_only: bool, asked: Document, result: Callable[[], _Read]) -> bool:
        """Open what was read, unless edits were made meanwhile that the user wants to keep; whether it was opened."""
        messages = self.window.messages
        try:
            saved, stamp = result()
        except NewerFormatError as error:
            messages.show_message(str(error), "Open read-only", lambda: self._open_newer(path))
            return False
        except MisfitError as error:
            again = partial(self._open_without_run, path, newer_read_only)
            messages.show_message(f"{path.name[:60]}: {error}", "Open without its run", again)
            return False
        except FileError as error:
            messages.show_message(f"{path.name[:60]}: {error}")
            self.recent.forget_if_gone(path)
            return False
        if self.session.document is not asked and not self.may_leave():
            return False
        messages.hide()
        self.open_document(Opened(saved.document, path, "", saved.result, saved.read_only, stamp))
        if saved.notice:
            messages.show_message(saved.notice)
        elif self.conflicts.is_open_elsewhere(path):
            messages.show_message(spoken(say(OPEN_ELSEWHERE, name=path.name[:60])))
        self.recent.remember(path)
        return True

    def _open_newer(self, path: Path) -> None:
        self.open_file(path, newer_read_only=True)

    def _open_without_run(self, path: Path, newer_read_only: bool) -> None:
        self.open_file(path, newer_read_only, without_run=True)

    def _open_theirs(self, path: Path) -> None:
        """The file as it is; what is open now can be gone back to."""
        asked = self.session.document

        def open_it(result: Callable[[], _Read]) -> None:
            self._on_read(path, False, asked, result)

        self.errands.run(f"Opening {path.name[:60]}", _reading(path, False, False), open_it)

    def may_leave(self, for_good: bool = False) -> bool:
        """Ask about what is unsaved, the edit in the field with the cursor included; False if the user stays.

        A run of an experiment that has no file can be gone back to, and is asked about where that ends: `for_good`.
        """
        focused = QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()
        is_long = self.has_unsaved_run and self.control.seconds >= LONG_RUN_S
        if for_good and not all(may_leave() for may_leave in self.guards):
            return False
        if not (self.modified or (for_good and is_long)):
            return True
        buttons = QMessageBox.StandardButton
        asked = question(self.window, self._unsaved(), "Save first?", buttons.Save | buttons.Discard | buttons.Cancel)
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        asked.deleteLater()
        if answer == buttons.Save:
            self.saving.save()
            self.saving.wait_until_written()
            return not self.modified and not (for_good and self.has_unsaved_run)
        return answer == buttons.Discard

    def _unsaved(self) -> str:
        """What would be lost."""
        run = f"a run of {plural(self.control.known, 'step')} that is in no file" if self.has_unsaved_run else ""
        parts = [part for part in ("unsaved edits" if self.session.modified else "", run) if part]
        return f"“{self.session.document.title}” has {' and '.join(parts)}."


def is_script(path: Path) -> bool:
    """Whether a file is a Python script, by the ending of its name."""
    return path.suffix.lower() == ".py"


_Read = tuple[SavedExperiment, FileStamp | None]


def _reading(path: Path, newer_read_only: bool, without_run: bool) -> Generator[float, None, _Read]:
    """Read a file, and what it was before: what is written into it meanwhile counts as changed."""
    stamp = stamp_of(path)
    saved = yield from loading(path, newer_read_only, without_run)
    yield 1.0
    notes_of(saved.experiment)  # the form's, of all rows of a table: they are remembered
    return saved, stamp


def _told(document: Document) -> tuple[str, str]:
    """What a lesson is known by though its title is another: its case and its English text."""
    return document.lesson.case, document.lesson.texts.en.lesson
