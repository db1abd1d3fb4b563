"""The self-test: a real window, 50 steps of every gallery experiment, and a look at every view."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable

from PySide6.QtCore import QEventLoop

from gradviz.app.display import display_fault, use_no_display
from gradviz.app.headless import say
from gradviz.app.start import Startup
from gradviz.app.window_controller import WindowController
from gradviz.core.records import RunState
from gradviz.views.view import View

STEPS = 50
TIMEOUT_S = 60.0
LEAST_COLOURS = 4


def run_selftest() -> int:
    """0 if every view drew something of every gallery experiment, else 1 with a line for each fault."""
    fault = display_fault()
    if fault:
        say(f"{fault} The window is tested without a display.")
        use_no_display()
    with tempfile.TemporaryDirectory() as settings:
        os.environ["GRADVIZ_CONFIG"] = settings
        started = Startup()
        faults = _faults(started)
        started.window.close()
        status = started.end(1 if faults else 0)
    for line in faults:
        say(f"fault: {line}")
    say("The self-test failed." if faults else "The self-test passed.")
    return status


def _faults(started: Startup) -> list[str]:
    if not _wait(started, lambda: started.controller is not None):
        return ["the window did not fill"]
    controller = started.controller
    assert controller is not None
    faults = []
    for name in controller.documents.gallery:
        found = _faults_of(started, controller, name)
        say(f"{name:<20}{'ok' if not found else 'FAULT'}")
        faults += [f"{name}: {fault}" for fault in found]
    return faults


def _faults_of(started: Startup, controller: WindowController, name: str) -> list[str]:
    control = controller.control
    controller.documents.open_gallery(name)
    if not _wait(started, lambda: control.state is RunState.READY):
        return [f"did not get ready: {control.message}"]
    control.step_forward(STEPS)
    ended = (RunState.PAUSED, RunState.FINISHED, RunState.DIVERGED)
    if not _wait(started, lambda: control.state in ended and control.step > 0):
        return [f"did not run: {control.message}"]
    faults = []
    for key in controller.window.views:
        controller.window.docks[key].raise_()
        if not _wait(started, controller.refresher.is_settled):
            faults.append(f"{key} did not settle")
        if not is_drawn(controller.window.views[key], control.experiment.objective.kind):
            faults.append(f"{key} drew nothing")
    return faults


def is_drawn(view: View, objective_kind: str) -> bool:
    """Whether a view says that it shows something, and its pixels agree."""
    shown = view.drawn()
    content = {
        "lesson": "text",
        "graph": "painted",
        "surface": "surface",
        "curves": "points",
        "parameters": "rows",
        "bench": "summary",
        "fit": "points",
        "code": "text",
    }
    has_content = bool(shown[content[view.key]]) or (view.key == "fit" and objective_kind != "fit")
    return has_content and _colours(view) >= LEAST_COLOURS


def _colours(view: View) -> int:
    """How many colours the picture of a view has, looking at every seventh pixel."""
    image = view.grab().toImage()
    return len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)})


def _wait(started: Startup, condition: Callable[[], bool]) -> bool:
    """Run the event loop until `condition` holds; False if it does not in time."""
    deadline = time.perf_counter() + TIMEOUT_S
    while not condition():
        if time.perf_counter() > deadline:
            return False
        started.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
    return True
