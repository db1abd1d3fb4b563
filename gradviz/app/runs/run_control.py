"""The GUI thread's side of a run: what was told by the engine, and what is asked of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from gradviz.engine.runs.commands import Ask, Branch, Command, Edit, Load, Pause, Recall, Run, Seek, Step
from gradviz.engine.runs.runner import Runner
from gradviz.storage.experiments.experiment_file import NOT_FINITE

MOST_KEPT = 4


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run that another has taken the place of, as it stood; the engine keeps the rest."""

    number: int
    experiment: Experiment
    history: History
    step: int
    seconds: float
    weights: RunResult | None
    """The imported weights that it began with."""

    @property
    def known(self) -> int:
        """Its last step."""
        return max(len(self.history) - 1, 0)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who waits for a result."""

    here: bool
    then: Callable[[RunResult], None]
    failed: Callable[[Words], None]


class RunControl(QObject):
    """Owns the runner and the history of the current run, and keeps a few runs before it."""

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
        self.number = 0
        """The number of the current run: each that begins gets one of its own."""
        self.seconds = 0.0
        """For how long the current run has been running."""
        self.wants_to_run = False
        """Whether it shall run as soon as it is ready."""
        self._before_edit: Experiment | None = None
        """Until the run stands for an edit of its past: the settings that it still has."""
        self._kept: dict[int, KeptRun] = {}
        self._last_number = 0
        self._ticked = 0.0
        self._after_result: list[_Waiting] = []
        self._fault_of_start = SILENCE
        self._weights: RunResult | None = None

    def open(self, experiment: Experiment, result: RunResult | None = None) -> None:
        """Begin the run of another document."""
        self._keep()
        self._weights = None if result is None else _beginning(result)
        self.load(experiment, result)

    def begin_with(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Begin anew with imported weights; every later run of this document begins with them too."""
        self._keep()
        self._weights = RunResult.beginning_with(weights)
        self.load(self.experiment)

    def load(self, experiment: Experiment, result: RunResult | None = None) -> None:
        """Begin a new run, at step 0 or where `result` ended. The one before is kept."""
        result = self._weights if result is None else result
        history = History(len(experiment.optimizers))
        if result is not None and result.history is not None:
            history.extend(result.history)
        self._begin(experiment, history)
        self._fault_of_start = verbatim(NOT_FINITE) if result is not None and not result.finite else SILENCE
        self.post(Load(self.number, experiment, result, frozenset(self._kept)))
        self._announce()

    def _begin(self, experiment: Experiment, history: History) -> None:
        """Keep the current run, and let one with a number of its own take its place."""
        self._keep()
        self._last_number += 1
        self.number, self.experiment, self.history = self._last_number, experiment, history
        self._wait_for_the_engine(0, 0.0)

    def _wait_for_the_engine(self, step: int, seconds: float) -> None:
        """Another run is the current one: nothing that was wanted of the one before holds for it."""
        self.state, self.step, self.seconds, self.words = RunState.LOADING, step, seconds, say("Preparing…")
        self.wants_to_run, self._before_edit, self._fault_of_start = False, None, SILENCE
        self._refuse_result(say("The run was replaced before its result was there."))

    def _keep(self) -> None:
        """Keep the current run, if it has come anywhere; of those that are kept the oldest is let go of."""
        if len(self.history) > 1 and self.number not in self._kept:
            self._kept[self.number] = KeptRun(
                self.number, self.experiment, self.history, self.step, self.seconds, self._weights
            )
            for number in list(self._kept)[:-MOST_KEPT]:
                del self._kept[number]

    def kept(self, number: int) -> KeptRun | None:
        """A run that can be recalled."""
        return self._kept.get(number)

    def recall(self, number: int) -> None:
        """A run that was kept is the current one again; the present one is kept."""
        kept = self._kept.pop(number)
        self._keep()
        self.number, self.experiment, self.history = number, kept.experiment, kept.history
        self._weights = kept.weights
        self._wait_for_the_engine(kept.step, kept.seconds)
        self.post(Recall(number, frozenset(self._kept)))
        self._announce()

    def _announce(self) -> None:
        self.post(Ask((ListDevices(),)))
        self.began.emit(self.experiment)
        self.state_changed.emit()

    @property
    def known(self) -> int:
        """The last step whose record is known; after a seek back it lies ahead."""
        return max(len(self.history) - 1, 0)

    @property
    def mark(self) -> tuple[int, int]:
        """What tells one stand of the run from another: whether it is the one that stands in a file."""
        return self.number, self.known

    def edit_live(self, experiment: Experiment) -> None:
        """Take over live settings. In the past another run branches off, and what lies ahead is kept with this one."""
        if self.step >= self.known or experiment.optimizers == self.experiment.optimizers:
            self.experiment = experiment
            self.post(Edit(experiment))
            self.edited.emit()
        elif self.state is RunState.RUNNING:
            self._before_edit = self._before_edit or self.experiment
            self.experiment = experiment
            self.pause()  # only a run that stands has a step that is known here
        else:
            self._branch(experiment)

    def _branch(self, experiment: Experiment) -> None:
        step, known, seconds = self.step, self.known, self.seconds
        history = History(len(experiment.optimizers))
        history.extend(self.history.block(step))
        self._begin(experiment, history)
        self.step, self.seconds = step, seconds
        self.post(Branch(self.number, experiment, frozenset(self._kept)))
        self._announce()
        told = "From step {step:,} on this is another run. Undo brings back the one of {known:step|steps}."
        self.noticed.emit(say(told, step=step, known=known))

    def post(self, command: Command) -> None:
        """Hand a command to the training thread."""
        self.runner.post(command)

    def toggle(self) -> None:
        """Run, or pause. While the run is prepared it is remembered, and can be taken back."""
        if self.state is RunState.RUNNING:
            self.pause()
        elif self.state is RunState.LOADING:
            self.wants_to_run = not self.wants_to_run
            self.state_changed.emit()
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

    def set_pace(self, pace: float | None) -> None:
        """At most `pace` steps a second, now if it runs."""
        self.pace = pace
        if self.state is RunState.RUNNING:
            self.run()

    def collect(self, then: Callable[[RunResult], None], failed: Callable[[Words], None], here: bool = False) -> None:
        """Ask for the result, of all that was run or as the run stands `here`.

        In this thread `then` gets it, with the history, or `failed` why there is none.
        """
        self._after_result.append(_Waiting(here, then, failed))
        self.post(Ask((Collect(here),)))

    def drain(self) -> Update | None:
        """Take over what the engine has to say; None if it is nothing or about an older run."""
        update = self.runner.drain()
        if update is None or update.run != self.number:
            self._add_to_kept(update)
            return None
        if update.records is not None:
            self._extend(update.records)
        words = update.words
        if self._fault_of_start and update.state is RunState.DIVERGED:
            words = self._fault_of_start  # no learning rate is to blame for what the file held
        self._measure(update.state)
        changed = update.state is not self.state or words != self.words
        self.state, self.words, self.step = update.state, words, update.step
        self.steps_per_s = self._speedometer.read(update.step, update.state is RunState.RUNNING)
        if update.notice:
            self.noticed.emit(update.notice)
        for answer in update.answers:
            changed = self._take(answer) or changed
        if changed:
            self.state_changed.emit()
        self._edit_now()
        return update

    def glance(self) -> bool:
        """Take over how far the run is, and leave its records for later; False where there is more to hear of."""
        newest = self.runner.newest() if self.state is RunState.RUNNING else None
        if newest is None or newest < self.known or self._before_edit is not None:
            return False
        self.step, self.steps_per_s = newest, self._speedometer.read(newest, True)
        return True

    def _edit_now(self) -> None:
        """The run stands, for an edit that needed that; it goes on with it."""
        before, wanted = self._before_edit, self.experiment
        if before is None or self.state is RunState.RUNNING:
            return
        self._before_edit, self.experiment, was_paused = None, before, self.state is RunState.PAUSED
        if wanted != before:
            self.edit_live(wanted)
        if was_paused:
            self.run()

    def _measure(self, state: RunState) -> None:
        """Add to the seconds; and run now, where that was wanted before it could be."""
        now = time.perf_counter()
        if self.state is RunState.RUNNING:
            self.seconds += now - self._ticked
        self._ticked = now
        if self.wants_to_run and state is not RunState.LOADING:
            self.wants_to_run = False
            if state in (RunState.READY, RunState.PAUSED):
                self.run()

    @property
    def message(self) -> str:
        """Where the run stands, in English."""
        return str(self.words)

    def _take(self, answer: Answer) -> bool:
        """What this asked itself: where the run could be, and its result; whether that changes what is shown."""
        if isinstance(answer.value, Devices):
            self.device, self.devices = answer.value.device, answer.value.available
        elif isinstance(answer.question, Collect):
            self._hand_out(answer.question.here, answer.value)
        return isinstance(answer.value, Devices)

    def _add_to_kept(self, update: Update | None) -> None:
        """What a run still had to say when another took its place."""
        kept = None if update is None else self._kept.get(update.run)
        block = None if update is None else update.records
        if kept is not None and block is not None and block.start <= len(kept.history):
            kept.history.extend(block)

    def _extend(self, block: RecordBlock) -> None:
        if block.start <= len(self.history):
            self.history.extend(block)

    def _hand_out(self, here: bool, found: object) -> None:
        """The result, or why there is none, to whoever waits for it."""
        waiting = [one for one in self._after_result if one.here == here]
        self._after_result = [one for one in self._after_result if one.here != here]
        for one in waiting:
            if isinstance(found, RunResult):
                one.then(replace(found, history=self.history.block(found.step)))
            elif isinstance(found, Refusal):
                one.failed(found.why)

    def _refuse_result(self, why: Words) -> None:
        for here in (False, True):
            self._hand_out(here, Refusal(why))


def _beginning(result: RunResult) -> RunResult | None:
    """The imported weights that a saved run began with, if it did."""
    return RunResult.beginning_with(result.start) if result.start else None
