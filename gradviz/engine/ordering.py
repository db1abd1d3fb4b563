"""The order of the vertices within each layer, with few crossings of edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradviz.engine.layering import LayeredGraph, Neighbours

ROUNDS = 8
PATIENCE = 2
MAX_TRANSPOSED = 600

Ints = NDArray[np.int64]
Rows = list[list[int]]


def ordered(graph: LayeredGraph) -> Rows:
    """The layers, each from left to right: barycentre sweeps, the best by number of crossings.

    Sugiyama, Tagawa and Toda 1981; the exchange of neighbours is from Gansner et al. 1993.
    """
    component = _components(graph)
    best = start_order(graph, component)
    fewest = crossings(graph, best)
    rows, stale = best, 0
    for _ in range(ROUNDS):
        if fewest == 0 or stale == PATIENCE:
            break
        stale += 1
        for neighbours, downwards in ((graph.producers, True), (graph.consumers, False)):
            rows = _swept(rows, neighbours, component, downwards)
            count = crossings(graph, rows)
            if count < fewest:
                best, fewest, stale = rows, count, 0
    if fewest and len(graph.layer) <= MAX_TRANSPOSED:
        _transpose(graph, best, component)
    return best


def start_order(graph: LayeredGraph, component: Sequence[int]) -> Rows:
    """Each layer by the first visit of a search from the outputs to their producers: a tree has no crossing."""
    outputs = [vertex for vertex, consumers in enumerate(graph.consumers) if not consumers]
    stack = sorted(outputs, key=lambda vertex: (component[vertex], vertex), reverse=True)
    seen = [False] * len(graph.layer)
    rows: Rows = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    while stack:
        vertex = stack.pop()
        if not seen[vertex]:
            seen[vertex] = True
            rows[graph.layer[vertex]].append(vertex)
            stack.extend(reversed(graph.producers[vertex]))
    return rows


def crossings(graph: LayeredGraph, rows: Rows) -> int:
    """The number of pairs of edges that cross, over all layers at once in O(E log E)."""
    rank = np.empty(len(graph.layer), dtype=np.int64)
    rank[[vertex for row in rows for vertex in row]] = np.arange(len(rank))
    sources = [vertex for vertex, targets in enumerate(graph.consumers) for _ in targets]
    targets = [target for targets in graph.consumers for target in targets]
    upper, lower = rank[sources], rank[targets]
    # Ranks grow from layer to layer, so that edges of different layers are never out of order.
    return _inversions(lower[np.lexsort((lower, upper))])


def _inversions(values: Ints) -> int:
    """Pairs that stand in the wrong order, by sorting the ranks stably bit by bit from the highest."""
    count = len(values)
    ranks = np.empty(count, dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(count)
    total = 0
    for bit in reversed(range(count.bit_length())):
        start = ranks >> (bit + 1) << (bit + 1)  # where the group of equal higher bits begins
        ones = ranks >> bit & 1
        before = np.concatenate(([0], np.cumsum(ones)))
        ones_before = before[:-1] - before[start]
        total += int(ones_before[ones == 0].sum())
        place = np.where(ones == 1, start + (1 << bit) + ones_before, np.arange(count) - ones_before)
        shuffled = np.empty_like(ranks)
        shuffled[place] = ranks
        ranks = shuffled
    return total


def _components(graph: LayeredGraph) -> list[int]:
    label = [-1] * len(graph.layer)
    for first in range(len(label)):
        if label[first] >= 0:
            continue
        label[first] = first
        stack = [first]
        while stack:
            vertex = stack.pop()
            for other in (*graph.producers[vertex], *graph.consumers[vertex]):
                if label[other] < 0:
                    label[other] = first
                    stack.append(other)
    return label


def _swept(rows: Rows, neighbours: Neighbours, component: Sequence[int], downwards: bool) -> Rows:
    """Every layer sorted by the mean position of its neighbours in the layer before; components stay apart."""
    position = [0] * len(component)
    swept: Rows = []
    for row in rows if downwards else rows[::-1]:
        linked = [vertex for vertex in row if neighbours[vertex]]
        keys = {vertex: _barycentre(neighbours[vertex], position) for vertex in linked}
        moved = iter(sorted(linked, key=lambda vertex: (component[vertex], keys[vertex])))
        placed = [next(moved) if vertex in keys else vertex for vertex in row]
        for index, vertex in enumerate(placed):
            position[vertex] = index
        swept.append(placed)
    return swept if downwards else swept[::-1]


def _barycentre(neighbours: Sequence[int], position: Sequence[int]) -> float:
    if len(neighbours) == 1:
        return position[neighbours[0]]
    return sum([position[other] for other in neighbours]) / len(neighbours)


def _transpose(graph: LayeredGraph, rows: Rows, component: Sequence[int]) -> None:
    """Exchange neighbours in a layer for as long as that saves crossings."""
    position = [0] * len(component)
    for row in rows:
        for index, vertex in enumerate(row):
            position[vertex] = index
    for _ in range(ROUNDS):
        if not sum([_transpose_row(graph, row, position, component) for row in rows]):
            return


def _transpose_row(graph: LayeredGraph, row: list[int], position: list[int], component: Sequence[int]) -> int:
    exchanged = 0
    for index in range(len(row) - 1):
        left, right = row[index], row[index + 1]
        if component[left] == component[right] and _saving(graph, left, right, position) > 0:
            row[index], row[index + 1] = right, left
            position[left], position[right] = index + 1, index
            exchanged += 1
    return exchanged


def _saving(graph: LayeredGraph, left: int, right: int, position: Sequence[int]) -> int:
    saved = 0
    for neighbours in (graph.producers, graph.consumers):
        for first in neighbours[left]:
            for second in neighbours[right]:
                saved += (position[first] > position[second]) - (position[first] < position[second])
    return saved
