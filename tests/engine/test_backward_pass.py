"""Passes taken apart: order, freeing, a second pass, and the graph of the gradient, against torch itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor
from torch.autograd.graph import Node

from gradviz.core.questions.backward import TakeApart
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk, NodeState
from gradviz.core.tape.captions import arriving_text
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.tape.remarks import RemarkKind
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.walk_events import Phase, What
from gradviz.core.tape.walk_graph import graph_at
from gradviz.core.tape.walk_words import walk_words
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.passes import gradients_with_graph, take_apart, trace_of_gradient
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.walk import Walk
from gradviz.engine.tape.watch import watching
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.by_name import find_experiment
from tests.engine.test_tape_numbers import Made, close, programs

pytestmark = pytest.mark.usefixtures("quiet_heap")  # to trace looks for the tensors among all that lives


def traced(loss: Tensor, values: dict[str, Tensor], **more: Any) -> TracedGraph:
    return trace([loss], names_of(values, {}), **more)


def taken(loss: Tensor, values: dict[str, Tensor], retain_graph: bool = False, twice: bool = False) -> BackwardPass:
    return take_apart(traced(loss, values), [loss], [None], retain_graph, twice)


def chain() -> dict[str, Tensor]:
    """Case A1."""
    a, b, c = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (3.0, 5.0, 8.0))
    u = b * c
    v = a + u
    return {"a": a, "b": b, "c": c, "u": u, "v": v, "j": 3 * v}


def order_of_backward(loss: Tensor, walk: Walk) -> list[Node]:
    """The nodes as a real backward() runs them: it fills `.grad`, which the caller does not look at."""
    order: list[Node] = []
    handles = [node.register_prehook(lambda _g, node=node: order.append(node)) for node in nodes_of(walk)]
    loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
    for handle in handles:
        handle.remove()
    return order


def nodes_of(walk: Walk) -> list[Any]:
    return [*walk.operations, *walk.leaf_nodes]


@settings(max_examples=100, deadline=None)
@given(made=programs())
def test_the_order_is_that_in_which_backward_runs_the_nodes_and_every_sum_is_the_gradient(made: Made) -> None:
    if not made.loss.requires_grad:
        return
    graph = traced(made.loss, made.values)
    walk = Walk([made.loss])
    followed = {name: value for name, value in made.values.items() if value.requires_grad}
    gradients = torch.autograd.grad(made.loss, list(followed.values()), retain_graph=True)
    steps = BackwardWalk(BackwardPass(graph))
    seen = [walk.operations[rows[0]] if rows[0] < len(walk.operations) else
            walk.leaf_nodes[int(graph.structure.leaf_of[rows[0]])]
            for rows in (steps.event(k).rows for k in range(steps.turn + 1, len(steps) - 1))]  # fmt: skip
    assert seen == order_of_backward(made.loss, walk)
    for (name, _), gradient in zip(followed.items(), gradients, strict=True):
        for row in (row for row, one in enumerate(graph.structure.names) if one == name):
            close(steps.running_sum(row, len(steps) - 1), gradient, name)
    every_step_is_the_sum_of_what_has_arrived(steps)


def every_step_is_the_sum_of_what_has_arrived(steps: BackwardWalk) -> None:
    """Nothing arrives late or twice, a node runs when all has arrived, and before it has no gradient."""
    structure = steps.graph.structure
    done: set[int] = set()
    for position in range(steps.turn + 1, len(steps)):
        standing = steps.standing(position)
        rows = standing.event.rows
        for row in rows:
            assert not steps.waits_for(row, position)
            assert standing.arrived[row] == standing.awaited[row] > 0
            the_sum_is_the_gradient(steps, row, position)
        done |= set(rows)
        expected = {row for row in range(len(structure)) if row in done}
        assert set(np.flatnonzero(standing.has_gradient).tolist()) == expected
        for row in set(range(len(structure))) - done:
            waiting = steps.waits_for(row, position)
            assert not done & set(waiting)
            if structure.kinds[row] is NodeKind.CONSTANT:
                assert not waiting
                assert standing.states[row] == NodeState.VALUED


def the_sum_is_the_gradient(steps: BackwardWalk, row: int, position: int) -> None:
    for output in range(len(steps.graph.structure.shapes_of(row))):
        whole = steps.graph.ledger.gradients[int(steps.graph.structure.ports[row]) + output]
        total = steps.running_sum(row, position, output)
        if whole is None or whole.entries is None:
            continue
        assert total is not None
        assert total.entries is not None
        scale = 1e-12 * float(np.abs(whole.entries).max(initial=0.0))
        np.testing.assert_allclose(total.entries, whole.entries, rtol=1e-12, atol=scale)


def test_every_output_of_a_node_has_its_own_sum() -> None:
    x = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    parts = x.unbind(0)
    loss = (parts[0] * parts[1] + parts[0]).sum()
    steps = BackwardWalk(BackwardPass(traced(loss, {"x": x})))
    every_step_is_the_sum_of_what_has_arrived(steps)
    row = steps.graph.structure.ops.index("UnbindBackward0")
    assert int(steps.standing(len(steps) - 1).awaited[row]) == 3
    assert [len(steps.edges_arrived(row, len(steps) - 1, output)) for output in range(3)] == [2, 1, 0]
    assert steps.running_sum(row, len(steps) - 1, 2) is None


def test_the_walk_of_the_chain_says_what_each_node_does() -> None:
    made = chain()
    steps = BackwardWalk(taken(made["j"], made))
    said = [str(walk_words(steps, position)) for position in range(len(steps))]
    assert said[1:4] == [
        "MulBackward0 (u) gives 40; keeps other, self for the backward pass, 16 bytes",
        "AddBackward0 (v) gives 43",
        "MulBackward0 (j) gives 129; keeps other for the backward pass, 8 bytes",
    ]
    assert said[4] == "MulBackward0 (j): the pass begins here with 1; passes 1 × 3 = 3 to v"
    assert "AccumulateGrad (b): 1 arrived of 1; .grad was None and is 24" in said
    assert said[-1] == "The pass is over: 3 saved tensors were freed, 24 bytes."
    before = steps.standing(steps.turn)
    assert not before.has_gradient.any()
    assert before.has_value.all()
    assert steps.standing(1).has_value.tolist() == [False, False, True, True, True, True, True]


def test_the_graph_at_a_position_shows_numbers_as_they_appear() -> None:
    made = chain()
    steps = BackwardWalk(taken(made["j"], made))
    b, u, j = (steps.graph.structure.names.index(name) for name in "buj")
    edge = steps.graph.structure.edges_to[j][0]

    def at(position: int) -> TracedGraph:
        return graph_at(steps, steps.standing(position))

    def has(position: int, row: int) -> tuple[bool, bool]:
        ledger = at(position).ledger
        return ledger.values.has(row), ledger.gradients.has(row)

    assert [has(0, row) for row in (b, u, j)] == [(True, False), (False, False), (False, False)]
    assert [has(1, row) for row in (b, u, j)] == [(True, False), (True, False), (False, False)]
    assert has(steps.turn, j) == (True, False)
    assert has(steps.turn + 1, j) == (True, True)
    assert not at(steps.turn).ledger.passed.has(edge)
    assert at(steps.turn + 1).ledger.passed.has(edge)
    last = at(len(steps) - 1)
    assert j in last.freed
    assert any("freed by now" in str(line.text) for line in card(last, j))
    assert any("alive" in str(line.text) for line in card(at(steps.turn), j))
    np.testing.assert_array_equal(last.ledger.gradients.starts, steps.graph.ledger.gradients.starts)


def test_an_edge_that_is_lit_says_what_it_passes_and_of_many_numbers_the_norm() -> None:
    made = chain()
    steps = BackwardWalk(taken(made["j"], made))
    edge = steps.graph.structure.edges_to[steps.graph.structure.names.index("j")][0]
    assert arriving_text(graph_at(steps, steps.standing(steps.turn)), edge) == ""
    assert arriving_text(graph_at(steps, steps.standing(steps.turn + 1)), edge) == "× 3 = 3"
    x = torch.full((2, 2), 3.0, dtype=torch.float64, requires_grad=True)
    graph = traced((x * x).sum(), {"x": x})
    assert arriving_text(graph, graph.structure.edges_to[0][0]) == "norm 2"


def test_without_retain_graph_each_node_is_freed_when_it_has_run_and_a_second_pass_is_refused() -> None:
    made = chain()
    found = taken(made["j"], made, twice=True)
    ran, freed = found.graph.ledger.ran, found.freed
    saving = [row for row, saved in enumerate(found.graph.structure.saved) if saved]
    assert [int(freed[row]) for row in saving] == [int(ran[row]) + 1 for row in saving]
    assert sorted(np.flatnonzero(freed >= 0).tolist()) == saving
    with pytest.raises(RuntimeError) as refused:
        made["j"].backward()  # type: ignore[no-untyped-call]
    second = found.second
    assert second is not None
    assert second.failure is not None
    assert second.failure.told == str(refused.value)
    assert second.failure.row == 0
    assert "retain_graph=True" in str(second.failure.why)
    assert (second.ran == -1).all()
    steps = BackwardWalk(found)
    event = steps.event(len(steps) - 1)
    assert (event.phase, event.what, event.rows) == (Phase.SECOND, What.FAILURE, (0,))
    assert str(walk_words(steps, len(steps) - 1)).startswith("MulBackward0 (j): PyTorch refuses. The first backward()")
    at_work = steps.position_of(saving[0])
    assert at_work is not None
    assert not steps.standing(at_work).freed[saving[0]], "it needs what it saved"
    assert steps.standing(at_work + 1).freed[saving[0]]
    assert saving[0] in graph_at(steps, steps.standing(at_work + 1)).freed


def test_with_retain_graph_nothing_is_freed_and_a_second_pass_adds_the_same() -> None:
    made = chain()
    found = taken(made["j"], made, retain_graph=True, twice=True)
    assert (found.freed == -1).all()
    assert found.second is not None
    assert found.second.failure is None
    assert found.second.is_equal
    np.testing.assert_array_equal(found.second.ran, found.graph.ledger.ran)
    steps = BackwardWalk(found)
    b = found.graph.structure.names.index("b")
    again = steps.position_of(b, Phase.SECOND)
    assert again is not None
    assert str(walk_words(steps, again)).endswith(".grad was 24 and is 48")
    assert all(one.grad is None for one in made.values() if one.is_leaf)


def test_what_retain_grad_keeps_is_as_it_was() -> None:
    made = chain()
    made["u"].retain_grad()
    made["j"].backward(retain_graph=True)  # type: ignore[no-untyped-call]
    found = taken(made["j"], made, retain_graph=True, twice=True)
    assert found.second is not None
    assert made["u"].grad is not None
    assert float(made["u"].grad) == 3.0
    assert float(made["b"].grad or 0) == 24.0


def test_what_chooses_anew_at_each_pass_is_not_called_the_same() -> None:
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    scales = iter((1.0, 2.0, 3.0, 4.0))
    x.register_hook(lambda gradient: gradient * next(scales))
    found = taken((x * x).sum(), {"x": x}, retain_graph=True, twice=True)
    assert found.second is not None
    assert not found.second.is_equal


def test_a_hook_is_named_and_what_it_makes_of_the_sum_is_told() -> None:
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)

    def doubled(gradient: Tensor) -> Tensor:
        return 2 * gradient

    y = x * x
    y.register_hook(doubled)
    loss = y + x
    graph = traced(loss, {"x": x, "y": y})
    steps = BackwardWalk(BackwardPass(graph))
    row = graph.structure.names.index("y")
    (remark,) = graph.remarks[row]
    assert remark.kind is RemarkKind.HOOK
    assert "doubled" in str(remark.words)
    assert steps.is_hooked(row, steps.running_sum(row, len(steps) - 1))
    position = steps.position_of(row)
    assert position is not None
    assert str(walk_words(steps, position)).count("and a hook makes 2 of it") == 1
    assert any(str(line.label) == "hook" for line in card(graph, row))
    leaf = graph.structure.names.index("x")
    assert not steps.is_hooked(leaf, steps.running_sum(leaf, len(steps) - 1))
    assert leaf not in graph.remarks
    assert x._backward_hooks is None, "the leaf is as it was"


def test_what_was_cut_or_changed_in_place_says_where_and_by_what() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    with watching() as watch:
        y = x * x
        apart = y.detach() * 2
        with torch.no_grad():
            unseen = y + 1
        y = y * apart * unseen
        y += 1
        loss = y.sum()
    graph = traced(loss, {"x": x, "y": y, "apart": apart, "unseen": unseen}, watch=watch)
    by_name = {graph.structure.names[row]: remarks for row, remarks in graph.remarks.items()}
    assert by_name["apart"][0].kind is RemarkKind.DETACHED
    assert "by detach(): test_backward_pass.py:" in str(by_name["apart"][0].words)
    assert by_name["unseen"][0].kind is RemarkKind.NO_GRAD
    assert by_name["y"][0].kind is RemarkKind.IN_PLACE
    assert str(by_name["y"][0].words) == "changes its tensor in place by add_(), to version 1"
    made_at = BackwardWalk(BackwardPass(graph)).position_of(graph.structure.names.index("y"), Phase.FORWARD)
    assert made_at is not None
    assert "in place by add_()" in str(walk_words(BackwardWalk(BackwardPass(graph)), made_at))


def test_without_a_watch_a_version_counter_and_shared_memory_are_seen() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    apart = x.detach()
    y = x * 3
    y += 1
    graph = traced((apart * y).sum(), {"x": x, "y": y, "apart": apart})
    by_name = {graph.structure.names[row]: remarks for row, remarks in graph.remarks.items()}
    assert str(by_name["y"][0].words) == "changed in place: its version is 1"
    assert "shares the memory of x" in str(by_name["apart"][0].words)


def test_a_change_in_place_of_what_was_saved_fails_at_its_node_with_torchs_words_and_ours() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    y = x.exp()
    y += 1
    loss = y.sum()
    found = taken(loss, {"x": x})
    failure = found.failure
    assert failure is not None
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as refused:
        loss.backward()  # type: ignore[no-untyped-call]
    assert failure.told == str(refused.value)
    assert found.graph.structure.ops[failure.row] == "ExpBackward0"
    assert "at version 0 and then changed in place: it is at version 1 now" in str(failure.why)
    assert "at version 0 and then changed in place" in str(found.graph.ledger.note)
    steps = BackwardWalk(found)
    assert [steps.graph.structure.ops[steps.event(k).rows[0]] for k in range(steps.turn + 1, len(steps))] == [
        "SumBackward0", "AddBackward0", "ExpBackward0",
    ]  # fmt: skip
    assert not steps.standing(len(steps) - 1).passed[graph_edge(found.graph, failure.row)]


def graph_edge(graph: TracedGraph, row: int) -> int:
    return graph.structure.edges_to[row][0]


@pytest.mark.parametrize("name", ["vector-error", "tracking-no-grad"])
def test_a_loss_without_a_gradient_fails_as_backward_does(name: str) -> None:
    found = ask(TakeApart(twice=True, create_graph=True), Moment(Trainer(find_experiment(name).experiment)))
    assert found.failure is not None
    assert found.failure.row == -1
    assert found.failure.why
    assert found.second is None
    assert found.of_gradient is None
    assert found.no_gradient
    steps = BackwardWalk(found)
    if steps.turn:
        assert steps.event(len(steps) - 1).what is What.FAILURE
        assert str(walk_words(steps, len(steps) - 1)).startswith("backward(): PyTorch refuses.")


def test_the_graph_of_the_gradient_is_that_of_the_second_derivative() -> None:
    x = torch.tensor([0.5, 2.0], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.5, 0.3], dtype=torch.float64, requires_grad=True)

    def function(x: Tensor, y: Tensor) -> Tensor:
        return (x**3 * y + torch.sin(x * y)).sum()

    loss = function(x, y)
    with torch.enable_grad():
        pairs, refused = gradients_with_graph(loss, None)
    assert not refused
    graph = trace_of_gradient(pairs, names_of({"x": x, "y": y}, {}), None, "loss")
    assert "∂loss/∂x" in graph.structure.names
    hessian = torch.autograd.functional.hessian(function, (x.detach(), y.detach()))  # type: ignore[no-untyped-call]
    for name, blocks in zip(("x", "y"), hessian, strict=True):
        row = graph.structure.names.index(name)
        of_ones = sum(block.sum(1) for block in blocks)
        close(graph.ledger.gradients[int(graph.structure.ports[row])], of_ones, name)
    steps = BackwardWalk(BackwardPass(graph))
    assert len(steps) > steps.turn + 5
    for row in range(len(graph.structure)):
        whole = graph.ledger.gradients[int(graph.structure.ports[row])]
        if whole is not None:
            the_sum_is_the_gradient(steps, row, len(steps) - 1)


def test_of_what_is_the_same_everywhere_there_is_no_graph_of_the_gradient() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    with torch.enable_grad():
        pairs, refused = gradients_with_graph(3 * x, None)
    assert not pairs
    assert "wherever" in str(refused)


@pytest.mark.parametrize("name", ["neurons", "race-line", "spirals", "batch-stochastic", "accumulation"])
def test_taking_a_step_apart_changes_nothing_of_the_run(name: str) -> None:
    experiment = find_experiment(name).experiment
    trainer, other = Trainer(experiment), Trainer(experiment)
    moment = Moment(trainer)
    for _ in range(2):
        before = [None if one.grad is None else one.grad.clone() for one in parameters(trainer)]
        random = torch.get_rng_state()
        found = ask(TakeApart(optimizer=1, twice=True, create_graph=True), moment)
        assert torch.equal(random, torch.get_rng_state())
        assert found.failure is None
        assert found.of_gradient is not None or found.no_gradient
        for one, kept in zip(parameters(trainer), before, strict=True):
            assert one.grad is kept or torch.equal(one.grad, kept)
        trainer.advance()
        other.advance()
    for one, untouched in zip(parameters(trainer), parameters(other), strict=True):
        assert torch.equal(one, untouched)


def parameters(trainer: Trainer) -> list[Tensor]:
    return [one for lane in trainer.lanes for one in lane.objective.parameters.values()]


def test_in_a_race_the_pass_is_of_the_chosen_optimiser() -> None:
    trainer = Trainer(find_experiment("race-surface").experiment)
    for _ in range(3):
        trainer.advance()
    moment = Moment(trainer)
    for index in (0, 1):
        graph = ask(TakeApart(optimizer=index), moment).graph
        (name, parameter), *_ = trainer.lanes[index].objective.parameters.items()
        row = next(row for row, one in enumerate(graph.structure.names) if one and name.startswith(one[:1]))
        shown = graph.ledger.values[int(graph.structure.ports[row])]
        assert shown is not None
        np.testing.assert_array_equal(shown.entries, parameter.detach().double().numpy())
