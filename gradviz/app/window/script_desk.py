"""The script that a person writes or opens: its file, its consent, and its run in a child process."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog, QLineEdit, QMessageBox

from gradviz.app.process.errand import Errand, Work
from gradviz.app.window.saving import question
from gradviz.core.problems import GradvizError
from gradviz.core.words import SILENCE, say, verbatim
from gradviz.storage.experiments.script_file import read_script, scratch_script, write_script
from gradviz.storage.problems import FileError
from gradviz.views.script.script_place import ScriptPlace

if TYPE_CHECKING:
    from gradviz.app.window.window_controller import WindowController
    from gradviz.core.stepping.timeline import Timeline
    from gradviz.engine.stepping.stepper import Progress, Request
    from gradviz.views.script.script_view import ScriptView

FILTER = "Python scripts (*.py);;All files (*)"
ENDS_S = 5.0
"""So long a child may take to be ended when the window closes."""


class ScriptDesk(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus.

    What runs a script and shows it is imported when a script is first opened.
    """

    def __init__(self, place: ScriptPlace, controller: WindowController) -> None:
        super().__init__(place)
        self._place = place
        self._window = controller.window
        self._preferences = controller.preferences
        self._path: Path | None = None
        self._newline = "\n"
        self._errand: Errand[Timeline] | None = None
        self._progress: Progress | None = None
        self._is_stopped = False
        place.made.connect(self._on_made)
        controller.documents.script_wanted.connect(self.open_file)
        controller.documents.guards.append(self.may_leave)
        controller.closed.connect(self.end)
        controller.experiment_opened.connect(lambda _experiment: self._window.alone.leave())
        self._window.docks[place.key].visibilityChanged.connect(self._on_visibility_changed)

    def _on_made(self, view: ScriptView) -> None:
        view.run_wanted.connect(self.run)
        view.stop_wanted.connect(self.stop)
        view.trusted.connect(self._on_trusted)
        view.new_wanted.connect(self.new_script)
        view.open_wanted.connect(self.ask_open)
        view.save_wanted.connect(self.save)
        view.room_wanted.connect(self.toggle_room)
        self._window.alone.changed.connect(view.show_alone)
        view.show_alone(self._window.alone.is_on)

    @property
    def view(self) -> ScriptView:
        """What shows the script."""
        return self._place.view()

    @property
    def is_running(self) -> bool:
        """Whether a script runs."""
        return self._errand is not None

    # Opening and saving

    def new_script(self) -> None:
        """An empty script, to be written or pasted."""
        if self._may_exchange():
            self._path, self._newline = None, "\n"
            self.view.show_script("", "", is_trusted=True)
            self._bring_forward()
            self.view.editor.setFocus()

    def ask_open(self) -> None:
        """Ask for a Python file and open it."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a script", self._preferences.last_folder, FILTER)
        if path:
            self.open_file(Path(path), is_trusted=False)

    def open_file(self, path: Path, is_trusted: bool) -> None:
        """Show a script, and run nothing. One that is not trusted, now or before, is run only with consent."""
        if not self._may_exchange():
            return
        try:
            text = read_script(path)
        except FileError as error:
            self._window.messages.show_message(f"{path.name[:60]}: {error}")
            return
        self._window.messages.hide()
        self._show(path, text, is_trusted)
        self._preferences.last_folder = str(path.parent)
        self._bring_forward()
        self.view.editor.setFocus()

    def _show(self, path: Path, text: str, is_trusted: bool) -> None:
        self._path = path.resolve()
        self._newline = "\r\n" if "\r\n" in text else "\n"
        known = is_trusted or _digest(_plain(text)) in self._preferences.trusted_scripts
        self.view.show_script(_plain(text), path.name, known)
        if is_trusted:
            self._on_trusted()

    def _bring_forward(self) -> None:
        """A script has the window to itself at first: its user may ask for the other panes."""
        self._window.alone.enter(self._place.key)

    def toggle_room(self) -> None:
        """Give the whole window to the script, or show the other panes too."""
        if self._window.alone.is_on:
            self._window.alone.leave()
            self._window.docks[self._place.key].raise_()
        else:
            self._bring_forward()

    def _on_visibility_changed(self, _is_visible: bool) -> None:
        """Nobody wants an empty window: with the pane that was alone in it closed the others come back."""
        dock = self._window.docks[self._place.key]
        if self._window.alone.is_on and dock.isHidden() and self._window.isVisible():
            self._window.alone.leave()
            dock.hide()

    def _on_trusted(self) -> None:
        self._preferences.trust_script(_digest(self.view.text))

    def save(self) -> None:
        """Write the script into its file, or ask for one."""
        self._saved()

    def _saved(self) -> bool:
        path = self._path
        if path is None:
            start = str(Path(self._preferences.last_folder) / "script.py")
            chosen, _ = QFileDialog.getSaveFileName(self._window, "Save the script", start, FILTER)
            if not chosen:
                return False
            path = Path(chosen)
            path = path if path.suffix else path.with_suffix(".py")
        try:
            write_script(path, self.view.text.replace("\n", self._newline))
        except FileError as error:
            self._window.messages.show_message(f"{path.name[:60]}: {error}")
            return False
        self._path = path.resolve()
        self.view.show_saved(path.name)
        if self.view.is_trusted:
            self._on_trusted()
        return True

    def _may_exchange(self) -> bool:
        """Whether what is written may go; a script that runs is ended then."""
        if not self.may_leave():
            return False
        self.end()
        return True

    def may_leave(self) -> bool:
        """Ask about what is not saved; False if the user stays."""
        if not self._place.is_made or not self.view.is_modified or not self.view.text.strip():
            return True
        buttons = QMessageBox.StandardButton
        name = self._path.name if self._path is not None else "The script"
        asked = question(
            self._window, f"“{name}” has unsaved edits.", "Save first?", buttons.Save | buttons.Discard | buttons.Cancel
        )
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        asked.deleteLater()
        return self._saved() if answer == buttons.Save else answer == buttons.Discard

    # Running

    def choose_python(self) -> None:
        """Ask which Python runs scripts: one of an environment that has the packages which they import."""
        text, is_chosen = QInputDialog.getText(
            self._window,
            "Python of scripts",
            "Path of the Python that runs scripts; nothing is gradviz's own",
            QLineEdit.EchoMode.Normal,
            self._preferences.script_python,
        )
        if is_chosen and "\0" not in text:
            self._preferences.script_python = text.strip()

    def run(self) -> None:
        """Run the script as it is written, from its first line to its end, and record every line."""
        view = self.view
        if self.is_running or not self._is_as_shown():
            return
        if not view.text.strip():
            view.show_status(say("There is nothing to run yet: write or paste a script."))
            return
        if self._path is not None and view.is_modified and not self._saved():
            return
        self._is_stopped, self._progress = False, None
        errand: Errand[Timeline] = Errand(self._recorded(view.text), self)
        self._errand = errand
        errand.progressed.connect(lambda _share: self._show_progress())
        errand.ended.connect(lambda: self._on_ended(errand))
        view.show_running(say("Python begins…"))
        errand.start(0.0)

    def _is_as_shown(self) -> bool:
        """Whether the file holds what is shown; one that was written elsewhere meanwhile is shown first."""
        view = self.view
        if self._path is None or view.is_modified:
            return view.is_trusted
        try:
            text = read_script(self._path)
        except FileError as error:
            self._window.messages.show_message(f"{self._path.name[:60]}: {error}")
            return False
        if _plain(text) != view.text:
            self._show(self._path, text, is_trusted=False)
            view.show_status(say("The file was changed elsewhere: this is what it holds now."))
            return False
        return view.is_trusted

    def _recorded(self, text: str) -> Work[Timeline]:
        """In the errand's thread: run it in a child, and look through what was recorded."""
        from gradviz.core.stepping.timeline import timeline_of
        from gradviz.engine.stepping.stepper import Stepper

        with self._request(text) as request:
            stepper = Stepper(request)
            running = stepper.run()
            with contextlib.closing(running):  # type: ignore[type-var]
                for progress in running:
                    self._progress = progress
                    if self._is_stopped:
                        stepper.stop(say("The script was stopped."))
                    yield 0.0
            timeline = yield from timeline_of(stepper.recording())
            return timeline

    @contextlib.contextmanager
    def _request(self, text: str) -> Iterator[Request]:
        """What to run: the file where it stands, or what was pasted in one that is gone afterwards."""
        from gradviz.engine.stepping.stepper import Request

        python = str(Path(self._python).expanduser()) if self._python else ""
        if self._path is not None:
            yield Request(str(self._path), text, str(self._path.parent), python=python)
            return
        with scratch_script(text) as path:
            yield Request(str(path), text, str(Path.home()), python=python)

    @property
    def _python(self) -> str:
        return self._preferences.script_python

    def _show_progress(self) -> None:
        progress = self._progress
        if progress is not None and self._errand is not None:
            self.view.show_running(
                say(
                    "Running line {line}: {run:line|lines} ran, {kept:event|events} recorded, {size:.1f} MB.",
                    line=progress.line, run=progress.lines_run, kept=progress.recorded, size=progress.size / 1e6,
                )
            )  # fmt: skip

    def _on_ended(self, errand: Errand[Timeline]) -> None:
        if errand is not self._errand:
            return
        self._errand = None
        errand.deleteLater()
        self.view.show_failure(SILENCE)
        try:
            timeline = errand.result()
        except GradvizError as error:
            self.view.show_failure(verbatim(str(error)))
            return
        self.view.show_timeline(timeline)

    def stop(self) -> None:
        """End the script; what was recorded stays."""
        self._is_stopped = True

    def end(self) -> None:
        """Leave a script that runs: the child is gone when this returns, and what it recorded too."""
        errand, self._errand = self._errand, None
        if errand is not None:
            errand.cancel()
            errand.wait(ENDS_S)
            errand.deleteLater()
            self.view.show_failure(SILENCE)


def _plain(text: str) -> str:
    """With the line ends that an editor has."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
