"""Weights to and from files of their own: a run begins with what is read of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.errands import Errands
from gradviz.app.window.main_window import MainWindow
from gradviz.app.window.saving import tell_not_written
from gradviz.app.window.session import Session
from gradviz.core.document.scaling_data import about_weights
from gradviz.core.numbers import plural
from gradviz.core.runs.result import RunResult
from gradviz.storage.experiments.weights import (
    PickleNotAllowedError,
    Weights,
    loading_weights,
    save_weights,
    weights_of,
)
from gradviz.storage.problems import FileError
from gradviz.storage.user.preferences import Preferences
from gradviz.storage.user.unfinished_saves import noted_save

WEIGHTS = "Weights (*.safetensors *.pt *.pth);;All files (*)"


class WeightFiles:
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    def __init__(
        self, window: MainWindow, control: RunControl, session: Session, preferences: Preferences, errands: Errands
    ) -> None:
        self._window = window
        self._control = control
        self._session = session
        self._preferences = preferences
        self._errands = errands

    def ask_export_weights(self) -> None:
        """Ask for a name and write the weights of the first optimiser at this step."""
        suggested = Path(self._preferences.last_folder) / f"{self._session.plain_name}.safetensors"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export the weights", str(suggested), WEIGHTS)
        if path:
            target = Path(path) if Path(path).suffix else Path(path + ".safetensors")
            self._control.collect(
                partial(self.export_weights, target), partial(tell_not_written, self._window), here=True
            )

    def export_weights(self, path: Path, result: RunResult) -> None:
        """Write the weights of `result`."""
        weights = weights_of(result)
        try:
            with noted_save(path):
                save_weights(path, weights, about_weights(self._session.experiment))
        except FileError as error:
            self._window.messages.show_message(str(error))
            return
        self._window.statusBar().showMessage(
            f"Wrote {plural(len(weights), 'tensor')} of step {result.step:,} to {path.name}."
        )

    def ask_import_weights(self) -> None:
        """Ask for a file of weights and begin anew with them."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Import weights", self._preferences.last_folder, WEIGHTS)
        if path:
            self.import_weights(Path(path))

    def import_weights(self, path: Path) -> None:
        """Begin anew with the weights of a file; a .pt file is read only once the user has allowed them."""
        reading = loading_weights(path, self._preferences.allow_pt)
        self._errands.run(f"Reading {path.name[:60]}", reading, partial(self._on_weights, path))

    def _on_weights(self, path: Path, result: Callable[[], Weights]) -> None:
        messages = self._window.messages
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
        self._control.begin_with(weights)
        self._window.statusBar().showMessage(f"The run begins with the weights of {path.name}.")

    def _allow_pt(self, path: Path) -> None:
        self._preferences.allow_pt = True
        self.import_weights(path)
