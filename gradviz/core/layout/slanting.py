"""Coordinates without straight ways: each layer as near its neighbours as the boxes let it, by isotonic regression.

A sum over 1,000 rows has a side branch of several layers at each of its additions. Straight branches cannot pass each
other, so that each stands further out than the one before; slanted ones stay beside the trunk.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from gradviz.core.layout.layering import LayeredGraph, Neighbours, Rows
from gradviz.core.numbers import Floats

ROUNDS = 6
AXIS_PULL = 0.04
"""The weight of the middle of the drawing in where a vertex would be: without it long graphs drift to one side."""
LEAF_WEIGHT = 0.05
"""What the place of a vertex with one neighbour alone counts: it gives way."""


def slanted(graph: LayeredGraph, rows: Rows, spacing: Floats) -> Generator[None, None, Floats]:
    """The x of every vertex, neighbours in a layer half their `spacing` apart together; yields after each sweep."""
    room = spacing.tolist()
    offsets = [_offsets(row, room) for row in rows]
    at = [0.0] * len(graph.layer)
    for row, offset in zip(rows, offsets, strict=True):
        middle = (offset[0] + offset[-1]) / 2
        for vertex, place in zip(row, offset, strict=True):
            at[vertex] = place - middle
    degree = [len(above) + len(below) for above, below in zip(graph.producers, graph.consumers, strict=True)]
    weight = [LEAF_WEIGHT if count < 2 else 1.0 for count in degree]
    layers = list(zip(rows, offsets, strict=True))
    for _ in range(ROUNDS):
        for neighbours, order in ((graph.producers, layers), (graph.consumers, layers[::-1])):
            for row, offset in order:
                _fit(row, offset, neighbours, at, weight)
            yield
    for row, offset in layers:
        _fit(row, offset, _both(row, graph), at, weight)
    return np.array(at)


def _both(row: Sequence[int], graph: LayeredGraph) -> dict[int, list[int]]:
    return {vertex: graph.producers[vertex] + graph.consumers[vertex] for vertex in row}


def _offsets(row: Sequence[int], room: Sequence[float]) -> list[float]:
    """Where each vertex of a row would be if all stood as close as they may, the first at 0."""
    steps = [(room[a] + room[b]) / 2 for a, b in pairwise(row)]
    return list(accumulate(steps, initial=0.0))


def _fit(
    row: Sequence[int],
    offset: Sequence[float],
    neighbours: Neighbours | dict[int, list[int]],
    at: list[float],
    weight: Sequence[float],
) -> None:
    """Move a row to where its squared distance from its neighbours' means is least, the order and gaps kept.

    Pool adjacent violators: less its offset each vertex wants a place, and the places must not decrease.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, count
    for vertex, place in zip(row, offset, strict=True):
        others = neighbours[vertex]
        wanted = sum([at[other] for other in others]) / len(others) * (1 - AXIS_PULL) if others else at[vertex]
        mean, heavy, count = wanted - place, weight[vertex], 1
        while pools and pools[-1][0] > mean:
            before, its, more = pools.pop()
            mean = (before * its + mean * heavy) / (its + heavy)
            heavy, count = its + heavy, count + more
        pools.append((mean, heavy, count))
    index = 0
    for mean, _, count in pools:
        for vertex, place in zip(row[index : index + count], offset[index : index + count], strict=True):
            at[vertex] = mean + place
        index += count
