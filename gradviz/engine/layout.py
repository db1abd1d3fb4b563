"""A layered drawing of a directed acyclic graph, top-down (Sugiyama et al. 1981; Brandes and Köpf 2001).

Layers are in `layering`, the order within them in `ordering`; here are the coordinates and the routes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from gradviz.core.records import Floats
from gradviz.engine.layering import Edge, LayeredGraph, Neighbours, layered
from gradviz.engine.ordering import Rows, ordered

WAYPOINT_WIDTH = 16.0
PARALLEL_STEP = 14.0
POLISH_ROUNDS = 6

Gaps = list[tuple[int, int, float]]
"""(left, right, distance): how far `right` must be from `left` at least, sorted so that `left` is complete by then."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a graph is drawn, in scene units: x to the right, y downwards, the first box from (0, 0) on.

    `places` (n, 2) are the centres of the boxes. `routes` holds one polyline (k >= 2, 2) an edge, in the order of the
    edges: from the bottom of the source to the top of the target. A route may pass to the left of all boxes.
    """

    places: Floats
    routes: tuple[Floats, ...]


def place(
    node_count: int,
    edges: Sequence[Edge],
    size: tuple[float, float] = (168.0, 74.0),
    gap: tuple[float, float] = (26.0, 46.0),
) -> Placement:
    """Lay out boxes of one `size`, at least `gap` apart, with every edge downwards. ValueError if there is a cycle."""
    graph = layered(node_count, edges)
    x = _columns(graph, ordered(graph), size[0], gap[0])
    if node_count:
        x -= x[:node_count].min() - size[0] / 2
    y = np.array(graph.layer, dtype=np.float64) * (size[1] + gap[1]) + size[1] / 2
    points = np.column_stack((x, y))
    places = points[:node_count].copy()
    places.setflags(write=False)
    return Placement(places, _routes(graph, edges, points.tolist(), size))


@dataclass(frozen=True, slots=True)
class _Bonds:
    """Which edges shall be vertical, as the neighbours above and below each vertex.

    `strong` ones are kept vertical in any case; each vertex has at most one above and one below. `weak` ones join equals
    (both operands of a product, say), between which the vertex is centred.
    """

    strong_above: list[int]
    weak_above: Neighbours
    weak_below: Neighbours
    above: Neighbours
    below: Neighbours


def _columns(graph: LayeredGraph, rows: Rows, width: float, gap: float) -> Floats:
    """The x of every vertex: Brandes-Köpf with the longest path through each vertex kept straight, then centred."""
    half = [width / 2] * graph.node_count + [WAYPOINT_WIDTH / 2] * (len(graph.layer) - graph.node_count)
    pairs = [(a, b, half[a] + gap + half[b]) for row in rows for a, b in zip(row, row[1:], strict=False)]
    bonds = _bonds(graph, rows)
    return _polished(graph, bonds, pairs, _balanced(bonds, rows, pairs))


def _bonds(graph: LayeredGraph, rows: Rows) -> _Bonds:
    count = len(graph.layer)
    main_above = [_largest(graph.producers[vertex], graph.depth) for vertex in range(count)]
    main_below = [_largest(graph.consumers[vertex], graph.height) for vertex in range(count)]
    position = _positions(rows, count)
    bonds = _Bonds([-1] * count, *([[] for _ in range(count)] for _ in range(4)))
    for row in rows[:-1]:
        mutual = [(a, b) for a in row for b in main_below[a] if a in main_above[b]]
        alone = [(a, b) for a, b in mutual if len(main_below[a]) == 1 and len(main_above[b]) == 1]
        alone.sort(key=lambda edge: edge[0] < graph.node_count or edge[1] < graph.node_count)
        kept = _Ladder(position)
        strong = {edge for edge in alone if kept.add(edge)}
        for source, target in mutual:
            if (source, target) in strong:
                bonds.strong_above[target] = source
            else:
                bonds.weak_above[target].append(source)
                bonds.weak_below[source].append(target)
            if (source, target) in strong or kept.fits((source, target)):
                bonds.above[target].append(source)
                bonds.below[source].append(target)
    for neighbours in (bonds.above, bonds.below):
        for others in neighbours:
            others.sort(key=position.__getitem__)
    return bonds


def _largest(vertices: Sequence[int], length: Sequence[int]) -> list[int]:
    if len(vertices) < 2:
        return list(vertices)
    longest = max([length[vertex] for vertex in vertices])
    return [vertex for vertex in vertices if length[vertex] == longest]


def _positions(rows: Rows, count: int) -> list[int]:
    position = [0] * count
    for row in rows:
        for index, vertex in enumerate(row):
            position[vertex] = index
    return position


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


def _balanced(bonds: _Bonds, rows: Rows, pairs: Gaps) -> Floats:
    """The mean of the two middle ones of four drawings: bound upwards or downwards, packed to the left or right."""
    drawings = []
    for neighbours, ordered_rows in ((bonds.above, rows), (bonds.below, rows[::-1])):
        for mirrored in (False, True):
            root = _aligned(neighbours, ordered_rows, mirrored)
            drawings.append(_packed(root, _block_gaps(root, pairs), mirrored))
    if not rows:
        return np.zeros(0)
    stack = np.array(drawings)
    narrowest = int(np.argmin(np.ptp(stack, axis=1)))
    stack[0::2] += (stack[narrowest].min() - stack[0::2].min(axis=1))[:, None]
    stack[1::2] += (stack[narrowest].max() - stack[1::2].max(axis=1))[:, None]
    middle: Floats = np.sort(stack, axis=0)[1:3].mean(axis=0)
    return middle


def _aligned(neighbours: Neighbours, rows: Rows, mirrored: bool) -> list[int]:
    """The blocks of vertices that share an x, each by its root: Brandes and Köpf's algorithm 2."""
    count = len(neighbours)
    sign = -1 if mirrored else 1
    position = [sign * index for index in _positions(rows, count)]
    root = list(range(count))
    taken = [False] * count
    for row in rows:
        reached = -inf
        for vertex in row[::sign]:
            others = neighbours[vertex][::sign]
            for other in others[(len(others) - 1) // 2 : len(others) // 2 + 1]:
                if not taken[other] and position[other] > reached:
                    root[vertex], taken[other], reached = root[other], True, position[other]
                    break
    return root


def _block_gaps(root: Sequence[int], pairs: Gaps) -> Gaps:
    """The gaps between blocks in an order in which one pass from left to right satisfies them all."""
    distances: dict[Edge, float] = {}
    for left, right, distance in pairs:
        edge = root[left], root[right]
        distances[edge] = max(distance, distances.get(edge, 0.0))
    following: dict[int, Gaps] = {}
    waiting = [0] * len(root)
    for (a, b), distance in distances.items():
        following.setdefault(a, []).append((a, b, distance))
        waiting[b] += 1
    ready = [block for block in following if waiting[block] == 0]
    gaps: Gaps = []
    for block in ready:  # grows while it is read
        for gap in following.get(block, ()):
            gaps.append(gap)
            waiting[gap[1]] -= 1
            if waiting[gap[1]] == 0:
                ready.append(gap[1])
    return gaps


def _to_right(x: list[float], gaps: Gaps) -> list[float]:
    """Move blocks right, as little as the gaps need. Changes `x`."""
    for left, right, distance in gaps:
        least = x[left] + distance
        if x[right] < least:
            x[right] = least
    return x


def _to_left(x: list[float], gaps: Gaps) -> list[float]:
    """Move blocks left, as little as the gaps need. Changes `x`."""
    for left, right, distance in reversed(gaps):
        most = x[right] - distance
        if x[left] > most:
            x[left] = most
    return x


def _packed(root: Sequence[int], gaps: Gaps, mirrored: bool) -> Floats:
    """All blocks as far to one side as they can be, then each back towards its neighbour on the other side."""
    if mirrored:
        x = _to_left([0.0] * len(root), gaps)
        inner = {right for _, right, _ in gaps}
        x = _to_right([-inf if block in inner else value for block, value in enumerate(x)], gaps)
    else:
        x = _to_right([0.0] * len(root), gaps)
        inner = {left for left, _, _ in gaps}
        x = _to_left([inf if block in inner else value for block, value in enumerate(x)], gaps)
    return np.array(x)[root]


def _between(x: list[float], gaps: Gaps) -> list[float]:
    """Near `x` and with all gaps: what is too close goes apart by the same amount to either side.

    Both the drawing that only moves right and the one that only moves left keep the gaps, and so does their mean.
    """
    right, left = _to_right(list(x), gaps), _to_left(list(x), gaps)
    return [(a + b) / 2 for a, b in zip(right, left, strict=True)]


def _polished(graph: LayeredGraph, bonds: _Bonds, pairs: Gaps, x: Floats) -> Floats:
    """Centre blocks between what they are bound to, then bring the loose ones to their neighbours' side."""
    root, bottom = _straight_blocks(graph, bonds)
    gaps = _block_gaps(root, pairs)
    tops = [vertex for vertex, block in enumerate(root) if vertex == block]
    at = x.tolist()
    centred = [top for top in tops if bonds.weak_above[top]]
    sources = [top for top in tops if not bonds.weak_above[top] and bonds.weak_below[bottom[top]]]
    loose = [
        top
        for top in tops
        if not bonds.weak_above[top] and not bonds.weak_below[bottom[top]] and graph.consumers[bottom[top]]
    ]
    for _ in range(POLISH_ROUNDS):
        for block in sources:
            at[block] = _mean(at, root, bonds.weak_below[bottom[block]])
        at = _spread(at, gaps, loose)
        for block in centred:
            at[block] = _mean(at, root, bonds.weak_above[block])
        at = _spread(at, gaps, loose)
    for _ in range(2):
        for block in loose:
            at[block] = _mean(at, root, graph.consumers[bottom[block]] + graph.producers[block])
        at = _fitted(at, gaps, loose)
    return np.array(at)[root]


def _straight_blocks(graph: LayeredGraph, bonds: _Bonds) -> tuple[list[int], list[int]]:
    """The top vertex of each vertex's block of strong bonds, and the bottom vertex of each top."""
    root = list(range(len(graph.layer)))
    bottom = list(range(len(graph.layer)))
    for vertex in sorted(root, key=graph.layer.__getitem__):
        above = bonds.strong_above[vertex]
        if above >= 0:
            root[vertex] = root[above]
            bottom[root[above]] = vertex
    return root, bottom


def _mean(at: Sequence[float], root: Sequence[int], vertices: Sequence[int]) -> float:
    return sum([at[root[vertex]] for vertex in vertices]) / len(vertices)


def _spread(at: list[float], gaps: Gaps, loose: Sequence[int]) -> list[float]:
    """All gaps kept, where loose blocks only take up room."""
    right, left = list(at), list(at)
    for block in loose:
        right[block], left[block] = -inf, inf
    _to_right(right, gaps)
    _to_left(left, gaps)
    for block in loose:  # at an end nothing pushes it
        right[block] = left[block] if right[block] == -inf else right[block]
        left[block] = right[block] if left[block] == inf else left[block]
    return [(a + b) / 2 for a, b in zip(right, left, strict=True)]


def _fitted(at: list[float], gaps: Gaps, loose: Sequence[int]) -> list[float]:
    """All gaps kept by moving loose blocks alone."""
    least, most = list(at), list(at)
    for block in loose:
        least[block], most[block] = -inf, inf
    _to_right(least, gaps)
    _to_left(most, gaps)
    return _between([min(max(x, low), high) for x, low, high in zip(at, least, most, strict=True)], gaps)


def _routes(
    graph: LayeredGraph, edges: Sequence[Edge], points: list[list[float]], size: tuple[float, float]
) -> tuple[Floats, ...]:
    """The polylines in the order of the edges; parallel ones side by side."""
    total = Counter((int(source), int(target)) for source, target in edges)
    used: Counter[Edge] = Counter()
    lines = {edge: _line(graph, edge, points, size[1] / 2) for edge in total}
    routes = []
    for source, target in edges:
        edge = int(source), int(target)
        step = min(PARALLEL_STEP, size[0] / (total[edge] + 1))
        route = np.array(lines[edge])
        route[:, 0] += (used[edge] - (total[edge] - 1) / 2) * step
        route.setflags(write=False)
        used[edge] += 1
        routes.append(route)
    return tuple(routes)


def _line(graph: LayeredGraph, edge: Edge, points: list[list[float]], half: float) -> list[tuple[float, float]]:
    """From box to box, upright in every layer that it passes, so that it bends only between layers."""
    (x, y), (end_x, end_y) = points[edge[0]], points[edge[1]]
    line = [(x, y + half)]
    for vertex in graph.chains.get(edge, ()):
        x, y = points[vertex]
        line += [(x, y - half), (x, y + half)]
    line.append((end_x, end_y - half))
    return line if len(line) == 2 else list(_without_collinear(line))


def _without_collinear(line: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    kept = line[0]
    yield kept
    for point, after in zip(line[1:], line[2:], strict=False):
        turn = (point[0] - kept[0]) * (after[1] - kept[1]) - (point[1] - kept[1]) * (after[0] - kept[0])
        if abs(turn) > 1e-6 * (after[1] - kept[1]):
            kept = point
            yield kept
    yield line[-1]
