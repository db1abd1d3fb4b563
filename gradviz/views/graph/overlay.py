"""What a debugger lays over the graph of a step, and how that stands out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gradviz.core.graph.reach import Mask
from gradviz.core.tape.folding import FoldedGraph
from gradviz.core.tape.ledger import TracedGraph
from gradviz.views.graph.graph_state import Folds
from gradviz.views.graph.stress import Stress


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Other numbers of the same structure, and what stands out.

    `nodes` is a mask over the structure's of those that do not stand back, `lit` are its edges over which something
    comes just now; `at` is the node at work, -1 for none. `is_refused` and `with_gradients` as in a Stress.
    """

    graph: TracedGraph
    nodes: Mask | None = None
    lit: tuple[int, ...] = ()
    at: int = -1
    is_refused: bool = False
    with_gradients: bool = False


def overlaid(stress: Stress, overlay: Overlay, shown: Folds) -> Stress:
    """A stress with what stands out of an overlay besides, by the boxes and edges that are to be seen."""
    stress = replace(
        stress,
        lit=_lit(overlay, shown.folded),
        at=shown.box_of(overlay.at) if overlay.at >= 0 else -1,
        is_refused=overlay.is_refused,
        with_gradients=overlay.with_gradients,
    )
    if overlay.nodes is None:
        return stress
    nodes, ends = np.zeros(len(shown.folded), dtype=bool), shown.folded.edges
    nodes[shown.folded.boxes[overlay.nodes]] = True
    return replace(stress, nodes=nodes, edges=nodes[ends[:, 0]] & nodes[ends[:, 1]])


def _lit(overlay: Overlay, folded: FoldedGraph) -> Mask:
    """The edges between boxes behind which something comes: they are looked for by their ends, for there are few."""
    lit = np.zeros(len(folded.edges), dtype=bool)
    structure = overlay.graph.structure
    for edge in overlay.lit:
        ends = folded.boxes[[structure.producers[edge], structure.consumers[edge]]]
        for found in np.flatnonzero((folded.edges == ends).all(axis=1)).tolist():
            lit[found] |= edge in folded.parts[found]
    return lit
