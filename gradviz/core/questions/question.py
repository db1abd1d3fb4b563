"""What a question is: a value that a view asks of the engine; and an answer, with what may come in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from gradviz.core.words import Words

A_co = TypeVar("A_co", covariant=True)


class Question(Generic[A_co]):
    """A frozen dataclass whose answer is an A. Equal questions are one; of two of a kind the later counts.

    Adding one: a frozen class in a module of this folder, with its answer; the generator that answers it in the module
    of the same name in gradviz/engine/answers; and whoever asks it.
    """

    of_step: ClassVar[bool] = False
    """Whether the answer is of one step: then it is asked again for every picture, together with all others of these.
    Else an answer holds as long as the run, or until a question of its kind with other values is asked."""
    of_settings: ClassVar[bool] = False
    """Whether it depends on settings that may change while the run goes on: then it is asked again."""
    can_wait: ClassVar[bool] = False
    """Whether a run that goes on comes first: the answer is worked at while it pauses."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer is that takes long: `done` of 1, and what it is at."""

    done: float
    what: Words


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer."""

    why: Words


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine says to a question at `step`: the answer itself, how far it is, or why there is none.

    `seconds` is what it has cost the training thread so far.
    """

    question: Question[Any]
    step: int
    value: Any
    seconds: float = 0.0

    @property
    def is_final(self) -> bool:
        """Whether nothing more will come."""
        return not isinstance(self.value, Progress)
