"""The backward pass of one step, taken apart: for the backward debugger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.questions.question import Question
from gradviz.core.tape.backward_pass import BackwardPass


@dataclass(frozen=True, slots=True)
class TakeApart(Question[BackwardPass]):
    """The backward pass of the optimiser `optimizer` (the last one, if there are fewer) at the current step.

    `retain_graph` and `create_graph` are what backward() is called with, and `twice` calls it once more.
    """

    of_step: ClassVar[bool] = True
    optimizer: int = 0
    retain_graph: bool = False
    twice: bool = False
    create_graph: bool = False
