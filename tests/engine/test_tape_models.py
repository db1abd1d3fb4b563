"""Any model: control flow, shared weights, custom functions, checkpoints, and what else PyTorch lets people write."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gradviz.core.questions.trace import TraceGraph
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.tape.structure import NodeKind, SavedState
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace
from gradviz.engine.tape.watch import next_number, watching
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.by_name import find_experiment

pytestmark = pytest.mark.usefixtures("quiet_heap")  # to trace looks for the tensors among all that lives


def traced(loss: Tensor, names: object = None, **more: Any) -> TracedGraph:
    return trace([loss], names_of(names, {}), **more)


def ops(graph: TracedGraph) -> list[str]:
    return [
        op for op, kind in zip(graph.structure.ops, graph.structure.kinds, strict=True) if kind is NodeKind.OPERATION
    ]


def gradient(graph: TracedGraph, name: str) -> TensorNumbers | None:
    row = graph.structure.names.index(name)
    return graph.ledger.gradients[int(graph.structure.ports[row])]


def value(graph: TracedGraph, name: str) -> TensorNumbers | None:
    row = graph.structure.names.index(name)
    return graph.ledger.values[int(graph.structure.ports[row])]


def agrees_with_torch(loss: Tensor, model: nn.Module) -> TracedGraph:
    """Every parameter's gradient is that of torch, and no `.grad` was touched."""
    parameters = dict(model.named_parameters())
    graph = traced(loss, model)
    assert all(parameter.grad is None for parameter in parameters.values())
    expected = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    for (name, _), wanted in zip(parameters.items(), expected, strict=True):
        if wanted is None:
            assert name not in graph.structure.names
            continue
        found = gradient(graph, name)
        assert found is not None, name
        if found.entries is not None:
            np.testing.assert_array_equal(found.entries, wanted.to_dense().double().numpy())
        else:
            assert found.spread is not None
            assert found.spread.norm == pytest.approx(float(wanted.norm()), rel=1e-5)
    return graph


class DenseBlock(nn.Module):
    """Each layer sees all before it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(2 + 2 * k, 2, 3, padding=1) for k in range(4))
        self.norm = nn.BatchNorm2d(10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, torch.relu(layer(x))], 1)
        return self.norm(x).mean()


class Shared(nn.Module):
    """One layer used as often as the data say."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.unused = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        while x.norm() > 0.5:
            x = torch.tanh(self.layer(x)) * 0.5
        return (x @ self.layer.weight).sum()


MODELS: dict[str, tuple[Any, Any]] = {
    "dense net": (DenseBlock, lambda: torch.rand(2, 2, 5, 5)),
    "control flow and shared weights": (Shared, lambda: torch.ones(2, 3)),
    "transformer": (
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 3, enable_nested_tensor=False
        ),
        lambda: torch.rand(2, 4, 8),
    ),
    "lstm": (lambda: nn.LSTM(3, 4, 2), lambda: torch.rand(5, 1, 3)),
    "attention": (lambda: nn.MultiheadAttention(4, 2), lambda: torch.rand(3, 4)),
    "embedding": (lambda: nn.EmbeddingBag(7, 3), lambda: torch.tensor([[1, 2, 2]])),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_the_gradients_of_torch(name: str) -> None:
    torch.manual_seed(0)
    build, data = MODELS[name]
    model, inputs = build(), data()
    out = model(inputs, inputs, inputs) if name == "attention" else model(inputs)
    loss = (out[0] if isinstance(out, tuple) else out).pow(2).sum()
    agrees_with_torch(loss, model)


