"""The self-test: a real window, 50 steps of every gallery experiment, a look at every view, and what menus offer."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEventLoop, QTimer

from gradviz.app.commands.selftest_tasks import TASKS
from gradviz.app.commands.speaking import say
from gradviz.app.opening.startup import Startup
from gradviz.app.process.display import display_fault, use_no_display
from gradviz.app.window.window_controller import WindowController
from gradviz.core.runs.state import RunState
from gradviz.views.kit.view import View

STEPS = 50
TIMEOUT_S = 60.0
LEAST_COLOURS = 4


def run_selftest() -> int:
    """0 if every view drew something of every gallery experiment and every task was done, else 1 and a line a fault."""
    fault = display_fault()
    if fault:
        say(f"{fault} The window is tested without a display.")
        use_no_display()
    with tempfile.TemporaryDirectory() as settings:
        os.environ["GRADVIZ_CONFIG"] = settings
        started = Startup()
        faults = _faults(started, Path(settings))
        started.window.close()
        status = started.end(1 if faults else 0)
    for line in faults:
        say(f"fault: {line}")
    say("The self-test failed." if faults else "The self-test passed.")
    return status


def _faults(started: Startup, folder: Path) -> list[str]:
    if not _wait(started, lambda: started.controller is not None):
        return ["the window did not fill"]
    controller = started.controller
    assert controller is not None
    with _exceptions_seen() as exceptions:
        faults = _faults_of_gallery(started, controller) + _faults_of_tasks(started, controller, folder)
    controller.documents.count_as_saved()
    return faults + exceptions


def _faults_of_gallery(started: Startup, controller: WindowController) -> list[str]:
    faults, sections = [], set()
    for name, entry in controller.documents.gallery.items():
        section = entry.case[:1]
        faults += _told(name, _faults_of(started, controller, name, every_view=section not in sections))
        sections.add(section)
    return faults


def _faults_of_tasks(started: Startup, controller: WindowController, folder: Path) -> list[str]:
    faults = []
    for task in TASKS:
        place = folder / task.__name__
        place.mkdir()
        fault = task(controller, partial(_wait, started), place)
        faults += _told(task.__name__, [fault] if fault else [])
    return faults


@contextmanager
def _exceptions_seen() -> Iterator[list[str]]:
    """Every exception that nobody caught: the program goes on after one, but has not passed."""
    seen: list[str] = []
    guard = sys.excepthook

    def watch(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        seen.append(f"{kind.__name__}: {error}")
        guard(kind, error, trace)

    sys.excepthook = watch
    yield seen
    sys.excepthook = guard


def _told(name: str, found: list[str]) -> list[str]:
    say(f"{name:<24}{'ok' if not found else 'FAULT'}")
    return [f"{name}: {fault}" for fault in found]


def _faults_of(started: Startup, controller: WindowController, name: str, every_view: bool) -> list[str]:
    """Run it, and look at the views that are seen; with `every_view` at the others too, one after the other."""
    fault = _fault_of_run(started, controller, name)
    if fault:
        return [fault]
    faults = []
    for key, view in controller.window.views.items():
        if every_view:
            controller.window.docks[key].raise_()
        elif not view.is_seen:
            continue
        if not _wait(started, controller.refresher.is_settled):
            faults.append(f"{key} did not settle")
        if not is_drawn(view, controller.control.experiment.objective.kind):
            faults.append(f"{key} drew nothing")
    return faults


def _fault_of_run(started: Startup, controller: WindowController, name: str) -> str:
    """What goes wrong in 50 steps; an error of PyTorch that a case is about, and that is said, is none."""
    control = controller.control
    controller.documents.open_gallery(name)
    if not _wait(started, lambda: control.state in (RunState.READY, RunState.FAILED)):
        return f"did not get ready: {control.message}"
    if control.state is RunState.FAILED:
        return "" if "PyTorch: “" in controller.window.messages.text else f"failed: {control.message}"
    control.step_forward(STEPS)
    ended = (RunState.PAUSED, RunState.FINISHED, RunState.DIVERGED)
    is_over = _wait(started, lambda: control.state in ended and control.step > 0)
    return "" if is_over else f"did not run: {control.message}"


def is_drawn(view: View, objective_kind: str) -> bool:
    """Whether a view says that it shows something, or why it cannot, and its pixels agree."""
    shown = view.drawn()
    has_words = bool(shown.get("absence"))
    has_content = bool(shown[view.content]) or has_words or (view.key == "fit" and objective_kind != "fit")
    return has_content and _colours(view) >= LEAST_COLOURS


def _colours(view: View) -> int:
    """How many colours the picture of a view has, looking at every seventh pixel."""
    image = view.grab().toImage()
    return len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)})


def _wait(started: Startup, condition: Callable[[], bool]) -> bool:
    """Run the event loop until `condition` holds; False if it does not in time."""
    deadline = time.perf_counter() + TIMEOUT_S
    waking = QTimer()
    waking.start(5)
    while not condition():
        if time.perf_counter() > deadline:
            return False
        started.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    return True
