"""What leads to a node and what follows of it, over arrays and without recursion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradviz.core.tape.tensor_numbers import Ints

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Masks of the nodes (n) and edges (m) of a part of a graph."""

    nodes: Mask
    edges: Mask


def upstream(count: int, edges: Ints, node: int) -> Part:
    """The node and all that its value is made of, with the edges (m, 2) between them, from producers to consumers."""
    return _part(edges, _reached(count, edges[:, ::-1], node))


def downstream(count: int, edges: Ints, node: int) -> Part:
    """The node and all that is made of its value, with the edges between them."""
    return _part(edges, _reached(count, edges, node))


def between(count: int, edges: Ints, one: int, other: int) -> Part:
    """All that lies on a way between two nodes, whichever leads to the other; nothing where none does."""
    for first, last in ((one, other), (other, one)):
        nodes = _reached(count, edges, first) & _reached(count, edges[:, ::-1], last)
        if nodes.any():
            return _part(edges, nodes)
    return _part(edges, np.zeros(count, dtype=bool))


def _part(edges: Ints, nodes: Mask) -> Part:
    return Part(nodes, nodes[edges[:, 0]] & nodes[edges[:, 1]])


def _reached(count: int, edges: Ints, begin: int) -> Mask:
    """A search by fronts; each edge is looked at once."""
    before, after = edges.T
    order = np.argsort(before, kind="stable")
    following = after[order].tolist()
    first = np.searchsorted(before[order], np.arange(count + 1)).tolist()
    seen = np.zeros(count, dtype=bool)
    seen[begin] = True
    waiting = [begin]
    while waiting:
        node = waiting.pop()
        for other in following[first[node] : first[node + 1]]:
            if not seen[other]:
                seen[other] = True
                waiting.append(other)
    return seen
