"""What is written on the edges of a graph: upstream × local = passed on, and of vectors the shapes of that product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradviz.core.numbers import Floats, shape_text, short_number
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.ledger import Local, TracedGraph
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.tensor_numbers import NumberColumn
from gradviz.views.graph.graph_arrays import GraphArrays, Ints

PASSED_SCALE = 0.66
"""Below this zoom edges have the local derivative alone."""
SHAPES_SCALE = 0.55
"""Below this zoom nothing is written on the edges of vectors."""
PASSED_DIGITS = 4
LABEL_HEIGHT = 22.0
"""Scene units that a label takes at most, where it is near enough to have more than one number."""
MARGIN = 8.0


class Label(NamedTuple):
    """The same in more and fewer letters, the longest first; the last is written in any case, unless it is empty."""

    edge: int
    texts: tuple[str, ...]


def edge_labels(graph: TracedGraph, ways: Sequence[tuple[int, int]], scale: float, digits: int = 7) -> list[Label]:
    """The numbers of ways of a drawing, each with its edge of the structure, where there are any at a zoom."""
    labels, is_near = [], scale >= PASSED_SCALE
    digits = min(digits, PASSED_DIGITS) if is_near else digits
    for way, edge in ways:
        factor = one_text(graph.ledger.local, edge, digits)
        if factor:
            labels.append(Label(way, _product(graph, edge, factor) if is_near else (f"× {factor}",)))
    return labels


def shape_labels(graph: TracedGraph, ways: Sequence[tuple[int, int]]) -> list[Label]:
    """The shapes of ways of vectors: the same at every step."""
    products = ((way, shape_product(graph, edge)) for way, edge in ways)
    return [Label(way, (product, "")) for way, product in products if product]


def _product(graph: TracedGraph, edge: int, factor: str) -> tuple[str, ...]:
    """One number times one number: what arrived, the local derivative, what is passed on."""
    structure, ledger = graph.structure, graph.ledger
    passed = one_text(ledger.passed, edge, PASSED_DIGITS)
    if not passed:
        return (f"× {factor}",)
    consumer = int(structure.consumers[edge])
    port = int(structure.ports[consumer])
    is_alone = int(structure.ports[consumer + 1]) == port + 1
    upstream = one_text(ledger.gradients, port, PASSED_DIGITS) if is_alone else ""
    shorter = (f"× {factor} = {passed}", f"× {factor}")
    return (f"{upstream} × {factor} = {passed}", *shorter) if upstream else shorter


def shape_product(graph: TracedGraph, edge: int) -> str:
    """The vector-Jacobian product of an edge in shapes: (10, 1) × J = (7, 1); f′ where each element has its own.

    Empty where no gradient passes, or one number makes one number.
    """
    structure = graph.structure
    producer, consumer = int(structure.producers[edge]), int(structure.consumers[edge])
    arrived, passed = structure.shapes_of(consumer), structure.shapes[structure.port_of(edge)]
    is_followed = structure.kinds[producer] is not NodeKind.CONSTANT and len(arrived) == 1
    if not is_followed or math.prod(arrived[0]) == math.prod(passed) == 1:
        return ""
    is_elementwise = graph.ledger.local_kinds[edge] is Local.ELEMENTWISE and arrived[0] == passed
    return f"{shape_text(arrived[0])} {'⊙ f′' if is_elementwise else '× J'} = {shape_text(passed)}"


def one_text(column: NumberColumn, row: int, digits: int) -> str:
    """A row of one number, whatever its shape; empty of any other."""
    start = int(column.starts[row])
    if start >= 0 and math.prod(column.shapes[row]) == 1:
        return short_number(column.flat.item(start), digits)
    found = column.others[row] if start == -2 else None
    if found is None or not found.is_one or found.entries is None or np.iscomplexobj(found.entries):
        return ""
    return short_number(found.entries.item(), digits)


class LabelRooms:
    """How far a label may reach from its edge, in scene units, so that it touches no box and no other label.

    It is found when it is asked for: of ten thousands of edges few are near enough.
    """

    def __init__(self, drawing: Drawing, arrays: GraphArrays) -> None:
        last = np.searchsorted(arrays.edge_of, np.arange(len(drawing.routes)), side="right") - 1
        pieces = arrays.segments[last] if len(last) else np.zeros((0, 4))
        self.centres: Floats = (pieces[:, :2] + pieces[:, 2:]) / 2
        """Towards the end of each edge (m, 2): on the last piece of its route, where edges to one consumer are apart"""
        self._boxes, (self._width, self._height) = drawing.places, drawing.size
        self._rooms = np.full((len(drawing.routes), 2), math.nan)

    def of(self, edges: Sequence[int]) -> Floats:
        """To the left and to the right of the centres of these edges (k, 2)."""
        wanted = np.array(edges, dtype=np.int64)
        new = wanted[np.isnan(self._rooms[wanted, 0])]
        if len(new):
            self._rooms[new] = self._found(new)
        return self._rooms[wanted]

    def _found(self, edges: Ints) -> Floats:
        own = self.centres[edges][:, None]
        away = self.centres[None] - own
        is_near = np.abs(away[..., 1]) < LABEL_HEIGHT
        is_near[np.arange(len(edges)), edges] = False
        half = np.where(is_near, away[..., 0] / 2, math.nan)  # each of two neighbours has half of what is between
        apart = self._boxes[None] - own
        is_beside = np.abs(apart[..., 1]) < (self._height + LABEL_HEIGHT) / 2 - 1
        sides = apart[..., 0] - np.sign(apart[..., 0]) * self._width / 2
        limits = np.hstack((half, np.where(is_beside, sides, math.nan)))
        left = np.where(limits <= 0, -limits, math.inf).min(axis=1, initial=math.inf)
        right = np.where(limits >= 0, limits, math.inf).min(axis=1, initial=math.inf)
        return np.column_stack((left, right))