class Doubled(torch.autograd.Function):
    """A user's own, with an attribute and two inputs of which one is a number."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: int) -> Tensor:
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        return gradient * ctx.factor, None


def test_a_function_of_ones_own_shows_what_it_keeps() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = traced(Doubled.apply(x, 3).sum(), {"x": x})
    row = graph.structure.ops.index("DoubledBackward")
    assert graph.structure.attributes[row] == (("factor", "3"),)
    assert [(saved.name, saved.shape) for saved in graph.structure.saved[row]] == [("saved[0]", (2,))]
    assert gradient(graph, "x").entries.tolist() == [3.0, 3.0]
    assert len(graph.structure.edges_to[row]) == 1, "a number is no input of the graph"


class Failing(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        raise ValueError("no way back")


def test_a_backward_that_raises_leaves_a_graph_without_gradients_and_a_note() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = traced((Failing.apply(x) * 2).sum(), {"x": x})
    assert graph.ledger.gradients.is_empty
    assert "no way back" in str(graph.ledger.note)
    assert ops(graph) == ["SumBackward0", "MulBackward0", "FailingBackward"]


def test_a_checkpoint_is_followed_and_not_computed_for_looking() -> None:
    layer = nn.Linear(3, 3)
    calls: list[int] = []
    layer.register_forward_hook(lambda *_: calls.append(1))
    x = torch.rand(2, 3, requires_grad=True)
    loss = checkpoint(lambda v: torch.tanh(layer(v)), x, use_reentrant=False).sum()
    graph = traced(loss, {"x": x}, with_gradients=False)
    assert len(calls) == 1, "reading what is kept ran the forward pass again"
    states = {saved.state for row in graph.structure.saved for saved in row}
    assert SavedState.HOOKED in states
    full = traced(loss, {"x": x})
    expected = torch.autograd.grad(loss, x)[0]
    np.testing.assert_array_equal(gradient(full, "x").entries, expected.double().numpy())


def test_a_reentrant_checkpoint_is_not_replayed_for_that_would_change_grad() -> None:
    layer = nn.Linear(3, 3)
    x = torch.rand(2, 3, requires_grad=True)
    loss = checkpoint(lambda v: torch.tanh(layer(v)), x, use_reentrant=True).sum()
    graph = traced(loss, {"x": x})
    assert "CheckpointFunctionBackward" in ops(graph)
    assert "use_reentrant=False" in str(graph.ledger.note)
    assert layer.weight.grad is None
    assert x.grad is None


def test_a_change_in_place_is_seen_and_its_refusal_told() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    loss = (y * y).sum()
    with torch.no_grad():
        y.add_(1.0)
    graph = traced(loss, {"x": x})
    assert SavedState.CHANGED in {saved.state for row in graph.structure.saved for saved in row}
    assert "inplace" in str(graph.ledger.note)
    z = x.clone()
    z[0] = z[1] * 3
    legal = traced(z.sum(), {"x": x})
    assert "torch::autograd::CopySlices" in ops(legal)
    assert gradient(legal, "x").entries.tolist() == [0.0, 4.0]


def test_complex_half_and_sparse_numbers() -> None:
    c = torch.tensor([1 + 2j, 3 - 1j], dtype=torch.complex128, requires_grad=True)
    graph = traced((c * c.conj()).real.sum(), {"c": c})
    np.testing.assert_allclose(gradient(graph, "c").entries, 2 * c.detach().numpy())
    h = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
    graph = traced((h * h).sum(), {"h": h})
    assert (gradient(graph, "h").dtype, gradient(graph, "h").entries.tolist()) == ("bfloat16", [2.0, 4.0])
    table = nn.Embedding(1000, 3, sparse=True)
    loss = table(torch.tensor([5, 5])).sum()
    graph = traced(loss, table)
    found = gradient(graph, "weight")
    assert found.layout == "sparse_coo"
    assert found.shape == (1000, 3)
    assert found.spread.maximum == 2.0


def test_no_gradient_at_all() -> None:
    graph = traced(torch.ones(2, 3).sum())
    assert len(graph.structure) == 1
    assert graph.structure.kinds == (NodeKind.CONSTANT,)
    assert "does not follow" in str(graph.ledger.note)
    leaf = torch.tensor(2.0, requires_grad=True)
    alone = traced(leaf, {"x": leaf})
    assert alone.structure.names == ("x",)
    assert gradient(alone, "x").entries.tolist() == 1.0


def test_what_is_no_tensor_is_refused_in_a_sentence() -> None:
    with pytest.raises(EngineError, match="from a loss, a tensor"):
        trace([3.0], names_of(None, {}))  # type: ignore[list-item]


LONG_CHAIN = """
import torch
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace

