"""Wires the window: views, session, run and preferences. Imported only after the first painting."""

from __future__ import annotations

import gc
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from gradviz.app.opening.actions import shortcut_table
from gradviz.app.opening.menus import Menus
from gradviz.app.opening.owners import Owners
from gradviz.app.panes.code import CodePane
from gradviz.app.panes.curves import CurvesPane
from gradviz.app.panes.experiment import ExperimentPane
from gradviz.app.panes.gallery import GalleryPane
from gradviz.app.panes.graph import GraphPane
from gradviz.app.panes.lesson import LessonPane
from gradviz.app.panes.pane import Panes
from gradviz.app.panes.script import ScriptPane
from gradviz.app.panes.surface import SurfacePane
from gradviz.app.process.crash import install_crash_guard, note
from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.appearance import Appearance, SwitchedViews
from gradviz.app.window.documents import Documents
from gradviz.app.window.focus import FocusKeeper
from gradviz.app.window.main_window import LAYOUT_VERSION, Contents, MainWindow
from gradviz.app.window.script_desk import ScriptDesk
from gradviz.app.window.scripting import Scripting
from gradviz.app.window.session import Session
from gradviz.app.window.window_controller import WindowController
from gradviz.app.window.work_keeper import WorkKeeper
from gradviz.engine.runs.runner import Runner
from gradviz.storage.atomic_write import remove_leftovers
from gradviz.storage.shipped.gallery import gallery
from gradviz.storage.user.folders import config_folder
from gradviz.storage.user.preferences import (
    Preferences,
    clear_layout_attempt,
    layout_crashed,
    load_preferences,
    mark_layout_attempt,
)
from gradviz.storage.user.unfinished_saves import clear_unfinished_saves
from gradviz.views.kit.opengl import probe_opengl
from gradviz.views.kit.theme import theme_named
from gradviz.views.kit.view import View
from gradviz.views.shell.message_bar import MessageBar
from gradviz.views.shell.run_bar import RunBar


def make_views(opengl_fault: str) -> tuple[View, ...]:
    """Every view, once, without a window."""
    return _views(Panes(), opengl_fault)


def _views(panes: Panes, opengl_fault: str) -> tuple[View, ...]:
    pg.setConfigOptions(antialias=True)
    return tuple(widget for pane in panes if isinstance(widget := pane.make(opengl_fault), View))


def assemble(window: MainWindow, panes: Panes, reset_layout: bool = False) -> tuple[WindowController, Menus]:
    """Fill the window and start the training thread."""
    folder = config_folder()
    preferences, notice = load_preferences(folder)
    window.theme = theme_named(preferences.theme)
    opengl_fault = probe_opengl()
    note(f"{QGuiApplication.platformName()}. {opengl_fault or 'OpenGL works.'}")
    views = _views(panes, opengl_fault)
    widgets = {pane.key: pane.widget for pane in panes}
    contents = Contents(widgets, views, panes[ExperimentPane].widget, panes[GalleryPane].widget)
    window.fill(contents, RunBar(), MessageBar())
    control = RunControl(Runner(_collect_garbage), window)
    refresher = Refresher(control, views, window)
    documents = Documents(window, control, Session(), gallery(), preferences)
    controller = WindowController(window, control, refresher, documents, preferences, folder)
    FocusKeeper(window)
    keeper = WorkKeeper(controller)
    QTimer.singleShot(0, keeper.offer)  # once there is a document
    menus = _menus(controller, panes)
    for pane in panes:
        pane.connect(controller)
    window.gallery.show_recent(preferences.recent)
    install_crash_guard(controller.report_crash, controller.crash_reports.thread_failed.emit)
    notice = _restore_layout(window, preferences, reset_layout) or notice
    if notice:
        window.messages.show_message(notice)
    for known in {folder, *(Path(path).parent for path in preferences.recent)}:
        remove_leftovers(known)
    clear_unfinished_saves()
    control.runner.start()
    refresher.start()
    return controller, menus


def _menus(controller: WindowController, panes: Panes) -> Menus:
    """Menus, and what they offer besides the controller."""
    window, control, refresher = controller.window, controller.control, controller.refresher
    documents = controller.documents
    scripting = Scripting(window, control, refresher, documents, panes[CodePane].widget)
    controller.document_changed.connect(scripting.refresh)
    switched = SwitchedViews(
        panes[GraphPane].widget, panes[SurfacePane].widget, panes[CurvesPane].widget, panes[LessonPane].widget
    )
    appearance = Appearance(window, documents, controller.preferences, refresher, switched)
    controller.leaving.connect(appearance.remember_views)
    files = documents.saving, documents.weights, documents.exports
    scripts = ScriptDesk(panes[ScriptPane].widget, controller)
    owners = Owners(
        controller, documents, *files, controller.data_entry, scripting, scripts, appearance, controller.crash_reports
    )
    controller.shortcuts = shortcut_table()
    return Menus(window, owners, panes)


def _restore_layout(window: MainWindow, preferences: Preferences, reset_layout: bool) -> str:
    """Take the stored layout over, unless the last start crashed in doing so; returns a notice or nothing."""
    folder = config_folder()
    crashed = layout_crashed(folder)
    clear_layout_attempt(folder)
    if reset_layout or not preferences.layout or preferences.layout_version != LAYOUT_VERSION:
        return ""
    if crashed:
        preferences.layout = ""
        return "The stored layout ended the last start, so it was dropped: the panes are where they were at first."
    mark_layout_attempt(folder)
    window.restore_layout(preferences.layout)
    clear_layout_attempt(folder)
    return ""


def _collect_garbage() -> None:
    """Begin once torch is imported, where the start put it off: what is there now is never looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
