"""A layered drawing of a directed acyclic graph, top-down (Sugiyama et al. 1981; Brandes and Köpf 2001).

Layers are in `layering`, the order within them in `ordering`; here are the coordinates and the routes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.engine.graph.layering import Edge, Ints, LayeredGraph, Neighbours, layered
from gradviz.engine.graph.ordering import Bonds, Rows, bonds, ordered, positions

WAYPOINT_WIDTH = 16.0
PARALLEL_STEP = 24.0
POLISH_ROUNDS = 6

Gaps = list[tuple[int, int, float]]
"""(left, right, distance): how far `right` must be from `left` at least, sorted so that `left` is complete by then."""

Goals = dict[int, list[int]]
"""The blocks to whose mean x a block is drawn, from top to bottom."""


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


def _columns(graph: LayeredGraph, rows: Rows, width: float, gap: float) -> Floats:
    """The x of every vertex: Brandes-Köpf with the longest path through each vertex kept straight, then centred."""
    spacing = [width + gap] * graph.node_count
    spacing += [WAYPOINT_WIDTH + gap] * (len(graph.layer) - graph.node_count)
    pairs = [(a, b, (spacing[a] + spacing[b]) / 2) for row in rows for a, b in pairwise(row)]
    vertical = bonds(graph, rows)
    x = _polished(graph, vertical, pairs, _balanced(vertical, rows, pairs))
    return _apart(x, np.array(graph.component, dtype=np.int64), np.array(spacing))


def _balanced(vertical: Bonds, rows: Rows, pairs: Gaps) -> Floats:
    """The mean of the two middle ones of four drawings: bound upwards or downwards, packed to the left or right."""
    drawings = []
    for neighbours, ordered_rows in ((vertical.above, rows), (vertical.below, rows[::-1])):
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
    position = [sign * index for index in positions(rows, count)]
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
    """The gaps between blocks in an order in which one pass from left to right satisfies them all.

    There is such an order because no two blocks cross.
    """
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
        if x[right] < least:  # noqa: PLR1730 - max() takes three times as long here
            x[right] = least
    return x


def _to_left(x: list[float], gaps: Gaps) -> list[float]:
    """Move blocks left, as little as the gaps need. Changes `x`."""
    for left, right, distance in reversed(gaps):
        most = x[right] - distance
        if x[left] > most:  # noqa: PLR1730
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


def _polished(graph: LayeredGraph, vertical: Bonds, pairs: Gaps, x: Floats) -> Floats:
    """Centre blocks between what they are bound to, then bring the loose ones beside their own."""
    root, bottom = _straight_blocks(graph, vertical)
    gaps = _block_gaps(root, pairs)
    above: Goals = {}
    below: Goals = {}
    loose: Goals = {}
    for top, end in bottom.items():
        if vertical.weak_above[top]:
            above[top] = [root[other] for other in vertical.weak_above[top]]
        elif vertical.weak_below[end]:
            below[top] = [root[other] for other in vertical.weak_below[end]]
        elif graph.producers[top] or graph.consumers[end]:
            loose[top] = [root[other] for other in graph.producers[top] + graph.consumers[end]]
    at = x.tolist()
    for _ in range(POLISH_ROUNDS):
        at = _spread(_moved(at, below), gaps, loose)
        at = _spread(_moved(at, above), gaps, loose)
    for _ in range(2):
        at = _fitted(_moved(at, loose), gaps, loose)
    return np.array(at)[root]


def _moved(at: list[float], goals: Goals) -> list[float]:
    """Each block at its goal, one after the other from top to bottom, so that what is below follows at once."""
    for block, others in goals.items():
        at[block] = sum([at[other] for other in others]) / len(others)
    return at


def _straight_blocks(graph: LayeredGraph, vertical: Bonds) -> tuple[list[int], dict[int, int]]:
    """The top vertex of each vertex's block of strong bonds, and the bottom vertex of each top."""
    root = list(range(len(graph.layer)))
    bottom: dict[int, int] = {}
    for vertex in sorted(root, key=graph.layer.__getitem__):
        above = vertical.strong_above[vertex]
        if above >= 0:
            root[vertex] = root[above]
        bottom[root[vertex]] = vertex
    return root, bottom


def _spread(at: list[float], gaps: Gaps, loose: Collection[int]) -> list[float]:
    """All gaps kept, where loose blocks only take up room."""
    right, left = list(at), list(at)
    for block in loose:
        right[block], left[block] = -inf, inf
    _to_right(right, gaps)
    _to_left(left, gaps)
    for block in loose:  # at an end nothing pushes it from outside; among loose ones alone it stays
        pushed = [x for x in (right[block], left[block]) if abs(x) < inf] or [at[block]]
        right[block], left[block] = pushed[0], pushed[-1]
    return [(a + b) / 2 for a, b in zip(right, left, strict=True)]


def _fitted(at: list[float], gaps: Gaps, loose: Collection[int]) -> list[float]:
    """All gaps kept by moving loose blocks alone."""
    least, most = list(at), list(at)
    for block in loose:
        least[block], most[block] = -inf, inf
    _to_right(least, gaps)
    _to_left(most, gaps)
    return _between([min(max(x, low), high) for x, low, high in zip(at, least, most, strict=True)], gaps)


def _apart(x: Floats, component: Ints, spacing: Floats) -> Floats:
    """Components side by side, none reaching over or into another."""
    index = np.unique(component, return_inverse=True)[1]
    count = int(index.max(initial=-1)) + 1
    left, right = np.full(count, inf), np.full(count, -inf)
    np.minimum.at(left, index, x - spacing / 2)
    np.maximum.at(right, index, x + spacing / 2)
    width = right - left
    moved: Floats = x + (np.cumsum(width) - width - left)[index]
    return moved


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
    for point, after in pairwise(line[1:]):
        turn = (point[0] - kept[0]) * (after[1] - kept[1]) - (point[1] - kept[1]) * (after[0] - kept[0])
        if abs(turn) > 1e-6 * (after[1] - kept[1]):
            kept = point
            yield kept
    yield line[-1]
