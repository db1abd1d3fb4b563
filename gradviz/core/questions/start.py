"""What an experiment starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class Start:
    """What an experiment starts from: every parameter, and of a formula every constant, as torch draws them.

    `gradient_holds` says whether the lines that give its gradient by hand, if it has any, agree with autograd there.
    """

    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    gradient_holds: bool = True


@dataclass(frozen=True, slots=True)
class FindStart(Question[Start]):
    """What the experiment of this run starts from, which its scripts write down.

    `hand_gradient` are the lines of the bench, which may change while the run goes on.
    """

    hand_gradient: str = ""
