"""Folding: what is open decides which boxes are seen; repetitions are found; nothing folds into a circle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.tape.folding import FoldedGraph, folded, opened_at_first
from gradviz.core.tape.grouping import GroupingError, GroupKind, grouping, with_hand_group
from gradviz.core.tape.repetition import Repeat, repeats
from gradviz.core.tape.structure import CONSTANT, LEAF, ModuleCall, NodeKind, TapeStructure

OPERATIONS = ("AddBackward0", "MulBackward0", "SinBackward0")


def structure_of(
    ops: list[str], edges: list[tuple[int, int]], calls: tuple[ModuleCall, ...] = (), leaves: tuple[int, ...] = ()
) -> TapeStructure:
    """Operations in the order in which they were made, `edges` between them, and one leaf, used by each of `leaves`."""
    count = len(ops) + len(leaves)
    ends = np.array([*edges, *((len(ops) + k, consumer) for k, consumer in enumerate(leaves))], np.int64).reshape(-1, 2)
    return TapeStructure(
        (*ops, *(LEAF for _ in leaves)),
        (*(NodeKind.OPERATION for _ in ops), *(NodeKind.LEAF for _ in leaves)),
        ("",) * count,
        ("",) * count,
        ("",) * count,
        ((),) * count,
        ((),) * count,
        np.arange(count + 1),
        ((),) * count,
        ("float64",) * count,
        np.array([*range(len(ops)), *leaves], np.int64),
        np.array([-1] * len(ops) + [0] * len(leaves), np.int64),
        ends[:, 0],
        ends[:, 1],
        np.zeros(len(ends), np.int64),
        np.zeros(len(ends), np.int64),
        ("",) * len(ends),
        (len(ops) - 1,),
        calls,
    )


@st.composite
def structures(draw: st.DrawFn) -> TapeStructure:
    """Random graphs, with calls of modules that nest."""
    count = draw(st.integers(1, 40))
    ops = [draw(st.sampled_from(OPERATIONS)) for _ in range(count)]
    edges = [
        (draw(st.integers(0, consumer - 1)), consumer)
        for consumer in range(1, count)
        for _ in range(draw(st.integers(1, 2)))
    ]
    calls: list[ModuleCall] = []

    def nest(begin: int, end: int, depth: int) -> None:
        while begin < end and depth < 3:
            first = draw(st.integers(begin, end))
            last = draw(st.integers(first, end))
            if first < last:
                calls.append(ModuleCall(f"m{len(calls)}", draw(st.sampled_from(["Linear", "Block"])), first, last))
                nest(first, last, depth + 1)
            begin = last + 1

    nest(0, count, 0)
    leaves = tuple(draw(st.integers(0, count - 1)) for _ in range(draw(st.integers(0, 6))))
    return structure_of(ops, edges, tuple(calls), leaves)


def is_acyclic(graph: FoldedGraph) -> bool:
    waiting = np.bincount(graph.edges[:, 1], minlength=len(graph))
    ready = [box for box in range(len(graph)) if not waiting[box]]
    for box in ready:
        for _, consumer in graph.edges[graph.edges[:, 0] == box].tolist():
            waiting[consumer] -= 1
            if not waiting[consumer]:
                ready.append(consumer)
    return len(ready) == len(graph)


@given(structures(), st.data())
def test_whatever_is_open_every_node_is_in_one_box_and_no_box_in_a_circle(structure: TapeStructure, data: Any) -> None:
    groups = grouping(structure)
    keys = [group.key for group in groups.groups]
    assert len(set(keys)) == len(keys)
    assert all(group.parent < index for index, group in enumerate(groups.groups)), "those around come first"
    opened = frozenset(data.draw(st.lists(st.sampled_from(keys)) if keys else st.just([])))
    shown = folded(structure, groups, opened)
    sizes = groups.sizes()
    seen = (shown.rows >= 0).sum() + sizes[shown.groups[shown.groups >= 0]].sum()
    assert seen == len(structure)
    assert is_acyclic(shown)
    inner = [edge for part in shown.parts for edge in part]
    assert len(set(inner)) == len(inner)
    for (producer, consumer), part in zip(shown.edges.tolist(), shown.parts, strict=True):
        for edge in part:
            for box, row in ((producer, structure.producers[edge]), (consumer, structure.consumers[edge])):
                assert shown.rows[box] == row or is_within(groups, int(row), int(shown.groups[box]))


def is_within(groups: Any, row: int, group: int) -> bool:
    at = int(groups.owner[row])
    while at >= 0 and at != group:
        at = groups.groups[at].parent
    return at == group >= 0


@given(structures())
def test_all_open_is_the_graph_itself(structure: TapeStructure) -> None:
    groups = grouping(structure)
    shown = folded(structure, groups, {group.key for group in groups.groups})
    assert shown.rows.tolist() == list(range(len(structure)))
    assert sorted(map(tuple, shown.edges.tolist())) == sorted(
        zip(structure.producers.tolist(), structure.consumers.tolist(), strict=True)
    )
    assert all(len(part) == 1 for part in shown.parts)


def test_500_equal_steps_are_one_box_with_a_count() -> None:
    ops, edges = ["SinBackward0"], []
    for _ in range(500):
        for op in ("AddmmBackward0", "SplitBackward0", "SigmoidBackward0", "MulBackward0"):
            edges.append((len(ops) - 1, len(ops)))
            ops.append(op)
        edges.append((max(0, len(ops) - 8), len(ops) - 1))
    ops.append("SumBackward0")
    edges.append((len(ops) - 2, len(ops) - 1))
    structure = structure_of(ops, edges, leaves=tuple(range(1, 2001, 4)))
    groups = grouping(structure)
    closed = folded(structure, groups, set())
    assert len(closed) == 3
    repetition = groups.groups[0]
    assert (repetition.kind, repetition.count) == (GroupKind.REPETITION, 500)
    opened = folded(structure, groups, {repetition.key})
    assert len(opened) == 502
    assert {groups.groups[group].kind for group in opened.groups if group >= 0} == {GroupKind.TURN}
    first = groups.groups[int(opened.groups[opened.groups >= 0][0])]
    assert len(folded(structure, groups, {repetition.key, first.key})) == 502 - 1 + 5, "a step and its leaf"


def test_repeated_calls_of_one_class_fold_and_what_is_in_them_too() -> None:
    calls = tuple(ModuleCall(f"layers.{k}", "Block", 3 * k, 3 * k + 3) for k in range(12))
    ops = ["AddmmBackward0", "ReluBackward0", "AddBackward0"] * 12
    structure = structure_of(ops, [(k, k + 1) for k in range(35)], calls)
    groups = grouping(structure)
    assert (groups.groups[0].count, groups.groups[0].label) == (12, "12 × Block")
    assert len(folded(structure, groups, set())) == 1
    opened = folded(structure, groups, {groups.groups[0].key})
    assert [groups.groups[group].label for group in opened.groups][:2] == ["layers.0  Block", "layers.1  Block"]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([1] * 10, [Repeat(0, 1, 10)]),
        ([9, *[1, 2, 3] * 4, 8, 7, *[5, 6] * 5], [Repeat(1, 3, 4), Repeat(15, 2, 5)]),
        ([1, 2, 1, 2], []),
        (list(range(100)), []),
        ([1, 1, 2] * 30, [Repeat(0, 3, 30)]),
        ([], []),
    ],
)
def test_repetitions_are_found(tokens: list[int], expected: list[Repeat]) -> None:
    assert repeats(tokens) == expected


@given(st.lists(st.integers(0, 3), max_size=120))
def test_what_is_called_a_repetition_repeats(tokens: list[int]) -> None:
    end = 0
    for repeat in repeats(tokens):
        assert repeat.start >= end
        end = repeat.end
        turns = [tokens[k : k + repeat.period] for k in range(repeat.start, repeat.end, repeat.period)]
        assert len(turns) == repeat.count >= 3
        assert all(turn == turns[0] for turn in turns)


def test_a_group_by_hand_is_refused_where_a_way_leads_around() -> None:
    structure = structure_of([*OPERATIONS, "SumBackward0"], [(0, 1), (1, 2), (0, 2), (2, 3)])
    groups = grouping(structure)
    with pytest.raises(GroupingError, match="out of them and back in"):
        with_hand_group(structure, groups, [0, 2], "mine")
    with pytest.raises(GroupingError, match="two nodes or more"):
        with_hand_group(structure, groups, [1], "mine")
    made = with_hand_group(structure, groups, [1, 2], "mine")
    shown = folded(structure, made, set())
    assert len(shown) == 3
    assert is_acyclic(shown)
    assert made.groups[-1].label == "mine"


def test_at_first_as_much_is_open_as_can_be_read() -> None:
    calls = tuple(ModuleCall(f"layers.{k}", f"Block{k}", 30 * k, 30 * k + 30) for k in range(10))
    rng = np.random.default_rng(0)
    ops = [OPERATIONS[k] for k in rng.integers(0, 3, 300)]
    structure = structure_of(ops, [(k, k + 1) for k in range(299)], calls)
    groups = grouping(structure)
    assert not opened_at_first(structure, groups, 100), "ten of thirty would be too many, and one of ten at random"
    assert len(opened_at_first(structure, groups, 300)) == 10
    small = structure_of(ops[:20], [(k, k + 1) for k in range(19)], (ModuleCall("a", "A", 0, 10),))
    assert len(folded(small, grouping(small), opened_at_first(small, grouping(small)))) == 20
    assert CONSTANT not in small.ops
