"""A run from its first step to its last, in the thread that calls: what the command line does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import plural
from gradviz.core.questions.explanation import LONGEST, Explain, Explanation
from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.runs.history import History
from gradviz.core.runs.records import StepRecord
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import verbatim
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trainer import Trainer

CHUNK = 4096
PROGRESS_S = 0.1
A = TypeVar("A")


class WholeRun:
    """Trains an experiment to its end. EngineError where it cannot be built.

    `fault` says why it cannot start where its loss or gradient is not finite, or PyTorch refuses its graph; values
    and graph can be looked at all the same.
    """

    def __init__(self, experiment: Experiment, start: RunResult | None = None) -> None:
        self.trainer = Trainer(experiment, start)
        self.history = History(len(experiment.optimizers))
        self._moment = Moment(self.trainer)
        self.seconds = 0.0
        self.fault = self.trainer.fault_at_start()
        self.is_stopped = False
        """Whether somebody ended it before its end."""

    def train(self, progress: Callable[[int], None], is_unwanted: Callable[[], bool] = lambda: False) -> None:
        """Run to the end, or until it is no longer wanted, which is asked after each step.

        `progress` is told the step about ten times a second.
        """
        begin = told = time.perf_counter()
        pending: list[StepRecord] = [self.trainer.record]
        for record in () if self.fault else self.trainer.steps():
            pending.append(record)
            if len(pending) >= CHUNK:
                self._flush(pending)
            if record.step % 64 == 0 and time.perf_counter() - told > PROGRESS_S:
                told = time.perf_counter()
                progress(record.step)
            if is_unwanted():
                self.is_stopped = not (self.trainer.finished or self.trainer.diverged)
                break
        self.seconds = time.perf_counter() - begin
        self._flush(pending)
        progress(self.trainer.step)

    def _flush(self, pending: list[StepRecord]) -> None:
        if pending:
            self.history.extend(block_of(pending, self.history.optimizers, self.trainer.names))
            pending.clear()

    @property
    def state(self) -> RunState:
        """FINISHED, or PAUSED where it was stopped; DIVERGED where no optimiser has a finite loss, FAILED where it
        could not start or go on."""
        if self.fault or self.trainer.failure:
            return RunState.FAILED
        if self.is_stopped:
            return RunState.PAUSED
        return RunState.DIVERGED if self.trainer.diverged else RunState.FINISHED

    @property
    def message(self) -> str:
        """Where it ended, and why, for a person."""
        why = str(self.explanation.words)
        if self.fault or self.trainer.diverged:
            return why or self.fault or self.trainer.divergence()
        if self.is_stopped:
            return f"Stopped at step {self.trainer.step:,} of {self.trainer.experiment.steps:,}."
        finished = str(self.trainer.early_stop()) or f"Finished: {plural(self.trainer.step, 'step')}."
        both = f"{finished} {why}".strip()
        return both if len(both) <= LONGEST or not why else why

    @cached_property
    def explanation(self) -> Explanation:
        """Why it stopped or stands still, once it is over; no reason where all is well, or where none can be found."""
        found = self.answer(Explain(self.state, self.trainer.step)).value
        return found if isinstance(found, Explanation) else Explanation()

    @property
    def faults(self) -> tuple[str, ...]:
        """Why each optimiser that stopped by an error of PyTorch did, the others racing on."""
        return () if self.trainer.failure else self.trainer.faults

    @property
    def steps_per_s(self) -> float:
        """Steps a second over the whole run; 0 where it had none."""
        return self.trainer.step / self.seconds if self.seconds > 0 and self.trainer.step else 0.0

    def result(self) -> RunResult:
        """The result with its history, to be saved."""
        made = self.trainer.result(self.state)
        return replace(made, history=self.history.block(made.step))

    def parameters(self, optimizer: int = 0) -> dict[str, Any]:
        """Parameters by name as nested lists."""
        found = self.trainer.lanes[optimizer].objective.parameters
        return {name: parameter.detach().cpu().tolist() for name, parameter in found.items()}

    def gradients(self, optimizer: int = 0) -> dict[str, Any]:
        """What stands in ``.grad`` after the last evaluation, by name as nested lists; None where nothing does."""
        objective = self.trainer.lanes[optimizer].objective
        found = {**objective.parameters, **dict(objective.retained())}
        return {name: None if value.grad is None else value.grad.cpu().tolist() for name, value in found.items()}

    def values(self, optimizer: int = 0) -> dict[str, Any]:
        """The values of the last evaluation that have names, such as the lines of a formula."""
        named = self.trainer.lanes[optimizer].objective.named_values()
        return {name: value.detach().cpu().tolist() for value, name in named if value.numel() <= 1000}

    def answer(self, question: Question[A]) -> Answer:
        """What the engine says to a question at the last step."""
        try:
            value: A | Refusal = ask(question, self._moment)
        except EngineError as error:
            value = Refusal(verbatim(str(error)))
        return Answer(question, self.trainer.step, value)
