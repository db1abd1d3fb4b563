"""The numbers of traced graphs against torch.autograd.grad with respect to that very tensor, on random programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradviz.core.tape.heat_map import Mark, heat_map
from gradviz.core.tape.ledger import Local, TracedGraph
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.engine.tape import columns
from gradviz.engine.tape.columns import numbers_of
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace

pytestmark = pytest.mark.usefixtures("quiet_heap")  # to trace looks for the tensors among all that lives

TOLERANCE = 1e-12

OPERATIONS: dict[str, tuple[int, Callable[..., Tensor]]] = {
    "add": (2, lambda a, b: a + b),
    "sub": (2, lambda a, b: a - b),
    "mul": (2, lambda a, b: a * b),
    "div": (2, lambda a, b: a / b),
    "maximum": (2, torch.maximum),
    "where": (2, lambda a, b: torch.where(torch.tensor([[True], [False]]), a, b)),
    "addcmul": (3, torch.addcmul),
    "lerp": (3, torch.lerp),
    "sin": (1, torch.sin),
    "tanh": (1, torch.tanh),
    "exp": (1, torch.exp),
    "sigmoid": (1, torch.sigmoid),
    "relu": (1, torch.relu),
    "square": (1, lambda a: a**2),
    "twice": (1, lambda a: 2 * a),
    "minus": (1, lambda a: 1 - a),
    "sum": (1, lambda a: a.sum()),
    "rows": (1, lambda a: a.sum(-1, keepdim=True)),
    "mean": (1, lambda a: a.mean()),
    "softmax": (1, lambda a: torch.softmax(a, -1) if a.dim() else torch.cos(a)),
    "largest": (1, lambda a: a.amax(-1, keepdim=True) if a.dim() else torch.neg(a)),
}
"""Each makes one node; results broadcast with each other: shapes are (), (1,), (3,), (2, 1) or (2, 3)."""


@dataclass
class Made:
    """A random program: values by name, and how each was made."""

    values: dict[str, Tensor] = field(default_factory=dict)
    made_of: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    loss: Tensor = field(default_factory=lambda: torch.zeros(()))


def leaves() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    shapes = {"a": (), "b": (3,), "c": (2, 3), "d": (2, 1)}
    made = {name: torch.rand(shape, generator=generator, dtype=torch.float64) + 0.5 for name, shape in shapes.items()}
    for name in "abc":
        made[name].requires_grad_()
    return made


@st.composite
def programs(draw: st.DrawFn) -> Made:
    made = Made(leaves())
    for number in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(list(OPERATIONS)))
        count, function = OPERATIONS[name]
        given_names = tuple(draw(st.sampled_from(list(made.values))) for _ in range(count))
        result = function(*(made.values[one] for one in given_names))
        made.made_of[f"v{number}"] = (name, given_names)
        made.values[f"v{number}"] = result if float(result.detach().abs().max()) < 100 else result.detach()
    total = sum((value.sum() for value in made.values.values() if value.requires_grad), torch.zeros(()).double())
    made.loss = total
    return made


def close(found: TensorNumbers | None, expected: Tensor | None, what: object) -> None:
    """Equal to 1e-12 of the largest number; both absent where no gradient flows."""
    if expected is None:
        assert found is None, what
        return
    assert found is not None, what
    assert found.shape == tuple(expected.shape), what
    reference = expected.detach().numpy()
    atol = TOLERANCE * max(1e-300, float(np.abs(reference).max(initial=0.0)))
    np.testing.assert_allclose(found.entries, reference, rtol=TOLERANCE, atol=atol, err_msg=str(what))


def traced(loss: Tensor, values: dict[str, Tensor], **more: Any) -> TracedGraph:
    return trace([loss], names_of(values, {}), **more)


@settings(max_examples=200, deadline=None)
@given(made=programs())
def test_gradients_and_parts_of_random_programs_are_those_of_torch(made: Made) -> None:
    followed = {name: value for name, value in made.values.items() if value.requires_grad}
    oracle = dict(
        zip(followed, torch.autograd.grad(made.loss, list(followed.values()), retain_graph=True), strict=True)
    )
    graph = traced(made.loss, made.values)
    structure, ledger = graph.structure, graph.ledger
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(structure.names):
        rows.setdefault(name, []).append(row)
    for name, value in followed.items():
        for row in rows.get(name, []):
            port = int(structure.ports[row])
            close(ledger.values[port], value, name)
            close(ledger.gradients[port], oracle[name], name)
    checked = 0
    for name, (operation, inputs) in made.made_of.items():
        if name not in followed or followed[name].grad_fn is None:
            continue
        alone = [made.values[one].detach().requires_grad_(made.values[one].requires_grad) for one in inputs]
        result = OPERATIONS[operation][1](*alone)
        wanted = [one for one in alone if one.requires_grad]
        parts = iter(torch.autograd.grad(result, wanted, oracle[name]))
        (row,) = rows[name]
        by_slot = {int(structure.slots[edge]): edge for edge in structure.edges_to[row]}
        for slot, (one, name_of_input) in enumerate(zip(alone, inputs, strict=True)):
            at = 1 if operation == "minus" else slot
            if not one.requires_grad:
                assert structure.kinds[structure.producers[by_slot[at]]] is NodeKind.CONSTANT
                continue
            edge = by_slot[
                at if at in by_slot and structure.names[structure.producers[by_slot[at]]] == name_of_input else 0
            ]
            assert structure.names[structure.producers[edge]] == name_of_input
            close(ledger.passed[edge], next(parts), (name, slot))
            checked += 1
    assert checked or not made.made_of or not any(value.grad_fn for value in followed.values())
    sums_are_gradients(graph)
    local_derivatives_make_what_is_passed(graph)
    assert all(value.grad is None for value in made.values.values() if value.is_leaf), "the user's .grad was touched"


def sums_are_gradients(graph: TracedGraph) -> None:
    """What is passed to a node over all its edges, to a leaf over all its uses, is its gradient."""
    structure, ledger = graph.structure, graph.ledger
    sums: dict[Any, Any] = {}
    largest: dict[Any, float] = {}  # terms of 1 that cancel leave 1e-16
    for edge in range(len(structure.producers)):
        passed = ledger.passed[edge]
        if passed is not None:
            leaf = int(structure.leaf_of[structure.producers[edge]])
            key = ("leaf", leaf) if leaf >= 0 else structure.port_of(edge)
            sums[key] = sums.get(key, 0) + passed.entries
            largest[key] = max(largest.get(key, 1e-300), float(np.abs(passed.entries).max(initial=0.0)))
    for row in range(len(structure)):
        leaf = int(structure.leaf_of[row])
        for port in range(int(structure.ports[row]), int(structure.ports[row + 1])):
            gradient = ledger.gradients[port]
            key = ("leaf", leaf) if leaf >= 0 else port
            if gradient is not None and row not in structure.roots:
                atol = TOLERANCE * largest[key] * 10
                np.testing.assert_allclose(sums[key], gradient.entries, rtol=TOLERANCE, atol=atol)


def local_derivatives_make_what_is_passed(graph: TracedGraph) -> None:
    """Upstream times local is passed, in each way in which a local derivative is written."""
    structure, ledger = graph.structure, graph.ledger
    for edge, kind in enumerate(ledger.local_kinds):
        local, passed = ledger.local[edge], ledger.passed[edge]
        upstream = ledger.gradients[int(structure.ports[structure.consumers[edge]])]
        if kind is Local.UNKNOWN or passed is None:
            continue
        assert local is not None
        assert upstream is not None
        if kind is Local.NUMBER:
            made = upstream.entries.reshape(()) * local.entries
        elif kind is Local.JACOBIAN:
            made = np.tensordot(upstream.entries, local.entries, axes=upstream.entries.ndim)
        else:
            made = reduced(upstream.entries * local.entries, passed.shape)
        np.testing.assert_allclose(made.reshape(passed.shape), passed.entries, rtol=1e-9, atol=1e-12)


def reduced(array: Any, shape: tuple[int, ...]) -> Any:
    return torch.from_numpy(np.array(array)).sum_to_size(shape).numpy() if array.shape != shape else array


def test_a_leaf_used_twice_has_its_part_at_each_use_and_the_sum_once() -> None:
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    graph = traced(x * x * x, {"x": x})
    uses = [row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.LEAF]
    assert len(uses) == 3
    assert {int(graph.structure.leaf_of[row]) for row in uses} == {0}
    parts = [graph.ledger.passed[graph.structure.edges_from[row][0]] for row in uses]
    assert [float(part.entries) for part in parts if part is not None] == [9.0, 9.0, 9.0]
    assert all(float(graph.ledger.gradients[int(graph.structure.ports[row])].entries) == 27.0 for row in uses)


def test_local_derivatives_are_named_by_what_they_are() -> None:
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    v = torch.tensor([1.0, 3.0], dtype=torch.float64, requires_grad=True)
    graph = traced(((x * x).exp() * v).sum(), {"x": x, "v": v})
    found = {
        (
            graph.structure.ops[graph.structure.consumers[edge]],
            graph.structure.names[graph.structure.producers[edge]],
        ): kind
        for edge, kind in enumerate(graph.ledger.local_kinds)
    }
    assert found["ExpBackward0", ""] is Local.NUMBER
    assert found["MulBackward0", "v"] is Local.ELEMENTWISE
    assert found["SumBackward0", ""] is Local.JACOBIAN


def test_several_losses_are_gone_back_from_together() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    first, second = x.sum(), (x * x).sum()
    graph = trace([first, second], names_of({"x": x}, {}))
    leaf = next(row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.LEAF)
    close(graph.ledger.gradients[int(graph.structure.ports[leaf])], torch.tensor([3.0, 5.0]).double(), "x")
    assert len(graph.structure.roots) == 2


def test_an_upstream_gradient_makes_a_vector_a_loss() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    y = x * 3
    assert "not one real number" in str(traced(y, {"x": x}).ledger.note)
    assert traced(y, {"x": x}).ledger.gradients.is_empty
    graph = traced(y, {"x": x}, upstream=[torch.tensor([1.0, 10.0]).double()])
    leaf = next(row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.LEAF)
    close(graph.ledger.gradients[int(graph.structure.ports[leaf])], torch.tensor([3.0, 30.0]).double(), "x")


@pytest.mark.parametrize("elements", [4096, 4097])
def test_large_tensors_have_a_spread_and_small_ones_their_entries(elements: int) -> None:
    x = torch.linspace(-1, 1, elements, dtype=torch.float64).requires_grad_()
    graph = traced((x**3).sum(), {"x": x})
    leaf = next(row for row, kind in enumerate(graph.structure.kinds) if kind is NodeKind.LEAF)
    value = graph.ledger.values[int(graph.structure.ports[leaf])]
    assert value is not None
    assert (value.entries is None) == (elements > 4096)
    assert value.spread is not None
    assert (value.spread.minimum, value.spread.maximum, sum(value.spread.histogram)) == (-1.0, 1.0, elements)
    assert value.spread.norm == pytest.approx(float(x.detach().norm()), rel=1e-12)
    assert value.spread.mean == pytest.approx(0.0, abs=1e-12)


def test_entries_of_larger_tensors_are_kept_while_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest first, up to a bound for the whole graph; the rest have spread and picture."""
    monkeypatch.setattr(columns, "MOST_OF_ALL", 1500)
    tensors = [torch.full((size,), float(size)) for size in (900, 500, 400, 600, 5)]
    found = columns.column(tensors)
    kept = [numbers.entries is not None for numbers in found if numbers is not None]
    assert kept == [False, True, True, True, True]
    large = found[0]
    assert large is not None
    assert large.spread is not None
    assert large.spread.mean == 900
    assert heat_map(large) is not None
    for numbers, tensor in zip(found, tensors, strict=True):
        assert numbers is not None
        assert numbers.shape == tuple(tensor.shape)
        assert numbers.ends == (float(tensor[0]),) * 3


