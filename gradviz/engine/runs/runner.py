"""The one training thread and its mailbox: `post`, `drain`, `newest` and `close` are all that cross the boundary.

torch is imported inside the thread, so that a window can be painted before it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from gradviz.core.questions.question import Answer, Question, Refusal
from gradviz.core.questions.update import Update
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words, escaped, say, verbatim
from gradviz.engine.problems import EngineError, is_of_torch
from gradviz.engine.runs.commands import (
    Ask,
    Branch,
    Close,
    Command,
    Edit,
    Load,
    Pause,
    Recall,
    Run,
    Seek,
    Step,
    Withdraw,
)
from gradviz.engine.runs.mailbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradviz.core.runs.records import StepRecord
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.runs.jobs import Jobs
    from gradviz.engine.training.trainer import Trainer

MESSAGE_LIMIT = 300
STOPPED_BY_TORCH = "PyTorch stopped the run ({kind}): {words}"
OWN_FAULT = (
    "A fault of gradviz, and not of PyTorch, stopped the run ({kind}: {words}). Save your work; Reset begins anew. "
    "The log has the details."
)

_PASSIVE = Ask | Withdraw
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
        self._trainer: Trainer | None = None
        self._moment: Moment | None = None
        self._aside: dict[int, tuple[Trainer, Moment, Outbox]] = {}
        """Runs that may be recalled, by their numbers; each with what of it nobody has drained yet."""
        self._jobs: Jobs | None = None
        self._goal: int | None = None
        self._pace: float | None = None
        self._due = 0.0
        """When the next step is due, where there is a pace."""
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
            return self._outbox.take()

    def newest(self) -> int | None:
        """How far the run is, where nothing but records has come since the last drain; None where more has.

        It takes no lock and no record, so that it costs next to nothing.
        """
        outbox = self._outbox
        is_all = outbox.state is RunState.RUNNING and not outbox.changed
        return outbox.records.newest if is_all else None

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
        from gradviz.engine.runs.jobs import Jobs

        self._jobs = Jobs(_tell_of)
        while not self._closing:
            self._guarded(self._turn)

    def _turn(self) -> None:
        while self._commands:
            self._obey(self._commands.popleft())
            if self._closing:
                return
        assert self._jobs is not None
        if self._jobs.has_work(self._running):
            self._tell(self._jobs.advance(self._running))
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
            self._fail(verbatim(str(error)[:MESSAGE_LIMIT]))
        except Exception as error:
            first = escaped(str(error).strip().split("\n", 1)[0])[: MESSAGE_LIMIT - 160]
            pattern = STOPPED_BY_TORCH if is_of_torch(error) else OWN_FAULT
            if pattern is OWN_FAULT:
                _tell_of(error)
            self._fail(say(pattern, kind=type(error).__name__, words=first))

    def _fail(self, words: Words) -> None:
        self._running = False
        self._say(RunState.FAILED, words)

    def _say(self, state: RunState, words: Words = SILENCE) -> None:
        with self._lock:
            outbox = self._outbox
            outbox.state, outbox.words, outbox.changed = state, words, True
            if self._trainer is not None:
                outbox.step = self._trainer.step

    def _obey(self, command: Command) -> None:
        if isinstance(command, Close):
            self._closing = True
        elif isinstance(command, Load):
            self._load(command)
        elif isinstance(command, Recall):
            self._recall(command)
        elif isinstance(command, Ask):
            self._ask(command.questions)
        elif isinstance(command, Withdraw):
            if self._jobs is not None:
                self._jobs.withdraw(command.question)
        elif self._trainer is None:
            return
        elif isinstance(command, Branch):
            self._branch(command, self._trainer)
        elif isinstance(command, Edit):
            self._trainer.apply(command.experiment)
            if self._outbox.state is not RunState.FAILED:
                self._settle()
        else:
            self._steer(command, self._trainer)

    def _load(self, command: Load) -> None:
        from gradviz.engine.training.trainer import Trainer

        self._running = False
        self._begin(command.run, len(command.experiment.optimizers), command.kept)
        self._take_up(Trainer(command.experiment, command.result))
        self._settle()

    def _begin(self, run: int, optimizers: int, kept: frozenset[int]) -> None:
        """Another run is the present one; the one before is kept, if it is among those."""
        assert self._jobs is not None
        self._jobs.clear()
        if self._trainer is not None and self._moment is not None:
            self._aside[self._outbox.run] = (self._trainer, self._moment, self._outbox)
        self._trainer, self._moment = None, None
        self._aside = {number: found for number, found in self._aside.items() if number in kept or number == run}
        with self._lock:
            self._outbox = Outbox(run, optimizers)

    def _take_up(self, trainer: Trainer) -> None:
        """Make it the present run, and tell its first record."""
        from gradviz.engine.answers.moment import Moment

        self._trainer, self._moment = trainer, Moment(trainer)
        with self._lock:
            self._outbox.notice = verbatim(trainer.notice)
            self._outbox.names = trainer.names
        self._outbox.records.append(trainer.record)

    def _branch(self, command: Branch, before: Trainer) -> None:
        """A copy of the run goes on from here. It is one more that has to fit into memory, and may be refused."""
        self._running = False
        self._begin(command.run, len(command.experiment.optimizers), command.kept)
        branch = before.twin()
        branch.apply(command.experiment)
        self._take_up(branch)
        self._settle()

    def _recall(self, command: Recall) -> None:
        self._running = False
        self._begin(command.run, 1, command.kept)
        if command.run not in self._aside:
            raise EngineError("That run is no longer there. Reset begins anew.")
        trainer, moment, outbox = self._aside.pop(command.run)
        with self._lock:
            self._trainer, self._moment, self._outbox = trainer, moment, outbox
            outbox.answers = {}
        self._settle()

    def _settle(self) -> None:
        """Say where the run stands when it is not running."""
        trainer = self._trainer
        if trainer is None or self._running:
            return
        self._tell_faults(trainer)
        fault = trainer.fault_at_start() if trainer.step == 0 else trainer.failure
        if fault:
            self._fail(verbatim(fault[:MESSAGE_LIMIT]))
        elif trainer.diverged:
            self._say(RunState.DIVERGED, verbatim(trainer.divergence()))
        elif trainer.finished:
            self._say(RunState.FINISHED, trainer.early_stop() or say("Finished: {step:step|steps}.", step=trainer.step))
        elif trainer.step == 0:
            self._say(RunState.READY, say("Ready. Press Space to run."))
        else:
            self._say(RunState.PAUSED, say("Paused at step {step:,}.", step=trainer.step))

    def _tell_faults(self, trainer: Trainer) -> None:
        """Say once why an optimiser has stopped while others race on."""
        sentence = trainer.untold_faults()
        if sentence and not trainer.failure:
            with self._lock:
                self._outbox.notice = verbatim(f"{self._outbox.notice} {sentence}".strip()[-MESSAGE_LIMIT:])
                self._outbox.changed = True

    def _steer(self, command: Run | Step | Pause | Seek, trainer: Trainer) -> None:
        if self._outbox.state is RunState.FAILED and not isinstance(command, Seek):
            return
        if isinstance(command, Run | Step):
            self._running = not (trainer.finished or trainer.diverged)
            self._goal = trainer.step + command.count if isinstance(command, Step) else None
            self._pace = command.pace if isinstance(command, Run) else None
            self._due = time.perf_counter()
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
        if any(isinstance(later, Close | Load | Recall) for later in waiting):
            return True
        first = next((later for later in waiting if not isinstance(later, _PASSIVE)), None)
        return isinstance(first, Seek | Pause)

    def _ask(self, questions: tuple[Question[Any], ...]) -> None:
        """Begin to answer, all at this step; without a run each is refused."""
        if self._moment is None or self._jobs is None:
            why = say("There is no run to ask. {words}", words=self._outbox.words)
            self._tell(tuple(Answer(question, self._outbox.step, Refusal(why)) for question in questions))
            return
        self._moment.state = RunState.PAUSED if self._running else self._outbox.state
        self._tell(self._jobs.ask(questions, self._moment))

    def _tell(self, answers: tuple[Answer, ...]) -> None:
        if answers:
            with self._lock:
                self._outbox.answers.update((answer.question, answer) for answer in answers)
                self._outbox.changed = True

    def _train(self) -> None:
        """Step until a command waits, the goal is reached or the run ends. No lock is taken in the loop."""
        trainer = self._trainer
        assert trainer is not None
        tell, commands, goal = self._telling(trainer.known), self._commands, self._goal
        for record in trainer.steps() if self._pace is None else self._paced(trainer, self._pace):
            tell(record)
            if commands or record.step == goal:
                break
        with self._lock:
            self._outbox.step = trainer.step
        self._tell_faults(trainer)
        if trainer.step == goal or trainer.finished or trainer.diverged:
            self._running = False
            self._settle()

    def _telling(self, known: int) -> Callable[[StepRecord], None]:
        """What tells of a step: its record, and in the past, whose records are known, that the run stands there."""
        outbox = self._outbox

        def tell(record: StepRecord) -> None:
            if record.step > known:
                outbox.records.append(record)
            else:
                outbox.step, outbox.changed = record.step, True

        return outbox.records.append if self._trainer is not None and self._trainer.step >= known else tell

    def _paced(self, trainer: Trainer, pace: float) -> Iterator[StepRecord]:
        """The trainer's steps, each when it is due; a command ends the waiting, and leaves the due time as it was."""
        while not (trainer.finished or trainer.diverged) and self._wait_until(self._due):
            # a step that took longer than it may is not made up for by a burst
            self._due = max(self._due, time.perf_counter() - 1 / pace) + 1 / pace
            yield trainer.advance()

    def _wait_until(self, due: float) -> bool:
        """Sleep until `due`; False if a command came first."""
        with self._wake:
            return not self._wake.wait_for(lambda: bool(self._commands), max(0.0, due - time.perf_counter()))


def _tell_of(error: Exception) -> None:
    """A fault of gradviz: whoever listens to what ends threads writes it into the log, though this one goes on."""
    told = (type(error), error, error.__traceback__, threading.current_thread())
    threading.excepthook(threading.ExceptHookArgs(told))


def _warm_up() -> None:
    """Import torch, and all that the first picture needs: it takes a second, better now than at the first click."""
    from gradviz.engine.answers import place, surface, trace  # noqa: F401
    from gradviz.engine.training import trainer  # noqa: F401
