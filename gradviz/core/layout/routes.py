"""The ways of the edges: out of a box at its bottom, upright past every layer, into a port at the top of a box.

A way bends between layers alone, where no box is, so that its curve (see `Placement`) runs through none either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradviz.core.layout.layering import Edge, Ints, LayeredGraph
from gradviz.core.layout.wrapping import COLUMN_GAP, LANE_STEP, MOST_LANES, Frame
from gradviz.core.numbers import Floats

PORT_STEP = 24.0
PORT_MARGIN = 10.0
"""How far ports stay from the ends of a box."""
STUB = 16.0
"""How far an edge runs out of the last box of a column before it turns."""

_ORDER = 1 << 24
"""More than the points of one edge: what tells two edges apart in one sort."""


class _Points:
    """Points of many edges in any order, each with its place along its edge."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, Ints, Floats, Floats]] = []

    def add(self, edge: Ints, order: Ints, x: Floats, y: Floats) -> None:
        self._parts.append((edge, order, x, y))

    def sorted(self) -> tuple[Ints, Floats]:
        """The edge of each point and the points (p, 2), edge after edge."""
        edge, order, x, y = (np.concatenate(columns) for columns in zip(*self._parts, strict=True))
        rank = np.argsort(edge * _ORDER + order, kind="stable")
        return edge[rank], np.column_stack((x, y))[rank]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all ways follow from: `starts` and `lengths` of the chains, `leaves` and `ports` off the boxes' middles.

    `half` a box is high; waypoints are no more than `room` from their middle.
    """

    graph: LayeredGraph
    frame: Frame
    edges: Ints
    starts: Ints
    lengths: Ints
    leaves: Floats
    ports: Floats
    half: float
    room: float


def ways(
    graph: LayeredGraph, edges: Ints, frame: Frame, size: tuple[float, float], gaps: tuple[float, float]
) -> tuple[Floats, Ints]:
    """Points (p, 2) of all ways one after the other, and where each begins (m + 1). `edges` is (m, 2)."""
    starts, lengths = _chains(graph, edges)
    ports, leaves = _ports(graph, edges, starts, lengths, frame, size[0])
    half = size[1] / 2
    index = np.arange(len(edges))
    sources, targets = edges.T
    points = _Points()
    points.add(index, np.zeros_like(index), frame.x[sources] + leaves, frame.y[sources] + half)
    points.add(index, np.full_like(index, _ORDER - 1), frame.x[targets] + ports, frame.y[targets] - half)
    total = np.maximum(lengths, 0)
    owner = np.repeat(index, total)
    along = np.arange(len(owner)) - np.repeat(np.cumsum(total) - total, total)
    waypoint = np.repeat(starts, total) + along
    plan = _Plan(graph, frame, edges, starts, lengths, leaves, ports, half, gaps[0] + 4.0)
    passing = frame.x[waypoint] + np.clip(leaves[owner], -plan.room, plan.room)
    points.add(owner, 10 * along + 10, passing, frame.y[waypoint] - half)
    points.add(owner, 10 * along + 11, passing, frame.y[waypoint] + half)
    for column in range(1, len(frame.left)):
        _turn_column(points, plan, column)
    _run_beside(points, plan, np.flatnonzero(lengths < 0), gaps[1])
    return _without_collinear(*points.sorted(), len(edges))


def loose_edges(graph: LayeredGraph, edges: Sequence[Edge]) -> int:
    """How many of `edges` have no waypoints though they pass layers by."""
    layer = graph.layer
    return sum([layer[target] - layer[source] > 1 and (source, target) not in graph.chains for source, target in edges])


def _chains(graph: LayeredGraph, edges: Ints) -> tuple[Ints, Ints]:
    """The first waypoint of each edge and how many it has; -1 where it would have some, and has none."""
    layer = np.array(graph.layer, dtype=np.int64)
    passes = layer[edges[:, 1]] - layer[edges[:, 0]] > 1
    chains = [graph.chains.get(edge, range(0)) for edge in map(tuple, edges.tolist())]
    starts = np.array([chain.start for chain in chains], dtype=np.int64)
    lengths = np.array([len(chain) for chain in chains], dtype=np.int64)
    return starts, np.where(passes & (lengths == 0), -1, lengths)


def _ports(
    graph: LayeredGraph, edges: Ints, starts: Ints, lengths: Ints, frame: Frame, width: float
) -> tuple[Floats, Floats]:
    """How far from the middle of its target each edge arrives, and of its source it leaves.

    Ports follow the order in which edges come, so that these do not cross; one from straight above stays straight.
    Edges leave from the middle, for it is the same value for all, and apart only where some are parallel.
    """
    sources, targets = edges.T
    previous = np.where(lengths > 0, starts + lengths - 1, sources)
    column = frame.column[np.array(graph.layer, dtype=np.int64)]
    comes_from = frame.x[previous] - 1e9 * ((column[previous] != column[targets]) | (lengths < 0))
    order = np.lexsort((np.arange(len(edges)), sources, comes_from, targets))
    rank, count = _ranks(targets[order])
    is_straight = np.abs(comes_from - frame.x[targets])[order] < 0.5
    group = np.cumsum(rank == 0) - 1
    straight = np.bincount(group, is_straight)
    middle = np.bincount(group, is_straight * rank) / np.maximum(straight, 1)
    middle = np.where(straight > 0, middle, (count[rank == 0] - 1) / 2)[group] if len(edges) else np.zeros(0)
    furthest = np.maximum(np.maximum(middle, count - 1 - middle), 0.5)
    step = np.minimum(PORT_STEP, (width / 2 - PORT_MARGIN) / furthest)
    ports = np.empty(len(edges))
    ports[order] = (rank - middle) * step
    following = np.where(lengths > 0, starts, targets)
    return ports, _leaves(edges, frame.x[following], ports, width)


def _leaves(edges: Ints, goes_to: Floats, ports: Floats, width: float) -> Floats:
    """How far from the middle of its source each edge leaves: not at all but where some are parallel.

    There all leave apart, in the order in which they go, so that none crosses another.
    """
    sources, targets = edges.T
    alike = np.lexsort((targets, sources))
    doubled = np.zeros(len(edges), dtype=bool)
    same = (np.diff(sources[alike]) == 0) & (np.diff(targets[alike]) == 0)
    doubled[alike[1:][same]] = True
    apart = np.isin(sources, sources[doubled])
    order = np.lexsort((np.arange(len(edges)), ports, goes_to, sources))
    order = order[apart[order]]
    rank, count = _ranks(sources[order])
    leaves = np.zeros(len(edges))
    step = np.minimum(PORT_STEP, (width - 2 * PORT_MARGIN) / np.maximum(count - 1, 1))
    leaves[order] = (rank - (count - 1) / 2) * step
    return leaves


def _ranks(keys: Ints) -> tuple[Ints, Ints]:
    """The place of each entry among its equals, which stand together, and how many these are."""
    if not len(keys):
        return keys, keys
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    counts = np.diff(np.append(begins, len(keys)))
    return np.arange(len(keys)) - np.repeat(begins, counts), np.repeat(counts, counts)


def _turn_column(points: _Points, plan: _Plan, column: int) -> None:
    """From the foot of a column up beside it to the head of this one: nested, so that none crosses another."""
    frame, edges, starts, lengths = plan.frame, plan.edges, plan.starts, plan.lengths
    layer = np.array(plan.graph.layer, dtype=np.int64)
    last = int(np.searchsorted(frame.column, column)) - 1
    over = np.flatnonzero((layer[edges[:, 0]] <= last) & (layer[edges[:, 1]] > last) & (lengths >= 0))
    if not len(over):
        return
    passed = last - layer[edges[over, 0]]  # waypoints before the turn
    is_late, is_early = passed > 0, passed < lengths[over]
    before = np.where(is_late, starts[over] + passed - 1, edges[over, 0])
    after = np.where(is_early, starts[over] + passed, edges[over, 1])
    beside = np.clip(plan.leaves[over], -plan.room, plan.room)
    x = frame.x[before] + np.where(is_late, beside, plan.leaves[over])
    end_x = frame.x[after] + np.where(is_early, beside, plan.ports[over])
    rank = np.empty(len(over), dtype=np.int64)
    rank[np.argsort(x, kind="stable")] = np.arange(len(over))
    rank = rank * min(len(over), MOST_LANES) // len(over)
    lane = frame.left[column] - COLUMN_GAP / 2 - rank * LANE_STEP
    foot = frame.y[before] + plan.half + STUB + (rank.max() - rank) * LANE_STEP
    head = frame.y[after] - plan.half - STUB - rank * LANE_STEP
    for step, (at_x, at_y) in enumerate(((x, foot), (lane, foot), (lane, head), (end_x, head))):
        points.add(over, 10 * passed + 2 + step, at_x, at_y)


def _run_beside(points: _Points, plan: _Plan, loose: Ints, gap: float) -> None:
    """Edges without waypoints leave their layer at once and run left of the column, above all to another one."""
    if not len(loose):
        return
    frame, half = plan.frame, plan.half
    layer = np.array(plan.graph.layer, dtype=np.int64)
    sources, targets = plan.edges[loose].T
    shift = (np.arange(len(loose)) % MOST_LANES) * LANE_STEP
    turned = COLUMN_GAP / 2 + np.minimum(frame.lanes, MOST_LANES) * LANE_STEP
    lane = frame.left - turned
    from_column, to_column = frame.column[layer[sources]], frame.column[layer[targets]]
    out, back = lane[from_column] - shift, lane[to_column] - shift
    below, above = frame.y[sources] + half + gap, frame.y[targets] - half - gap
    crown = -STUB - gap - LANE_STEP * min(int(frame.lanes.max()), MOST_LANES) - shift
    one = np.ones_like(loose)
    points.add(loose, one, out, below)
    other = from_column != to_column
    points.add(loose[other], 2 * one[other], out[other], crown[other])
    points.add(loose[other], 3 * one[other], back[other], crown[other])
    points.add(loose, 4 * one, back, above)


def _without_collinear(edge: Ints, points: Floats, count: int) -> tuple[Floats, Ints]:
    """Without the points at which a way does not bend."""
    kept = np.ones(len(points), dtype=bool)
    if len(points) > 2:
        before, after = points[1:-1] - points[:-2], points[2:] - points[1:-1]
        turn = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
        ahead = (before * after).sum(axis=1) > 0
        inner = (edge[:-2] == edge[1:-1]) & (edge[2:] == edge[1:-1])
        upright = (np.abs(before[:, 0]) < 1e-6) | (np.abs(before[:, 1]) < 1e-6)
        kept[1:-1] = ~(inner & upright & ahead & (turn < 1e-6))
    edge, points = edge[kept], points[kept]
    return points, np.searchsorted(edge, np.arange(count + 1))
