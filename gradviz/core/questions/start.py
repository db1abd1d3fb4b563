"""What an experiment starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from gradviz.core.questions.question import Question
from gradviz.core.runs.result import LiveEdit


@dataclass(frozen=True, slots=True)
class Start:
    """What an experiment starts from: every parameter, and of a formula every constant, as torch draws them.

    `gradient_holds` says whether the lines that give its gradient by hand, if it has any, agree with autograd there.
    Of a run besides: the edits that were made while it went on, and whether it began with imported weights, which
    stand in no experiment.
    """

    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    gradient_holds: bool = True
    edits: tuple[LiveEdit, ...] = ()
    is_imported: bool = False


@dataclass(frozen=True, slots=True)
class FindStart(Question[Start]):
    """What the experiment of this run starts from, which its scripts write down.

    `hand_gradient` are the lines of the bench, which may change while the run goes on. `edition` counts how often the
    edits of the run may have become others since it was asked first.
    """

    hand_gradient: str = ""
    edition: int = 0
