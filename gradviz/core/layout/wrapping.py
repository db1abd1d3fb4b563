"""A tall drawing cut into columns that stand side by side, as text is set in a newspaper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradviz.core.layout.layering import Ints, LayeredGraph
from gradviz.core.numbers import Floats

LEAST_LAYERS = 24
"""Layers of a column: a graph of no more than twice as many is not cut."""
SLACK = 0.2
"""By which part of a column a cut may be off to go through fewer edges."""
COLUMN_GAP = 64.0
LANE_STEP = 8.0
MOST_LANES = 64
"""Edges beside each other between two columns; more share lanes."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where everything is: `x` of each vertex, `y` of each vertex, and the column of each layer.

    `left` is the left end of the boxes of each column and `channel` that of the room before it: 0 lanes wide where no
    edge runs there. `lanes` counts the edges that come into a column from the one before.
    """

    x: Floats
    y: Floats
    column: Ints
    left: Floats
    lanes: Ints


def cuts(graph: LayeredGraph, x: Floats, pitch: float, aspect: float | None) -> list[int]:
    """The layers at which a column begins, 0 among them, so that width is to height about as `aspect`."""
    layers = max(graph.layer, default=-1) + 1
    if aspect is None or layers <= 2 * LEAST_LAYERS:
        return [0]
    width = float(np.ptp(x)) + COLUMN_GAP + 2 * pitch
    count = round((aspect * layers * pitch / width) ** 0.5)
    count = min(count, layers // LEAST_LAYERS)
    if count < 2:
        return [0]
    through = np.bincount(np.array(graph.layer)[graph.pieces[:, 0]] + 1, minlength=layers + 1)
    length = layers / count
    begins = [0]
    for index in range(1, count):
        ideal = index * length
        near = np.arange(int(ideal - SLACK * length) + 1, int(ideal + SLACK * length) + 1)
        worth = through[near] + np.abs(near - ideal) / layers  # of equally good ones the nearest
        begins.append(int(near[np.argmin(worth)]))
    return begins


def framed(
    graph: LayeredGraph, x: Floats, size: tuple[float, float], gap: float, begins: list[int], loose_edges: int
) -> Frame:
    """The columns side by side, the first box at (0, 0), with room for what runs between them.

    `loose_edges` have no waypoints and run beside the columns.
    """
    width, height = size
    layer = np.array(graph.layer, dtype=np.int64)
    layers = int(layer.max(initial=-1)) + 1
    first = np.array(begins, dtype=np.int64)
    column = np.searchsorted(first, np.arange(layers), side="right") - 1
    of = column[layer]
    half = np.where(np.arange(len(layer)) < graph.node_count, width / 2, 0.0)
    if not len(layer):
        return Frame(x, x, column, np.zeros(1), np.zeros(1, dtype=np.int64))
    low, high = np.full(len(begins), np.inf), np.full(len(begins), -np.inf)
    np.minimum.at(low, of, x - half)
    np.maximum.at(high, of, x + half)
    ends = of[graph.pieces]
    lanes = np.bincount(ends[ends[:, 0] != ends[:, 1], 1], minlength=len(begins))
    loose = min(loose_edges, MOST_LANES) * LANE_STEP
    channels = COLUMN_GAP + np.minimum(lanes, MOST_LANES) * LANE_STEP + loose
    channels[0] = 0.0
    wide = high - low
    left: Floats = np.cumsum(channels) + np.cumsum(wide) - wide
    moved = x + (left - low)[of]
    first_box = moved[: graph.node_count].min() - width / 2
    y = np.asarray((layer - first[of]) * (height + gap) + height / 2, dtype=np.float64)
    return Frame(moved - first_box, y, column, left - first_box, lanes)
