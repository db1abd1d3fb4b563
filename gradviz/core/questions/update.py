"""All that the engine has to say since the last time."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.questions.question import Answer
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.state import RunState
from gradviz.core.words import Words


@dataclass(frozen=True, slots=True)
class Update:
    """`run` counts the runs: whoever reads this ignores an older one.

    `words` say where the run stands, `notice` what was chosen otherwise than asked for; both may be silent.
    `answers` are the newest to each question that was asked.
    """

    run: int
    state: RunState
    step: int
    words: Words
    notice: Words
    records: RecordBlock | None
    answers: tuple[Answer, ...]
