"""Long edges taken out of an order and put back where they cross least, which moving single vertices cannot find."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from gradviz.core.layout.layering import Edge, Ints, LayeredGraph, Rows

MOST_VERTICES = 5_000
"""Of a larger graph edges are put elsewhere as long as the effort lasts."""
AT_ONCE, THOROUGH = 250_000, 1_600_000
"""Efforts of about 0.3 and 2 s: pieces of edges that are looked at, and with them CELLS gaps each. Work is counted, not
timed, so that a graph is drawn alike on every machine."""
CELLS = 128
SMALL = 1_600
"""Vertices of a graph in which each edge is looked at again, and again; in a larger one it is once."""
ROUNDS = 4
_FORBIDDEN = 1 << 40


def reinserted(graph: LayeredGraph, rows: Rows) -> Generator[None, None, int]:
    """Change `rows` for as long as that saves crossings; yields after each edge, and returns how many were saved.

    For a graph of up to MOST_VERTICES: the longest edges first.
    """
    total = 0
    longest = sorted(graph.chains, key=lambda edge: len(graph.chains[edge]), reverse=True)
    for _ in range(ROUNDS if len(graph.layer) <= SMALL else 1):
        saved = 0
        for edge in longest:
            saved += _moved(graph, rows, edge)
            yield
        total += saved
        if not saved:
            break
    return total


def untangled(graph: LayeredGraph, rows: Rows, effort: int) -> Generator[None, None, int]:
    """The same for a graph of any size, until `effort` is spent: short edges first, of which it pays for the most."""
    spent = _efforts(graph, rows)
    shortest = sorted(graph.chains, key=lambda edge: len(graph.chains[edge]))
    total, saved = 0, 1
    while saved:
        saved = 0
        for edge in shortest:
            effort -= spent[graph.layer[edge[1]]] - spent[graph.layer[edge[0]]]
            if effort < 0:
                return total + saved
            saved += _moved(graph, rows, edge)
            yield
        total += saved
    return total


def _efforts(graph: LayeredGraph, rows: Rows) -> list[int]:
    """What it takes to put an edge elsewhere, summed from the top down to each layer."""
    tops = np.array(graph.layer, dtype=np.int64)[graph.pieces[:, 0]]
    pieces = np.bincount(tops, minlength=len(rows)).tolist()
    cells = [(len(above) + 1) * (len(below) + 1) // CELLS for above, below in pairwise(rows)]
    return list(accumulate((count + gaps for count, gaps in zip(pieces, cells, strict=False)), initial=0))


def _moved(graph: LayeredGraph, rows: Rows, edge: Edge) -> int:
    """Put one edge where it crosses least while all others stay: a shortest way through the gaps of the layers.

    The edge is left alone where nothing is better. Returns the crossings saved.
    """
    chain, top = graph.chains[edge], graph.layer[edge[0]]
    inner = rows[top + 1 : top + 1 + len(chain)]
    old = [row.index(vertex) for row, vertex in zip(inner, chain, strict=True)]
    for row, place in zip(inner, old, strict=True):
        row.pop(place)
    costs = _costs(graph, rows[top : top + len(chain) + 2], edge)
    own = graph.component[edge[0]]
    for cost, row, place in zip(costs, inner, old, strict=False):
        cost[:, _outside(row, place, own, graph.component)] = _FORBIDDEN
    before = sum(int(cost[a, b]) for cost, a, b in zip(costs, [0, *old], [*old, 0], strict=True))
    after, best = _shortest(costs)
    for row, vertex, place in zip(inner, chain, best if after < before else old, strict=True):
        row.insert(place, vertex)
    return max(before - after, 0)


def _outside(row: Sequence[int], place: int, own: int, component: Sequence[int]) -> list[int]:
    """The gaps of a row beyond the edge's own component: components stay apart."""
    inside = [index for index, vertex in enumerate(row) if component[vertex] == own]
    first, last = (inside[0], inside[-1] + 1) if inside else (place, place)
    return [*range(first), *range(last + 1, len(row) + 1)]


def _costs(graph: LayeredGraph, layers: Rows, edge: Edge) -> list[Ints]:
    """For each two layers, by the gaps above and below, how many edges a piece between these crosses.

    What begins or ends where the edge does, does not cross it there; above the first layer and below the last there is
    but the place of its own end.
    """
    place_of = [{vertex: place for place, vertex in enumerate(row)} for row in layers]
    costs = []
    for upper, lower in pairwise(place_of):
        width = len(lower) + 1
        cells = [
            (place + 1) * width + lower[below] + 1
            for vertex, place in upper.items()
            if vertex != edge[0]
            for below in graph.consumers[vertex]
            if below != edge[1] and below in lower
        ]
        costs.append(_crossed(cells, len(upper) + 1, width))
    source, target = place_of[0][edge[0]], place_of[-1][edge[1]]
    costs[0] = costs[0][source : source + 1]
    costs[-1] = costs[-1][:, target : target + 1]
    return costs


def _crossed(cells: Sequence[int], height: int, width: int) -> Ints:
    """By the gaps above and below what a piece between them crosses; each edge is a cell, row by row, at its ends."""
    counts = np.bincount(np.array(cells, dtype=np.int64), minlength=height * width).reshape(height, width)
    inside = counts.cumsum(axis=0).cumsum(axis=1)  # edges left of the gaps at both ends
    crossed: Ints = inside[:, -1:] + inside[-1:, :] - 2 * inside
    return crossed


def _shortest(costs: Sequence[Ints]) -> tuple[int, list[int]]:
    """The least sum of costs, and the gap of each layer between the ends."""
    reached = np.zeros(1, dtype=np.int64)
    backs = []
    for cost in costs:
        ways = reached[:, None] + cost
        backs.append(ways.argmin(axis=0))
        reached = ways.min(axis=0)
    gaps = [0]
    for back in reversed(backs):
        gaps.append(int(back[gaps[-1]]))
    return int(reached[0]), gaps[-2:0:-1]
