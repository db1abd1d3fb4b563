"""What may be posted to the training thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.question import Question
from gradviz.core.runs.result import RunResult


@dataclass(frozen=True, slots=True)
class Load:
    """Start run number `run` of an experiment, at step 0 or where `result` ended.

    Here and below, `kept` are the runs that may be recalled; those that are not named are let go of.
    """

    run: int
    experiment: Experiment
    result: RunResult | None = None
    kept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Branch:
    """Go on as run number `run`, from the present step on with other live settings; the run before stays as it is."""

    run: int
    experiment: Experiment
    kept: frozenset[int]


@dataclass(frozen=True, slots=True)
class Recall:
    """Run number `run`, which was kept, is the present one again, and stands where it was left."""

    run: int
    kept: frozenset[int]


@dataclass(frozen=True, slots=True)
class Edit:
    """Take over live settings between two steps."""

    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Run:
    """Run to the end, at most `pace` steps a second (None: as fast as it goes)."""

    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop after the current step."""


@dataclass(frozen=True, slots=True)
class Step:
    """`count` steps, then pause."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Seek:
    """Go to a step, and pause there."""

    step: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these questions at the current step; what is worked at for a question of the same kind is dropped."""

    questions: tuple[Question[Any], ...]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Drop what is worked at for this question."""

    question: Question[Any]


@dataclass(frozen=True, slots=True)
class Close:
    """End the thread."""


Command = Load | Branch | Recall | Edit | Run | Pause | Step | Seek | Ask | Withdraw | Close
