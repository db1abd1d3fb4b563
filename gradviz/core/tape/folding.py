"""A graph with some groups open: a smaller graph, as a pure function of structure, groups and what is open."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.structure import TapeStructure
from gradviz.core.tape.tensor_numbers import Ints

MOST_BOXES = 120
"""Boxes that a graph shows at first: beyond it groups stay closed."""

MOST_TURNS = 24


@dataclass(frozen=True, slots=True, eq=False)
class FoldedGraph:
    """The boxes that are to be seen and the edges between them.

    `rows` has for each box its node, -1 for that of a closed group, whose index is in `groups` (-1 for nodes). `edges`
    (m, 2) lead from the producer's box to the consumer's; `parts` has the edges of the structure behind each: one
    between two nodes, all together where a group is at either end. `boxes` has for each node the box that shows it, and
    `flows` the ways of numbers, by boxes, that no gradient goes along.
    """

    rows: Ints
    groups: Ints
    edges: Ints
    parts: tuple[tuple[int, ...], ...]
    boxes: Ints
    flows: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def folded(structure: TapeStructure, grouping: Grouping, opened: Set[str], once: bool = False) -> FoldedGraph:
    """The graph in which the groups with a key in `opened` show what is in them, and all others are one box.

    A leaf that is used several times has a box beside each use or, if `once`, one for all uses that are to be seen.
    """
    seen_as = closed_around(grouping, opened)
    shown = np.where(grouping.owner >= 0, seen_as[grouping.owner], -1) if len(seen_as) else grouping.owner
    first = _first_uses(structure, shown) if once else np.arange(len(structure))
    alone = np.flatnonzero((shown < 0) & (first == np.arange(len(structure))))
    closed = np.unique(shown[shown >= 0])
    box_of_group = np.full(len(grouping.groups) + 1, -1, np.int64)
    box_of_group[closed] = len(alone) + np.arange(len(closed))
    boxes = box_of_group[shown]
    boxes[alone] = np.arange(len(alone))
    boxes = np.where(shown < 0, boxes[first], boxes)
    rows = np.concatenate((alone, np.full(len(closed), -1, np.int64)))
    groups = np.concatenate((np.full(len(alone), -1, np.int64), closed))
    edges, parts = _joined(structure, boxes, len(alone))
    flows = dict.fromkeys((int(boxes[part]), int(boxes[whole])) for part, whole in structure.flows)
    return FoldedGraph(rows, groups, edges, parts, boxes, tuple(ends for ends in flows if ends[0] != ends[1]))


def _first_uses(structure: TapeStructure, shown: Ints) -> Ints:
    """For each node itself, and for each use of a leaf that is in no closed group the first such use."""
    first = np.arange(len(structure))
    uses = np.flatnonzero((structure.leaf_of >= 0) & (shown < 0))
    _, begins, which = np.unique(structure.leaf_of[uses], return_index=True, return_inverse=True)
    first[uses] = uses[begins][which.reshape(-1)]
    return first


def closed_around(grouping: Grouping, opened: Set[str]) -> Ints:
    """For each group the outermost closed one that it is or lies in, -1 where all are open."""
    seen_as = np.full(len(grouping.groups), -1, np.int64)
    for index, group in enumerate(grouping.groups):
        around = seen_as[group.parent] if group.parent >= 0 else -1
        seen_as[index] = around if around >= 0 else -1 if group.key in opened else index
    return seen_as


def _joined(structure: TapeStructure, boxes: Ints, nodes: int) -> tuple[Ints, tuple[tuple[int, ...], ...]]:
    """The edges between different boxes: each of its own between nodes, together between groups."""
    ends = np.stack((boxes[structure.producers], boxes[structure.consumers]), axis=1).reshape(-1, 2)
    own = np.arange(len(ends))
    between = ends[:, 0] != ends[:, 1]
    grouped = (ends >= nodes).any(axis=1)
    marks = np.where(grouped, -1, own)
    keys = np.column_stack((ends, marks))[between]
    if not len(keys):
        return np.zeros((0, 2), np.int64), ()
    unique, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    members: list[list[int]] = [[] for _ in order]
    for edge, place in zip(own[between].tolist(), rank[inverse.reshape(-1)].tolist(), strict=True):
        members[place].append(edge)
    return unique[order, :2], tuple(map(tuple, members))


def opened_at_first(structure: TapeStructure, grouping: Grouping, most: int = MOST_BOXES) -> frozenset[str]:
    """The groups that are open at first: level by level, as long as no more than `most` boxes show.

    In a graph that is larger than that a repetition of more than MOST_TURNS stays closed.
    """
    opened: list[int] = []
    children = _children(grouping)
    own = np.bincount(grouping.owner[grouping.owner >= 0], minlength=len(grouping.groups))
    level = children.get(-1, [])
    shown = int((grouping.owner < 0).sum()) + len(level)
    while level:
        if len(structure) > most:
            level = [index for index in level if grouping.groups[index].count <= MOST_TURNS]
        shown += sum(int(own[index]) + len(children.get(index, ())) - 1 for index in level)
        if shown > most:
            break
        opened += level
        level = [inner for index in level for inner in children.get(index, ())]
    return frozenset(grouping.groups[index].key for index in opened)


def _children(grouping: Grouping) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for index, group in enumerate(grouping.groups):
        children.setdefault(group.parent, []).append(index)
    return children
