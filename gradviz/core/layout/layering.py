"""Layers of a directed acyclic graph, with waypoints where an edge passes a layer by (Sugiyama et al. 1981)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_WAYPOINTS = 40_000

Neighbours = list[list[int]]
Edge = tuple[int, int]
Rows = list[list[int]]
"""The vertices of each layer, from left to right."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LayeredGraph:
    """A graph whose edges all join adjacent layers: `node_count` nodes, then the waypoints.

    `pieces` (e, 2) are the edges between adjacent layers, source and target. `depth` and `height` count the nodes on
    the longest path to and from a vertex, whichever layer it is in. `chains` are the waypoints of each edge that spans
    layers, from top to bottom; edges beyond MAX_WAYPOINTS have none and join nothing. `component` is equal for
    vertices that are connected.
    """

    node_count: int
    layer: list[int]
    producers: Neighbours
    consumers: Neighbours
    pieces: Ints
    depth: list[int]
    height: list[int]
    chains: dict[Edge, range]
    component: list[int]

    def rows(self) -> list[list[int]]:
        """The vertices of each layer, by number."""
        rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for vertex, layer in enumerate(self.layer):
            rows[layer].append(vertex)
        return rows


def layered(node_count: int, edges: Sequence[Edge]) -> LayeredGraph:
    """The graph in layers. ValueError if it has a cycle or an edge to a node that is not there."""
    unique = list(dict.fromkeys((int(source), int(target)) for source, target in edges))
    if any(not 0 <= node < node_count for edge in unique for node in edge):
        raise ValueError(f"An edge names a node outside 0 to {node_count - 1}.")
    producers, consumers = _adjacency(node_count, unique)
    order = _topological(producers, consumers)
    depth = _longest(order, producers)
    height = _longest(order[::-1], consumers)
    layer = _pulled(order, producers, consumers, depth)
    return _with_waypoints(unique, layer, depth, height)


def _adjacency(count: int, edges: Sequence[Edge]) -> tuple[Neighbours, Neighbours]:
    producers: Neighbours = [[] for _ in range(count)]
    consumers: Neighbours = [[] for _ in range(count)]
    for source, target in edges:
        producers[target].append(source)
        consumers[source].append(target)
    return producers, consumers


def _topological(producers: Neighbours, consumers: Neighbours) -> list[int]:
    waiting = [len(sources) for sources in producers]
    order = [node for node, count in enumerate(waiting) if count == 0]
    for node in order:  # grows while it is read
        for target in consumers[node]:
            waiting[target] -= 1
            if waiting[target] == 0:
                order.append(target)
    if len(order) < len(producers):
        raise ValueError("The graph has a cycle, so that it cannot be drawn in layers.")
    return order


def _longest(order: Sequence[int], before: Neighbours) -> list[int]:
    length = [0] * len(order)
    for node in order:
        if before[node]:
            length[node] = 1 + max([length[other] for other in before[node]])
    return length


def _pulled(order: Sequence[int], producers: Neighbours, consumers: Neighbours, depth: Sequence[int]) -> list[int]:
    """Longest-path layers, then down to the nearest consumer whatever that makes shorter.

    A producer that is used once, and whose own producers are, follows and holds nothing back: so a parameter used late,
    with what is made of it alone, stands near its use.
    """
    follows = [False] * len(order)
    held = [0] * len(order)
    for node in order:
        held[node] = sum([not follows[source] for source in producers[node]])
        follows[node] = held[node] == 0 and len(consumers[node]) == 1
    layer = list(depth)
    for node in reversed(order):
        if len(consumers[node]) > held[node]:
            layer[node] = min([layer[target] for target in consumers[node]]) - 1
    return layer


def _unrouted(edges: Sequence[Edge], layer: Sequence[int]) -> frozenset[Edge]:
    """The longest edges, once all waypoints together would be more than MAX_WAYPOINTS."""
    spans = sorted((layer[target] - layer[source] - 1, source, target) for source, target in edges)
    total = 0
    for index, (waypoints, _, _) in enumerate(spans):
        total += waypoints
        if total > MAX_WAYPOINTS:
            return frozenset((source, target) for _, source, target in spans[index:])
    return frozenset()


def _with_waypoints(edges: Sequence[Edge], layer: list[int], depth: list[int], height: list[int]) -> LayeredGraph:
    node_count = len(layer)
    unrouted = _unrouted(edges, layer)
    chains: dict[Edge, range] = {}
    pieces: list[Edge] = []
    for source, target in edges:
        if (source, target) in unrouted:
            continue
        between = range(layer[source] + 1, layer[target])
        chain = range(len(layer), len(layer) + len(between))
        pieces.extend(zip((source, *chain), (*chain, target), strict=True))
        if chain:
            chains[source, target] = chain
            layer.extend(between)
            depth.extend([depth[source]] * len(between))
            height.extend([height[target]] * len(between))
    producers, consumers = _adjacency(len(layer), pieces)
    joined = np.array(pieces, dtype=np.int64).reshape(-1, 2)
    component = _components(producers, consumers)
    return LayeredGraph(node_count, layer, producers, consumers, joined, depth, height, chains, component)


def _components(producers: Neighbours, consumers: Neighbours) -> list[int]:
    label = [-1] * len(producers)
    for first in range(len(label)):
        if label[first] >= 0:
            continue
        label[first] = first
        stack = [first]
        while stack:
            vertex = stack.pop()
            for other in producers[vertex] + consumers[vertex]:
                if label[other] < 0:
                    label[other] = first
                    stack.append(other)
    return label
