"""Trains and draws in a real window for some seconds, and prints what memory did as JSON (run by test_soak.py)."""

from __future__ import annotations

import gc
import json
import os
import sys
import time

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop

from gradviz.app.opening.startup import Startup
from gradviz.core.runs.state import RunState

EXPERIMENTS = ("himmelblau", "line", "neurons", "himmelblau-adam")
RUN_S = 5.0


def resident_mb() -> float:
    """Resident memory of this process in MiB (Linux)."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def pump(started: Startup, until: float) -> None:
    """Run the event loop until a time of `time.perf_counter`."""
    while time.perf_counter() < until:
        started.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)
        # Only a running exec() deletes what deleteLater() asked for; here it has to be asked again.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def train_once(started: Startup, name: str, seconds: float) -> int:
    """Open an experiment, run it with a live edit and a reset; returns the steps that were run."""
    controller = started.controller
    assert controller is not None
    control = controller.control
    controller.documents.count_as_saved()
    controller.documents.open_gallery(name)
    while control.state is RunState.LOADING:
        pump(started, time.perf_counter() + 0.02)
    control.run()
    pump(started, time.perf_counter() + seconds * 0.6)
    controller.edit("optimizers.0.lr", 0.0005)
    pump(started, time.perf_counter() + seconds * 0.2)
    steps = control.step
    controller.reset()
    pump(started, time.perf_counter() + seconds * 0.2)
    return steps


def main(seconds: float, settle: float) -> None:
    """Soak for `seconds`; memory counts from `settle` seconds on."""
    started = Startup()
    pump(started, time.perf_counter() + 0.2)
    while started.controller is None:
        pump(started, time.perf_counter() + 0.05)
    begin = time.perf_counter()
    first: tuple[float, int] | None = None
    steps = rounds = 0
    while time.perf_counter() - begin < seconds or rounds <= len(EXPERIMENTS):
        steps += train_once(started, EXPERIMENTS[rounds % len(EXPERIMENTS)], min(RUN_S, seconds / 6))
        rounds += 1
        # Each experiment brings code and caches of its own the first time.
        if first is None and time.perf_counter() - begin >= settle and rounds >= len(EXPERIMENTS):
            gc.collect()
            first = resident_mb(), sys.getrefcount(None)
    gc.collect()
    assert first is not None
    frames = started.controller.refresher.frames
    result = {
        "first_mb": first[0],
        "last_mb": resident_mb(),
        "first_none": first[1],
        "last_none": sys.getrefcount(None),
    }
    started.controller.refresher.stop()
    started.controller.documents.count_as_saved()
    started.window.close()
    started.end(0)
    sys.stdout.write(json.dumps({**result, "steps": steps, "rounds": rounds, "frames": frames, "seconds": seconds}))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
