"""The x of every vertex of a layered graph: straight where it can be, slanted where straight ways drift apart.

Brandes and Köpf 2001, with the longest path through each vertex kept straight, then centred; `slanting` where that is
far wider than the widest layer.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from itertools import pairwise
from math import inf

import numpy as np

from gradviz.core.layout.layering import Edge, Ints, LayeredGraph, Neighbours, Rows
from gradviz.core.layout.ordering import Bonds, bonds, positions
from gradviz.core.layout.slanting import slanted
from gradviz.core.numbers import Floats

WAYPOINT_WIDTH = 16.0
POLISH_ROUNDS = 6
MOST_DRIFT = 3.0
"""How many times wider than the widest layer a drawing with straight ways may be."""

Gaps = list[tuple[int, int, float]]
"""(left, right, distance): how far `right` must be from `left` at least, sorted so that `left` is complete by then."""

Goals = dict[int, list[int]]
"""The blocks to whose mean x a block is drawn, from top to bottom."""


def columns(graph: LayeredGraph, rows: Rows, width: float, gap: float) -> Generator[None, None, Floats]:
    """The x of every vertex, boxes `width` wide and `gap` apart at least; yields now and then."""
    spacing = [width + gap] * graph.node_count
    spacing += [WAYPOINT_WIDTH + gap] * (len(graph.layer) - graph.node_count)
    pairs = [(a, b, (spacing[a] + spacing[b]) / 2) for row in rows for a, b in pairwise(row)]
    yield
    vertical = bonds(graph, rows)
    yield
    x = yield from _balanced(vertical, rows, pairs)
    x = yield from _polished(graph, vertical, pairs, x)
    widest = max([sum([spacing[vertex] for vertex in row]) for row in rows], default=0.0)
    if len(x) and np.ptp(x) > MOST_DRIFT * widest:
        yield
        x = yield from slanted(graph, rows, np.array(spacing))
    return _apart(x, np.array(graph.component, dtype=np.int64), np.array(spacing))


def _balanced(vertical: Bonds, rows: Rows, pairs: Gaps) -> Generator[None, None, Floats]:
    """The mean of the two middle ones of four drawings: bound upwards or downwards, packed to the left or right."""
    drawings = []
    for neighbours, ordered_rows in ((vertical.above, rows), (vertical.below, rows[::-1])):
        for mirrored in (False, True):
            root = _aligned(neighbours, ordered_rows, mirrored)
            drawings.append(_packed(root, _block_gaps(root, pairs), mirrored))
            yield
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


def _polished(graph: LayeredGraph, vertical: Bonds, pairs: Gaps, x: Floats) -> Generator[None, None, Floats]:
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
        yield
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
