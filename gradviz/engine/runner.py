"""The one training thread and its mailbox: `post`, `drain` and `close` are all that cross the boundary.

torch is imported inside the thread, so that a window can be painted before it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from gradviz.core.bench_records import BenchProgress, BenchReport
from gradviz.core.records import BasinMap, RunState, Update
from gradviz.engine.commands import (
    CancelCheck,
    Check,
    Close,
    Collect,
    Command,
    Edit,
    FindStart,
    Load,
    Look,
    MapBasins,
    Pause,
    Run,
    Seek,
    Step,
    Survey,
)
from gradviz.engine.mailbox import Outbox, Speedometer
from gradviz.engine.problems import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from gradviz.engine.bench import BenchRun
    from gradviz.engine.snapshots import Observer
    from gradviz.engine.trainer import Trainer

MESSAGE_LIMIT = 300
BENCH_SLICE_S = 0.02
"""How long a bench works before it looks for a command."""
BENCH_TOLD_AFTER_S = 1.0
"""A bench that takes longer says how far it is."""


_PASSIVE = Look | Survey | Check | CancelCheck | MapBasins
"""Commands that leave the step where it is."""


class Runner:
    """Owns the training thread. Its public methods may be called from one other thread."""

    def __init__(self, on_warm: Callable[[], None] = lambda: None) -> None:
        """`on_warm` is called in the training thread, once torch is imported and before the first command."""
        self._on_warm = on_warm
        self._commands: deque[Command] = deque()
        self._wake = threading.Condition()
        self._lock = threading.Lock()
        self._outbox = Outbox(0, 1)
        self._speedometer = Speedometer()
        self._trainer: Trainer | None = None
        self._observer: Observer | None = None
        self._bench: BenchRun | None = None
        self._basins: Generator[float, None, BasinMap] | None = None
        self._goal: int | None = None
        self._pace: float | None = None
        self._running = False
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="gradviz-training", daemon=True)

    def start(self) -> None:
        """Start the thread; it imports torch at once."""
        self._thread.start()

    def post(self, command: Command) -> None:
        """Hand a command over; it takes effect between two steps, in order."""
        self._commands.append(command)
        with self._wake:
            self._wake.notify()

    def drain(self) -> Update | None:
        """All that happened since the last call, or None."""
        with self._lock:
            outbox = self._outbox
            running = outbox.state is RunState.RUNNING
            step = outbox.records[-1].step if running and outbox.records else outbox.step
            return outbox.take(self._speedometer.read(step, running))

    def close(self, timeout_s: float = 5.0) -> bool:
        """End the thread; False if it did not end in time (then only `os._exit` ends the process safely)."""
        self.post(Close())
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        """Training thread: obey commands, and step while running."""
        _warm_up()
        self._on_warm()
        while not self._closing:
            self._guarded(self._turn)

    def _turn(self) -> None:
        while self._commands:
            self._obey(self._commands.popleft())
            if self._closing:
                return
        if self._bench is not None:
            self._advance_bench(self._bench)
        elif self._basins is not None and not self._running:
            self._advance_basins(self._basins)
        elif self._running:
            self._train()
        else:
            with self._wake:
                self._wake.wait_for(lambda: bool(self._commands))

    def _guarded(self, work: object) -> None:
        """Whatever fails becomes a state with a sentence; the thread lives on."""
        try:
            work()  # type: ignore[operator]
        except EngineError as error:
            self._fail(str(error))
        except Exception as error:
            first = str(error).strip().split("\n", 1)[0]
            self._fail(f"PyTorch stopped the run ({type(error).__name__}): {first}")

    def _fail(self, sentence: str) -> None:
        self._running = False
        self._say(RunState.FAILED, sentence[:MESSAGE_LIMIT])

    def _say(self, state: RunState, message: str = "") -> None:
        with self._lock:
            outbox = self._outbox
            outbox.state, outbox.message, outbox.changed = state, message, True
            if self._trainer is not None:
                outbox.step = self._trainer.step

    def _obey(self, command: Command) -> None:
        if isinstance(command, Close):
            self._closing = True
        elif isinstance(command, Load):
            self._load(command)
        elif isinstance(command, Check | CancelCheck):
            self._check(command)
        elif self._trainer is None or self._observer is None:
            return
        elif isinstance(command, Edit):
            self._trainer.apply(command.experiment)
            if self._outbox.state is not RunState.FAILED:
                self._settle()
        elif isinstance(command, Run | Step | Pause | Seek):
            self._steer(command, self._trainer)
        elif isinstance(command, MapBasins):
            self._map_basins(command, self._trainer)
        else:
            self._answer(command, self._trainer, self._observer)

    def _load(self, command: Load) -> None:
        from gradviz.engine.devices import available_devices
        from gradviz.engine.snapshots import Observer
        from gradviz.engine.trainer import Trainer

        self._running, self._trainer, self._observer, self._bench, self._basins = False, None, None, None, None
        with self._lock:
            self._outbox = Outbox(command.run, len(command.experiment.optimizers))
        trainer = Trainer(command.experiment, command.result)
        self._trainer, self._observer = trainer, Observer(trainer)
        with self._lock:
            self._outbox.device, self._outbox.notice = str(trainer.device), trainer.notice
            self._outbox.devices = available_devices()
        self._outbox.records.append(trainer.record)
        self._settle()

    def _settle(self) -> None:
        """Say where the run stands when it is not running."""
        trainer = self._trainer
        if trainer is None or self._running:
            return
        self._tell_faults(trainer)
        fault = trainer.fault_at_start() if trainer.step == 0 else trainer.failure
        if fault:
            self._fail(fault)
        elif trainer.diverged:
            self._say(RunState.DIVERGED, trainer.divergence())
        elif trainer.finished:
            self._say(RunState.FINISHED, f"Finished: {trainer.step:,} steps.")
        elif trainer.step == 0:
            self._say(RunState.READY, "Ready. Press Space to run.")
        else:
            self._say(RunState.PAUSED, f"Paused at step {trainer.step:,}.")

    def _tell_faults(self, trainer: Trainer) -> None:
        """Say once why an optimiser has stopped while others race on."""
        sentence = trainer.untold_faults()
        if sentence and not trainer.failure:
            with self._lock:
                self._outbox.notice = f"{self._outbox.notice} {sentence}".strip()[-MESSAGE_LIMIT:]
                self._outbox.changed = True

    def _steer(self, command: Run | Step | Pause | Seek, trainer: Trainer) -> None:
        if self._outbox.state is RunState.FAILED and not isinstance(command, Seek):
            return
        if isinstance(command, Run | Step):
            trainer.continue_from_here()
            self._running = not (trainer.finished or trainer.diverged)
            self._goal = trainer.step + command.count if isinstance(command, Step) else None
            self._pace = command.pace if isinstance(command, Run) else None
            if self._running:
                self._say(RunState.RUNNING)
        else:
            self._running = False
            if isinstance(command, Seek):
                self._seek(max(0, min(command.step, trainer.experiment.steps)), trainer)
        self._settle()

    def _seek(self, step: int, trainer: Trainer) -> None:
        """Tell the records that are new, and stop on the way for a command that makes the seek pointless."""
        known = trainer.known
        for record in trainer.towards(step):
            if record.step > known:
                self._outbox.records.append(record)
            if self._commands and self._is_seek_overtaken():
                break

    def _is_seek_overtaken(self) -> bool:
        """Whether nothing that waits counts on the end of the seek: an edit, say, is one of the step sought."""
        waiting = self._commands.copy()
        if any(isinstance(later, Close | Load) for later in waiting):
            return True
        first = next((later for later in waiting if not isinstance(later, _PASSIVE)), None)
        return isinstance(first, Seek | Pause)

    def _answer(self, command: Look | Survey | Collect | FindStart, trainer: Trainer, observer: Observer) -> None:
        from gradviz.engine.start import start_of
        from gradviz.engine.surfaces import survey

        if isinstance(command, Look):
            snapshot = observer.look(command.wanted)
            with self._lock:
                self._outbox.snapshot, self._outbox.changed = snapshot, True
        elif isinstance(command, Survey):
            if command.recentre:
                observer.recentre()
            objective = trainer.lanes[0].objective
            grid = survey(
                trainer.experiment, objective, observer.plane, trainer.step, command.resolution, command.domain
            )
            with self._lock:
                self._outbox.surface, self._outbox.changed = grid, True
        elif isinstance(command, FindStart):
            start = start_of(trainer.experiment)
            with self._lock:
                self._outbox.start, self._outbox.changed = start, True
        else:
            state = RunState.PAUSED if self._running else self._outbox.state
            result = trainer.result(state)
            with self._lock:
                self._outbox.result, self._outbox.changed = result, True

    def _check(self, command: Check | CancelCheck) -> None:
        """Begin a bench of the current step, or drop the one under way. The run waits for it."""
        from gradviz.engine.bench import BenchRun

        self._bench, trainer = None, self._trainer
        if isinstance(command, CancelCheck):
            self._tell_bench(BenchReport(self._outbox.step, math.nan, fault="The check was cancelled."))
        elif trainer is None:
            self._tell_bench(BenchReport(0, math.nan, fault=f"There is no run to check. {self._outbox.message}"[:300]))
        else:
            lane = trainer.lanes[min(command.optimizer, len(trainer.lanes) - 1)]
            try:
                self._bench = BenchRun(trainer.experiment, lane.objective, trainer.step)
            except Exception as error:
                self._tell_bench(BenchReport(trainer.step, math.nan, fault=f"The bench cannot begin: {error}"[:300]))

    def _advance_bench(self, bench: BenchRun) -> None:
        """A slice of the bench. What goes wrong in it is its own, and no fault of the run."""
        report = bench.advance(BENCH_SLICE_S)
        if report is not None:
            self._bench = None
            self._tell_bench(report)
        elif time.perf_counter() - bench.began > BENCH_TOLD_AFTER_S:
            self._tell_bench(bench.progress)

    def _tell_bench(self, told: BenchReport | BenchProgress) -> None:
        with self._lock:
            self._outbox.bench, self._outbox.changed = told, True

    def _map_basins(self, command: MapBasins, trainer: Trainer) -> None:
        """Begin a map of basins, or drop the one under way. It waits while the run goes on."""
        from gradviz.engine.basins import basins

        self._basins = None if command.domain is None else basins(trainer.experiment, command.domain)

    def _advance_basins(self, work: Generator[float, None, BasinMap]) -> None:
        """A slice of the map. What goes wrong in it is no fault of the run."""
        told: BasinMap | str
        until = time.perf_counter() + BENCH_SLICE_S
        try:
            share = next(work)
            while time.perf_counter() < until:
                share = next(work)
            told = f"Computing the basins… {share:.0%}"
        except StopIteration as end:
            self._basins, told = None, end.value
        except Exception as error:
            self._basins, told = None, str(error)[:MESSAGE_LIMIT]
        with self._lock:
            self._outbox.basins, self._outbox.changed = told, True

    def _train(self) -> None:
        """Step until a command waits, the goal is reached or the run ends. No lock is taken in the loop."""
        trainer = self._trainer
        assert trainer is not None
        append, commands, goal, pace = self._outbox.records.append, self._commands, self._goal, self._pace
        begin, first = time.perf_counter(), trainer.step
        for record in trainer.steps():
            append(record)
            if commands or record.step == goal:
                break
            if pace is not None and not self._wait_until(begin + (record.step - first) / pace):
                break
        with self._lock:
            self._outbox.step = trainer.step
        self._tell_faults(trainer)
        if trainer.step == goal or trainer.finished or trainer.diverged:
            self._running = False
            self._settle()

    def _wait_until(self, due: float) -> bool:
        """Sleep until `due`; False if a command came first."""
        with self._wake:
            return not self._wake.wait_for(lambda: bool(self._commands), max(0.0, due - time.perf_counter()))


def _warm_up() -> None:
    """Import torch, and all that the first run needs: it takes a second, better now than at the first click."""
    from gradviz.engine import snapshots, surfaces, trainer  # noqa: F401
