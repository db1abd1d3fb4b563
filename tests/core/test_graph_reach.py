"""What leads to a node and what follows of it, against a search by hand; what a search finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.graph.reach import between, downstream, upstream
from gradviz.core.graph.search import search
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphNode, GraphStructure
from gradviz.core.graph.tensor_summary import TensorSummary

EDGE = st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda edge: edge[0] < edge[1])


def structure(edges: list[tuple[int, int]], count: int = 12) -> GraphStructure:
    nodes = tuple(GraphNode("AddBackward0", f"n{k}", "", False) for k in range(count))
    return GraphStructure(nodes, tuple(edges), np.zeros((0, 2)), (), (1.0, 1.0))


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
    graph, leads = structure(edges), closure(edges)
    assert upstream(graph, one).nodes.tolist() == leads[:, one].tolist()
    assert downstream(graph, one).nodes.tolist() == leads[one].tolist()
    ways = (leads[one] & leads[:, other]) | (leads[other] & leads[:, one])
    part = between(graph, one, other)
    assert part.nodes.tolist() == ways.tolist()
    assert part.edges.tolist() == [bool(ways[a] and ways[b]) for a, b in edges]


def test_a_chain_of_100_000_nodes_overflows_nothing() -> None:
    length = 100_000
    graph = structure([(k, k + 1) for k in range(length - 1)], length)
    assert upstream(graph, length - 1).nodes.all()
    assert downstream(graph, 0).edges.all()


def numbers(shape: tuple[int, ...], size: float) -> TensorSummary:
    return TensorSummary(shape, "torch.float32", None, -size, size / 2, 0.0)


@pytest.fixture
def graph() -> GraphSnapshot:
    nodes = (
        GraphNode("MulBackward0", "loss", "", False),
        GraphNode("SigmoidBackward0", "", "1 Sigmoid", False),
        GraphNode("AccumulateGrad", "0.weight", "", True),
        GraphNode("AddBackward0", "v", "0 Linear", False),
    )
    values = (numbers((), 1), numbers((50, 2), 1), None, numbers((50, 2), 1))
    gradients = (numbers((), 1.0), numbers((50, 2), 0.0), numbers((2, 1), float("nan")), numbers((50, 2), 500.0))
    return GraphSnapshot(GraphStructure(nodes, (), np.zeros((0, 2)), (), (1.0, 1.0)), values, gradients)


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
def test_nodes_are_found(graph: GraphSnapshot, query: str, found: tuple[int, ...]) -> None:
    assert search(graph, query) == found


def test_a_large_gradient_is_a_hundred_times_the_usual(graph: GraphSnapshot) -> None:
    assert search(graph, "gradient is large") == ()
    many = (*[numbers((), 1.0)] * 3, numbers((), 100.0))
    assert search(GraphSnapshot(graph.structure, graph.values, many), "gradient is large") == (3,)
