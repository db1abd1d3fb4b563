"""What watching costs: steps/s in the window over the same trainer without one, frames, and the pause.

Steps a second drift on a shared machine. What does not is printed beside them: the share of the time that the training
thread had a core, its steps per second of its own CPU time over those of the trainer alone, and for how long the
Python of a frame can hold the interpreter's lock.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from figures import Figure
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from gradviz.app.opening.startup import Startup
from gradviz.app.runs.refresher import Refresher
from gradviz.core.document.experiment import Experiment
from gradviz.core.runs.state import RunState
from gradviz.storage.shipped.gallery import find_entry

CASES = ("E1", "B3", "G")
STEPS = 10**9
PAUSES = 25
ROUNDS = 4


class _Frames(QObject):
    """Notes when the window is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest:
            self.times.append(time.perf_counter())
        return False

    def intervals_ms(self) -> list[float]:
        return [1e3 * (b - a) for a, b in zip(self.times, self.times[1:], strict=False)]


@dataclass(frozen=True)
class Rate:
    """What one run did, watched or alone: seconds of the wall clock, and of the CPU in the thread that trains."""

    steps: int
    wall_s: float
    cpu_s: float
    gui_cpu_s: float = 0.0
    python_ms_a_frame: float = 0.0

    @property
    def a_second(self) -> float:
        return self.steps / self.wall_s

    @property
    def a_cpu_second(self) -> float:
        return self.steps / self.cpu_s


class _Ticks:
    """The CPU time of the GUI thread inside the refresher's ticks. Each is a frame of the window, and all Python of one
    runs in there, with the calls of Qt that it waits for.
    """

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher
        self._tick = refresher._on_tick
        self.seconds, self.count = 0.0, 0
        refresher._timer.timeout.disconnect(refresher._on_tick)
        refresher._timer.timeout.connect(self._timed)

    def _timed(self) -> None:
        begin = time.thread_time()
        self._tick()
        self.seconds += time.thread_time() - begin
        self.count += 1

    def stop(self) -> None:
        self._refresher._timer.timeout.disconnect(self._timed)
        self._refresher._timer.timeout.connect(self._refresher._on_tick)


def watching_figures(seconds: float) -> list[Figure]:
    """For each case: the ratio, the frames and the pauses."""
    started = Startup()
    _wait(started, lambda: started.controller is not None)
    assert started.controller is not None
    started.window.docks["parameters"].raise_()
    figures: list[Figure] = []
    for case in CASES:
        figures += _case_figures(started, case, seconds)
    started.controller.refresher.stop()
    started.controller.documents.count_as_saved()
    started.window.close()
    started.end(0)
    return figures


def _case_figures(started: Startup, case: str, seconds: float) -> list[Figure]:
    """Watched and unwatched take turns, so that both meet the same machine."""
    entry = find_entry(case)
    assert entry is not None
    experiment = entry.experiment.model_copy(update={"steps": STEPS})
    frames = _Frames()
    watched, alone = [], []
    for _ in range(ROUNDS):
        alone.append(_trainer_rate(experiment, seconds / ROUNDS))
        watched.append(_window_rate(started, experiment, seconds / ROUNDS, frames))
    intervals, pauses = frames.intervals_ms(), _pauses_ms(started)
    pairs = list(zip(watched, alone, strict=True))
    ratio = statistics.median(w.a_second / a.a_second for w, a in pairs)
    of_cpu = statistics.median(w.a_cpu_second / a.a_cpu_second for w, a in pairs)
    rates = [statistics.median(rate.a_second for rate in some) for some in (watched, alone)]
    note = f"{rates[0]:,.0f} / {rates[1]:,.0f} steps/s"
    share, gui = (
        statistics.median(spent / w.wall_s for w in watched for spent in [getattr(w, name)])
        for name in ("cpu_s", "gui_cpu_s")
    )
    python = statistics.median(w.python_ms_a_frame for w in watched)
    return [
        Figure(f"{case}: steps/s watched / alone", ratio, "", ">= 0.95", note),
        Figure(f"{case}: CPU of the training thread / wall clock", share, "", ">= 0.97", f"GUI thread {gui:.3f}"),
        Figure(f"{case}: steps per CPU second of it, watched / alone", of_cpu, ""),
        Figure(f"{case}: Python of a frame, at most with the lock", python, "ms", "about 1"),
        Figure(f"{case}: between two frames, median", statistics.median(intervals), "ms", "< 40"),
        Figure(f"{case}: between two frames, 95 %", _share(intervals, 0.95), "ms", "< 100"),
        Figure(f"{case}: click on Pause to paused, median", statistics.median(pauses), "ms", "< 40"),
        Figure(f"{case}: click on Pause to paused, 95 %", _share(pauses, 0.95), "ms", "< 100"),
    ]


