"""The GUI thread's side of a run: what was told by the engine, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from gradviz.app.runs.speedometer import Speedometer
from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.devices import Devices, ListDevices
from gradviz.core.questions.question import Answer, Refusal
from gradviz.core.questions.result import Collect
from gradviz.core.questions.update import Update
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words, say, verbatim
from gradviz.engine.runs.commands import Ask, Command, Edit, Load, Pause, Run, Seek, Step
from gradviz.engine.runs.runner import Runner
from gradviz.storage.experiments.experiment_file import NOT_FINITE


class RunControl(QObject):
    """Owns the runner and the history of the current run."""

    began = Signal(object)
    """A new run began; carries its experiment."""
    state_changed = Signal()
    edited = Signal()
    """Live settings were taken over."""
    noticed = Signal(object)
    """Something was chosen otherwise than asked for; carries words."""

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.experiment = Experiment()
        self.history = History()
        self.state = RunState.LOADING
        self.step = 0
        self.words = SILENCE
        self.device = ""
        self.devices: tuple[str, ...] = ()
        self.steps_per_s = 0.0
        self._speedometer = Speedometer()
        self.pace: float | None = None
        self._run = 0
        self._after_result: list[tuple[Callable[[RunResult], None], Callable[[Words], None]]] = []
        self._fault_of_start = SILENCE
        self._weights: RunResult | None = None

    def open(self, experiment: Experiment, result: RunResult | None = None) -> None:
        """Begin the run of another document."""
        self._weights = None if result is None else _beginning(result)
        self.load(experiment, result)

    def begin_with(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Begin anew with imported weights; every later run of this document begins with them too."""
        self._weights = RunResult.beginning_with(weights)
        self.load(self.experiment)

    def load(self, experiment: Experiment, result: RunResult | None = None) -> None:
        """Begin a new run, at step 0 or where `result` ended."""
        result = self._weights if result is None else result
        self._run += 1
        self.experiment = experiment
        self.history = History(len(experiment.optimizers))
        self._fault_of_start = verbatim(NOT_FINITE) if result is not None and not result.finite else SILENCE
        if result is not None and result.history is not None:
            self.history.extend(result.history)
        self.state, self.step, self.words = RunState.LOADING, 0, say("Preparing…")
        self._refuse_result(say("The run was replaced before its result was there."))
        self.post(Load(self._run, experiment, result))
        self.post(Ask((ListDevices(),)))
        self.began.emit(experiment)
        self.state_changed.emit()

    def edit_live(self, experiment: Experiment) -> None:
        """Take over live settings."""
        self.experiment = experiment
        self.post(Edit(experiment))
        self.edited.emit()

    def post(self, command: Command) -> None:
        """Hand a command to the training thread."""
        self.runner.post(command)

    def toggle(self) -> None:
        """Run, or pause."""
        if self.state is RunState.RUNNING:
            self.pause()
        elif self.state in (RunState.READY, RunState.PAUSED):
            self.run()

    def run(self) -> None:
        """Run at the chosen pace."""
        self.post(Run(self.pace))

    def pause(self) -> None:
        """Stop after the current step."""
        self.post(Pause())

    def step_forward(self, count: int = 1) -> None:
        """`count` steps, then pause."""
        self.post(Step(count))

    def step_back(self) -> None:
        """Back to the step before."""
        if self.step > 0 and self.state is not RunState.RUNNING:
            self.post(Seek(self.step - 1))

    def seek(self, step: int) -> None:
        """Go to a step, and pause there."""
        self.post(Seek(step))

    def reset(self) -> None:
        """Step 0 again, with the same initial values."""
        self.load(self.experiment)

    def set_pace(self, pace: float | None) -> None:
        """At most `pace` steps a second, now if it runs."""
        self.pace = pace
        if self.state is RunState.RUNNING:
            self.run()

    def collect(self, then: Callable[[RunResult], None], failed: Callable[[Words], None]) -> None:
        """Ask for the result so far. In this thread `then` gets it, with the history, or `failed` why there is none."""
        self._after_result.append((then, failed))
        self.post(Ask((Collect(),)))

    def drain(self) -> Update | None:
        """Take over what the engine has to say; None if it is nothing or about an older run."""
        update = self.runner.drain()
        if update is None or update.run != self._run:
            return None
        if update.records is not None:
            self._extend(update.records)
        words = update.words
        if self._fault_of_start and update.state is RunState.DIVERGED:
            words = self._fault_of_start  # no learning rate is to blame for what the file held
        changed = update.state is not self.state or words != self.words
        self.state, self.words, self.step = update.state, words, update.step
        self.steps_per_s = self._speedometer.read(update.step, update.state is RunState.RUNNING)
        if update.notice:
            self.noticed.emit(update.notice)
        for answer in update.answers:
            changed = self._take(answer) or changed
        if changed:
            self.state_changed.emit()
        return update

    @property
    def message(self) -> str:
        """Where the run stands, in English."""
        return str(self.words)

    def _take(self, answer: Answer) -> bool:
        """What this asked itself: where the run could be, and its result; whether that changes what is shown."""
        if isinstance(answer.value, Devices):
            self.device, self.devices = answer.value.device, answer.value.available
        elif isinstance(answer.value, RunResult):
            self._hand_out(answer.value)
        elif isinstance(answer.question, Collect) and isinstance(answer.value, Refusal):
            self._refuse_result(answer.value.why)
        return isinstance(answer.value, Devices)

    def _extend(self, block: RecordBlock) -> None:
        if block.start <= len(self.history):
            self.history.extend(block)

    def _hand_out(self, result: RunResult) -> None:
        history = self.history.block(result.step)
        waiting, self._after_result = self._after_result, []
        for then, _failed in waiting:
            then(replace(result, history=history))

    def _refuse_result(self, why: Words) -> None:
        waiting, self._after_result = self._after_result, []
        for _then, failed in waiting:
            failed(why)


def _beginning(result: RunResult) -> RunResult | None:
    """The imported weights that a saved run began with, if it did."""
    return RunResult.beginning_with(result.start) if result.start else None