def chain():
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    graph = trace([y], names_of({"x": x}, {}))
    row = graph.structure.names.index("x")
    print(len(graph.structure), graph.ledger.gradients[int(graph.structure.ports[row])].entries)
    return y

chain()
y = chain()
import gc; gc.collect()
from gradviz.engine.tape import deep_graphs
print(len(deep_graphs._kept), len(deep_graphs._freed))
"""


def test_a_chain_of_100000_steps_overflows_nothing_and_is_freed() -> None:
    """In a process of its own, which torch alone would end without a word when the chain goes."""
    done = subprocess.run([sys.executable, "-c", LONG_CHAIN], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    assert done.stdout.split("\n")[:3] == ["200001 1.0", "200001 1.0", "1 0"]


def test_after_backward_what_is_left_is_shown_and_the_rest_is_absent() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    u = x * x
    u.retain_grad()
    v = u * 3
    loss = v.sum()
    before = traced(loss, {"x": x, "u": u, "v": v})
    assert u.grad is None, "retain_grad() keeps what the user's backward() gives, and no replay"
    assert before.ledger.held[before.structure.names.index("u")] is Held.NONE
    assert before.ledger.held[before.structure.names.index("v")] is Held.NONE
    loss.backward()
    after = traced(loss, {"x": x, "u": u, "v": v})
    assert after.structure.digest == before.structure.digest
    assert gradient(after, "x").entries.tolist() == [6.0, 12.0]
    assert gradient(after, "u").entries.tolist() == [3.0, 3.0]
    assert after.ledger.held[after.structure.names.index("u")] is Held.RETAINED
    assert gradient(after, "v") is None
    assert after.ledger.passed.is_empty
    assert "has freed" in str(after.ledger.note)
    states = {saved.state for row in after.structure.saved for saved in row}
    assert states == {SavedState.FREED}


def test_accumulation_has_the_old_and_the_new() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 5).sum().backward()
    graph = traced((x * 2).sum(), {"x": x})
    row = graph.structure.names.index("x")
    assert graph.ledger.held[row] is Held.ACCUMULATED
    assert graph.ledger.before[row].entries.tolist() == [5.0, 5.0]
    assert gradient(graph, "x").entries.tolist() == [2.0, 2.0]
    assert x.grad.tolist() == [5.0, 5.0]


def test_without_a_backward_pass_gradients_are_absent_and_not_zero() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    graph = traced((x * 2).sum(), {"x": x}, with_gradients=False)
    assert graph.ledger.gradients.is_empty
    assert graph.ledger.passed.is_empty
    assert gradient(graph, "x") is None
    assert not graph.ledger.values.is_empty


def test_a_snapshot_does_not_change_with_the_tensors() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    big = torch.ones(1000, requires_grad=True)
    graph = traced((x * 2).sum() + big.sum(), {"x": x, "big": big})
    with torch.no_grad():
        x.fill_(9.0)
        big.fill_(9.0)
    assert value(graph, "x").entries.tolist() == [1.0, 2.0]
    assert value(graph, "big").spread.maximum == 1.0
    with pytest.raises(ValueError, match="read-only"):
        value(graph, "x").entries[0] = 3.0


def test_what_was_watched_has_every_value_line_and_module() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    data = torch.rand(5, 3)
    given: dict[str, Tensor] = {}
    model[1].register_forward_hook(lambda _m, _i, out: given.update(tanh=out.detach().clone()))
    with watching(model) as watch:
        loss = (model(data) * 2 + 3).mean()
    graph = traced(loss, model, watch=watch)
    structure = graph.structure
    for row in range(len(structure)):
        for port in range(int(structure.ports[row]), int(structure.ports[row + 1])):
            assert graph.ledger.values[port] is not None, structure.ops[row]
    row = structure.ops.index("TanhBackward0")
    assert structure.modules[row] == "1"
    np.testing.assert_array_equal(
        graph.ledger.values[int(structure.ports[row])].entries, given["tanh"].double().numpy()
    )
    assert "model(data) * 2 + 3" in structure.lines[0]
    assert structure.lines[0].startswith("test_tape_models.py:")
    constants = [
        float(graph.ledger.values[int(structure.ports[row])].entries)
        for row, kind in enumerate(structure.kinds)
        if kind is NodeKind.CONSTANT and structure.shapes_of(row) == ((),)
    ]
    assert sorted(constants) == [2.0, 3.0]
    assert traced(loss, model).structure.modules == structure.modules, "the watch is found by itself"


def test_watching_takes_its_hooks_away_and_computes_the_same() -> None:
    model = nn.Linear(2, 2)
    data = torch.rand(3, 2)
    with watching(model) as watch:
        inside = model(data)
    calls = len(watch.calls)
    outside = model(data)
    assert torch.equal(inside, outside)
    assert len(watch.calls) == calls == 1
    assert traced(outside.sum(), model).structure.modules == ("",) * len(traced(outside.sum(), model).structure)


def test_names_are_those_of_the_model_then_of_the_caller() -> None:
    model = nn.Linear(2, 1)
    hidden = model(torch.ones(1, 2))
    graph = trace([hidden.sum()], names_of(model, {"net": model, "Out": {3: hidden}, "hidden": hidden, "_": hidden}))
    assert {"weight", "bias", "hidden", "loss"} <= set(graph.structure.names)
    assert "net.weight" not in graph.structure.names


def test_what_torch_compile_made_is_said() -> None:
    """One node: its inside is not autograd's. The eager backend needs no compiler of C++."""
    model = nn.Linear(2, 1)
    compiled = torch.compile(model, backend="eager")
    graph = agrees_with_torch(compiled(torch.ones(3, 2)).sum(), model)
    assert "AddmmBackward0" in ops(graph)


