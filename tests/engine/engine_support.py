"""What the engine's tests share: experiments in a line, a wait for a condition, and a runner's listener."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from gradviz.core.data.catalogue import Parabola, Temperatures
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.catalogue import LinearLayer, LineLayer, Sigmoid
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor, TestFunctionObjective
from gradviz.core.objectives.losses import L1
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.question import Answer, Question
from gradviz.core.questions.update import Update
from gradviz.core.runs.history import History
from gradviz.core.runs.state import RunState
from gradviz.engine.runs.commands import Command
from gradviz.engine.runs.runner import Runner


def formula(
    text: str, *, constants: tuple[str, ...] = (), gradient: Any = "autograd", **values: Any
) -> FormulaObjective:
    """A formula objective over the tensors in `values`."""
    tensors = tuple(
        NamedTensor(name=name, role="constant" if name in constants else "parameter", value=value)
        for name, value in values.items()
    )
    return FormulaObjective(tensors=tensors, text=text, gradient=gradient)


def formula_experiment(text: str, dtype: Any = "float64", **values: Any) -> Experiment:
    """An experiment over a formula, with plain gradient descent."""
    return Experiment(objective=formula(text, **values), dtype=dtype, optimizers=(SGD(lr=1e-2),))


HIMMELBLAU = TestFunctionObjective()
LINE = FitObjective(data=Temperatures(scale=0.1), model=(LineLayer(),))
NEURONS = FitObjective(
    data=Parabola(), model=(LinearLayer(features=2), Sigmoid(), LinearLayer()), loss=L1(reduction="sum")
)


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0, what: str = "") -> None:
    """Return as soon as `condition` holds; fail after `timeout_s`."""
    end = time.perf_counter() + timeout_s
    while not condition():
        assert time.perf_counter() < end, f"waited {timeout_s} s in vain {what or 'for ' + condition.__name__}"
        time.sleep(0.001)


class Listener:
    """Drains a runner as a window does, and checks that what it says is of one piece."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.updates: list[Update] = []
        self.run = 0
        self.history = History()
        self.histories: dict[int, History] = {}
        self.answers: list[Answer] = []
        self.notices: list[str] = []

    def post(self, *commands: Command) -> None:
        for command in commands:
            self.runner.post(command)

    def drain(self) -> None:
        """Take over one update, if there is one."""
        update = self.runner.drain()
        if update is None:
            return
        if update.run != self.run:
            self.histories[self.run] = self.history
            self.run, self.history, self.answers = update.run, self.histories.get(update.run, History()), []
        assert len(str(update.words)) <= 300
        assert "\n" not in str(update.words)
        if update.records is not None:
            self._record(update)
        self.answers += update.answers
        if update.notice:
            self.notices.append(str(update.notice))
        self.updates.append(update)

    def _record(self, update: Update) -> None:
        block = update.records
        assert block is not None
        if not len(self.history):
            self.history = History(block.losses.shape[1])
            nothing = np.full((block.start, block.losses.shape[1]), np.nan)
            self.history.extend(type(block)(0, nothing, np.full((block.start, *block.positions.shape[1:]), np.nan)))
        assert block.start <= len(self.history), f"steps {len(self.history)} to {block.start - 1} were lost"
        assert not block.losses.flags.writeable
        self.history.extend(block)

    def answer(self, kind: type[Question[Any]]) -> Answer | None:
        """The last final answer of this run to a question of a kind."""
        found = [answer for answer in self.answers if type(answer.question) is kind and answer.is_final]
        return found[-1] if found else None

    def told(self, kind: type[Question[Any]]) -> Any:
        """What that answer says; None where there is none yet."""
        answer = self.answer(kind)
        return None if answer is None else answer.value

    @property
    def message(self) -> str:
        """Where the run stands, in English."""
        return str(self.last.words)

    @property
    def last(self) -> Update:
        """The newest update."""
        return self.updates[-1]

    @property
    def state(self) -> RunState:
        return self.last.state if self.updates else RunState.LOADING

    def wait(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Drain until `condition` holds."""

        def holds() -> bool:
            self.drain()
            return condition()

        said = [(update.state.value, update.step, str(update.words)) for update in self.updates[-3:]]
        wait_until(holds, timeout_s, f"after {said}")

    def wait_state(self, *states: RunState, timeout_s: float = 20.0) -> None:
        self.wait(lambda: self.state in states, timeout_s)
