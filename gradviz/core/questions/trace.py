"""The graph of one evaluation with its ledger, of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.questions.question import Question
from gradviz.core.tape.ledger import TracedGraph


@dataclass(frozen=True, slots=True)
class TraceGraph(Question[TracedGraph]):
    """The graph of the optimiser `optimizer` (the last one, if there are fewer) at the current step, traced.

    `jacobians` asks for the local derivatives that are no single number too: what is seen at every step does without.
    """

    of_step: ClassVar[bool] = True
    optimizer: int = 0
    jacobians: bool = True
