"""What is written beside the document: the history of its run as CSV, and pictures of the views."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.session import Session
from gradviz.core.document.experiment import figure_names
from gradviz.core.numbers import plural
from gradviz.storage.problems import FileError
from gradviz.storage.tables.history_csv import write_history
from gradviz.storage.user.preferences import Preferences
from gradviz.storage.user.unfinished_saves import noted_save
from gradviz.views.kit.view import View


class Exports:
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    def __init__(self, window: MainWindow, control: RunControl, session: Session, preferences: Preferences) -> None:
        self._window = window
        self._control = control
        self._session = session
        self._preferences = preferences

    def ask_export_history(self) -> None:
        """Ask for a name and write the history as CSV."""
        suggested = Path(self._preferences.last_folder) / f"{self._session.plain_name}.csv"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export the history", str(suggested), "CSV (*.csv)")
        if path:
            self.export_history(Path(path))

    def export_history(self, path: Path) -> None:
        """Write every step's losses and positions."""
        labels, history = tuple(type(one).label for one in self._control.experiment.optimizers), self._control.history
        try:
            with noted_save(path):
                figures = (history.figures, figure_names(self._control.experiment))
                write_history(path, history.losses, history.positions, labels, history.names, *figures)
        except FileError as error:
            self._window.messages.show_message(str(error))
            return
        self._window.statusBar().showMessage(f"Wrote {plural(len(history), 'step')} to {path.name}.")

    def ask_export_pictures(self) -> None:
        """Ask for a folder and save a picture of every visible view there."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "A folder for the pictures", self._preferences.last_folder
        )
        if folder:
            self.export_pictures(Path(folder))

    def export_pictures(self, folder: Path) -> None:
        """Save a picture of each visible view as PNG."""
        written = [view.key for view in self._window.views.values() if view.is_seen and _saved(view, folder)]
        if written:
            self._window.statusBar().showMessage(f"Saved {', '.join(written)} to {folder.name}.")
        else:
            self._window.messages.show_message(f"No picture could be written to {folder}. Choose another folder.")


def _saved(view: View, folder: Path) -> bool:
    return view.grab().save(str(folder / f"{view.key}.png"))
