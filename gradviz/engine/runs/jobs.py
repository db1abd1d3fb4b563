"""The one queue of questions that are worked at, between two steps and a slice at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gradviz.core.questions.question import Answer, Question
from gradviz.engine.answers.answering import Job
from gradviz.engine.answers.moment import Moment

SLICE_S = 0.02
"""How long a job works before the thread looks for a command."""
TOLD_AFTER_S = 0.5
"""An answer that takes longer says how far it is."""


class Jobs:
    """Belongs to the training thread."""

    def __init__(self, tell_fault: Callable[[Exception], None] = lambda _error: None) -> None:
        """`tell_fault` hears of what went wrong in gradviz itself, whose answer is a refusal all the same."""
        self._tell_fault = tell_fault
        self._jobs: list[tuple[Job, float]] = []

    def ask(self, questions: tuple[Question[Any], ...], moment: Moment) -> tuple[Answer, ...]:
        """Begin all of them at this step; the answers that are there at once."""
        kinds = {type(question) for question in questions}
        self._jobs = [(job, began) for job, began in self._jobs if type(job.question) not in kinds]
        begun = [Job(question, moment) for question in questions]
        now = time.perf_counter()
        done = [job for job in begun if self._advanced(job, 0.0)]
        self._jobs += [(job, now) for job in begun if job not in done]
        return tuple(job.answer for job in done)

    def withdraw(self, question: Question[Any]) -> None:
        """Drop the job of this question, if it is worked at."""
        self._jobs = [(job, began) for job, began in self._jobs if job.question != question]

    def clear(self) -> None:
        """Drop them all: another run begins."""
        self._jobs = []

    def has_work(self, is_running: bool) -> bool:
        """Whether there is something to do now; what can wait does so while the run goes on."""
        return self._next(is_running) is not None

    def advance(self, is_running: bool) -> tuple[Answer, ...]:
        """A slice of the first job that need not wait; its answer, or how far it is if it takes long."""
        found = self._next(is_running)
        if found is None:
            return ()
        job, began = found
        if self._advanced(job, SLICE_S):
            self._jobs.remove(found)
            return (job.answer,)
        return (job.answer,) if time.perf_counter() - began > TOLD_AFTER_S else ()

    def _advanced(self, job: Job, seconds: float) -> bool:
        is_done = job.advance(seconds)
        if job.own_fault is not None:
            self._tell_fault(job.own_fault)
        return is_done

    def _next(self, is_running: bool) -> tuple[Job, float] | None:
        """What can wait does so for the run, and for every other question."""
        at_once = next((one for one in self._jobs if not one[0].question.can_wait), None)
        return at_once or (None if is_running else next(iter(self._jobs), None))
