"""Saving the document: where it stands or under a new name, with its run, and the questions before anything is lost."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.conflicts import Choice, Conflicts
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.recent_files import FILTER, RecentFiles
from gradviz.app.window.session import Session
from gradviz.core.numbers import plural
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import Words, say
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.problems import FileError
from gradviz.storage.recovery.file_stamp import free_name
from gradviz.storage.user.preferences import Preferences
from gradviz.storage.user.unfinished_saves import noted_save
from gradviz.views.kit.speech import spoken

SAVE_PATIENCE_MS = 5000
NO_ANSWER = (
    "{name} is not saved yet: PyTorch has not come to the end of its step. It is saved as soon as it does; or save the "
    "document now, without the steps that were run."
)


class Saving(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    saved = Signal()
    theirs_wanted = Signal(object)
    """The file at this path was changed by somebody else, and is to be opened as it is."""

    def __init__(
        self,
        window: MainWindow,
        control: RunControl,
        session: Session,
        preferences: Preferences,
        conflicts: Conflicts,
        recent: RecentFiles,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._control = control
        self._session = session
        self._preferences = preferences
        self._conflicts = conflicts
        self._recent = recent
        self._is_writing = False
        self._waiting: object = None
        """The save that is under way."""

    def save(self) -> None:
        """Save where the document came from, or ask."""
        if self._session.path is None or self._session.read_only:
            self.ask_save_as()
        else:
            self.save_to(self._session.path)

    def ask_save_as(self) -> None:
        """Ask for a name and save there."""
        path_now = None if self._session.read_only else self._session.path
        suggested = path_now or Path(self._preferences.last_folder) / f"{self._session.plain_name}.gradviz"
        path, _ = QFileDialog.getSaveFileName(self._window, "Save the experiment", str(suggested), FILTER)
        if path:
            self.save_to(Path(path) if Path(path).suffix else Path(path + ".gradviz"))

    def save_to(self, path: Path) -> None:
        """Save experiment and run so far; the engine is asked for the weights first, if it has any."""
        if not self._may_replace(path) or (path == self._session.path and not self._may_write_shorter(path)):
            return
        self._is_writing = True
        self._waiting = waiting = object()
        if self._control.state is RunState.FAILED:
            self._write(path, None)
            return
        QTimer.singleShot(SAVE_PATIENCE_MS, self, lambda: self._on_no_answer(waiting, path))
        self._control.collect(partial(self._on_result, waiting, path), partial(self._not_written, waiting))

    def _on_result(self, waiting: object, path: Path, result: RunResult) -> None:
        """The engine has answered, unless that is no longer waited for."""
        if self._waiting is waiting:
            self._write(path, result)

    def _on_no_answer(self, waiting: object, path: Path) -> None:
        """PyTorch is busy with one step, or hangs in it: what is not its own can be saved without it."""
        if self._waiting is waiting and self._is_writing:
            then = partial(self._write_without_run, waiting, path)
            self._window.messages.show_message(_no_answer(path), "Save without the run", then)

    def _write_without_run(self, waiting: object, path: Path) -> None:
        if self._waiting is waiting and self._is_writing:
            self._write(path, None)

    def _may_replace(self, path: Path) -> bool:
        """Ask, where somebody else has written into the file, or has it open: theirs, mine, or both."""
        choice = self._conflicts.ask(path)
        if choice is Choice.BOTH:
            self.save_to(free_name(path))
        elif choice is Choice.THEIRS:
            self.theirs_wanted.emit(path)
        return choice is Choice.MINE

    def _may_write_shorter(self, path: Path) -> bool:
        """Ask, where the file holds more of a run than is there to be written now."""
        holds, has = self._session.saved_run[1], self._control.known
        if self._control.state is RunState.FAILED:
            has = 0
        if has >= holds:
            return True
        buttons = QMessageBox.StandardButton
        text = f"{path.name} holds a run of {plural(holds, 'step')}, and this one has {has:,}."
        asked = question(self._window, text, "Save, and lose the run in the file?", buttons.Save | buttons.Cancel)
        save_as = asked.addButton("Save as…", QMessageBox.ButtonRole.AcceptRole)
        asked.setDefaultButton(save_as)
        answer = asked.exec()
        if asked.clickedButton() is save_as:
            self.ask_save_as()
        asked.deleteLater()
        return answer == buttons.Save

    def _not_written(self, waiting: object, why: Words) -> None:
        """There is no result to write."""
        if self._waiting is not waiting:
            return
        self._is_writing = False
        tell_not_written(self._window, why)

    def _write(self, path: Path, result: RunResult | None) -> None:
        self._is_writing, self._waiting = False, None
        try:
            with noted_save(path):
                save(path, self._session.document, result)
        except FileError as error:
            self._window.messages.show_message(str(error), "Save as…", self.ask_save_as)
            return
        if self._window.messages.text == _no_answer(path):
            self._window.messages.hide()
        self._session.saved_as(path, (self._control.number, 0 if result is None else result.step))
        self._recent.remember(path)
        self.saved.emit()
        self._window.statusBar().showMessage(f"Saved {path.name}.")

    def wait_until_written(self) -> None:
        """The engine hands its weights over between two steps; an answer that takes longer is not waited for."""
        patience = QDeadlineTimer(SAVE_PATIENCE_MS)
        flags = QEventLoop.ProcessEventsFlag
        while self._is_writing and not patience.hasExpired():
            QApplication.processEvents(flags.ExcludeUserInputEvents | flags.WaitForMoreEvents)


def question(window: QWidget, text: str, more: str, buttons: QMessageBox.StandardButton) -> QMessageBox:
    """A question over the window, with these buttons; whoever asks it adds more, and deletes it."""
    asked = QMessageBox(window)
    asked.setIcon(QMessageBox.Icon.Question)
    asked.setText(text)
    asked.setInformativeText(more)
    asked.setStandardButtons(buttons)
    return asked


def tell_not_written(window: MainWindow, why: Words) -> None:
    """The engine had nothing to give that could be written."""
    window.messages.show_message(spoken(say("Nothing was written. {why} Save again.", why=why)))


def _no_answer(path: Path) -> str:
    return spoken(say(NO_ANSWER, name=path.name[:60]))
