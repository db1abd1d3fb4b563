"""Opening, saving and exporting: the document's way to and from the disk, with the questions and messages."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, Signal
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.session import Opened, Session
from gradviz.core.document.departure import departures
from gradviz.core.document.document import Document
from gradviz.core.document.scaling_data import about_weights
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import Words, say
from gradviz.storage.experiments.experiment_file import load, save
from gradviz.storage.experiments.misfits import MisfitError
from gradviz.storage.experiments.weights import (
    PickleNotAllowedError,
    keeps_scaling,
    load_weights,
    save_weights,
    weights_of,
)
from gradviz.storage.problems import FileError, NewerFormatError
from gradviz.storage.shipped.gallery import GalleryEntry
from gradviz.storage.tables.history_csv import write_history
from gradviz.storage.user.preferences import Preferences
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.view import View

SAVE_PATIENCE_MS = 5000
WEIGHTS = "Weights (*.safetensors *.pt *.pth);;All files (*)"
FILTER = "gradviz experiments (*.gradviz *.json);;All files (*)"


class Documents(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    opened = Signal(object)
    """A document was opened; carries it as an `Opened`."""
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

    def open_document(self, opened: Opened) -> None:
        """Make its document the open one; its saved run, if it has one, can be continued."""
        self.session.open(opened)
        self.opened.emit(opened)

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

    def open_file(self, path: Path, newer_read_only: bool = False, without_run: bool = False) -> bool:
        """Open a file; what is wrong with it is said, and the document stays."""
        if not self.may_leave():
            return False
        messages = self.window.messages
        try:
            saved = load(path, newer_read_only, without_run)
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
        messages.hide()
        self.open_document(Opened(saved.document, path, result=saved.result, read_only=saved.read_only))
        if saved.notice:
            messages.show_message(saved.notice)
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
        self._is_writing = True
        if self.control.state in (RunState.LOADING, RunState.FAILED):
            self._write(path, None)
        else:
            self.control.collect(lambda result: self._write(path, result), self._not_written)

    def _not_written(self, why: Words) -> None:
        """There is no result to write."""
        self._is_writing = False
        words = say("Nothing was written. {why} Save again.", why=why)
        self.window.messages.show_message(spoken(words))

    def _write(self, path: Path, result: RunResult | None) -> None:
        self._is_writing = False
        try:
            save(path, self.session.document, result)
        except FileError as error:
            self.window.messages.show_message(str(error), "Save as…", self.ask_save_as)
            return
        self.session.saved_as(path)
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
        labels = tuple(type(optimizer).label for optimizer in self.control.experiment.optimizers)
        try:
            write_history(path, self.control.history.losses, self.control.history.positions, labels)
        except FileError as error:
            self.window.messages.show_message(str(error))
            return
        self.window.statusBar().showMessage(f"Wrote {len(self.control.history):,} steps to {path.name}.")

    def ask_export_weights(self) -> None:
        """Ask for a name and write the weights of the first optimiser at this step."""
        suggested = Path(self.preferences.last_folder) / f"{self.plain_name()}.safetensors"
        path, _ = QFileDialog.getSaveFileName(self.window, "Export the weights", str(suggested), WEIGHTS)
        if path:
            target = Path(path) if Path(path).suffix else Path(path + ".safetensors")
            self.control.collect(lambda result: self.export_weights(target, result), self._not_written)

    def export_weights(self, path: Path, result: RunResult) -> None:
        """Write the weights of `result`."""
        weights = weights_of(result)
        try:
            save_weights(path, weights, about_weights(self.session.experiment))
        except FileError as error:
            self.window.messages.show_message(str(error))
            return
        self.window.statusBar().showMessage(f"Wrote {len(weights)} tensors of step {result.step:,} to {path.name}.")
        if about_weights(self.session.experiment) and not keeps_scaling(path):
            without = "A .pt file holds no scaling of the columns: the export as .safetensors and the script do."
            self.window.messages.show_message(without)

    def ask_import_weights(self) -> None:
        """Ask for a file of weights and begin anew with them."""
        path, _ = QFileDialog.getOpenFileName(self.window, "Import weights", self.preferences.last_folder, WEIGHTS)
        if path:
            self.import_weights(Path(path))

    def import_weights(self, path: Path) -> None:
        """Begin anew with the weights of a file; a .pt file is read only once the user has allowed them."""
        messages = self.window.messages
        try:
            weights = load_weights(path, self.preferences.allow_pt)
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

    def may_leave(self) -> bool:
        """Ask about unsaved edits, the one in the field with the cursor included; False if the user stays."""
        focused = QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()
        if not self.session.modified:
            return True
        buttons = QMessageBox.StandardButton
        asked = QMessageBox(self.window)
        asked.setIcon(QMessageBox.Icon.Question)
        asked.setText(f"“{self.session.document.title}” has unsaved edits.")
        asked.setInformativeText("Save them first?")
        asked.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        asked.deleteLater()
        if answer == buttons.Save:
            self.save()
            self._wait_until_written()
            return not self.session.modified
        return answer == buttons.Discard

    def _wait_until_written(self) -> None:
        """The engine hands its weights over between two steps; an answer that takes longer is not waited for."""
        patience = QDeadlineTimer(SAVE_PATIENCE_MS)
        flags = QEventLoop.ProcessEventsFlag
        while self._is_writing and not patience.hasExpired():
            QApplication.processEvents(flags.ExcludeUserInputEvents | flags.WaitForMoreEvents)


def _told(document: Document) -> tuple[str, str]:
    """What a lesson is known by though its title is another: its case and its English text."""
    return document.lesson.case, document.lesson.texts.en.lesson


def _saved(view: View, folder: Path) -> bool:
    return view.grab().save(str(folder / f"{view.key}.png"))
