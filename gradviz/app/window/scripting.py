"""Scripts of the open document: made anew at every edit for the code pane, copied, exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.documents import Documents
from gradviz.app.window.main_window import MainWindow
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.question import Answer, Question
from gradviz.core.questions.start import FindStart, Start
from gradviz.core.runs.state import RunState
from gradviz.scripts.language.dialects import DIALECTS, LABELS, DialectName
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError
from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.problems import FileError
from gradviz.storage.user.unfinished_saves import noted_save
from gradviz.views.panes.code_view import CodeView, Script


class Scripting(QObject):
    """Belongs to the GUI thread. The public methods without arguments are actions of the menus."""

    def __init__(
        self, window: MainWindow, control: RunControl, refresher: Refresher, documents: Documents, view: CodeView
    ) -> None:
        super().__init__(window)
        self.view = view
        self._window = window
        self._documents = documents
        self._start: Start | None = None
        self._edition = 0
        self._control = control
        self._is_view_seen = not self.view.visibleRegion().isEmpty()
        control.began.connect(self._on_began)
        control.edited.connect(self._ask_anew)
        control.state_changed.connect(self._on_state_changed)
        refresher.add(self)
        window.docks[view.key].visibilityChanged.connect(self._on_visibility_changed)
        self.view.copied.connect(lambda: window.statusBar().showMessage("Copied the script."))
        self.view.save_wanted.connect(self.ask_export_script)

    def _on_began(self, _experiment: Experiment) -> None:
        self._start = None
        self._edition = 0

    def _ask_anew(self) -> None:
        """The run may have other edits now."""
        self._edition += 1

    def _on_state_changed(self) -> None:
        """A run that goes on from an earlier step forgets the edits that lie ahead."""
        has_edits = self._start is not None and bool(self._start.edits)
        if has_edits and self._control.state is not RunState.FINISHED:
            self._ask_anew()

    @property
    def is_seen(self) -> bool:
        """Scripts are copied and exported whether their pane is open or not."""
        return True

    @property
    def asks(self) -> tuple[Question[Any], ...]:
        """The engine alone knows what torch draws: it is asked, and the scripts wait for the answer."""
        return (FindStart(self._documents.session.experiment.hand_gradient, self._edition),)

    def show_answer(self, answer: Answer) -> None:
        """What cannot be built has no start to wait for."""
        self._start = answer.value if isinstance(answer.value, Start) else Start()
        self.refresh()

    def _on_visibility_changed(self, is_seen: bool) -> None:
        """A pane behind another in a stack of tabs is visible for Qt, but nobody sees it."""
        self._is_view_seen = is_seen
        self.refresh()

    def refresh(self) -> None:
        """Make the scripts of the document, where somebody looks and the start is known."""
        if self._is_view_seen and self._start is not None:
            self._make()

    def _make(self) -> None:
        document, start = self._documents.session.document, self._start or Start()
        self.view.show_scripts(tuple(_made(document, dialect, start) for dialect in DIALECTS))

    def copy_script(self) -> None:
        """The script of the code pane to the clipboard."""
        self._make()
        self.view.copy()

    def ask_export_script(self) -> None:
        """Ask for a name and save the script of the code pane there."""
        self._make()
        made = self.view.script
        if made is None:
            self._window.messages.show_message(str(self.view.drawn()["note"]))
            return
        documents = self._documents
        suggested = Path(documents.preferences.last_folder) / f"{documents.session.plain_name}-{made.dialect}.py"
        path, _ = QFileDialog.getSaveFileName(self._window, "Export the script", str(suggested), "Python (*.py)")
        if path:
            self.export_script(Path(path) if Path(path).suffix else Path(path + ".py"), made.text)

    def export_script(self, path: Path, text: str) -> None:
        """Write a script."""
        try:
            with noted_save(path):
                write_bytes(path, text.encode())
        except FileError as error:
            self._window.messages.show_message(str(error))
            return
        self._window.statusBar().showMessage(f"Wrote the script to {path.name}.")


def _made(document: Document, dialect: DialectName, start: Start) -> Script:
    try:
        return Script(dialect, LABELS[dialect], script(document.experiment, dialect, start, document.lesson))
    except ScriptError as error:
        return Script(dialect, LABELS[dialect], "", str(error))
