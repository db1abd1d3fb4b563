"""From nothing to a window: first something to see, then pyqtgraph, then torch in the training thread."""

from __future__ import annotations

import builtins
import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradviz.app.opening.menus import Menus
    from gradviz.app.panes.pane import Panes
    from gradviz.app.process.application import Application
    from gradviz.app.window.main_window import MainWindow
    from gradviz.app.window.window_controller import WindowController

FIRST_EXPERIMENT = "himmelblau"
TURN_S = 0.001
"""The window lets go of Python's lock at every call into Qt, some hundred times to draw, and would wait up to 5 ms
each time while another thread reads or computes in Python. Training is as fast: torch lets go of it at every operation.
"""


class Startup:
    """The application with its window on the screen; everything else follows after the first painting."""

    def __init__(self, file: str | None = None, reset_layout: bool = False) -> None:
        self._file = file
        self._reset_layout = reset_layout
        sys.setswitchinterval(TURN_S)
        if "torch" not in sys.modules:
            gc.disable()  # until it is there: nearly all that is made on the way stays
        self.app = _application()
        _import_plainly()
        self._panes = _panes()
        self.window = self._window()
        self.controller: WindowController | None = None
        self.menus: Menus | None = None
        self.window.first_painted.connect(self._fill)
        self.window.show()

    def _window(self) -> MainWindow:
        from PySide6.QtCore import Qt

        from gradviz.app.window.main_window import MainWindow
        from gradviz.views.kit.theme import palette, style_sheet, system_theme

        theme = system_theme()
        self.app.setPalette(palette(theme))
        self.app.setStyleSheet(style_sheet(theme))
        window = MainWindow(theme, tuple(self._panes))
        # queued: whoever hands a file over waits until the event is dealt with, and opening may ask a question
        self.app.file_handed_over.connect(window.take_file, Qt.ConnectionType.QueuedConnection)
        return window

    def _fill(self) -> None:
        """After the first painting: the views, the document, and torch in its thread."""
        from gradviz.app.process import crash

        crash.note("The window was painted.")
        self.app.show_icon()
        from gradviz.app.opening.assembling import assemble  # takes longer than all before
        from gradviz.app.window.documents import is_script
        from gradviz.storage.shipped.by_name import path_of

        self.controller, self.menus = assemble(self.window, self._panes, self._reset_layout)
        file = self.window.early_file or (path_of(self._file) if self._file else None)
        documents = self.controller.documents
        if self.window.early_run:
            from PySide6.QtCore import Qt

            documents.opened.connect(self.controller.toggle_run, Qt.ConnectionType.SingleShotConnection)
        if self._file and file is not None and not self.window.early_file and is_script(file):
            documents.open_first(FIRST_EXPERIMENT)
            documents.script_wanted.emit(file, True)  # whoever names a program on the command line means it
            file = None
        elif file is None:
            documents.open_first(FIRST_EXPERIMENT)
        is_table = file is not None and self.controller.data_entry.is_table(file)
        if is_table:
            documents.open_first(FIRST_EXPERIMENT)
        elif file is not None:
            documents.open_file(file, otherwise=lambda: documents.open_first(FIRST_EXPERIMENT))
        if file is not None and is_table:
            self.controller.data_entry.import_file(file)
        self.controller.crash_reports.offer()
        self.controller.control.state_changed.connect(self._on_first_state)

    def _on_first_state(self) -> None:
        """Once the first run is ready, torch is loaded and everything has begun."""
        from gradviz.app.process import crash
        from gradviz.core.runs.state import RunState

        assert self.controller is not None
        control = self.controller.control
        if control.state is not RunState.LOADING:
            control.state_changed.disconnect(self._on_first_state)
            torch = sys.modules.get("torch")
            crash.note(f"torch {getattr(torch, '__version__', 'is not loaded')}; the first run is {control.state}.")
            crash.crash_if_asked()

    def end(self, status: int) -> int:
        """Stop the training thread; a process whose torch thread still runs must not exit normally."""
        from gradviz.app.process import crash

        gc.enable()
        if self.controller is not None and not self.controller.control.runner.close():
            crash.note("The training thread did not stop in time.")
            crash.end_session(status)
            sys.stdout.flush()
            os._exit(status)
        return status


def _panes() -> Panes:
    from gradviz.app.panes.pane import Panes

    return Panes()


def _application() -> Application:
    from gradviz.app.process.application import Application

    os.environ.setdefault("LP_NUM_THREADS", _software_threads())
    existing = Application.instance()
    return existing if isinstance(existing, Application) else Application()


def _import_plainly() -> None:
    """Take back the import that PySide6 put around the one before it: it opens every module's source.

    It looks whether a module uses PySide6, for ``from __feature__ import snake_case``, which gradviz does not; torch
    takes a sixth longer to import so. Where PySide6 keeps the import elsewhere, nothing is changed.
    """
    before = getattr(builtins, "__orig_import__", None)
    if before is not None:
        builtins.__import__ = before


def _software_threads() -> str:
    """Threads of Mesa's software renderer: one core stays free for training."""
    return str(max(1, (os.cpu_count() or 2) // 2))
