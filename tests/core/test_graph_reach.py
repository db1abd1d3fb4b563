"""What leads to a node and what follows of it, against a search by hand; what a search finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced import large, structure_of, traced

from gradviz.core.graph.reach import between, downstream, upstream
from gradviz.core.graph.search import search
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import LEAF
from gradviz.core.tape.tensor_numbers import TensorNumbers

EDGE = st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda edge: edge[0] < edge[1])


def closure(edges: list[tuple[int, int]], count: int = 12) -> np.ndarray:
    """Which node leads to which, itself too: powers of the adjacency."""
    reach = np.eye(count, dtype=int)
    for source, target in edges:
        reach[source, target] = 1
    for _ in range(count):
        reach = (reach @ reach > 0).astype(int)
    return reach > 0


@settings(max_examples=60, deadline=None)
@given(st.lists(EDGE, max_size=30), st.integers(0, 11), st.integers(0, 11))
def test_reach_is_that_of_the_closure(edges: list[tuple[int, int]], one: int, other: int) -> None:
    ends, leads = np.array(edges, np.int64).reshape(-1, 2), closure(edges)
    assert upstream(12, ends, one).nodes.tolist() == leads[:, one].tolist()
    assert downstream(12, ends, one).nodes.tolist() == leads[one].tolist()
    ways = (leads[one] & leads[:, other]) | (leads[other] & leads[:, one])
    part = between(12, ends, one, other)
    assert part.nodes.tolist() == ways.tolist()
    assert part.edges.tolist() == [bool(ways[a] and ways[b]) for a, b in edges]


def test_a_chain_of_100_000_nodes_overflows_nothing() -> None:
    length = 100_000
    ends = np.column_stack((np.arange(length - 1), np.arange(1, length)))
    assert upstream(length, ends, length - 1).nodes.all()
    assert downstream(length, ends, 0).edges.all()


def numbers(shape: tuple[int, ...], size: float) -> TensorNumbers:
    return large(shape, -size, size / 2, 0.0)


@pytest.fixture
def graph() -> TracedGraph:
    nodes = (("MulBackward0", "loss"), ("SigmoidBackward0", ""), (LEAF, "0.weight"), ("AddBackward0", "v"))
    shapes, modules = {1: (50, 2), 2: (2, 1), 3: (50, 2)}, {1: "1.Sigmoid", 3: "0.Linear"}
    gradients = (numbers((), 1.0), numbers((50, 2), 0.0), numbers((2, 1), float("nan")), numbers((50, 2), 500.0))
    return traced(structure_of(nodes, (), shapes, modules=modules), (None,) * 4, gradients)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("weight", (2,)),
        ("BACKWARD0", (0, 1, 3)),
        ("(50, 2)", (1, 3)),
        ("(50,2)", (1, 3)),
        ("linear add", (3,)),
        ("gradient is 0", (1,)),
        ("Gradient is  nan", (2,)),
        ("nothing such", ()),
        ("  ", ()),
    ],
)
def test_nodes_are_found(graph: TracedGraph, query: str, found: tuple[int, ...]) -> None:
    assert search(graph, query) == found


def test_a_large_gradient_is_a_hundred_times_the_usual(graph: TracedGraph) -> None:
    assert search(graph, "gradient is large") == ()
    many = (*[numbers((), 1.0)] * 3, numbers((), 100.0))
    assert search(traced(graph.structure, (None,) * 4, many), "gradient is large") == (3,)