@pytest.mark.parametrize("shape", [(500,), (40, 30), (7, 9, 11), (8, 6, 5, 5), (2, 3, 4, 5, 6)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.complex64, torch.int64])
def test_the_heat_map_of_a_large_tensor_has_the_means_of_its_blocks(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    tensor = (10 * torch.randn(shape, dtype=torch.complex64 if dtype.is_complex else torch.float32)).to(dtype)
    shown = heat_map(numbers_of(tensor))
    assert shown is not None
    plan = shown.arrangement
    sizes = (tensor.abs() if dtype.is_complex else tensor).double().numpy()
    matrix = sizes.transpose((*plan.down, *plan.across)).reshape(plan.size)
    (down, across), (rows, columns) = plan.block, shown.cells.shape
    assert max(rows, columns) <= 32
    for row, column in [(0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)]:
        block = matrix[row * down : (row + 1) * down, column * across : (column + 1) * across]
        assert shown.cells[row, column] == pytest.approx(block.mean(), rel=1e-5, abs=1e-5)


def test_one_nan_in_a_large_tensor_is_marked_and_a_sparse_one_has_no_picture() -> None:
    tensor = torch.zeros(100, 100)
    tensor[70, 3] = torch.nan
    tensor[5, 99] = -torch.inf
    shown = heat_map(numbers_of(tensor))
    assert shown is not None
    assert shown.marks() == {Mark.NAN: 1, Mark.MINUS_INFINITE: 1}
    assert heat_map(numbers_of(torch.ones(100, 100).to_sparse())) is None
