"""From the start of the process to the first painted window and to a drawn run, over ``import torch``, in one run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

from figures import Figure

FIRST_PAINT = """
import sys, time
from gradviz.app.opening.startup import Startup
started = Startup()
def painted():
    sys.stdout.write("painted\\n"); sys.stdout.flush()
started.window.first_painted.disconnect()
started.window.first_painted.connect(painted)
started.window.first_painted.connect(started.app.quit)
started.app.exec()
"""
READY = """
import sys, os
from gradviz.app.opening.startup import Startup
from gradviz.core.runs.state import RunState
started = Startup()
def look():
    controller = started.controller
    if controller is not None and controller.control.state is RunState.READY and controller.refresher.is_settled():
        sys.stdout.write("ready\\n"); sys.stdout.flush(); controller.refresher.stop(); started.app.quit()
from PySide6.QtCore import QTimer
timer = QTimer(); timer.timeout.connect(look); timer.start(10)
started.app.exec(); started.end(0)
"""


def startup_figures(repeats: int) -> list[Figure]:
    """The ratios, and the times behind them; processes alternate so that all meet the same machine."""
    _seconds(READY)  # not counted: it leaves the bytecode of gradviz, as an installation or a first start does
    torch, paint, ready = [], [], []
    for _ in range(repeats):
        torch.append(_seconds("import torch; print('torch', flush=True)"))
        paint.append(_seconds(FIRST_PAINT))
        ready.append(_seconds(READY))
    median = statistics.median
    return [
        Figure("first painted window / import torch", median(paint) / median(torch), "", "<= 0.2"),
        Figure("a run that is ready and drawn / import torch", median(ready) / median(torch), "", "<= 2.5"),
        Figure("start to first painted window", median(paint), "s"),
        Figure("start to a run that is ready and drawn", median(ready), "s"),
        Figure("python -c 'import torch'", median(torch), "s"),
    ]


def _seconds(code: str) -> float:
    """From the start of a Python process to the first line that it prints."""
    given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=given) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        spent = time.perf_counter() - begin
        process.stdout.read()
    if not line:
        raise RuntimeError("the process printed nothing")
    return spent
