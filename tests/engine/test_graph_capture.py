"""The graph of one evaluation: nodes, names, values and gradients against torch's own, and nothing left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, LINE, NEURONS, formula_experiment
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, Node

from gradviz.core.document.experiment import Experiment
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import UNTRACKED
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.place import Locate
from gradviz.engine.answers.answering import Job, ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.graph import capture
from gradviz.engine.graph.capture import GraphCapture
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

CPU = torch.device("cpu")
ALL = (CaptureGraph(), ReadParameters(), Predict(), Locate())
CHAIN = formula_experiment("u = b*c\nv = a + u\nj = 3*v", "float32", a=3.0, b=5.0, c=8.0)
MEAN = formula_experiment("y = x + 2\nz = 3*y*y\nout = mean(z)", "float32", x=((1.0, 1.0), (1.0, 1.0)))
SHARED = formula_experiment("u = x*x\nv = u*sin(u) + x\nloss = sum(v*v)", x=(0.3, -1.2, 2.0))
SOFTMAX = formula_experiment(
    "p = softmax(x@w + b)\nloss = mean((p - y)**2)",
    constants=("x", "y"),
    x=((0.1, 0.2, 0.3, 0.4), (1.0, -1.0, 0.5, 0.2), (0.3, 0.8, -0.5, 1.0)),
    w=((0.1, -0.2), (0.3, 0.4), (0.5, -0.6), (0.7, 0.8)),
    b=(0.1, -0.1),
    y=((1.0, 0.0), (0.0, 1.0), (0.0, 1.0)),
)
EXPERIMENTS = {
    "chain": CHAIN,
    "mean": MEAN,
    "shared": SHARED,
    "softmax": SOFTMAX,
    "himmelblau": Experiment(objective=HIMMELBLAU),
    "line": Experiment(objective=LINE),
    "neurons": Experiment(objective=NEURONS, seed=2),
}


def snapshot_of(experiment: Experiment) -> GraphSnapshot:
    return GraphCapture(build_objective(experiment, CPU)).capture()


def numbers(summary: TensorSummary | None) -> Any:
    assert summary is not None
    assert summary.values is not None
    return summary.values


def by_name(snapshot: GraphSnapshot, what: tuple[TensorSummary | None, ...]) -> dict[str, Any]:
    return {node.name: numbers(what[k]) for k, node in enumerate(snapshot.structure.nodes) if node.name}


def test_the_chain_of_scalars() -> None:
    snapshot = snapshot_of(CHAIN)
    assert sorted(node.op for node in snapshot.structure.nodes) == [
        "AccumulateGrad",
        "AccumulateGrad",
        "AccumulateGrad",
        "AddBackward0",
        "MulBackward0",
        "MulBackward0",
    ]
    assert by_name(snapshot, snapshot.values) == {"a": 3, "b": 5, "c": 8, "u": 40, "v": 43, "j": 129}
    assert by_name(snapshot, snapshot.gradients) == {"a": 3, "b": 24, "c": 15, "u": 3, "v": 3, "j": 1}
    names = [node.name for node in snapshot.structure.nodes]
    edges = {(names[producer], names[consumer]) for producer, consumer in snapshot.structure.edges}
    assert edges == {("b", "u"), ("c", "u"), ("a", "v"), ("u", "v"), ("v", "j")}


def test_the_matrix_mean() -> None:
    snapshot = snapshot_of(MEAN)
    values, gradients = by_name(snapshot, snapshot.values), by_name(snapshot, snapshot.gradients)
    np.testing.assert_array_equal(values["z"], np.full((2, 2), 27))
    assert values["out"] == 27
    np.testing.assert_array_equal(gradients["x"], np.full((2, 2), 4.5))
    ops = {node.op for node in snapshot.structure.nodes}
    assert {"AddBackward0", "MulBackward0", "MeanBackward0"} <= ops


def test_a_leaf_used_twice_is_drawn_twice() -> None:
    snapshot = snapshot_of(formula_experiment("loss = x*x + y", x=3.0, y=1.0))
    leaves = [k for k, node in enumerate(snapshot.structure.nodes) if node.is_leaf]
    assert sorted(snapshot.structure.nodes[k].name for k in leaves) == ["x", "x", "y"]
    for k in leaves:  # each chip shows the whole gradient of its leaf
        assert numbers(snapshot.gradients[k]) == (6 if snapshot.structure.nodes[k].name == "x" else 1)
        assert sum(producer == k for producer, _ in snapshot.structure.edges) == 1


def nodes_in_order(snapshot: GraphSnapshot, root: Node) -> dict[int, Node]:
    """The node of autograd for each node of the picture, by following next_functions along its edges."""
    found = {0: root}
    waiting = [0]
    while waiting:
        consumer = waiting.pop()
        producers = [
            p for p, c in snapshot.structure.edges if c == consumer and not snapshot.structure.nodes[p].is_leaf
        ]
        inner = [node for node, _ in found[consumer].next_functions if node and not hasattr(node, "variable")]
        assert len(producers) == len(inner)
        for number, node in zip(producers, inner, strict=True):
            assert found.setdefault(number, node) is node
            assert node.name() == snapshot.structure.nodes[number].op
            waiting.append(number)
    return found


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_gradient_at_every_node_is_that_of_its_gradient_edge(name: str) -> None:
    objective = build_objective(EXPERIMENTS[name], CPU)
    snapshot = GraphCapture(objective).capture()
    loss = objective.loss()
    nodes = nodes_in_order(snapshot, loss.grad_fn)
    assert len(nodes) == sum(not node.is_leaf for node in snapshot.structure.nodes)
    expected = torch.autograd.grad(loss, [GradientEdge(node, 0) for node in nodes.values()])
    for number, gradient in zip(nodes, expected, strict=True):
        np.testing.assert_array_equal(numbers(snapshot.gradients[number]), gradient.double().numpy())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_leaves_hold_what_backward_gives(name: str) -> None:
    snapshot = snapshot_of(EXPERIMENTS[name])
    objective = build_objective(EXPERIMENTS[name], CPU)
    objective.evaluate()
    leaves = {node.name: k for k, node in enumerate(snapshot.structure.nodes) if node.is_leaf}
    assert set(leaves) == set(objective.parameters)
    for parameter_name, parameter in objective.parameters.items():
        k = leaves[parameter_name]
        np.testing.assert_array_equal(numbers(snapshot.values[k]), parameter.detach().double().numpy())
        np.testing.assert_array_equal(numbers(snapshot.gradients[k]), parameter.grad.double().numpy())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_node_has_a_value_a_place_and_a_way_to_the_loss(name: str) -> None:
    snapshot = snapshot_of(EXPERIMENTS[name])
    count = len(snapshot.structure.nodes)
    assert len(snapshot.values) == len(snapshot.gradients) == len(snapshot.structure.places) == count
    assert len(snapshot.structure.routes) == len(snapshot.structure.edges)
    assert all(value is not None for value in snapshot.values)
    reached = {0}
    while True:
        more = reached | {producer for producer, consumer in snapshot.structure.edges if consumer in reached}
        if more == reached:
            break
        reached = more
    assert reached == set(range(count))


def test_values_of_a_model_are_those_that_its_modules_give() -> None:
    objective: Any = build_objective(EXPERIMENTS["neurons"], CPU)
    snapshot = GraphCapture(objective).capture()
    given_out: dict[str, Tensor] = {}
    for name, module in objective.model.named_children():
        module.register_forward_hook(lambda _m, _a, out, name=name: given_out.update({name: out}))
    loss = objective.loss()
    ops = {node.module.split(" ")[0]: k for k, node in enumerate(snapshot.structure.nodes) if "Addmm" in node.op}
    ops["1"] = next(k for k, node in enumerate(snapshot.structure.nodes) if node.op == "SigmoidBackward0")
    for name in ("0", "1", "2"):
        np.testing.assert_array_equal(numbers(snapshot.values[ops[name]]), given_out[name].detach().double().numpy())
    assert numbers(snapshot.values[0]) == loss.item()


def test_modules_of_the_two_neurons_are_named() -> None:
    nodes = snapshot_of(EXPERIMENTS["neurons"]).structure.nodes
    assert {node.module for node in nodes if not node.is_leaf} == {"0 Linear", "1 Sigmoid", "2 Linear", ""}
    assert {node.op for node in nodes if node.module == "1 Sigmoid"} == {"SigmoidBackward0"}
    assert {node.name for node in nodes if node.is_leaf} == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert {"prediction", "loss"} <= {node.name for node in nodes}
    assert nodes[0].name == "loss"


FORMS: dict[str, Any] = {
    "sin({0})": lambda a, b: a.sin(),
    "tanh({0})": lambda a, b: a.tanh(),
    "exp(-{0}*{1})": lambda a, b: (-a * b).exp(),
    "relu({0})": lambda a, b: a.relu(),
    "sum({0})": lambda a, b: a.sum(),
    "mean({0})": lambda a, b: a.mean(),
    "softplus({0})": lambda a, b: nn.functional.softplus(a),
    "log(1 + {0}**2)": lambda a, b: (1 + a**2).log(),
    "{0} + {1}": lambda a, b: a + b,
    "{0} * {1}": lambda a, b: a * b,
    "{0} - {1}": lambda a, b: a - b,
    "maximum({0}, {1})": torch.maximum,
    "where({0} > {1}, {0}, 2*{1})": lambda a, b: torch.where(a > b, a, 2 * b),
}


@settings(max_examples=60)
@given(data=st.data())
def test_values_and_gradients_of_random_programs_are_those_of_retain_grad(data: st.DataObject) -> None:
    """Each line is an operation or a few over earlier lines; an independent run does the same and retains."""
    known: dict[str, Tensor] = {
        "x": torch.tensor([0.5, -1.0, 0.25], dtype=torch.float64, requires_grad=True),
        "y": torch.tensor([1.5, 0.75, -0.5], dtype=torch.float64, requires_grad=True),
    }
    lines = []
    for number in range(data.draw(st.integers(2, 12))):
        first, second = (data.draw(st.sampled_from(list(known))) for _ in range(2))
        form = data.draw(st.sampled_from(list(FORMS)))
        lines.append(f"v{number} = {form.format(first, second)}")
        known[f"v{number}"] = FORMS[form](known[first], known[second])
    lines.append(f"loss = sum({' + '.join(known)})")
    known["loss"] = sum(known.values(), torch.zeros(())).sum()
    for value in known.values():
        value.retain_grad()
    known["loss"].backward()
    text = "\n".join(lines)
    snapshot = snapshot_of(formula_experiment(text, x=(0.5, -1.0, 0.25), y=(1.5, 0.75, -0.5)))
    for node, value, gradient in zip(snapshot.structure.nodes, snapshot.values, snapshot.gradients, strict=True):
        if node.name:
            expected = known[node.name]
            np.testing.assert_allclose(numbers(value), expected.detach().numpy(), rtol=1e-12, err_msg=text)
            np.testing.assert_allclose(numbers(gradient), expected.grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=text)
    assert {node.name for node in snapshot.structure.nodes} - {""} == set(known)


class Chain(Objective):
    """sin(sin(... x ...)), longer than Python's stack."""

    def __init__(self, length: int) -> None:
        self.parameters = {"x": nn.Parameter(torch.tensor(1.0))}
        self._length = length

    def loss(self) -> Tensor:
        return self.loss_at(self.parameters)

    def loss_at(self, parameters: Mapping[str, Tensor]) -> Tensor:
        value = parameters["x"]
        for _ in range(self._length):
            value = value.sin()
        return value


