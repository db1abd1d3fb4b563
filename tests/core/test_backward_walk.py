"""The walk through a graph as a pure value: what is at work, what waits, and how fast a step is."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk, NodeState
from gradviz.core.tape.ledger import TracedGraph, empty_ledger
from gradviz.core.tape.refusals import explained
from gradviz.core.tape.walk_events import Phase, What
from gradviz.core.tape.walk_graph import graph_at
from gradviz.core.tape.walk_words import node_words, step_text, walk_words
from tests.core.test_tape_folding import structure_of


def walk_of(count: int, edges: list[tuple[int, int]], leaves: tuple[int, ...], ran: list[int]) -> BackwardWalk:
    """Operations in the order in which they were made, and one leaf with its uses; `ran` as a ledger has it."""
    structure = structure_of(["MulBackward0"] * count, edges, leaves=leaves)
    ledger = replace(empty_ledger(structure), ran=np.array(ran, np.int64))
    return BackwardWalk(BackwardPass(TracedGraph(structure, ledger)))


def test_a_leaf_that_is_used_twice_waits_for_both_uses() -> None:
    walk = walk_of(2, [(0, 1)], (0, 1), [1, 0, 2, 2])
    assert len(walk) == 1 + 2 + 3 + 1
    assert [walk.event(k).rows for k in range(len(walk))] == [(), (0,), (1,), (1,), (0,), (2, 3), ()]
    assert [walk.event(k).phase for k in range(len(walk))] == [
        Phase.START, *[Phase.FORWARD] * 2, *[Phase.BACKWARD] * 4,
    ]  # fmt: skip
    one_came = walk.standing(3)
    assert one_came.arrived.tolist() == [1, 0, 1, 1]
    assert one_came.awaited.tolist() == [1, 0, 2, 2]
    assert one_came.states.tolist() == [NodeState.READY, NodeState.AT_WORK, NodeState.WAITING, NodeState.WAITING]
    assert walk.waits_for(2, 3) == (0,)
    assert str(node_words(walk, one_came, 2)) == "1 of 2"
    assert str(node_words(walk, one_came, 0)) == "ready"
    assert walk.standing(4).states.tolist()[2:] == [NodeState.READY] * 2
    assert walk.standing(5).states.tolist() == [NodeState.DONE, NodeState.DONE, NodeState.AT_WORK, NodeState.AT_WORK]
    assert walk.event(6).what is What.END
    assert (walk.standing(6).states == NodeState.DONE).all()


def test_positions_are_found_by_node_and_kept_in_their_range() -> None:
    walk = walk_of(2, [(0, 1)], (0, 1), [1, 0, 2, 2])
    assert walk.position_of(0, Phase.FORWARD) == 1
    assert walk.position_of(0) == 4
    assert walk.position_of(3) == 5
    assert walk.position_of(3, Phase.FORWARD) is None
    assert walk.position_of(0, Phase.SECOND) is None
    assert walk.event(-3) == walk.event(0)
    assert walk.standing(99).position == len(walk) - 1
    assert [step_text(walk, k) for k in range(len(walk))] == ["", "1/2", "2/2", "1/4", "2/4", "3/4", "4/4"]


def test_where_no_pass_was_tried_the_walk_ends_with_the_forward_pass() -> None:
    structure = structure_of(["MulBackward0"] * 2, [(0, 1)], leaves=(0,))
    walk = BackwardWalk(BackwardPass(TracedGraph(structure, empty_ledger(structure))))
    assert len(walk) == 3
    assert not walk.standing(2).has_gradient.any()
    assert walk.position_of(0) is None
    assert str(walk_words(walk, 0)).startswith("Nothing has run: only 1 leaf")


def test_edges_light_up_when_their_node_is_at_work_and_stay_passed() -> None:
    walk = walk_of(3, [(0, 1), (0, 2), (1, 2)], (0,), [2, 1, 0, 3])
    assert [walk.standing(k).arriving for k in range(4, 8)] == [(1, 2), (0,), (3,), ()]
    assert walk.standing(4).passed.tolist() == [False, True, True, False]
    assert walk.standing(6).passed.tolist() == [True] * 4
    assert not walk.standing(3).passed.any()


def test_the_graph_at_a_position_has_what_is_there_by_then_and_nothing_else() -> None:
    walk = walk_of(2, [(0, 1)], (0, 1), [1, 0, 2, 2])
    graph = graph_at(walk, walk.standing(3))
    assert graph.structure is walk.graph.structure
    assert {row: str(words) for row, words in graph.tags.items()} == {0: "ready", 2: "1 of 2", 3: "1 of 2"}
    assert 1 not in graph.tags
    with pytest.raises(KeyError):
        graph.tags[1]
    assert str(graph_at(walk, walk.standing(1)).ledger.note) == "Gradients come with the backward pass."
    assert not graph.ledger.note


def test_a_step_of_ten_thousand_nodes_takes_no_more_than_five_milliseconds() -> None:
    count = 10_000
    edges = [(k - 1, k) for k in range(1, count)] + [(k - 7, k) for k in range(7, count, 2)]
    walk = walk_of(count, edges, tuple(range(0, count, 10)), [*range(count - 1, -1, -1), *[count] * 1000])
    walk.standing(count + 5)
    seconds = []
    for position in range(count + 100, count + 140):
        begin = time.perf_counter()
        graph_at(walk, walk.standing(position))
        walk_words(walk, position)
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 0.005


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("Trying to backward through the graph a second time (or ...", "retain_graph=True"),
        ("grad can be implicitly created only for scalar outputs", "vector-Jacobian"),
        ("element 0 of tensors does not require grad and does not have a grad_fn", "detach() or no_grad()"),
        ("the derivative for aten::foo is not implemented", "no graph of the gradient"),
        ("something of a user's own", ""),
    ],
)
def test_what_pytorch_refuses_is_explained_where_it_is_known(told: str, said: str) -> None:
    words = str(explained(told))
    assert said in words
    assert bool(words) == bool(said)
