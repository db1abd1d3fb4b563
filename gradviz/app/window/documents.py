"""Opening, saving and exporting: the document's way to and from the disk, with the questions and messages."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.conflicts import OPEN_ELSEWHERE, Choice, Conflicts
from gradviz.app.window.errands import Errands
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.session import LeftSession, Opened, Session
from gradviz.core.declaration import notes_of
from gradviz.core.document.departure import departures
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import figure_names
from gradviz.core.document.scaling_data import about_weights
from gradviz.core.numbers import plural
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import Words, say
from gradviz.storage.experiments.experiment_file import SavedExperiment, loading, save
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.experiments.weights import (
    PickleNotAllowedError,
    Weights,
    loading_weights,
    save_weights,
    weights_of,
)
from gradviz.storage.problems import FileError, NewerFormatError
from gradviz.storage.recovery.file_stamp import FileStamp, free_name, stamp_of
from gradviz.storage.recovery.left_work import TakenUp
from gradviz.storage.shipped.gallery import GalleryEntry
from gradviz.storage.tables.history_csv import write_history
from gradviz.storage.user.preferences import Preferences
from gradviz.storage.user.unfinished_saves import noted_save
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.view import View

SAVE_PATIENCE_MS = 5000
LONG_RUN_S = 2.0
"""A run of an experiment without a file that took longer is not lost without a question."""
WEIGHTS = "Weights (*.safetensors *.pt *.pth);;All files (*)"
NO_ANSWER = (
    "{name} is not saved yet: PyTorch has not come to the end of its step. It is saved as soon as it does; or save the "
    "document now, without the steps that were run."
)
FILTER = "gradviz experiments (*.gradviz *.json);;All files (*)"


class Documents(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    opened = Signal(object)
    """A document was opened; carries it as an `Opened`."""
    gone_back = Signal()
    """The document that was left last is the open one again."""
    saved = Signal()

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
        self._is_writing = False
        self._waiting: object = None
        """The save that is under way."""
        self.errands = Errands(window)
        self.conflicts = Conflicts(window, session)
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
        path, _ = QFileDialog.getOpenFileName(self.window, "Open an experiment", folder, FILTER)
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
            self._forget_if_gone(path)
            return False
        if self.session.document is not asked and not self.may_leave():
            return False
        messages.hide()
        self.open_document(Opened(saved.document, path, "", saved.result, saved.read_only, stamp))
        if saved.notice:
            messages.show_message(saved.notice)
        elif self.conflicts.is_open_elsewhere(path):
            messages.show_message(spoken(say(OPEN_ELSEWHERE, name=path.name[:60])))
        self._remember(path)
        return True

    def _open_newer(self, path: Path) -> None:
        self.open_file(path, newer_read_only=True)

    def _open_without_run(self, path: Path, newer_read_only: bool) -> None:
        self.open_file(path, newer_read_only, without_run=True)

    def save(self) -> None:
        """Save where the document came from, or ask."""
        if self.session.path is None or self.session.read_only:
            self.ask_save_as()
        else:
            self.save_to(self.session.path)

    def ask_save_as(self) -> None:
        """Ask for a name and save there."""
        path_now = None if self.session.read_only else self.session.path
        suggested = path_now or Path(self.preferences.last_folder) / f"{self.plain_name()}.gradviz"
        path, _ = QFileDialog.getSaveFileName(self.window, "Save the experiment", str(suggested), FILTER)
        if path:
            self.save_to(Path(path) if Path(path).suffix else Path(path + ".gradviz"))

    def save_to(self, path: Path) -> None:
        """Save experiment and run so far; the engine is asked for the weights first, if it has any."""
        if not self._may_replace(path) or (path == self.session.path and not self._may_write_shorter(path)):
            return
        self._is_writing = True
        self._waiting = waiting = object()
        if self.control.state is RunState.FAILED:
            self._write(path, None)
            return
        QTimer.singleShot(SAVE_PATIENCE_MS, self, lambda: self._on_no_answer(waiting, path))
        self.control.collect(partial(self._on_result, waiting, path), partial(self._not_written, waiting))

    def _on_result(self, waiting: object, path: Path, result: RunResult) -> None:
        """The engine has answered, unless that is no longer waited for."""
        if self._waiting is waiting:
            self._write(path, result)

    def _on_no_answer(self, waiting: object, path: Path) -> None:
        """PyTorch is busy with one step, or hangs in it: what is not its own can be saved without it."""
        if self._waiting is waiting and self._is_writing:
            then = partial(self._write_without_run, waiting, path)
            self.window.messages.show_message(_no_answer(path), "Save without the run", then)

    def _write_without_run(self, waiting: object, path: Path) -> None:
        if self._waiting is waiting and self._is_writing:
            self._write(path, None)

    def _may_replace(self, path: Path) -> bool:
        """Ask, where somebody else has written into the file, or has it open: theirs, mine, or both."""
        choice = self.conflicts.ask(path)
        if choice is Choice.BOTH:
            self.save_to(free_name(path))
        elif choice is Choice.THEIRS:
            self._open_theirs(path)
        return choice is Choice.MINE

    def _open_theirs(self, path: Path) -> None:
        """The file as it is; what is open now can be gone back to."""
        asked = self.session.document

        def open_it(result: Callable[[], _Read]) -> None:
            self._on_read(path, False, asked, result)

        self.errands.run(f"Opening {path.name[:60]}", _reading(path, False, False), open_it)

    def _may_write_shorter(self, path: Path) -> bool:
        """Ask, where the file holds more of a run than is there to be written now."""
        holds, has = self.session.saved_run[1], self.control.known
        if self.control.state is RunState.FAILED:
            has = 0
        if has >= holds:
            return True
        buttons = QMessageBox.StandardButton
        text = f"{path.name} holds a run of {plural(holds, 'step')}, and this one has {has:,}."
        asked = self._question(text, "Save, and lose the run in the file?", buttons.Save | buttons.Cancel)
        save_as = asked.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
        asked.setDefaultButton(save_as)
        answer = asked.exec()
        if asked.clickedButton() is save_as:
            self.ask_save_as()
        asked.deleteLater()
        return answer == buttons.Save

    def _question(self, text: str, more: str, buttons: QMessageBox.StandardButton) -> QMessageBox:
        asked = QMessageBox(self.window)
        asked.setIcon(QMessageBox.Icon.Question)
        asked.setText(text)
        asked.setInformativeText(more)
        asked.setStandardButtons(buttons)
        return asked

    def _not_written(self, waiting: object, why: Words) -> None:
        """There is no result to write."""
        if waiting is not None and self._waiting is not waiting:
            return
        self._is_writing = False
        words = say("Nothing was written. {why} Save again.", why=why)
        self.window.messages.show_message(spoken(words))

    def _write(self, path: Path, result: RunResult | None) -> None:
        self._is_writing, self._waiting = False, None
        try:
            with noted_save(path):
                save(path, self.session.document, result)
        except FileError as error:
            self.window.messages.show_message(str(error), "Save as…", self.ask_save_as)
            return
        if self.window.messages.text == _no_answer(path):
            self.window.messages.hide()
        self.session.saved_as(path, (self.control.number, 0 if result is None else result.step))
        self._remember(path)
        self.saved.emit()
        self.window.statusBar().showMessage(f"Saved {path.name}.")

    def ask_export_history(self) -> None:
        """Ask for a name and write the history as CSV."""
        suggested = Path(self.preferences.last_folder) / f"{self.plain_name()}.csv"
        path, _ = QFileDialog.getSaveFileName(self.window, "Export the history", str(suggested), "CSV (*.csv)")
        if path:
            self.export_history(Path(path))

    def export_history(self, path: Path) -> None:
        """Write every step's losses and positions."""
        labels, history = tuple(type(one).label for one in self.control.experiment.optimizers), self.control.history
        try:
            with noted_save(path):
                figures = (history.figures, figure_names(self.control.experiment))
                write_history(path, history.losses, history.positions, labels, history.names, *figures)
        except FileError as error:
            self.window.messages.show_message(str(error))
            return
        self.window.statusBar().showMessage(f"Wrote {plural(len(history), 'step')} to {path.name}.")

    def ask_export_weights(self) -> None:
        """Ask for a name and write the weights of the first optimiser at this step."""
        suggested = Path(self.preferences.last_folder) / f"{self.plain_name()}.safetensors"
        path, _ = QFileDialog.getSaveFileName(self.window, "Export the weights", str(suggested), WEIGHTS)
        if path:
            target = Path(path) if Path(path).suffix else Path(path + ".safetensors")
            self.control.collect(partial(self.export_weights, target), partial(self._not_written, None), here=True)

    def export_weights(self, path: Path, result: RunResult) -> None:
        """Write the weights of `result`."""
        weights = weights_of(result)
        try:
            with noted_save(path):
                save_weights(path, weights, about_weights(self.session.experiment))
        except FileError as error:
            self.window.messages.show_message(str(error))
            return
        self.window.statusBar().showMessage(
            f"Wrote {plural(len(weights), 'tensor')} of step {result.step:,} to {path.name}."
        )

    def ask_import_weights(self) -> None:
        """Ask for a file of weights and begin anew with them."""
        path, _ = QFileDialog.getOpenFileName(self.window, "Import weights", self.preferences.last_folder, WEIGHTS)
        if path:
            self.import_weights(Path(path))

    def import_weights(self, path: Path) -> None:
        """Begin anew with the weights of a file; a .pt file is read only once the user has allowed them."""
        reading = loading_weights(path, self.preferences.allow_pt)
        self.errands.run(f"Reading {path.name[:60]}", reading, partial(self._on_weights, path))

    def _on_weights(self, path: Path, result: Callable[[], Weights]) -> None:
        messages = self.window.messages
        try:
            weights = result()
        except PickleNotAllowedError as error:
            sentence = f"{path.name[:60]}: {error.cause} Only tensors would be read; nothing in it is run."
            messages.show_message(sentence, "Allow .pt files", lambda: self._allow_pt(path))
            return
        except FileError as error:
            messages.show_message(f"{path.name[:60]}: {error}")
            return
        messages.hide()
        self.control.begin_with(weights)
        self.window.statusBar().showMessage(f"The run begins with the weights of {path.name}.")

    def _allow_pt(self, path: Path) -> None:
        self.preferences.allow_pt = True
        self.import_weights(path)

    def ask_export_pictures(self) -> None:
        """Ask for a folder and save a picture of every visible view there."""
        folder = QFileDialog.getExistingDirectory(
            self.window, "A folder for the pictures", self.preferences.last_folder
        )
        if folder:
            self.export_pictures(Path(folder))

    def export_pictures(self, folder: Path) -> None:
        """Save a picture of each visible view as PNG."""
        written = [view.key for view in self.window.views.values() if view.is_seen and _saved(view, folder)]
        if written:
            self.window.statusBar().showMessage(f"Saved {', '.join(written)} to {folder.name}.")
        else:
            self.window.messages.show_message(f"No picture could be written to {folder}. Choose another folder.")

    def plain_name(self) -> str:
        """The title as the name of a file, without an ending."""
        kept = "".join(c if c.isalnum() or c in " -_" else " " for c in self.session.document.title)
        return " ".join(kept.split())[:60] or "experiment"

    def _remember(self, path: Path) -> None:
        self.preferences.add_recent(str(path))
        self.preferences.last_folder = str(path.parent)
        self.window.gallery.show_recent(self.preferences.recent)

    def _forget_if_gone(self, path: Path) -> None:
        if not path.exists() and str(path) in self.preferences.recent:
            self.preferences.recent.remove(str(path))
            self.window.gallery.show_recent(self.preferences.recent)

    def may_leave(self, for_good: bool = False) -> bool:
        """Ask about what is unsaved, the edit in the field with the cursor included; False if the user stays.

        A run of an experiment that has no file can be gone back to, and is asked about where that ends: `for_good`.
        """
        focused = QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()
        is_long = self.has_unsaved_run and self.control.seconds >= LONG_RUN_S
        if not (self.modified or (for_good and is_long)):
            return True
        buttons = QMessageBox.StandardButton
        asked = self._question(self._unsaved(), "Save first?", buttons.Save | buttons.Discard | buttons.Cancel)
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        asked.deleteLater()
        if answer == buttons.Save:
            self.save()
            self._wait_until_written()
            return not self.modified and not (for_good and self.has_unsaved_run)
        return answer == buttons.Discard

    def _unsaved(self) -> str:
        """What would be lost."""
        run = f"a run of {plural(self.control.known, 'step')} that is in no file" if self.has_unsaved_run else ""
        parts = [part for part in ("unsaved edits" if self.session.modified else "", run) if part]
        return f"“{self.session.document.title}” has {' and '.join(parts)}."

    def _wait_until_written(self) -> None:
        """The engine hands its weights over between two steps; an answer that takes longer is not waited for."""
        patience = QDeadlineTimer(SAVE_PATIENCE_MS)
        flags = QEventLoop.ProcessEventsFlag
        while self._is_writing and not patience.hasExpired():
            QApplication.processEvents(flags.ExcludeUserInputEvents | flags.WaitForMoreEvents)


_Read = tuple[SavedExperiment, FileStamp | None]


def _no_answer(path: Path) -> str:
    return spoken(say(NO_ANSWER, name=path.name[:60]))


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


def _saved(view: View, folder: Path) -> bool:
    return view.grab().save(str(folder / f"{view.key}.png"))
