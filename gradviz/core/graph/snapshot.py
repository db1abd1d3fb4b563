"""The graph at one instant: the numbers that flowed through it."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.graph.structure import GraphStructure
from gradviz.core.graph.tensor_summary import TensorSummary


@dataclass(frozen=True, slots=True)
class GraphSnapshot:
    """The graph at one instant; `values` and `gradients` follow `structure.nodes`, None where there is none.

    `derivatives` follow `structure.edges`: what the consumer's node makes of a gradient of 1, where producer and
    consumer are single numbers, so the local derivative of the chain rule; None elsewhere, empty for large graphs.
    """

    structure: GraphStructure
    values: tuple[TensorSummary | None, ...]
    gradients: tuple[TensorSummary | None, ...]
    derivatives: tuple[float | None, ...] = ()
