"""The menus of the window, and what of them changes while it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget

from gradviz.app.opening.actions import ACTIONS, SEPARATED_BEFORE, ActionSpec
from gradviz.app.opening.owners import Owners
from gradviz.app.panes.pane import Pane
from gradviz.app.window.main_window import MainWindow
from gradviz.core.optimizers.mistakes import MISTAKES


class Menus(QObject):
    """Fills the menu bar of a window. `actions` are by their names, `menus` by their titles."""

    def __init__(self, window: MainWindow, owners: Owners, panes: Iterable[Pane[QWidget]]) -> None:
        super().__init__(window)
        self._window = window
        self._owners = owners
        self.actions: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        for spec in ACTIONS:
            self._add(spec)
        self._add_panes(panes)
        self._add_comparisons()
        owners.appearance.begin(self.actions, self.menus)
        owners.controller.document_changed.connect(self._show_undo)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    def _add(self, spec: ActionSpec) -> None:
        if spec.menu not in self.menus:
            self.menus[spec.menu] = self._window.menu.addMenu(spec.menu)
        menu = self.menus[spec.menu]
        if spec.name in SEPARATED_BEFORE:
            menu.addSeparator()
        action = QAction(spec.text, self._window)
        action.setShortcuts([QKeySequence(shortcut) for shortcut in spec.shortcuts])
        if spec.tip:
            action.setStatusTip(spec.tip)
        action.triggered.connect(_caller(spec.method(self._owners)))
        menu.addAction(action)
        self.actions[spec.name] = action

    def _add_panes(self, panes: Iterable[Pane[QWidget]]) -> None:
        """Ticked are those in front. Choosing one brings it there, and closes it only where it was."""
        menu = self.menus["&View"].addMenu("&Panes")
        self.menus["panes"] = menu
        for pane in panes:
            action = menu.addAction(pane.title)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, key=pane.key: self._window.front_or_close(key))
            menu.aboutToShow.connect(lambda action=action, key=pane.key: action.setChecked(self._window.is_front(key)))

    def _add_comparisons(self) -> None:
        menu = self.menus["&Run"].addMenu("&Compare with a mistake")
        self.menus["comparisons"] = menu
        for mistake in (kind.model_validate({}) for kind in MISTAKES if kind.menu):
            action = menu.addAction(mistake.menu)
            action.setStatusTip(mistake.about)
            action.triggered.connect(lambda _=False, mistake=mistake: self._owners.controller.compare_with(mistake))

    def _show_undo(self) -> None:
        session = self._owners.controller.session
        self.actions["undo"].setEnabled(session.can_undo)
        self.actions["redo"].setEnabled(session.can_redo)

    def _on_focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Space presses the button that was walked to by Tab; everywhere else it runs."""
        keys = ["F5"] if isinstance(now, QAbstractButton) else ["Space", "F5"]
        self.actions["toggle_run"].setShortcuts([QKeySequence(key) for key in keys])


def _caller(method: Callable[[], None]) -> Callable[[bool], None]:
    """A slot that drops the checked state of `triggered`."""

    def call(_checked: bool = False) -> None:
        method()

    return call
