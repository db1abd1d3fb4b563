"""What the window does when the user acts: the one place where session, run, files and widgets meet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

import gradviz
from gradviz.app.actions import build_menus, shortcut_table
from gradviz.app.main_window import LAYOUT_VERSION, PANES, MainWindow
from gradviz.app.refresher import Refresher
from gradviz.app.run_control import RunControl
from gradviz.app.session import Change, Document, Session
from gradviz.core.declaration import SettingError
from gradviz.core.experiment import Experiment, with_start
from gradviz.core.records import RunResult, RunState
from gradviz.storage.experiment_file import load, save
from gradviz.storage.gallery import GalleryEntry
from gradviz.storage.history_csv import write_history
from gradviz.storage.preferences import Preferences, save_preferences
from gradviz.storage.problems import FileError, NewerFormatError
from gradviz.views.gallery_view import Card
from gradviz.views.surface_view import SurfaceView
from gradviz.views.theme import theme_named

FILTER = "gradviz experiments (*.gradviz *.json);;All files (*)"
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
        self.preferences = preferences
        self._folder = folder
        self._gallery = {entry.name: entry for entry in gallery}
        self._surveys = 0
        self.actions, self._menus = build_menus(window, window.menu, self)
        self._add_pane_menu()
        self._add_gallery_menu(gallery)
        self._connect()
        window.gallery.show_cards(tuple(_card(entry) for entry in gallery))
        window.gallery.show_recent(preferences.recent)

    def _add_pane_menu(self) -> None:
        panes = self._menus["&View"].addMenu("&Panes")
        for key, _title in PANES:
            panes.addAction(self.window.docks[key].toggleViewAction())

    def _add_gallery_menu(self, gallery: tuple[GalleryEntry, ...]) -> None:
        menu = self.window.menu.addMenu("&Gallery")
        self.window.menu.insertMenu(self._menus["&Help"].menuAction(), menu)
        for entry in gallery:
            action = menu.addAction(f"{entry.experiment.case}  {entry.experiment.title}")
            action.triggered.connect(lambda _=False, name=entry.name: self.open_gallery(name))

    def _connect(self) -> None:
        window, bar = self.window, self.window.run_bar
        window.closing.connect(self._on_closing)
        window.uncovered.connect(self.refresher.refresh_all)
        window.form.edited.connect(self.edit)
        window.gallery.chosen.connect(self.open_gallery)
        window.gallery.file_chosen.connect(lambda path: self.open_file(Path(path)))
        bar.run_wanted.connect(self.control.run)
        bar.pause_wanted.connect(self.control.pause)
        bar.step_wanted.connect(self.step_forward)
        bar.back_wanted.connect(self.control.step_back)
        bar.reset_wanted.connect(self.reset)
        bar.seek_wanted.connect(self.control.seek)
        bar.pace_changed.connect(lambda: self.control.set_pace(bar.pace))
        surface = self.surface
        surface.start_chosen.connect(self.start_at)
        surface.recentre_wanted.connect(lambda: self.refresher.ask_surface(recentre=True))
        self.refresher.refreshed.connect(self._on_refreshed)
        self.control.state_changed.connect(self._on_state_changed)
        self.control.noticed.connect(window.messages.show_message)
        QApplication.styleHints().colorSchemeChanged.connect(lambda _scheme: self._apply_theme())

    @property
    def surface(self) -> SurfaceView:
        """The surface view."""
        view = self.window.views["surface"]
        assert isinstance(view, SurfaceView)
        return view

    # Editing

    def edit(self, path: str, value: Any) -> None:
        """Take an edit of the form over, or mark the field that is wrong."""
        try:
            change = self.session.edit(path, value)
        except SettingError as error:
            self.window.form.show_fault(error.path, error.reason, error.place)
            return
        self._after(change)

    def start_at(self, x: float, y: float) -> None:
        """Start where the user pointed to."""
        changed = with_start(self.session.experiment, round(x, 4), round(y, 4))
        if changed is None:
            self.window.messages.show_message("This surface is a slice: its points cannot be chosen as a start.")
        else:
            self._after(self.session.apply(changed))

    def undo(self) -> None:
        """Take the last edit back."""
        self._after(self.session.undo())

    def redo(self) -> None:
        """Do the edit again."""
        self._after(self.session.redo())

    def _after(self, change: Change) -> None:
        self.window.form.show_experiment(self.session.experiment)
        if change is Change.LIVE:
            self.control.edit_live(self.session.experiment)
        elif change is Change.NEW_RUN:
            self.control.load(self.session.experiment)
        self._show_document()

    # Running

    def toggle_run(self) -> None:
        """Run or pause."""
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

    # Files

    def new_experiment(self) -> None:
        """An experiment with defaults."""
        if self._may_leave():
            self.open_document(Document(Experiment()))

    def gallery_names(self) -> tuple[str, ...]:
        """The gallery's experiments, in its order."""
        return tuple(self._gallery)

    def open_gallery(self, name: str) -> None:
        """Open a gallery experiment as a new document."""
        if self._may_leave():
            entry = self._gallery[name]
            self.open_document(Document(entry.experiment, gallery_name=name))

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        folder = self.preferences.last_folder
        path, _ = QFileDialog.getOpenFileName(self.window, "Open an experiment", folder, FILTER)
        if path:
            self.open_file(Path(path))

    def open_file(self, path: Path, newer_read_only: bool = False) -> bool:
        """Open a file; what is wrong with it is said, and the document stays."""
        if not self._may_leave():
            return False
        messages = self.window.messages
        try:
            saved = load(path, newer_read_only=newer_read_only)
        except NewerFormatError as error:
            messages.show_message(str(error), "Open read-only", lambda: self._open_newer(path))
            return False
        except FileError as error:
            messages.show_message(str(error))
            self._forget_if_gone(path)
            return False
        messages.hide()
        self.open_document(Document(saved.experiment, path, result=saved.result, read_only=saved.read_only))
        if saved.notice:
            messages.show_message(saved.notice)
        self._remember(path)
        return True

    def _open_newer(self, path: Path) -> None:
        self.open_file(path, newer_read_only=True)

    def open_document(self, document: Document) -> None:
        """Show a document; its saved run, if it has one, can be continued."""
        self.session.open(document)
        self.window.form.show_experiment(document.experiment)
        self._surveys = 0
        self._raise_fit(document.experiment)
        self.control.load(document.experiment, document.result)
        self._show_document()

    def _raise_fit(self, experiment: Experiment) -> None:
        """The fit only where there is one: it shares its place with the parameters, as long as nobody moves it."""
        docks = self.window.docks
        if docks["parameters"] in self.window.tabifiedDockWidgets(docks["fit"]):
            docks["fit" if experiment.objective.kind == "fit" else "parameters"].raise_()

    def save(self) -> None:
        """Save where the document came from, or ask."""
        if self.session.path is None or self.session.read_only:
            self.ask_save_as()
        else:
            self.save_to(self.session.path)

    def ask_save_as(self) -> None:
        """Ask for a name and save there."""
        suggested = self.session.path or Path(self.preferences.last_folder) / f"{self._plain_name()}.gradviz"
        path, _ = QFileDialog.getSaveFileName(self.window, "Save the experiment", str(suggested), FILTER)
        if path:
            self.save_to(Path(path) if Path(path).suffix else Path(path + ".gradviz"))

    def save_to(self, path: Path) -> None:
        """Save experiment and run so far; the engine is asked for the weights first, if it has any."""
        if self.control.state in (RunState.LOADING, RunState.FAILED):
            self._write(path, None)
        else:
            self.control.collect(lambda result: self._write(path, result))

    def _write(self, path: Path, result: RunResult | None) -> None:
        try:
            save(path, self.session.experiment, result)
        except FileError as error:
            self.window.messages.show_message(str(error), "Save as…", self.ask_save_as)
            return
        self.session.saved_as(path)
        self._remember(path)
        self._show_document()
        self.window.statusBar().showMessage(f"Saved {path.name}.")

    def ask_export_history(self) -> None:
        """Ask for a name and write the history as CSV."""
        suggested = Path(self.preferences.last_folder) / f"{self._plain_name()}.csv"
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

    def ask_export_pictures(self) -> None:
        """Ask for a folder and save a picture of every visible view there."""
        folder = QFileDialog.getExistingDirectory(
            self.window, "A folder for the pictures", self.preferences.last_folder
        )
        if folder:
            self.export_pictures(Path(folder))

    def export_pictures(self, folder: Path) -> None:
        """Save a picture of each visible view as PNG."""
        written = [key for key, view in self.window.views.items() if view.isVisible() and self._picture(folder, key)]
        if written:
            self.window.statusBar().showMessage(f"Saved {', '.join(written)} to {folder.name}.")
        else:
            self.window.messages.show_message(f"No picture could be written to {folder}. Choose another folder.")

    def _picture(self, folder: Path, key: str) -> bool:
        return self.window.views[key].grab().save(str(folder / f"{key}.png"))

    def _plain_name(self) -> str:
        kept = "".join(c if c.isalnum() or c in " -_" else " " for c in self.session.experiment.title)
        return " ".join(kept.split())[:60] or "experiment"

    def _remember(self, path: Path) -> None:
        known = [str(path), *(other for other in self.preferences.recent if other != str(path))]
        self.preferences.recent = known[:10]
        self.preferences.last_folder = str(path.parent)
        self.window.gallery.show_recent(self.preferences.recent)

    def _forget_if_gone(self, path: Path) -> None:
        if not path.exists() and str(path) in self.preferences.recent:
            self.preferences.recent.remove(str(path))
            self.window.gallery.show_recent(self.preferences.recent)

    def _may_leave(self) -> bool:
        """Ask about unsaved edits; False if the user stays."""
        if not self.session.modified:
            return True
        buttons = QMessageBox.StandardButton
        asked = QMessageBox(self.window)
        asked.setIcon(QMessageBox.Icon.Question)
        asked.setText(f"“{self.session.experiment.title}” has unsaved edits.")
        asked.setInformativeText("Save them first?")
        asked.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        asked.setDefaultButton(buttons.Save)
        answer = asked.exec()
        if answer == buttons.Save:
            self.save()
        return answer == buttons.Discard

    # View

    def toggle_log_scale(self) -> None:
        """Linear or log axis of the curves."""
        curves: Any = self.window.views["curves"]
        curves.set_log_scale(not curves.log_scale)

    def toggle_three_dimensions(self) -> None:
        """3-D surface or contour."""
        self.surface.set_kind(not self.surface.is_three_dimensional)

    def fit_graph(self) -> None:
        """Show the whole graph."""
        graph: Any = self.window.views["graph"]
        graph.fit()

    def use_system_theme(self) -> None:
        """Colours of the desktop."""
        self._choose_theme("system")

    def use_light_theme(self) -> None:
        """Light colours."""
        self._choose_theme("light")

    def use_dark_theme(self) -> None:
        """Dark colours."""
        self._choose_theme("dark")

    def _choose_theme(self, name: str) -> None:
        self.preferences.theme = name
        self._apply_theme()

    def _apply_theme(self) -> None:
        self.window.set_theme(theme_named(self.preferences.theme))
        self.refresher.refresh_all()

    def reset_layout(self) -> None:
        """The panes where a new user finds them."""
        self.window.arrange()

    def toggle_full_screen(self) -> None:
        """Full screen or not."""
        self.window.setWindowState(self.window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_shortcuts(self) -> None:
        """The keys."""
        self._inform("Keyboard shortcuts", f"<pre>{shortcut_table()}</pre>")

    def show_about(self) -> None:
        """Version, and what it is."""
        text = f"<b>gradviz {gradviz.__version__}</b><p>{gradviz.__doc__}</p><p>Every number is PyTorch's own.</p>"
        self._inform("About gradviz", text)

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

    def open_first(self, name: str) -> None:
        """What a start without a file shows: a gallery experiment that one key runs."""
        entry = self._gallery.get(name)
        document = Document(Experiment()) if entry is None else Document(entry.experiment, gallery_name=name)
        self.open_document(document)

    def report_crash(self, sentence: str) -> None:
        """Pause, and say once what happened."""
        self.control.pause()
        self.window.messages.show_message(sentence)

    def _show_document(self) -> None:
        session = self.session
        self.window.setWindowTitle(session.title)
        self.window.setWindowModified(session.modified)
        self.actions["undo"].setEnabled(session.can_undo)
        self.actions["redo"].setEnabled(session.can_redo)
        self.window.gallery.mark_current(session.gallery_name)
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
        if not self._may_leave():
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


def _card(entry: GalleryEntry) -> Card:
    experiment = entry.experiment
    return Card(entry.name, experiment.case, experiment.title, experiment.hint, entry.picture)
