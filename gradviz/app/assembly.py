"""Wires the window: views, session, run and preferences. Imported only after the first painting."""

from __future__ import annotations

import gc
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtGui import QGuiApplication

from gradviz.app.crash import install_crash_guard, note
from gradviz.app.main_window import LAYOUT_VERSION, MainWindow
from gradviz.app.refresher import Refresher
from gradviz.app.run_control import RunControl
from gradviz.app.window_controller import WindowController
from gradviz.engine.runner import Runner
from gradviz.storage.atomic_write import remove_leftovers
from gradviz.storage.folders import config_folder
from gradviz.storage.gallery import gallery
from gradviz.storage.preferences import (
    Preferences,
    clear_layout_attempt,
    layout_crashed,
    load_preferences,
    mark_layout_attempt,
)
from gradviz.views.bench_view import BenchView
from gradviz.views.code_view import CodeView
from gradviz.views.curves_view import CurvesView
from gradviz.views.fit_view import FitView
from gradviz.views.form import Form
from gradviz.views.gallery_view import GalleryView
from gradviz.views.graph_view import GraphView
from gradviz.views.lesson_view import LessonView
from gradviz.views.message_bar import MessageBar
from gradviz.views.opengl import probe_opengl
from gradviz.views.parameter_view import ParameterView
from gradviz.views.run_bar import RunBar
from gradviz.views.surface_view import SurfaceView
from gradviz.views.theme import theme_named
from gradviz.views.view import View


def make_views(opengl_fault: str) -> tuple[View, ...]:
    """Every view, once. Adding one: its class here, and its place in `main_window.PANES`."""
    pg.setConfigOptions(antialias=True)
    pictures = GraphView(), SurfaceView(opengl_fault), CurvesView(), FitView()
    return (LessonView(), *pictures, ParameterView(), BenchView(), CodeView())


def assemble(window: MainWindow, reset_layout: bool = False) -> WindowController:
    """Fill the window and start the training thread."""
    folder = config_folder()
    preferences, notice = load_preferences(folder)
    window.theme = theme_named(preferences.theme)
    opengl_fault = probe_opengl()
    note(f"{QGuiApplication.platformName()}. {opengl_fault or 'OpenGL works.'}")
    views = make_views(opengl_fault)
    window.fill(views, Form(), GalleryView(), RunBar(), MessageBar())
    control = RunControl(Runner(_collect_garbage), window)
    refresher = Refresher(control, views, window)
    controller = WindowController(window, control, refresher, gallery(), preferences, folder)
    install_crash_guard(controller.report_crash)
    notice = _restore_layout(window, preferences, reset_layout) or notice
    if notice:
        window.messages.show_message(notice)
    for known in {Path(path).parent for path in preferences.recent}:
        remove_leftovers(known)
    control.runner.start()
    refresher.start()
    return controller


def _collect_garbage() -> None:
    """Begin once torch is imported, where the start put it off: what is there now is never looked through again."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


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
