"""Why a run stopped or stands still: the sentences, the figures that each rests on, and what can be changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradviz.core.questions.question import Question
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words, say

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Edit:
    """A setting by its path, as ``--set path=value`` has it, and its plain value."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one optimiser stopped or stands still.

    `kind` names the cause in one word, the same in every version. `words` are the cause, where it is, and the next
    step; `figures` the numbers that it rests on, by name. `edits` are the next step where it is one: made together,
    they were tried, and mended the run; `action` says them on a button.
    """

    kind: str
    words: Words
    optimizer: int = 0
    figures: tuple[tuple[str, float], ...] = ()
    edits: tuple[Edit, ...] = ()
    action: Words = SILENCE


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reasons that were found, one for each optimiser at most; none where all is well."""

    reasons: tuple[Reason, ...] = ()

    @property
    def words(self) -> Words:
        """The first reason, and how many more there are: at most 300 characters."""
        if not self.reasons:
            return SILENCE
        first, more = self.reasons[0].words, len(self.reasons) - 1
        if not more:
            return first
        both = say("{first} ({more} more did not end well.)", first=first, more=more)
        return both if len(str(both)) <= LONGEST else first

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What mends the first reason."""
        return self.reasons[0].edits if self.reasons else ()


@dataclass(frozen=True, slots=True)
class Explain(Question[Explanation]):
    """Why the run stopped or stands still where it is; `state` and `step` tell one end of a run from the next."""

    state: RunState = RunState.READY
    step: int = 0
