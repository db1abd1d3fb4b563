"""What the card of a node says: operation, numbers, the ledger of its inputs, sums, `.grad`, and what is saved."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gradviz.core.tape.captions import fitting, grad_tag, gradient_text, subtitle, title
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card, numbers_line
from gradviz.engine.tape.columns import numbers_of
from gradviz.engine.tape.naming import names_of
from gradviz.engine.tape.tracing import trace

pytestmark = pytest.mark.usefixtures("quiet_heap")  # to trace looks for the tensors among all that lives


def traced(loss: torch.Tensor, **names: Any) -> TracedGraph:
    return trace([loss], names_of(names, {}))


def said(graph: TracedGraph, name: str) -> dict[str, str]:
    row = graph.structure.names.index(name)
    return {str(line.label): str(line.text) for line in card(graph, row)}


def numbers() -> dict[str, torch.Tensor]:
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    w = torch.tensor([1.0, 3.0], dtype=torch.float64, requires_grad=True)
    u = x * w
    u.retain_grad()
    v = u * u + 2 * x
    return {"x": x, "w": w, "u": u, "v": v}


def test_a_product_says_what_it_does_and_what_it_passes() -> None:
    made = numbers()
    lines = said(traced(made["v"].sum(), **made), "u")
    assert lines["operation"] == "product  ·  MulBackward0"
    assert lines["formula"] == "a · b"
    assert lines["shape"] == "(2) float64"
    assert lines["value"] == "[2, 6]"
    assert lines["gradient"] == "[4, 12]"
    assert lines["sum"] == "[2, 6] + [2, 6] = [4, 12]"
    assert lines["to other"] == "[4, 12] ⊙ [2, 2] = [8, 24]"
    assert lines["to self"] == "Σ over the broadcast of [4, 12] ⊙ [1, 3] = 40"
    assert lines["saved other"].endswith("16 bytes, alive")


def test_a_leaf_used_twice_says_its_part_and_the_sum() -> None:
    made = numbers()
    graph = traced(made["v"].sum(), **made)
    lines = said(graph, "x")
    assert lines["sum"] in ("40 + 4 = 44", "4 + 40 = 44")
    assert lines["part of this use"] in ("4", "40")
    assert lines[".grad"] == "None + 44 = 44"
    assert gradient_text(graph, graph.structure.names.index("x")) in ("4 of 44", "40 of 44")


def test_grad_of_a_value_along_the_way_is_none_unless_it_is_retained() -> None:
    made = numbers()
    loss = made["v"].sum()
    before = traced(loss, **made)
    assert "only after retain_grad()" in said(before, "v")[".grad"]
    assert grad_tag(before, before.structure.names.index("v")) == ".grad None"
    loss.backward(retain_graph=True)
    after = traced(loss, **made)
    assert said(after, "u")[".grad"] == "[4, 12], kept by retain_grad()"
    assert grad_tag(after, after.structure.names.index("u")) == ".grad kept"
    assert said(after, "x")[".grad"] == "44 + 44 = 88", "one more backward() would add"
    assert grad_tag(after, after.structure.names.index("x")) == "44 +"


def test_a_matrix_product_is_a_vector_jacobian_product_with_its_shapes() -> None:
    a = torch.rand(20, 30, requires_grad=True)
    b = torch.rand(30, 40)
    c = a @ b
    graph = traced(c.sum(), a=a, b=b, c=c)
    assert said(graph, "c")["to self"].startswith("vector-Jacobian product (20, 40) · J (20, 40, 20, 30) → (20, 30): ")
    assert said(graph, "b")["gradient"] == "none: autograd does not follow it"
    row = graph.structure.names.index("c")
    assert (title(graph.structure, row), subtitle(graph.structure, row)) == ("c", "MmBackward0  (20, 40)")


def test_after_backward_the_card_says_what_is_gone() -> None:
    made = numbers()
    loss = made["v"].sum()
    loss.backward()
    lines = said(traced(loss, **made), "u")
    assert lines["saved other"] == "freed by backward()"
    assert lines["to other"] == "not known"
    assert said(traced(loss, **made), "x")[".grad"] == "44"


def test_several_outputs_have_a_line_each() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    first, _, last = x.unbind()
    graph = traced(first * last, x=x)
    row = next(row for row, op in enumerate(graph.structure.ops) if op.startswith("Unbind"))
    lines = {str(line.label): str(line.text) for line in card(graph, row)}
    assert (lines["gradient 0"], lines["gradient 2"]) == ("3", "1")
    assert "gradient 1" not in lines


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ([1.0, 2.0], "[1, 2]"),
        ([float("nan")] + [1.0] * 20, "nan … nan, mean nan, norm nan, 1 element not finite"),
        (list(range(21)), "0 … 20, mean 10, norm 53.572"),
        ([], "[]"),
    ],
)
def test_numbers_are_written_in_short(entries: list[float], line: str) -> None:
    assert str(numbers_line(numbers_of(torch.tensor(entries, dtype=torch.float64)))) == line


def test_of_a_range_that_does_not_fit_the_mean_goes_first() -> None:
    assert fitting("value 0.5 … 0.6, mean 0.55", 40) == "value 0.5 … 0.6, mean 0.55"
    assert fitting("value 0.5 … 0.6, mean 0.55", 20) == "value 0.5 … 0.6"
    assert fitting("value 0.5 … 0.6, mean 0.55", 10) == "value 0.5…"


def test_of_many_terms_the_first_are_written_out() -> None:
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    total = x * 1
    for factor in range(2, 11):
        total = total + x * factor
    lines = said(traced(total, x=x), "x")
    assert lines["sum"].count(" + ") == 6
    assert lines["sum"].endswith("+ 4 terms more = 55")


def test_what_nobody_keeps_but_the_graph_tells_that_it_was_changed_in_place() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * 2).sigmoid_().sum()
    graph = traced(loss, x=x)
    row = graph.structure.ops.index("SigmoidBackward0")
    assert [str(remark.words) for remark in graph.remarks[row]] == ["changed in place: its version is 1"]


def test_the_gradient_of_a_value_that_the_graph_alone_keeps_stays_as_it_was() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    loss = _of_a_hidden_value(x)
    loss.backward(retain_graph=True)
    traced(loss, x=x)
    assert float(loss.grad_fn._saved_self.grad) == 18.0


def _of_a_hidden_value(x: torch.Tensor) -> torch.Tensor:
    hidden = x * 3
    hidden.retain_grad()
    return hidden * hidden