def test_tracing_leaves_a_run_as_it_was_and_shows_what_was_not_zeroed() -> None:
    experiment = find_experiment("forgotten-zero").experiment
    watched, alone = Trainer(experiment), Trainer(experiment)
    moment = Moment(watched)
    parameters = watched.lanes[1].objective.parameters
    for _ in range(3):
        before = {name: parameter.grad.clone() for name, parameter in parameters.items()}
        random = torch.get_rng_state()
        graph = ask(TraceGraph(optimizer=1), moment)
        assert all(torch.equal(before[name], parameter.grad) for name, parameter in parameters.items())
        assert torch.equal(torch.get_rng_state(), random)
        assert watched.advance() == alone.advance()
    row = graph.structure.names.index("x")
    assert graph.ledger.held[row] is Held.ACCUMULATED
    old, new = graph.ledger.before[row], graph.ledger.gradients[int(graph.structure.ports[row])]
    np.testing.assert_allclose(old.entries + new.entries, before["x"].double().numpy(), rtol=1e-6)
    assert f"{old.entries:.6g} + {new.entries:.6g} = " in " ".join(str(line.text) for line in card(graph, row))
    zeroed = ask(TraceGraph(), moment)
    assert Held.ACCUMULATED not in zeroed.ledger.held, "nothing was there before"


def test_tracing_builds_no_graph_of_its_own_and_leaves_modes_and_collector_alone() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x.exp() * x).sum()
    before = next_number()
    traced(loss, {"x": x})
    assert next_number() == before
    assert torch.is_grad_enabled()
    assert gc.isenabled()
    with torch.no_grad():
        assert gradient(traced(loss, {"x": x}), "x") is not None
        assert not torch.is_grad_enabled()
