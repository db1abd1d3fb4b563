"""What the window does when the user acts: the one place where session, run, documents and widgets meet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMessageBox

from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.crash_reports import CrashReports
from gradviz.app.window.data_entry import DataEntry
from gradviz.app.window.documents import Documents
from gradviz.app.window.explaining import Explaining
from gradviz.app.window.main_window import LAYOUT_VERSION, MainWindow
from gradviz.app.window.session import Opened
from gradviz.core.declaration import SettingError
from gradviz.core.document.consequence import Consequence, consequence
from gradviz.core.document.document import Document, with_setting
from gradviz.core.document.experiment import with_start
from gradviz.core.document.remedies import changed_besides, remedy
from gradviz.core.document.with_mistake import compared_with
from gradviz.core.optimizers.mistakes import Mistake
from gradviz.core.questions.explanation import Edit
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.runs.runner import OWN_FAULT
from gradviz.storage.user.preferences import Preferences, save_preferences
from gradviz.views.kit.speech import spoken

NO_START = say(
    "The run cannot start there: this surface is a slice, or its model draws its start from the seed. "
    "A formula, a test function, or one layer with a weight and a bias can."
)


class WindowController(QObject):
    """Belongs to the GUI thread. The public methods without arguments are the actions of the menus."""

    document_changed = Signal()
    """The document is another, or was edited, or saved."""
    experiment_opened = Signal(object)
    """A document was opened, or its experiment was exchanged as a whole; carries the experiment."""
    closed = Signal()
    """The window goes, with the consent of its user."""
    committed = Signal()
    """The document was edited, and the engine has not heard of it yet: it may hang over it."""
    leaving = Signal()
    """The window closes for good; what it remembers of its user is written next."""
    check_wanted = Signal()
    """The user wants the gradient of this step checked."""

    def __init__(
        self,
        window: MainWindow,
        control: RunControl,
        refresher: Refresher,
        documents: Documents,
        preferences: Preferences,
        folder: Path,
    ) -> None:
        super().__init__(window)
        self.window = window
        self.control = control
        self.refresher = refresher
        self.session = documents.session
        self.documents = documents
        self.data_entry = DataEntry(window, self.session, documents, self.take_over)
        self.crash_reports = CrashReports(window)
        self.preferences = preferences
        self._folder = folder
        self.explaining = Explaining(control, window.messages, self.make_edits)
        refresher.add(self.explaining)
        self.shortcuts = ""
        """The keys as lines, for the help."""
        self._connect()

    def _connect(self) -> None:
        window, bar = self.window, self.window.run_bar
        window.closing.connect(self._on_closing)
        window.uncovered.connect(self.refresher.refresh_all)
        window.dropped.connect(self.data_entry.open_dropped)
        bar.run_wanted.connect(self.toggle_run)
        bar.pause_wanted.connect(self.control.pause)
        bar.step_wanted.connect(self.step_forward)
        bar.back_wanted.connect(self.control.step_back)
        bar.reset_wanted.connect(self.reset)
        bar.seek_wanted.connect(self.control.seek)
        bar.pace_changed.connect(lambda: self.control.set_pace(bar.pace))
        self.documents.opened.connect(self._on_opened)
        self.documents.gone_back.connect(self._on_gone_back)
        self.documents.saving.saved.connect(self.show_document)
        self.control.began.connect(self._on_began)
        self.refresher.refreshed.connect(self._show_progress)
        self.control.state_changed.connect(self._on_state_changed)
        self.control.noticed.connect(lambda words: window.messages.show_message(spoken(words)))

    # Editing

    def edit(self, path: str, value: Any) -> None:
        """Take an edit of the form over, or mark the field that is wrong."""
        before = self.session.experiment
        try:
            self.session.edit(path, value)
        except SettingError as error:
            self.window.form.show_fault(error.path, error.reason, error.place, error.mending)
            self._offer_remedy(path, value, error.reason)
            return
        self._after_edit()
        besides = changed_besides(before, self.session.experiment, path)
        if besides:
            self.window.messages.show_message(spoken(besides), "Undo", self.undo)

    def _offer_remedy(self, path: str, value: Any, reason: str) -> None:
        """A button that does what the refusal of an edit advises, where there is such a thing."""
        possible = remedy(self.session.experiment, path, value)
        if possible is None:
            return

        def take() -> None:
            self.window.form.forget_drafts()
            self.session.apply_experiment(possible)
            self._after_edit()

        self.window.messages.show_message(f"{reason[:1].upper()}{reason[1:]}.", "Set Target to Class labels", take)

    def take_over(self, document: Document) -> None:
        """Take an edit of the whole document over, such as other data."""
        self.window.form.forget_drafts()
        self.session.apply(document)
        self._after_edit()
        self.experiment_opened.emit(document.experiment)

    def make_edits(self, edits: Sequence[Edit]) -> None:
        """Make the edits of an advice, as one: the run begins anew, and one undo takes them back."""
        document = self.session.document
        try:
            for edit in edits:
                document = with_setting(document, edit.path, edit.value)
        except SettingError as error:
            self.window.messages.show_message(f"This cannot be done any more: {error}.")
            return
        self.take_over(document)

    def start_at(self, x: float, y: float) -> None:
        """Start where the user pointed to."""
        changed = with_start(self.session.experiment, float(f"{x:.6g}"), float(f"{y:.6g}"))
        if changed is None:
            self.window.messages.show_message(spoken(NO_START))
        else:
            self.session.apply_experiment(changed)
            self._after_edit()

    def undo(self) -> None:
        """Take back what stands in a field and was refused, else the last edit."""
        if self.window.form.forget_drafts():
            self.window.form.show_document(self.session.document)
            return
        self.session.undo()
        self._after_edit()

    def redo(self) -> None:
        """Do the edit again."""
        self.session.redo()
        self._after_edit()

    def _after_edit(self) -> None:
        """Let the run follow the document; the run that stood behind it before is taken up again."""
        control, session, experiment = self.control, self.session, self.session.experiment
        self.committed.emit()
        self.window.form.show_document(session.document)
        if session.run != control.number and control.kept(session.run) is not None:
            control.recall(session.run)
        asked = consequence(control.experiment, experiment, control.state, control.step)
        if asked is Consequence.LIVE:
            control.edit_live(experiment)
        elif asked is Consequence.NEW_RUN:
            control.load(experiment)
        self.show_document()

    def compare_with(self, mistake: Mistake) -> None:
        """Let a copy of the first optimiser race that makes a mistake."""
        try:
            changed = compared_with(self.session.experiment, mistake)
        except SettingError as error:
            self.window.form.show_fault(error.path, error.reason)
            return
        self.session.apply_experiment(changed)
        self._after_edit()

    # Running

    def toggle_run(self) -> None:
        """Run or pause."""
        if self.window.form.fault_texts() and self.control.state in (RunState.READY, RunState.PAUSED):
            self.window.messages.show_message("A marked field was refused: the run uses the value before it.")
        self.control.toggle()

    def step_forward(self) -> None:
        """One step."""
        if self.control.state in (RunState.READY, RunState.PAUSED):
            self.control.step_forward()

    def step_back(self) -> None:
        """One step back."""
        self.control.step_back()

    def reset(self) -> None:
        """Step 0 of the same initial values. Undo brings the run before back."""
        if self.control.known:
            self.session.begin_anew()
        self.control.load(self.session.experiment)
        self.show_document()

    def check_gradient(self) -> None:
        """Compare the gradient of the current step."""
        self.check_wanted.emit()

    def edit_hand_gradient(self, text: str) -> None:
        """Take over the lines that the bench compares; the run goes on."""
        try:
            self.session.edit("hand_gradient", text)
            self._after_edit()
        except SettingError as error:
            self.window.messages.show_message(str(error))

    # Documents

    def _on_opened(self, opened: Opened) -> None:
        experiment = opened.document.experiment
        self.window.form.forget_drafts()
        self.window.form.show_document(opened.document)
        self.experiment_opened.emit(experiment)
        self.control.open(experiment, opened.result)
        self.show_document()

    def _on_gone_back(self) -> None:
        session, control = self.session, self.control
        self.window.form.forget_drafts()
        self.window.form.show_document(session.document)
        self.experiment_opened.emit(session.experiment)
        if control.kept(session.run) is not None:
            control.recall(session.run)
        else:
            control.open(session.experiment)
        self.show_document()

    def _on_began(self) -> None:
        self.session.run = self.control.number

    # Help

    def show_shortcuts(self) -> None:
        """The keys."""
        self._inform("Keyboard shortcuts", f"<pre>{self.shortcuts}</pre>")

    def show_about(self) -> None:
        """Version, and the licences of all components."""
        from gradviz.app.window.about import open_about

        open_about(self.window)

    def _inform(self, title: str, text: str) -> None:
        box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(title)
        box.setText(text)
        box.open()

    def quit(self) -> None:
        """Close the window."""
        self.window.close()

    # Showing

    def report_crash(self, sentence: str) -> None:
        """Pause, and say once what happened."""
        self.control.pause()
        self.crash_reports.report(sentence)

    def show_document(self) -> None:
        """Title, marks and status of the document as it stands."""
        session = self.session
        _, departures = self.documents.departure(session.document)
        self.window.setWindowTitle(session.title_of_own if departures else session.title)
        self.window.setWindowModified(self.documents.modified)
        self.window.gallery.mark_current("" if departures else session.gallery_name)
        self.document_changed.emit()
        self._show_status()

    def _on_state_changed(self) -> None:
        control, bar = self.control, self.window.run_bar
        self._show_progress()
        bar.show_state(control.state)
        if control.devices:
            self.window.form.set_devices(control.devices)
        self.window.setWindowModified(self.documents.modified)
        if control.state is RunState.FAILED and control.words.pattern == OWN_FAULT:
            self.crash_reports.report(spoken(control.words))
        self._show_status()

    def _show_status(self) -> None:
        control = self.control
        experiment = control.experiment
        device = control.device or experiment.device
        right = f"{control.state}   ·   {device}   ·   {experiment.dtype}   ·   seed {experiment.seed}"
        is_above = control.state in (RunState.DIVERGED, RunState.FAILED)
        message = "" if is_above else spoken(control.words) or ("Running…" if control.state is RunState.RUNNING else "")
        self.window.show_status(right, f"{message} {spoken(self._remark())}".strip())

    def _remark(self) -> Words:
        """What will happen by itself, or how what seems to be gone comes back."""
        control, left = self.control, self.documents.left
        if control.wants_to_run:
            return say("It runs as soon as it is ready.")
        before = control.kept(self.session.run_before)
        if control.state is not RunState.READY or control.known:
            return SILENCE
        if before is not None:
            return say("Ctrl+Z brings back the run of {steps:step|steps}.", steps=before.known)
        gone = None if left is None else control.kept(left.run)
        if left is not None and gone is not None:
            title = left.opened.document.title
            return say(
                "Alt+Left goes back to “{title}” and its run of {steps:step|steps}.", title=title, steps=gone.known
            )
        return SILENCE

    def _show_progress(self) -> None:
        control = self.control
        self.window.run_bar.show_progress(control.step, control.known, control.experiment.steps, control.steps_per_s)

    def _on_closing(self, event: QCloseEvent) -> None:
        if not self.documents.may_leave(for_good=True):
            event.ignore()
            return
        self.leaving.emit()
        self.preferences.layout = self.window.layout_blob()
        self.preferences.layout_version = LAYOUT_VERSION
        self.preferences.first_start = False
        save_preferences(self._folder, self.preferences)
        self.closed.emit()
        self.refresher.stop()
        event.accept()
