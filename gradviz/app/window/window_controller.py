"""What the window does when the user acts: the one place where session, run, documents and widgets meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget

from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.actions import build_menus, shortcut_table
from gradviz.app.window.appearance import Appearance
from gradviz.app.window.crash_reports import CrashReports
from gradviz.app.window.data_entry import DataEntry
from gradviz.app.window.documents import Documents
from gradviz.app.window.main_window import LAYOUT_VERSION, PANES, MainWindow
from gradviz.app.window.scripting import Scripting
from gradviz.app.window.session import Change, Document, Session
from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, with_start
from gradviz.core.document.with_mistake import compared_with
from gradviz.core.optimizers.mistakes import MISTAKES, Mistake
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.commands import CancelCheck, Check
from gradviz.storage.shipped.gallery import GalleryEntry
from gradviz.storage.user.preferences import Preferences, save_preferences
from gradviz.views.bench.bench_view import BenchView
from gradviz.views.panes.lesson_view import LessonView
from gradviz.views.surface.surface_view import SurfaceView

MOST_SURVEYS = 12


class WindowController(QObject):
    """Belongs to the GUI thread. The public methods without arguments are the actions of the menus."""

    def __init__(
        self,
        window: MainWindow,
        control: RunControl,
        refresher: Refresher,
        gallery: tuple[GalleryEntry, ...],
        preferences: Preferences,
        folder: Path,
    ) -> None:
        super().__init__(window)
        self.window = window
        self.control = control
        self.refresher = refresher
        self.session = Session()
        self.documents = Documents(window, control, self.session, gallery, preferences)
        self.data_entry = DataEntry(window, self.session, self.documents, self.take_over)
        self.preferences = preferences
        self._folder = folder
        self._surveys = 0
        self.scripting = Scripting(window, control, self.documents)
        self.appearance = Appearance(window, self.documents, preferences, refresher)
        self.crash_reports = CrashReports(window)
        handlers = (self, self.appearance, self.documents, self.data_entry, self.scripting, self.crash_reports)
        self.actions, self.menus = build_menus(window, window.menu, handlers)
        self._add_pane_menu()
        self._add_comparison_menu()
        self.appearance.begin(self.actions, self.menus)
        self._connect()
        window.gallery.show_recent(preferences.recent)

    def _add_pane_menu(self) -> None:
        panes = self.menus["&View"].addMenu("&Panes")
        for key, _title in PANES:
            panes.addAction(self.window.docks[key].toggleViewAction())

    def _add_comparison_menu(self) -> None:
        menu = self.menus["&Run"].addMenu("&Compare with a mistake")
        self.menus["comparisons"] = menu
        for mistake in (made() for made in MISTAKES if made.menu):
            action = menu.addAction(mistake.menu)
            action.setStatusTip(mistake.about)
            action.triggered.connect(lambda _=False, mistake=mistake: self.compare_with(mistake))

    def _connect(self) -> None:
        window, bar = self.window, self.window.run_bar
        window.closing.connect(self._on_closing)
        window.uncovered.connect(self.refresher.refresh_all)
        window.form.edited.connect(self.edit)
        window.form.details_wanted.connect(lambda _path: self.data_entry.edit_table())
        window.dropped.connect(self.data_entry.open_dropped)
        window.gallery.chosen.connect(self.documents.open_gallery)
        window.gallery.file_chosen.connect(lambda path: self.documents.open_file(Path(path)))
        bar.run_wanted.connect(self.toggle_run)
        bar.pause_wanted.connect(self.control.pause)
        bar.step_wanted.connect(self.step_forward)
        bar.back_wanted.connect(self.control.step_back)
        bar.reset_wanted.connect(self.reset)
        bar.seek_wanted.connect(self.control.seek)
        bar.pace_changed.connect(lambda: self.control.set_pace(bar.pace))
        surface = self.surface
        surface.start_chosen.connect(self.start_at)
        surface.basins_wanted.connect(self.refresher.ask_basins)
        surface.recentre_wanted.connect(lambda: self.refresher.ask_surface(recentre=True))
        self.lesson.original_wanted.connect(self.documents.open_gallery)
        self.bench.check_wanted.connect(self.check_gradient)
        self.bench.cancel_wanted.connect(lambda: self.control.post(CancelCheck()))
        self.bench.hand_edited.connect(self.edit_hand_gradient)
        self.documents.opened.connect(self._on_opened)
        self.documents.saved.connect(self._show_document)
        self.refresher.refreshed.connect(self._on_refreshed)
        self.control.state_changed.connect(self._on_state_changed)
        self.control.noticed.connect(window.messages.show_message)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    @property
    def surface(self) -> SurfaceView:
        """The surface view."""
        view = self.window.views["surface"]
        assert isinstance(view, SurfaceView)
        return view

    @property
    def lesson(self) -> LessonView:
        """The lesson."""
        view = self.window.views["lesson"]
        assert isinstance(view, LessonView)
        return view

    @property
    def bench(self) -> BenchView:
        """The gradient bench."""
        view = self.window.views["bench"]
        assert isinstance(view, BenchView)
        return view

    def _on_focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Space presses the button that was walked to by Tab; everywhere else it runs."""
        keys = ["F5"] if isinstance(now, QAbstractButton) else ["Space", "F5"]
        self.actions["toggle_run"].setShortcuts([QKeySequence(key) for key in keys])

    # Editing

    def edit(self, path: str, value: Any) -> None:
        """Take an edit of the form over, or mark the field that is wrong."""
        try:
            change = self.session.edit(path, value)
        except SettingError as error:
            self.window.form.show_fault(error.path, error.reason, error.place)
            return
        self._after(change)

    def take_over(self, experiment: Experiment) -> None:
        """Take an edit of the whole experiment over, such as other data."""
        self.window.form.forget_drafts()
        self._after(self.session.apply(experiment))
        self._surveys = 0
        self._raise_fit(experiment)

    def start_at(self, x: float, y: float) -> None:
        """Start where the user pointed to."""
        changed = with_start(self.session.experiment, round(x, 4), round(y, 4))
        if changed is None:
            self.window.messages.show_message("This surface is a slice: its points cannot be chosen as a start.")
        else:
            self._after(self.session.apply(changed))

    def undo(self) -> None:
        """Take back what stands in a field and was refused, else the last edit."""
        if self.window.form.forget_drafts():
            self.window.form.show_experiment(self.session.experiment)
            return
        self._after(self.session.undo())

    def redo(self) -> None:
        """Do the edit again."""
        self._after(self.session.redo())

    def _after(self, change: Change) -> None:
        self.window.form.show_experiment(self.session.experiment)
        if change is Change.LIVE and not self._needs_new_run():
            self.control.edit_live(self.session.experiment)
        elif change is not Change.NOTHING:
            self.control.load(self.session.experiment)
        self._show_document()

    def _needs_new_run(self) -> bool:
        """A run that is over cannot go on with another learning rate; one that has more steps to go can."""
        control, experiment = self.control, self.session.experiment
        if experiment.model_copy(update={"hand_gradient": control.experiment.hand_gradient}) == control.experiment:
            return False
        if control.state is RunState.DIVERGED:
            return experiment.optimizers != control.experiment.optimizers
        return control.state is RunState.FINISHED and experiment.steps <= control.step

    def compare_with(self, mistake: Mistake) -> None:
        """Let a copy of the first optimiser race that makes a mistake."""
        try:
            changed = compared_with(self.session.experiment, mistake)
        except SettingError as error:
            self.window.form.show_fault(error.path, error.reason)
            return
        self._after(self.session.apply(changed))

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
        """Step 0 of the same initial values."""
        self.control.load(self.session.experiment)

    def check_gradient(self) -> None:
        """Compare the gradient of the current step, and bring the bench to the front."""
        dock = self.window.docks["bench"]
        dock.show()
        dock.raise_()
        self.bench.begin_check()
        self.control.post(Check())

    def edit_hand_gradient(self, text: str) -> None:
        """Take over the lines that the bench compares; the run goes on."""
        try:
            self._after(self.session.edit("hand_gradient", text))
        except SettingError as error:
            self.window.messages.show_message(str(error))

    # Documents

    def _on_opened(self, document: Document) -> None:
        self.window.form.forget_drafts()
        self.window.form.show_experiment(document.experiment)
        self._surveys = 0
        self._raise_fit(document.experiment)
        self.control.open(document.experiment, document.result)
        self._show_document()

    def _raise_fit(self, experiment: Experiment) -> None:
        """The fit only where there is one: it shares its place with the parameters, as long as nobody moves it."""
        docks = self.window.docks
        if docks["parameters"] in self.window.tabifiedDockWidgets(docks["fit"]):
            docks["fit" if experiment.objective.kind == "fit" else "parameters"].raise_()

    # Help

    def show_shortcuts(self) -> None:
        """The keys."""
        self._inform("Keyboard shortcuts", f"<pre>{shortcut_table()}</pre>")

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

    def _show_document(self) -> None:
        session = self.session
        self.bench.show_experiment(session.experiment)
        origin, exchanged = self.documents.departure(session.experiment)
        self.lesson.show_departure(origin, exchanged)
        self.window.setWindowTitle(session.title_of_own if exchanged else session.title)
        self.window.setWindowModified(session.modified)
        self.actions["undo"].setEnabled(session.can_undo)
        self.actions["redo"].setEnabled(session.can_redo)
        self.window.gallery.mark_current("" if exchanged else session.gallery_name)
        self.scripting.refresh()
        self._show_status()

    def _on_state_changed(self) -> None:
        control, bar = self.control, self.window.run_bar
        self._show_progress()
        bar.show_state(control.state)
        if control.devices:
            self.window.form.set_devices(control.devices)
        messages = self.window.messages
        if control.state in (RunState.DIVERGED, RunState.FAILED):
            messages.show_message(control.message)
            self._standing_message = control.message
        elif messages.text and messages.text == self._standing_message:
            messages.hide()
        self._show_status()

    _standing_message = ""

    def _show_status(self) -> None:
        control = self.control
        experiment = control.experiment
        device = control.device or experiment.device
        right = f"{control.state}   ·   {device}   ·   {experiment.dtype}   ·   seed {experiment.seed}"
        is_above = control.state in (RunState.DIVERGED, RunState.FAILED)
        message = "" if is_above else control.message or ("Running…" if control.state is RunState.RUNNING else "")
        self.window.show_status(right, message)

    def _on_refreshed(self) -> None:
        self._show_progress()
        self._widen_surface()

    def _show_progress(self) -> None:
        control = self.control
        known = max(len(control.history) - 1, 0)
        self.window.run_bar.show_progress(control.step, known, control.experiment.steps, control.steps_per_s)

    def _widen_surface(self) -> None:
        """A path that leaves the picture gets a larger one, a few times; a diverging one does not."""
        grid, control = self.refresher.surface, self.control
        positions = control.history.positions
        if grid is None or not grid.exact or not len(positions) or self._surveys >= MOST_SURVEYS:
            return
        x, y = positions[min(control.step, len(positions) - 1), 0]
        inside = grid.x[0] <= x <= grid.x[-1] and grid.y[0] <= y <= grid.y[-1]
        if inside or not (abs(x) < 1e4 and abs(y) < 1e4) or control.state is RunState.DIVERGED:
            return
        self._surveys += 1
        self.refresher.ask_surface((_wider(grid.x[0], grid.x[-1], x), _wider(grid.y[0], grid.y[-1], y)))

    def _on_closing(self, event: QCloseEvent) -> None:
        if not self.documents.may_leave():
            event.ignore()
            return
        self.preferences.layout = self.window.layout_blob()
        self.preferences.layout_version = LAYOUT_VERSION
        self.preferences.first_start = False
        save_preferences(self._folder, self.preferences)
        self.refresher.stop()
        event.accept()


def _wider(low: float, high: float, value: float) -> tuple[float, float]:
    """A range that holds `value` with some room."""
    room = 0.5 * (high - low)
    return (min(low, value - room) if value < low else float(low)), (
        max(high, value + room) if value > high else float(high)
    )
