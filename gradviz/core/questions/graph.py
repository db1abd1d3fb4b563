"""The computation graph of one evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class CaptureGraph(Question[GraphSnapshot]):
    """The graph of the optimiser `optimizer` (the last one, if there are fewer) at the current step."""

    of_step: ClassVar[bool] = True
    optimizer: int = 0