def test_a_chain_of_2000_nodes_overflows_nothing() -> None:
    snapshot = GraphCapture(Chain(2000)).capture()
    assert len(snapshot.structure.nodes) == 2001
    assert len(snapshot.structure.edges) == 2000
    assert all(value is not None for value in (*snapshot.values, *snapshot.gradients))
    assert np.isfinite(snapshot.structure.places).all()


def test_the_structure_is_reused_from_step_to_step() -> None:
    trainer = Trainer(Experiment(objective=NEURONS, optimizers=(SGD(lr=1e-3), Adam())))
    moment = Moment(trainer)
    seen = []
    for _ in range(3):
        seen.append(ask(CaptureGraph(), moment))
        trainer.advance()
    assert seen[0].structure is seen[1].structure is seen[2].structure
    assert seen[0].values != seen[1].values
    other = ask(CaptureGraph(optimizer=1), moment)
    assert other.structure.nodes == seen[0].structure.nodes


def test_a_large_graph_is_left_to_whoever_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert snapshot_of(CHAIN).structure.is_placed
    monkeypatch.setattr(capture, "MOST_PLACED", 5)
    structure = snapshot_of(CHAIN).structure
    assert len(structure.nodes) == 6
    assert not structure.is_placed
    assert structure.routes == ()


