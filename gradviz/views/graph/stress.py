"""What stands out in a picture of a graph: the chosen node, and what was looked for or leads there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradviz.core.graph.measures import Shading
from gradviz.views.graph.graph_arrays import Ints

FADED = 0.22
"""How opaque all else is."""


@dataclass(frozen=True, slots=True, eq=False)
class Stress:
    """`nodes` and `edges` are masks of those that stand out; None where all are alike. `chosen` is -1 for none.

    `marked` are the boxes that a person marks to make a group of; `shading` colours the boxes by a number.
    Of a walk, `lit` are the edges over which something comes now, `at` is the box at work, and `is_refused` says that
    it fails; `with_gradients` that where there is one line for numbers it is that of the gradient.
    """

    chosen: int = -1
    nodes: NDArray[np.bool_] | None = None
    edges: NDArray[np.bool_] | None = None
    marked: frozenset[int] = frozenset()
    shading: Shading | None = None
    lit: NDArray[np.bool_] | None = None
    at: int = -1
    is_refused: bool = False
    with_gradients: bool = False

    def of_node(self, index: int) -> float:
        """Its opacity."""
        return 1.0 if self.nodes is None or self.nodes[index] else FADED

    def groups(self, nodes: Ints) -> Iterator[tuple[float, list[int]]]:
        """Each opacity with the places among `nodes` that have it."""
        if self.nodes is None:
            yield 1.0, list(range(len(nodes)))
            return
        is_out = self.nodes[nodes]
        yield FADED, np.flatnonzero(~is_out).tolist()
        yield 1.0, np.flatnonzero(is_out).tolist()

    def is_lit(self, edge: int) -> bool:
        """Whether something comes over an edge now."""
        return self.lit is not None and bool(self.lit[edge])

    @staticmethod
    def split(mask: NDArray[np.bool_] | None, indices: Ints, owner: Ints | None = None) -> tuple[Ints, Ints]:
        """Which of `indices` stand back and which stand out by `mask`, of their `owner` where that is another thing."""
        if mask is None:
            return indices[:0], indices
        out = mask[indices if owner is None else owner[indices]]
        return indices[~out], indices[out]
