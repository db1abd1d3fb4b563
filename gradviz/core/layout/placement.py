"""A layered drawing of a directed acyclic graph of any size, as values (Sugiyama et al. 1981).

Layers are in `layering`, the order within them in `ordering`, their x in `coordinates`, columns in `wrapping` and the
ways of the edges in `routes`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

import numpy as np

from gradviz.core.layout.coordinates import columns
from gradviz.core.layout.layering import Edge, layered
from gradviz.core.layout.ordering import ordering
from gradviz.core.layout.reinsertion import AT_ONCE
from gradviz.core.layout.routes import loose_edges, ways
from gradviz.core.layout.wrapping import cuts, framed
from gradviz.core.numbers import Floats

T = TypeVar("T")

SIZE = (168.0, 74.0)
GAP = (26.0, 46.0)


class Direction(StrEnum):
    """Where the edges lead."""

    DOWN = "down"
    UP = "up"
    RIGHT = "right"
    LEFT = "left"

    @property
    def is_upright(self) -> bool:
        """Whether edges leave and arrive vertically."""
        return self in (Direction.DOWN, Direction.UP)

    @property
    def ahead(self) -> tuple[int, int]:
        """One unit along x and y."""
        return {"down": (0, 1), "up": (0, -1), "right": (1, 0), "left": (-1, 0)}[self.value]


class LayoutCancelled(Exception):  # noqa: N818 - nothing went wrong
    """Nobody wants the drawing any more."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a graph is drawn, in scene units: x to the right, y downwards, the first box from (0, 0) on.

    `places` (n, 2) are the centres of the boxes. `routes` holds one polyline (k >= 2, 2) an edge, in the order of the
    edges, from the side of the source that looks along `direction` to the opposite side of the target; drawn as curves
    that leave and arrive at each point along the direction, they run through no box. A route may leave the boxes'
    bounds.
    """

    places: Floats
    routes: tuple[Floats, ...]
    direction: Direction = Direction.DOWN


def place(
    node_count: int,
    edges: Sequence[Edge],
    size: tuple[float, float] = SIZE,
    gap: tuple[float, float] = GAP,
    direction: Direction = Direction.DOWN,
    aspect: float | None = None,
    is_unwanted: Callable[[], bool] = lambda: False,
    effort: int = AT_ONCE,
) -> Placement:
    """Lay out boxes of one `size`, at least `gap` apart (in a layer, between layers), every edge along `direction`.

    With an `aspect`, width by height, a tall drawing is cut into columns. ValueError if there is a cycle;
    LayoutCancelled soon after `is_unwanted` says so, which is asked about every 0.1 s for a graph of 10,000 nodes.
    `effort` is how long a large graph is untangled (`reinsertion.AT_ONCE`, THOROUGH).
    """
    work = placing(node_count, edges, size, gap, direction, aspect, effort)
    while True:
        try:
            next(work)
        except StopIteration as end:
            placement: Placement = end.value
            return placement
        if is_unwanted():
            work.close()
            raise LayoutCancelled


def placing(
    node_count: int,
    edges: Sequence[Edge],
    size: tuple[float, float] = SIZE,
    gap: tuple[float, float] = GAP,
    direction: Direction = Direction.DOWN,
    aspect: float | None = None,
    effort: int = AT_ONCE,
) -> Generator[float, None, Placement]:
    """As `place`, piece by piece: yields about which share is done."""
    yield 0.0
    box = size if direction.is_upright else size[::-1]
    wrapped = None if aspect is None else aspect if direction.is_upright else 1 / aspect
    graph = layered(node_count, edges)
    rows = yield from _shares(ordering(graph, effort), 0.15, 0.4)
    x = yield from _shares(columns(graph, rows, box[0], gap[0]), 0.4, 0.9)
    begins = cuts(graph, x, box[1] + gap[1], wrapped)
    pairs = [(int(source), int(target)) for source, target in edges]
    frame = framed(graph, x, box, gap[1], begins, loose_edges(graph, pairs))
    yield 0.9
    points, starts = ways(graph, np.array(pairs, dtype=np.int64).reshape(-1, 2), frame, box, gap)
    places = np.column_stack((frame.x, frame.y))[:node_count]
    places, points = _turned(places, points, direction, size)
    places.setflags(write=False)
    points.setflags(write=False)
    limits = starts.tolist()
    routes = tuple([points[begin:end] for begin, end in pairwise(limits)])
    return Placement(places, routes, direction)


def _shares(work: Generator[None, None, T], begin: float, end: float) -> Generator[float, None, T]:
    """The shares of a part whose pieces are not counted beforehand: each goes a tenth of the rest."""
    share = begin
    while True:
        try:
            next(work)
        except StopIteration as done:
            value: T = done.value
            return value
        share += (end - share) / 10
        yield share


def _turned(places: Floats, points: Floats, direction: Direction, size: tuple[float, float]) -> tuple[Floats, Floats]:
    """A drawing that leads downwards, leading along `direction`."""
    if not direction.is_upright:
        places, points = places[:, ::-1].copy(), points[:, ::-1].copy()
    else:
        places, points = places.copy(), points.copy()
    axis = 1 if direction.is_upright else 0
    if direction in (Direction.UP, Direction.LEFT) and len(places):
        end = places[:, axis].max() + size[axis] / 2
        places[:, axis] = end - places[:, axis]
        points[:, axis] = end - points[:, axis]
    return places, points
