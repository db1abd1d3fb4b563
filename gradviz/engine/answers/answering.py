"""From a question to its answer: the generator that is registered for its kind, advanced in slices or run to its end.

The generator of a question stands in the module of this folder that is called as the question's own module is, and is
imported when the first such question comes: what nobody asks for costs no start.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import numpy as np
import torch

from gradviz.core.questions.question import Answer, Progress, Question, Refusal
from gradviz.core.words import say, verbatim
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError, is_of_torch

A = TypeVar("A")
Q = TypeVar("Q", bound=Question[Any])
Answering = Generator[Progress, None, A]
"""Yields how far it is, returns the answer; EngineError where there is none. What it needs of the current step it takes
before it first yields: later the run may stand elsewhere."""
Answerer = Callable[[Q, Moment], Answering[Any]]
LONGEST = 300
_ANSWERERS: dict[type[Question[Any]], Answerer[Any]] = {}


def answers(kind: type[Q]) -> Callable[[Answerer[Q]], Answerer[Q]]:
    """Registers the generator that answers questions of this kind."""

    def register(answerer: Answerer[Q]) -> Answerer[Q]:
        _ANSWERERS[kind] = answerer
        return answerer

    return register


def answers_at_once(kind: type[Q]) -> Callable[[Callable[[Q, Moment], A]], Callable[[Q, Moment], A]]:
    """Registers a function whose answer is there at once."""

    def register(function: Callable[[Q, Moment], A]) -> Callable[[Q, Moment], A]:
        @answers(kind)
        def answerer(question: Q, moment: Moment) -> Answering[A]:
            yield from ()
            return function(question, moment)

        return function

    return register


def answering(question: Question[A], moment: Moment) -> Answering[A]:
    """The generator of this question at this moment, not yet begun."""
    kind = type(question)
    if kind not in _ANSWERERS:
        importlib.import_module(f"{__package__}.{kind.__module__.rpartition('.')[2]}")
    return _ANSWERERS[kind](question, moment)


class Job:
    """A question that is worked at. Nothing that it does changes torch's random state, and nothing that fails in it
    is a fault of the run."""

    def __init__(self, question: Question[Any], moment: Moment) -> None:
        self.question = question
        self.seconds = 0.0
        self._step = moment.trainer.step
        self._random_device = [moment.trainer.device] if moment.trainer.device.type == "cuda" else []
        self._moment = moment
        self._work: Answering[Any] | None = None
        self._told: Any = Progress(0.0, say("Preparing"))
        self.own_fault: Exception | None = None
        """What of gradviz, and not of PyTorch, went wrong: it belongs into the log."""

    @property
    def answer(self) -> Answer:
        """What can be said now."""
        return Answer(self.question, self._step, self._told, self.seconds)

    def advance(self, seconds: float) -> bool:
        """Go on for about `seconds`, once around at least; whether it is done."""
        begin = time.perf_counter()
        try:
            with torch.random.fork_rng(self._random_device), np.errstate(all="ignore"):
                work = self._begun()
                self._told = next(work)
                while time.perf_counter() - begin < seconds:
                    self._told = next(work)
        except StopIteration as end:
            self._told = end.value
        except EngineError as error:
            self._told = Refusal(verbatim(str(error)[:LONGEST]))
        except Exception as error:
            self._told = Refusal(_fault(error))
            if not is_of_torch(error):
                self.own_fault = error
        self.seconds += time.perf_counter() - begin
        return self.answer.is_final

    def _begun(self) -> Answering[Any]:
        """The generator; finding it can fail too, and that is a fault of the question as well."""
        if self._work is None:
            self._work = answering(self.question, self._moment)
        return self._work


def _fault(error: Exception) -> Any:
    first = str(error).strip().split("\n", 1)[0]
    return say("There is no answer ({kind}): {words}", kind=type(error).__name__, words=first[: LONGEST - 60])


def ask(question: Question[A], moment: Moment, progress: Callable[[Progress], None] | None = None) -> A:
    """The answer, however long it takes; EngineError with a sentence where there is none."""
    job = Job(question, moment)
    while not job.advance(0.0 if progress else float("inf")):
        if progress is not None:
            progress(job.answer.value)
    told = job.answer.value
    if isinstance(told, Refusal):
        raise EngineError(str(told.why))
    answer: A = told
    return answer
