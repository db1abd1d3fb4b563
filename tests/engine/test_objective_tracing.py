"""The traced graph of an experiment: names, values and gradients against torch's own, and nothing left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, LINE, NEURONS, formula_experiment
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from gradviz.core.document.experiment import Experiment
from gradviz.core.graph.reach import upstream
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.place import Locate
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.structure import UNTRACKED, NodeKind
from gradviz.core.tape.tensor_numbers import NumberColumn, TensorNumbers, numbers_text
from gradviz.engine.answers.answering import Job, ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.tape import watch as watch_module
from gradviz.engine.tape.columns import numbers_of
from gradviz.engine.tape.objective_tracing import ObjectiveTracing, trace_objective
from gradviz.engine.tape.walk import Walk
from gradviz.engine.tape.watch import watching
from gradviz.engine.training.trainer import Trainer

CPU = torch.device("cpu")
ALL = (TraceGraph(), ReadParameters(), Predict(), Locate())
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


def snapshot_of(experiment: Experiment) -> TracedGraph:
    return trace_objective(build_objective(experiment, CPU))


def entries(numbers: TensorNumbers | None) -> Any:
    assert numbers is not None
    assert numbers.entries is not None
    return numbers.entries


def outputs(graph: TracedGraph, column: NumberColumn) -> list[TensorNumbers | None]:
    """By node the numbers of its first output."""
    return [column[int(port)] for port in graph.structure.ports[:-1]]


def by_name(graph: TracedGraph, column: NumberColumn) -> dict[str, Any]:
    found = zip(graph.structure.names, outputs(graph, column), strict=True)
    return {name: entries(numbers) for name, numbers in found if name and numbers is not None}


def edges_of(graph: TracedGraph) -> list[tuple[int, int]]:
    return list(zip(graph.structure.producers.tolist(), graph.structure.consumers.tolist(), strict=True))


def leaves_of(graph: TracedGraph) -> list[int]:
    return [row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.LEAF]


def operations_of(graph: TracedGraph) -> list[int]:
    return [row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.OPERATION]


def test_the_chain_of_scalars() -> None:
    graph = snapshot_of(CHAIN)
    assert sorted(graph.structure.ops) == [*["AccumulateGrad"] * 3, "AddBackward0", *["MulBackward0"] * 2, "constant"]
    values = by_name(graph, graph.ledger.values)
    assert values == {"a": 3, "b": 5, "c": 8, "u": 40, "v": 43, "j": 129}
    assert by_name(graph, graph.ledger.gradients) == {"a": 3, "b": 24, "c": 15, "u": 3, "v": 3, "j": 1}
    names = graph.structure.names
    edges = {(names[producer], names[consumer]) for producer, consumer in edges_of(graph)}
    assert edges == {("b", "u"), ("c", "u"), ("a", "v"), ("u", "v"), ("v", "j"), ("", "j")}, "3 is an input of j too"


def test_the_matrix_mean() -> None:
    graph = snapshot_of(MEAN)
    values, gradients = by_name(graph, graph.ledger.values), by_name(graph, graph.ledger.gradients)
    np.testing.assert_array_equal(values["z"], np.full((2, 2), 27))
    assert values["out"] == 27
    np.testing.assert_array_equal(gradients["x"], np.full((2, 2), 4.5))
    assert {"AddBackward0", "MulBackward0", "MeanBackward0"} <= set(graph.structure.ops)


def test_a_leaf_used_twice_is_there_twice_with_its_part_and_the_whole() -> None:
    graph = snapshot_of(formula_experiment("loss = x*x + y", x=3.0, y=1.0))
    rows = leaves_of(graph)
    assert sorted(graph.structure.names[row] for row in rows) == ["x", "x", "y"]
    for row in rows:
        whole = 6 if graph.structure.names[row] == "x" else 1
        assert entries(graph.ledger.gradients[int(graph.structure.ports[row])]) == whole
        (edge,) = graph.structure.edges_from[row]
        assert entries(graph.ledger.passed[edge]) == (3 if whole == 6 else 1)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_gradient_at_every_node_is_that_of_its_gradient_edge(name: str) -> None:
    objective = build_objective(EXPERIMENTS[name], CPU)
    graph = trace_objective(objective)
    nodes = Walk([objective.loss()]).operations
    assert [node.name() for node in nodes] == [graph.structure.ops[row] for row in operations_of(graph)]
    loss = objective.loss()
    nodes = Walk([loss]).operations
    expected = torch.autograd.grad(loss, [GradientEdge(node, 0) for node in nodes])
    for row, gradient in enumerate(expected):
        np.testing.assert_array_equal(entries(outputs(graph, graph.ledger.gradients)[row]), gradient.double().numpy())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_leaves_hold_what_backward_gives(name: str) -> None:
    graph = snapshot_of(EXPERIMENTS[name])
    objective = build_objective(EXPERIMENTS[name], CPU)
    objective.evaluate()
    values, gradients = outputs(graph, graph.ledger.values), outputs(graph, graph.ledger.gradients)
    leaves = {graph.structure.names[row]: row for row in leaves_of(graph)}
    assert set(leaves) == set(objective.parameters)
    for name_of, parameter in objective.parameters.items():
        row = leaves[name_of]
        np.testing.assert_array_equal(entries(values[row]), parameter.detach().double().numpy())
        np.testing.assert_array_equal(entries(gradients[row]), parameter.grad.double().numpy())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_node_has_a_value_and_a_way_to_the_loss(name: str) -> None:
    graph = snapshot_of(EXPERIMENTS[name])
    assert all(value is not None for value in outputs(graph, graph.ledger.values))
    reached = upstream(len(graph.structure), np.array(edges_of(graph)), graph.structure.roots[0])
    assert reached.nodes.all()


def test_values_of_a_model_are_those_that_its_modules_give() -> None:
    objective: Any = build_objective(EXPERIMENTS["neurons"], CPU)
    graph = trace_objective(objective)
    given_out: dict[str, Tensor] = {}
    for name, module in objective.model.named_children():
        module.register_forward_hook(lambda _m, _a, out, name=name: given_out.update({name: out}))
    loss = objective.loss()
    structure, values = graph.structure, outputs(graph, graph.ledger.values)
    rows = {structure.modules[row]: row for row, op in enumerate(structure.ops) if op.startswith(("Addmm", "Sigmoid"))}
    for name in ("0", "1", "2"):
        np.testing.assert_array_equal(entries(values[rows[name]]), given_out[name].detach().double().numpy())
    assert entries(values[0]) == loss.item()


def test_modules_of_the_two_neurons_are_named() -> None:
    structure = snapshot_of(EXPERIMENTS["neurons"]).structure
    assert {call.path: call.kind for call in structure.calls if call.path} == {
        "0": "Linear",
        "1": "Sigmoid",
        "2": "Linear",
    }
    assert [op for op, module in zip(structure.ops, structure.modules, strict=True) if module == "1"] == [
        "SigmoidBackward0"
    ]
    assert {"0.weight", "0.bias", "2.weight", "2.bias", "prediction", "loss", "inputs", "targets"} <= set(
        structure.names
    )
    assert structure.names[0] == "loss"
    assert not any(structure.lines), "an experiment has no source lines"


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
    graph = snapshot_of(formula_experiment(text, x=(0.5, -1.0, 0.25), y=(1.5, 0.75, -0.5)))
    columns = outputs(graph, graph.ledger.values), outputs(graph, graph.ledger.gradients)
    for name, value, gradient in zip(graph.structure.names, *columns, strict=True):
        if name and value is not None and gradient is not None:
            expected = known[name]
            np.testing.assert_allclose(entries(value), expected.detach().numpy(), rtol=1e-12, err_msg=text)
            np.testing.assert_allclose(entries(gradient), expected.grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=text)
    assert set(graph.structure.names) - {""} == set(known)


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
    snapshot = trace_objective(Chain(2000))
    assert len(snapshot.structure) == 2001
    assert len(snapshot.structure.producers) == 2000
    assert all(value is not None for value in (*snapshot.ledger.values, *snapshot.ledger.gradients))


def test_the_structure_is_reused_from_step_to_step() -> None:
    trainer = Trainer(Experiment(objective=NEURONS, optimizers=(SGD(lr=1e-3), Adam())))
    moment = Moment(trainer)
    seen = []
    for _ in range(3):
        seen.append(ask(TraceGraph(), moment))
        trainer.advance()
    assert seen[0].structure is seen[1].structure is seen[2].structure
    assert entries(seen[0].ledger.values[0]) != entries(seen[1].ledger.values[0])
    other = ask(TraceGraph(optimizer=1), moment)
    assert other.structure is not seen[0].structure
    assert other.structure.is_like(seen[0].structure)


def test_a_structure_that_changes_is_another_one() -> None:
    chain = Chain(3)
    tracing = ObjectiveTracing(chain)
    before = tracing.trace().structure
    chain._length = 4
    after = tracing.trace().structure
    assert len(after) == len(before) + 1
    assert not after.is_like(before)


def test_a_gradient_that_is_kept_along_the_way_is_told_from_one_that_is_not() -> None:
    """A1 with retain_grad() and without it."""
    for text, held in (("u = b*c\nloss = u*a", Held.NONE), ("u = retain_grad(b*c)\nloss = u*a", Held.RETAINED)):
        trainer = Trainer(formula_experiment(text, a=3.0, b=5.0, c=8.0))
        graph = ask(TraceGraph(), Moment(trainer))
        row = graph.structure.names.index("u")
        assert graph.ledger.held[row] is held
        kept = graph.ledger.before[row]
        assert (kept is None) is (held is Held.NONE)
        assert kept is None or entries(kept) == 3.0


def test_a_gradient_by_hand_that_is_another_stands_beside_that_of_autograd() -> None:
    text = "loss = x*x\nd_x = -2*x"
    made = formula_experiment(text, x=3.0)
    by_hand = made.model_copy(update={"objective": made.objective.model_copy(update={"gradient": "by_hand"})})
    graph = ask(TraceGraph(), Moment(Trainer(by_hand)))
    row = graph.structure.names.index("x")
    assert entries(graph.ledger.gradients[int(graph.structure.ports[row])]) == 6.0
    assert graph.ledger.held[row] is Held.APART
    assert entries(graph.ledger.before[row]) == -6.0


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
        for question in (*ALL, TraceGraph(optimizer=1)):
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
    ask(TraceGraph(), Moment(trainer))
    assert torch.equal(torch.get_rng_state(), before)
    objective.loss()
    assert not torch.equal(torch.get_rng_state(), before), "this test's loss drew nothing"


def table_numbers(summary: TensorSummary) -> Any:
    assert summary.values is not None
    return summary.values


def test_a_snapshot_has_the_table_and_the_fit_of_its_step() -> None:
    trainer = Trainer(Experiment(objective=LINE, optimizers=(Adam(lr=0.1), SGD(lr=1e-2))))
    trainer.seek(3)
    moment = Moment(trainer)
    rows = {(row.optimizer, row.name): row for row in ask(ReadParameters(), moment).rows}
    assert set(rows) == {(0, "w"), (0, "b"), (1, "w"), (1, "b")}
    weight = trainer.lanes[0].objective.parameters["w"]
    assert table_numbers(rows[0, "w"].value) == weight.item()
    assert table_numbers(rows[0, "w"].gradient) == weight.grad.item()
    state = dict(rows[0, "w"].state)
    assert table_numbers(state["step"]) == 3
    assert table_numbers(state["exp_avg"]) == trainer.lanes[0].optimizer.state[weight]["exp_avg"].item()
    assert rows[1, "w"].state == ()
    fit = ask(Predict(), moment)
    assert fit.curves.shape == (2, len(fit.curve_x))
    w, b = (table_numbers(rows[1, name].value) for name in "wb")
    np.testing.assert_allclose(fit.curves[1], w * fit.curve_x + b, rtol=1e-5)
    np.testing.assert_allclose(fit.inputs, trainer.lanes[0].objective.data.inputs[:, 0])
    assert fit.curve_x.min() < fit.inputs.min()
    assert fit.curve_x.max() > fit.inputs.max()
    np.testing.assert_array_equal(ask(Locate(), moment).position, np.array(trainer.record.position).reshape(2, 2))


def test_what_has_no_answer_is_refused_in_a_sentence() -> None:
    with pytest.raises(EngineError, match="fits no data"):
        ask(Predict(), Moment(Trainer(Experiment())))


def capture_of(text: str, **changes: Any) -> TracedGraph:
    experiment = formula_experiment(text, x=2.0, y=3.0, v=(1.0, 2.0))
    made = experiment.model_copy(update={"objective": experiment.objective.model_copy(update=changes)})
    return trace_objective(build_objective(made, CPU))


def test_the_local_derivatives_of_random_chains_multiply_to_the_gradients() -> None:
    graph = capture_of("a = x*y\nb = sin(a) + y\nc = exp(b/5)*a\nloss = c*c + x")
    gradients = outputs(graph, graph.ledger.gradients)
    arrived: dict[int, float] = {}
    for (producer, consumer), factor in zip(edges_of(graph), graph.ledger.local, strict=True):
        if graph.structure.kinds[producer] is not NodeKind.CONSTANT:
            passed = float(entries(gradients[consumer]) * entries(factor))
            arrived[producer] = arrived.get(producer, 0.0) + passed
    for row in operations_of(graph)[1:]:
        assert arrived[row] == pytest.approx(float(entries(gradients[row])), rel=1e-12)
    for name in ("x", "y"):
        uses = [row for row in leaves_of(graph) if graph.structure.names[row] == name]
        assert sum(arrived[row] for row in uses) == pytest.approx(float(entries(gradients[uses[0]])), rel=1e-12)


def flows_of(text: str) -> tuple[set[tuple[str, str]], TracedGraph]:
    graph = capture_of(text)
    names = graph.structure.names
    return {(names[a], names[b]) for a, b in graph.structure.flows}, graph


@pytest.mark.parametrize(
    ("text", "flows"),
    [
        ("a = 3*x\ncut = detach(a)\nloss = sum(a*cut)", {("a", "cut"), ("cut", "loss")}),
        ("a = no_grad(3*x)\nb = no_grad(a*a)\nloss = b + 2", {("a", "b"), ("b", "loss")}),
        ("a = no_grad(3*x)\nb = requires_grad(a)\nloss = b*b", {("a", "b")}),
        ("p = x*y\nloss = p*p", set()),
        ("a = detach(x)\nc = a\nloss = x*c", {("x", "a"), ("a", "c"), ("c", "loss")}),
    ],
)
def test_a_value_without_a_graph_stands_between_what_it_is_made_of_and_what_is_made_of_it(
    text: str, flows: set[tuple[str, str]]
) -> None:
    found, graph = flows_of(text)
    names = graph.structure.names
    joined = {(names[a], names[b]) for a, b in edges_of(graph)}
    assert {pair for pair in found | joined if pair in flows} == flows
    assert found <= flows | {("x", "loss")}


def test_named_values_without_a_graph_have_no_edge() -> None:
    graph = capture_of("a = no_grad(3*x)\nb = requires_grad(a)\nloss = b*b + detach(y*y)")
    structure, values = graph.structure, outputs(graph, graph.ledger.values)
    (untracked,) = (row for row, op in enumerate(structure.ops) if op == UNTRACKED)
    assert structure.names[untracked] == "a"
    assert entries(values[untracked]) == 6.0
    gradients = outputs(graph, graph.ledger.gradients)
    assert gradients[untracked] is None
    assert not any(untracked in edge for edge in edges_of(graph))
    leaf = leaves_of(graph)[0]
    assert structure.names[leaf] == "b"
    assert entries(gradients[leaf]) == 12.0


@pytest.mark.parametrize("text", ["loss = v*x", "loss = no_grad(x*x)"])
def test_what_pytorch_refuses_to_go_back_through_is_shown_without_gradients(text: str) -> None:
    graph = capture_of(text)
    assert by_name(graph, graph.ledger.values)["loss"].tolist() == ([2.0, 4.0] if "v" in text else 4.0)
    assert graph.ledger.gradients.is_empty
    assert graph.ledger.note
    assert graph.structure.names.count("loss") == 1


def test_an_upstream_gradient_arrives_at_the_vector() -> None:
    graph = capture_of("w = v*x", upstream=(1.0, 10.0))
    assert entries(graph.ledger.gradients[0]).tolist() == [1.0, 10.0]
    assert by_name(graph, graph.ledger.gradients)["x"] == 21.0


def watched(keeps_tensors: bool, run: Callable[[], object]) -> tuple[list[Any], list[Any]]:
    """Values and constants, as text, by the place of the node."""
    torch.manual_seed(0)
    with watching(keeps_tensors=keeps_tensors) as watch:
        run()
    values = [[numbers_text(numbers_of(one), 99) for one in row if isinstance(one, Tensor)] or
              [numbers_text(one, 99) for one in row] for row in watch.values.values()]  # fmt: skip
    constants = [{name: numbers_text(one.numbers, 99) for name, one in row.items()} for row in watch.constants.values()]
    return values, constants


def changes_in_place() -> None:
    x, data = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([5.0, 6.0])
    y = x * data
    z = y + 1.0
    y.mul_(3.0)
    data.add_(1.0)
    (z + x * data).sum()


def normalises_twice() -> None:
    norm = nn.BatchNorm1d(2)
    norm(norm(torch.tensor([[1.0, 2.0], [3.0, 5.0]], requires_grad=True)))


@pytest.mark.parametrize("run", [changes_in_place, normalises_twice])
def test_tensors_that_are_kept_tell_what_copies_tell(run: Callable[[], object]) -> None:
    assert watched(True, run) == watched(False, run)


def test_a_live_trace_copies_only_what_nobody_else_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copying every value while it is watched would take a tenth of the live graph's time."""
    copied: list[object] = []
    monkeypatch.setattr(watch_module, "numbers_of", lambda one: copied.append(one) or numbers_of(one))
    graph = trace_objective(build_objective(EXPERIMENTS["neurons"], CPU))
    assert len(copied) <= sum(kind is NodeKind.CONSTANT for kind in graph.structure.kinds)