def test_a_structure_that_changes_is_laid_out_anew() -> None:
    chain = Chain(3)
    capture = GraphCapture(chain)
    first = capture.capture().structure
    chain._length = 4
    assert len(capture.capture().structure.nodes) == len(first.nodes) + 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_looking_leaves_the_run_as_it_was(name: str) -> None:
    experiment = EXPERIMENTS[name].model_copy(update={"optimizers": (Adam(lr=0.01), SGD(lr=1e-3))})
    watched, alone = Trainer(experiment), Trainer(experiment)
    moment = Moment(watched)
    for _ in range(5):
        before_random = torch.get_rng_state()
        before = [
            (p.detach().clone(), p.grad, p.grad.clone())
            for lane in watched.lanes
            for p in lane.objective.parameters.values()
        ]
        for question in (*ALL, CaptureGraph(optimizer=1)):
            Job(question, moment).advance(1.0)
        after = [p for lane in watched.lanes for p in lane.objective.parameters.values()]
        for parameter, (value, gradient, numbers_of_gradient) in zip(after, before, strict=True):
            assert torch.equal(parameter, value)
            assert parameter.grad is gradient
            assert torch.equal(parameter.grad, numbers_of_gradient)
        assert torch.equal(torch.get_rng_state(), before_random)
        assert watched.advance() == alone.advance()


