"""What leads to a node and what follows of it, over arrays and without recursion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradviz.core.graph.structure import GraphStructure

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Masks of the nodes (n) and edges (m) of a part of a graph."""

    nodes: Mask
    edges: Mask


def upstream(structure: GraphStructure, node: int) -> Part:
    """The node and all that its value is made of, with the edges between them."""
    return _part(structure, _reached(structure, node, forwards=False))


def downstream(structure: GraphStructure, node: int) -> Part:
    """The node and all that is made of its value, with the edges between them."""
    return _part(structure, _reached(structure, node, forwards=True))


def between(structure: GraphStructure, one: int, other: int) -> Part:
    """All that lies on a way between two nodes, whichever leads to the other; nothing where none does."""
    for first, last in ((one, other), (other, one)):
        nodes = _reached(structure, first, forwards=True) & _reached(structure, last, forwards=False)
        if nodes.any():
            return _part(structure, nodes)
    return _part(structure, np.zeros(len(structure.nodes), dtype=bool))


def _ends(structure: GraphStructure) -> NDArray[np.int64]:
    return np.array(structure.edges, dtype=np.int64).reshape(-1, 2)


def _part(structure: GraphStructure, nodes: Mask) -> Part:
    first, second = _ends(structure).T
    return Part(nodes, nodes[first] & nodes[second])


def _reached(structure: GraphStructure, begin: int, forwards: bool) -> Mask:
    """A search by fronts; each edge is looked at once."""
    before, after = _ends(structure).T if forwards else _ends(structure).T[::-1]
    order = np.argsort(before, kind="stable")
    following = after[order].tolist()
    first = np.searchsorted(before[order], np.arange(len(structure.nodes) + 1)).tolist()
    seen = np.zeros(len(structure.nodes), dtype=bool)
    seen[begin] = True
    waiting = [begin]
    while waiting:
        node = waiting.pop()
        for other in following[first[node] : first[node + 1]]:
            if not seen[other]:
                seen[other] = True
                waiting.append(other)
    return seen
