"""What may be posted to the training thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradviz.core.document.experiment import Experiment
from gradviz.core.questions.question import Question
from gradviz.core.runs.result import RunResult


@dataclass(frozen=True, slots=True)
class Load:
    """Start run number `run` of an experiment, at step 0 or where `result` ended."""

    run: int
    experiment: Experiment
    result: RunResult | None = None


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


Command = Load | Edit | Run | Pause | Step | Seek | Ask | Withdraw | Close