def test_looking_draws_no_random_number_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(Experiment(objective=LINE))
    objective = trainer.lanes[0].objective
    quiet = objective.loss
    monkeypatch.setattr(objective, "loss", lambda: quiet() * torch.rand(()))
    before = torch.get_rng_state()
    ask(CaptureGraph(), Moment(trainer))
    assert torch.equal(torch.get_rng_state(), before)
    objective.loss()
    assert not torch.equal(torch.get_rng_state(), before), "this test's loss drew nothing"


def test_a_snapshot_has_the_table_and_the_fit_of_its_step() -> None:
    trainer = Trainer(Experiment(objective=LINE, optimizers=(Adam(lr=0.1), SGD(lr=1e-2))))
    trainer.seek(3)
    moment = Moment(trainer)
    rows = {(row.optimizer, row.name): row for row in ask(ReadParameters(), moment).rows}
    assert set(rows) == {(0, "w"), (0, "b"), (1, "w"), (1, "b")}
    weight = trainer.lanes[0].objective.parameters["w"]
    assert numbers(rows[0, "w"].value) == weight.item()
    assert numbers(rows[0, "w"].gradient) == weight.grad.item()
    state = dict(rows[0, "w"].state)
    assert numbers(state["step"]) == 3
    assert numbers(state["exp_avg"]) == trainer.lanes[0].optimizer.state[weight]["exp_avg"].item()
    assert rows[1, "w"].state == ()
    fit = ask(Predict(), moment)
    assert fit.curves.shape == (2, len(fit.curve_x))
    w, b = (numbers(rows[1, name].value) for name in "wb")
    np.testing.assert_allclose(fit.curves[1], w * fit.curve_x + b, rtol=1e-5)
    np.testing.assert_allclose(fit.inputs, trainer.lanes[0].objective.data.inputs[:, 0])
    assert fit.curve_x.min() < fit.inputs.min()
    assert fit.curve_x.max() > fit.inputs.max()
    np.testing.assert_array_equal(ask(Locate(), moment).position, np.array(trainer.record.position).reshape(2, 2))


def test_what_has_no_answer_is_refused_in_a_sentence() -> None:
    with pytest.raises(EngineError, match="fits no data"):
        ask(Predict(), Moment(Trainer(Experiment())))


def capture_of(text: str, **changes: Any) -> GraphSnapshot:
    experiment = formula_experiment(text, x=2.0, y=3.0, v=(1.0, 2.0))
    made = experiment.model_copy(update={"objective": experiment.objective.model_copy(update=changes)})
    return GraphCapture(build_objective(made, torch.device("cpu"))).capture()