def _trainer_rate(experiment: Experiment, seconds: float) -> Rate:
    """Steps a second of the trainer alone, records kept as the runner keeps them."""
    from gradviz.engine.training.trainer import Trainer

    trainer = Trainer(experiment)
    records = []
    begin, cpu = time.perf_counter(), time.thread_time()
    for record in trainer.steps():
        records.append(record)
        if record.step % 64 == 0 and time.perf_counter() - begin > seconds:
            break
    return Rate(trainer.step, time.perf_counter() - begin, time.thread_time() - cpu)


def _window_rate(started: Startup, experiment: Experiment, seconds: float, frames: _Frames) -> Rate:
    """Steps a second in the window, with graph, curves, surface and parameters visible and running."""
    from gradviz.app.window.session import Opened
    from gradviz.core.document.document import Document

    controller = started.controller
    assert controller is not None
    control = controller.control
    controller.documents.open_document(Opened(Document(experiment=experiment)))
    _wait(started, lambda: control.state is RunState.READY and controller.refresher.is_settled())
    control.run()
    _wait(started, lambda: control.state is RunState.RUNNING and control.step > 200)
    started.window.installEventFilter(frames)
    ticks = _Ticks(controller.refresher)
    begin, first, gui, cpu = time.perf_counter(), control.step, time.thread_time(), _training_cpu_s()
    _run_for(seconds)
    steps, wall_s = control.step - first, time.perf_counter() - begin
    cpu_s, gui_cpu_s = _training_cpu_s() - cpu, time.thread_time() - gui
    ticks.stop()
    python_ms = 1e3 * ticks.seconds / max(ticks.count, 1)
    rate = Rate(steps, wall_s, cpu_s, gui_cpu_s, python_ms)
    started.window.removeEventFilter(frames)
    control.pause()  # a run that went on would slow the next one down, which is to be alone
    _wait(started, lambda: control.state is RunState.PAUSED)
    return rate


def _training_cpu_s() -> float:
    """The CPU time that the training thread has had so far."""
    thread = next(thread for thread in threading.enumerate() if thread.name == "gradviz-training")
    assert thread.ident is not None
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def _pauses_ms(started: Startup) -> list[float]:
    """From a click on Pause until the window says paused, many times."""
    controller = started.controller
    assert controller is not None
    control, button = controller.control, controller.window.run_bar.findChildren(QObject, "run_button")[0]
    spent = []
    control.run()
    for _ in range(PAUSES):
        _wait(started, lambda: control.state is RunState.RUNNING and control.step > 0)
        begin = time.perf_counter()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(8, 8))
        _wait(started, lambda: control.state is RunState.PAUSED)
        spent.append(1e3 * (time.perf_counter() - begin))
        control.run()
    control.pause()
    return spent


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(share * len(values)))]


def _wait(started: Startup, condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Run the event loop until `condition` holds, and sleep in between as the program does.

    ``processEvents`` with a limit of time would not sleep: it would take half of the steps that are to be counted.
    """
    deadline = time.perf_counter() + timeout_s
    waking = QTimer()
    waking.start(10)
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError("the window did not do what was waited for")
        started.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _run_for(seconds: float) -> None:
    """An event loop as the program's own, for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
