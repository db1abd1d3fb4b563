"""The result of the run so far, to be saved."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.questions.question import Question
from gradviz.core.runs.result import RunResult


@dataclass(frozen=True, slots=True)
class Collect(Question[RunResult]):
    """The run, without its history, which whoever asks has: up to its last known step, or as it stands `here`."""

    here: bool = False