def test_the_local_derivatives_of_random_chains_multiply_to_the_gradients() -> None:
    graph = capture_of("a = x*y\nb = sin(a) + y\nc = exp(b/5)*a\nloss = c*c + x")
    arrived: dict[int, float] = {}
    for (producer, consumer), factor in zip(graph.structure.edges, graph.derivatives, strict=True):
        gradient = graph.gradients[consumer]
        assert gradient is not None
        assert factor is not None
        arrived[producer] = arrived.get(producer, 0.0) + gradient.mean * factor
    leaves = [k for k, node in enumerate(graph.structure.nodes) if node.is_leaf]
    for index, node in enumerate(graph.structure.nodes):
        if index and not node.is_leaf:
            assert arrived[index] == pytest.approx(graph.gradients[index].mean, rel=1e-12)
    for name in ("x", "y"):
        uses = [k for k in leaves if graph.structure.nodes[k].name == name]
        assert sum(arrived[k] for k in uses) == pytest.approx(graph.gradients[uses[0]].mean, rel=1e-12)


def test_an_edge_of_vectors_has_no_single_derivative() -> None:
    graph = capture_of("a = v*x\nloss = sum(a)*y")
    nodes = graph.structure.nodes
    found = {
        (nodes[a].name or nodes[a].op, nodes[b].name or nodes[b].op): factor
        for (a, b), factor in zip(graph.structure.edges, graph.derivatives, strict=True)
    }
    assert found[("SumBackward0", "loss")] == 3.0
    assert found[("y", "loss")] == 6.0
    assert found[("a", "SumBackward0")] is None
    assert found[("v", "a")] is None


def flows_of(text: str) -> tuple[set[tuple[str, str]], GraphSnapshot]:
    graph = capture_of(text)
    nodes = graph.structure.nodes
    return {(nodes[a].name, nodes[b].name) for a, b in graph.structure.flows}, graph


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("a = 3*x\ncut = detach(a)\nloss = sum(a*cut)", {("a", "cut"), ("cut", "loss")}),
        ("a = no_grad(3*x)\nb = no_grad(a*a)\nloss = b + 2", {("a", "b"), ("b", "loss")}),
        ("a = no_grad(3*x)\nb = requires_grad(a)\nloss = b*b", {("a", "b")}),
        ("p = x*y\nloss = p*p", set()),
        ("a = detach(x)\nc = a\nloss = x*c", {("x", "a"), ("x", "loss"), ("a", "c"), ("c", "loss")}),
    ],
)
def test_a_value_without_a_graph_stands_between_what_it_is_made_of_and_what_is_made_of_it(
    text: str, flows: set[tuple[str, str]]
) -> None:
    """It floated by itself in the upper right corner."""
    found, graph = flows_of(text)
    assert {(a, b) for a, b in found if (a, b) != ("x", "loss")} == flows - {("x", "loss")}
    structure = graph.structure
    assert len(structure.flow_routes) == len(structure.flows)
    for (above, below), route in zip(structure.flows, structure.flow_routes, strict=True):
        assert structure.places[above, 1] < structure.places[below, 1], "numbers flow downwards"
        assert route[0, 1] < route[-1, 1]


def test_named_values_without_a_graph_have_no_edge() -> None:
    graph = capture_of("a = no_grad(3*x)\nb = requires_grad(a)\nloss = b*b + detach(y*y)")
    nodes = graph.structure.nodes
    untracked = [k for k, node in enumerate(nodes) if node.op == UNTRACKED]
    assert [nodes[k].name for k in untracked] == ["a"]
    assert graph.values[untracked[0]].mean == 6.0
    assert graph.gradients[untracked[0]] is None
    assert not any(untracked[0] in edge for edge in graph.structure.edges)
    leaf = next(k for k, node in enumerate(nodes) if node.is_leaf)
    assert nodes[leaf].name == "b"
    assert graph.gradients[leaf].mean == 12.0


@pytest.mark.parametrize("text", ["loss = v*x", "loss = no_grad(x*x)"])
def test_what_pytorch_refuses_to_go_back_through_is_shown_without_gradients(text: str) -> None:
    graph = capture_of(text)
    values = dict(zip([node.name for node in graph.structure.nodes], graph.values, strict=True))
    assert values["loss"].values.tolist() == ([2.0, 4.0] if "v" in text else 4.0)
    assert not any(graph.gradients)


def test_an_upstream_gradient_arrives_at_the_vector() -> None:
    graph = capture_of("w = v*x", upstream=(1.0, 10.0))
    assert graph.gradients[0].values.tolist() == [1.0, 10.0]
    leaf = next(k for k, node in enumerate(graph.structure.nodes) if node.name == "x")
    assert graph.gradients[leaf].mean == 21.0
