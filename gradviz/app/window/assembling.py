"""Wires the window: views, session, run and preferences. Imported only after the first painting."""

from __future__ import annotations

from pathlib import Path

import pyqtgraph as pg
from PySide6.QtGui import QGuiApplication

from gradviz.app.process.crash import install_crash_guard, note
from gradviz.app.runs.refresher import Refresher
from gradviz.app.runs.run_control import RunControl
from gradviz.app.window.main_window import LAYOUT_VERSION, MainWindow
from gradviz.app.window.window_controller import WindowController
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
from gradviz.views.bench.bench_view import BenchView
from gradviz.views.form.form import Form
from gradviz.views.graph.graph_view import GraphView
from gradviz.views.kit.opengl import probe_opengl
from gradviz.views.kit.theme import theme_named
from gradviz.views.kit.view import View
from gradviz.views.panes.code_view import CodeView
from gradviz.views.panes.gallery_view import GalleryView
from gradviz.views.panes.lesson_view import LessonView
from gradviz.views.panes.parameter_view import ParameterView
from gradviz.views.plots.curves_view import CurvesView
from gradviz.views.plots.fit_view import FitView
from gradviz.views.shell.message_bar import MessageBar
from gradviz.views.shell.run_bar import RunBar
from gradviz.views.surface.surface_view import SurfaceView


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
    control = RunControl(Runner(), window)
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
