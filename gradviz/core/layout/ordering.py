"""The order of the vertices within each layer, with few crossings, and which edges can then be vertical."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from gradviz.core.layout.layering import Edge, Ints, LayeredGraph, Neighbours, Rows
from gradviz.core.layout.reinsertion import AT_ONCE, MOST_VERTICES, SMALL, reinserted, untangled

ROUNDS = 8
PATIENCE = 2
MAX_TRANSPOSED = 30_000
MOST_TRIES, TRIED_VERTICES = 8, 5_000
"""Beginnings that are tried for a small graph, fewer the larger it is: together of so many vertices."""
UNTANGLED = 60
"""Crossings up to which another beginning is tried: of more nobody follows an edge in any case."""


@dataclass(frozen=True, slots=True)
class Bonds:
    """Which edges shall be vertical, as the neighbours above and below each vertex.

    `strong` ones are kept vertical in any case; each vertex has at most one above and one below. `weak` ones join
    equals (both operands of a product, say), between which the vertex is centred. `above` and `below` are both kinds,
    less the weak ones that cross a strong one.
    """

    strong_above: list[int]
    weak_above: Neighbours
    weak_below: Neighbours
    above: Neighbours
    below: Neighbours

    def add(self, edge: Edge, strong: bool, fits: bool) -> None:
        """Enter an edge from its source above to its target below."""
        source, target = edge
        if strong:
            self.strong_above[target] = source
        else:
            self.weak_above[target].append(source)
            self.weak_below[source].append(target)
        if fits:
            self.above[target].append(source)
            self.below[source].append(target)


def ordering(graph: LayeredGraph, effort: int = AT_ONCE) -> Generator[None, None, Rows]:
    """The layers, each from left to right: barycentre sweeps, the best by number of crossings; yields after each sweep.

    Sugiyama, Tagawa and Toda 1981; the exchange of neighbours is from Gansner et al. 1993. Long edges of a small graph
    are then put where they cross least, and where any cross still, other beginnings are tried. In a large graph that
    is tangled they are for as long as `effort` lasts (`reinsertion.AT_ONCE`, THOROUGH).
    """
    best = yield from _settled(graph, start_order(graph))
    fewest = crossings(graph, best)
    if fewest > UNTANGLED and MOST_VERTICES < len(graph.layer) <= MAX_TRANSPOSED:
        yield from untangled(graph, best, effort)
        _transpose(graph, best)
        return best
    random = Random(0)
    tries = min(MOST_TRIES, TRIED_VERTICES // max(len(graph.layer), 1))
    while 0 < fewest <= UNTANGLED and tries:
        tries -= 1
        rows = yield from _settled(graph, start_order(graph, random))
        count = crossings(graph, rows)
        if count < fewest:
            best, fewest = rows, count
    return best


def _settled(graph: LayeredGraph, rows: Rows) -> Generator[None, None, Rows]:
    """The best that is found from one order of the layers."""
    best, fewest, stale = rows, crossings(graph, rows), 0
    for _ in range(ROUNDS):
        if fewest == 0 or stale == PATIENCE:
            break
        stale += 1
        for neighbours, downwards in ((graph.producers, True), (graph.consumers, False)):
            yield
            rows = _swept(rows, neighbours, graph.component, downwards)
            count = crossings(graph, rows)
            if count < fewest:
                best, fewest, stale = rows, count, 0
    if fewest and len(graph.layer) <= MAX_TRANSPOSED:
        yield
        _transpose(graph, best)
        while len(graph.layer) <= MOST_VERTICES and (yield from reinserted(graph, best)):
            _transpose(graph, best)
            if len(graph.layer) > SMALL:
                break
    return best


def ordered(graph: LayeredGraph, effort: int = AT_ONCE) -> Rows:
    """What `ordering` gives in the end."""
    work = ordering(graph, effort)
    while True:
        try:
            next(work)
        except StopIteration as end:
            rows: Rows = end.value
            return rows


def start_order(graph: LayeredGraph, random: Random | None = None) -> Rows:
    """Each layer by the first visit of a search from the outputs to their producers: a tree has no crossing.

    With `random` of a search from the inputs to their consumers, in any order.
    """
    onwards, backwards = (graph.producers, graph.consumers)[:: 1 if random is None else -1]
    ends = [vertex for vertex, others in enumerate(backwards) if not others]
    if random is not None:
        random.shuffle(ends)
    stack = sorted(ends, key=lambda vertex: (graph.component[vertex], vertex if random is None else 0), reverse=True)
    seen = [False] * len(graph.layer)
    rows: Rows = [[] for _ in range(max(graph.layer, default=-1) + 1)]
    while stack:
        vertex = stack.pop()
        if not seen[vertex]:
            seen[vertex] = True
            rows[graph.layer[vertex]].append(vertex)
            following = onwards[vertex][::-1]
            if random is not None:
                random.shuffle(following)
            stack.extend(following)
    return rows


def crossings(graph: LayeredGraph, rows: Rows) -> int:
    """The number of pairs of edges that cross, over all layers at once in O(E log E)."""
    rank = np.empty(len(graph.layer), dtype=np.int64)
    rank[[vertex for row in rows for vertex in row]] = np.arange(len(rank))
    upper, lower = rank[graph.pieces].T
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


def _swept(rows: Rows, neighbours: Neighbours, component: Sequence[int], downwards: bool) -> Rows:
    """Every layer sorted by the mean position of its neighbours in the layer before; components stay apart."""
    count = len(component)
    position = [0] * count
    swept: Rows = []
    for row in rows if downwards else rows[::-1]:
        linked = [vertex for vertex in row if neighbours[vertex]]
        keys = {vertex: component[vertex] * count + _barycentre(neighbours[vertex], position) for vertex in linked}
        moved = iter(sorted(linked, key=keys.__getitem__))
        placed = [next(moved) if vertex in keys else vertex for vertex in row]
        for index, vertex in enumerate(placed):
            position[vertex] = index
        swept.append(placed)
    return swept if downwards else swept[::-1]


def _barycentre(neighbours: Sequence[int], position: Sequence[int]) -> float:
    """The mean position, and of equal means the narrower first: 1 and 2 before 0 and 3."""
    if len(neighbours) == 1:
        return position[neighbours[0]]
    places = [position[other] for other in neighbours]
    return sum(places) / len(places) + 1e-6 * (max(places) - min(places)) / len(position)


def _transpose(graph: LayeredGraph, rows: Rows) -> None:
    """Exchange neighbours in a layer for as long as that saves crossings."""
    position = positions(rows, len(graph.layer))
    for _ in range(ROUNDS):
        if not sum([_transpose_row(graph, row, position) for row in rows]):
            return


def _transpose_row(graph: LayeredGraph, row: list[int], position: list[int]) -> int:
    exchanged = 0
    for index in range(len(row) - 1):
        left, right = row[index], row[index + 1]
        if _saving(graph, left, right, position) > 0:
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


def positions(rows: Rows, count: int) -> list[int]:
    """Where in its row each vertex stands."""
    position = [0] * count
    for row in rows:
        for index, vertex in enumerate(row):
            position[vertex] = index
    return position


def bonds(graph: LayeredGraph, rows: Rows) -> Bonds:
    """The edges to draw vertically: on each vertex's longest path, and not crossing one that matters more."""
    count = len(graph.layer)
    result = Bonds([-1] * count, _lists(count), _lists(count), _lists(count), _lists(count))
    main_above = [_largest(graph.producers[vertex], graph.depth) for vertex in range(count)]
    main_below = [_largest(graph.consumers[vertex], graph.height) for vertex in range(count)]
    position = positions(rows, count)
    for row in rows[:-1]:
        mutual = [(a, b) for a in row for b in main_below[a] if a in main_above[b]]
        alone = [(a, b) for a, b in mutual if len(main_below[a]) == 1 and len(main_above[b]) == 1]
        alone.sort(key=lambda edge: min(edge) < graph.node_count)  # between waypoints first: long edges are straight
        kept = _Ladder(position)
        strong = {edge for edge in alone if kept.add(edge)}
        for edge in mutual:
            result.add(edge, edge in strong, edge in strong or kept.fits(edge))
    for neighbours in (result.above, result.below):
        for others in neighbours:
            others.sort(key=position.__getitem__)
    return result


def _lists(count: int) -> Neighbours:
    return [[] for _ in range(count)]


def _largest(vertices: Sequence[int], length: Sequence[int]) -> list[int]:
    if len(vertices) < 2:
        return list(vertices)
    longest = max([length[vertex] for vertex in vertices])
    return [vertex for vertex in vertices if length[vertex] == longest]


class _Ladder:
    """Edges between two layers that neither cross nor meet."""

    def __init__(self, position: Sequence[int]) -> None:
        self._position = position
        self._upper: list[int] = []
        self._lower: list[int] = []

    def fits(self, edge: Edge) -> bool:
        upper, lower = self._position[edge[0]], self._position[edge[1]]
        index = bisect_left(self._upper, upper)
        return index == bisect_left(self._lower, lower) and (
            index == len(self._upper) or (self._upper[index] != upper and self._lower[index] != lower)
        )

    def add(self, edge: Edge) -> bool:
        if not self.fits(edge):
            return False
        index = bisect_left(self._upper, self._position[edge[0]])
        self._upper.insert(index, self._position[edge[0]])
        self._lower.insert(index, self._position[edge[1]])
        return True
