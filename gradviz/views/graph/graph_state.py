"""What a person chose in a graph, as a frozen value, and what is to be drawn of it, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from gradviz.core.graph.measures import Measure, Shading, measured, shaded, shaded_evenly
from gradviz.core.graph.reach import Part, between, downstream, upstream
from gradviz.core.layout.placement import Direction
from gradviz.core.numbers import Floats
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.folding import FoldedGraph, folded, opened_at_first
from gradviz.core.tape.grouping import Group, Grouping, grouping, with_hand_group
from gradviz.core.tape.structure import TapeStructure
from gradviz.core.tape.tensor_numbers import Ints
from gradviz.views.graph.stress import Stress

Spot = int | str
"""A node by its number, or a closed group by its key."""


class Way(StrEnum):
    """What stands out besides what was found."""

    ALL = "all"
    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class GraphState:
    """`opened` are the keys of the groups that are open, None for as many as can be read; `by_hand` groups of one's
    own: nodes, and a label; `once` draws a leaf that is used several times once.

    `chosen` is the node or group that is looked at, `before` the one before; `pinned` a node whose card stays, `marked`
    nodes that are to be a group. `found` are nodes that a search found, None where nothing is looked for. `measure` is
    what boxes are coloured by, `optimizer` whose graph it is in a race; `own` has by node a person's own numbers, or is
    empty.
    """

    direction: Direction = Direction.DOWN
    opened: frozenset[str] | None = None
    by_hand: tuple[tuple[tuple[int, ...], str], ...] = ()
    once: bool = False
    chosen: Spot | None = None
    before: Spot | None = None
    pinned: int | None = None
    marked: frozenset[int] = frozenset()
    found: tuple[int, ...] | None = None
    way: Way = Way.ALL
    measure: Measure | None = None
    optimizer: int = 0
    has_card: bool = False
    own: tuple[float, ...] = ()

    def choosing(self, spot: Spot | None) -> GraphState:
        """This node or group is the chosen one."""
        return self if spot == self.chosen else replace(self, chosen=spot, before=self.chosen)

    def marking(self, row: int) -> GraphState:
        """A node is marked, or no longer."""
        return replace(self, marked=self.marked ^ {row})

    def of_another_graph(self) -> GraphState:
        """What holds for any graph."""
        return GraphState(
            self.direction,
            once=self.once,
            measure=None if self.measure is Measure.OWN else self.measure,
            optimizer=self.optimizer,
            has_card=self.has_card,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """The groups of a structure, which of them are open, and the graph that is to be drawn."""

    grouping: Grouping
    opened: frozenset[str]
    folded: FoldedGraph

    def box_of(self, spot: Spot | None) -> int:
        """The box that shows a node, or that is a closed group; -1 where there is none."""
        if isinstance(spot, int):
            return int(self.folded.boxes[spot]) if 0 <= spot < len(self.folded.boxes) else -1
        indices = [index for index, group in enumerate(self.grouping.groups) if group.key == spot]
        found = np.flatnonzero(self.folded.groups == indices[0]).tolist() if indices else []
        return found[0] if found else -1

    def spot_of(self, box: int) -> Spot | None:
        """What a box shows; None for no box."""
        if not 0 <= box < len(self.folded):
            return None
        row = int(self.folded.rows[box])
        return row if row >= 0 else self.grouping.groups[int(self.folded.groups[box])].key

    def rows_in(self, spot: Spot) -> list[int]:
        """The nodes of a spot: one, or all of a group."""
        if isinstance(spot, int):
            return [spot]
        inside = [index for index in range(len(self.grouping.groups)) if spot in self._keys_around(index)]
        return np.flatnonzero(np.isin(self.grouping.owner, inside)).tolist()

    def around(self, spot: Spot | None) -> Group | None:
        """The innermost open group that a node or a closed group lies in; None where there is none."""
        if isinstance(spot, int):
            index = int(self.grouping.owner[spot])
        else:
            index = next((group.parent for group in self.grouping.groups if group.key == spot), -1)
        return self.grouping.groups[index] if index >= 0 else None

    def keys_around(self, spot: Spot) -> list[str]:
        """A group, or the one that a node is in, and all groups around it, the innermost first."""
        if isinstance(spot, int):
            return self._keys_around(int(self.grouping.owner[spot]))
        index = next((index for index, group in enumerate(self.grouping.groups) if group.key == spot), -1)
        return self._keys_around(index)

    def keys_over(self, row: int) -> frozenset[str]:
        """The groups that must be open for a node to be seen."""
        return frozenset(self._keys_around(int(self.grouping.owner[row])))

    def _keys_around(self, index: int) -> list[str]:
        keys = []
        while index >= 0:
            keys.append(self.grouping.groups[index].key)
            index = self.grouping.groups[index].parent
        return keys


def grouped(structure: TapeStructure, by_hand: Iterable[tuple[tuple[int, ...], str]]) -> Grouping:
    """Modules, repetitions, and what was grouped by hand; GroupingError where that is no longer possible."""
    known = grouping(structure)
    for rows, label in by_hand:
        known = with_hand_group(structure, known, rows, label)
    return known


def folds(structure: TapeStructure, known: Grouping, state: GraphState) -> Folds:
    """What is to be drawn of a structure."""
    opened = state.opened if state.opened is not None else opened_at_first(structure, known)
    return Folds(known, opened, folded(structure, known, opened, state.once))


def stress_of(drawing: Drawing, shown: Folds, state: GraphState) -> Stress:
    """How a drawing is painted: what is chosen, and what stands out."""
    part = _part(drawing, shown, state)
    marked = frozenset(int(shown.folded.boxes[row]) for row in state.marked)
    nodes, edges = (None, None) if part is None else (part.nodes, part.edges)
    return Stress(shown.box_of(state.chosen), nodes, edges, marked, shading_of(drawing, state))


def shading_of(drawing: Drawing, state: GraphState) -> Shading | None:
    """By box the colour of what is measured: a group has that of its largest number, bytes are added."""
    measure, boxes, count = state.measure, drawing.folded.boxes, len(drawing.folded)
    if measure is None:
        return None
    if measure is Measure.OWN:
        return shaded_evenly(measure, _largest(np.array(state.own), boxes, count))
    numbers = measured(drawing.graph, measure)
    if measure is Measure.SAVED_BYTES:
        return shaded(measure, np.bincount(boxes, numbers, count).astype(np.float64))
    return shaded(measure, _largest(numbers, boxes, count))


def _largest(numbers: Floats, boxes: Ints, count: int) -> Floats:
    """By box the largest number of its nodes, NaN where none has one."""
    most = np.full(count, -np.inf)
    known = ~np.isnan(numbers)
    np.maximum.at(most, boxes[known], numbers[known])
    has_any = np.zeros(count, dtype=bool)
    has_any[boxes[known]] = True
    return np.where(has_any, most, np.nan)


def _part(drawing: Drawing, shown: Folds, state: GraphState) -> Part | None:
    count, edges = len(drawing.folded), drawing.folded.edges
    chosen, before = shown.box_of(state.chosen), shown.box_of(state.before)
    if state.found is not None:
        nodes = np.zeros(count, dtype=bool)
        nodes[drawing.folded.boxes[list(state.found)]] = True
        return Part(nodes, np.zeros(len(edges), dtype=bool))
    if state.way is Way.ALL or chosen < 0:
        return None
    if state.way is Way.BETWEEN:
        return between(count, edges, before, chosen) if before >= 0 else None
    return (upstream if state.way is Way.UPSTREAM else downstream)(count, edges, chosen)
