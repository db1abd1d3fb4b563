"""Traced graphs as values, made without torch: for tests of what shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gradviz.core.tape.ledger import Held, Ledger, Local, TracedGraph, empty_ledger
from gradviz.core.tape.structure import CONSTANT, LEAF, ModuleCall, NodeKind, TapeStructure
from gradviz.core.tape.tensor_numbers import NumberColumn, Spread, TensorNumbers, no_numbers

Node = tuple[str, str]
"""Operation (LEAF, CONSTANT or what torch calls it) and name."""


def number(value: float) -> TensorNumbers:
    return TensorNumbers((), "float32", np.array(value))


def large(shape: tuple[int, ...], low: float = -2.0, high: float = 3.5, mean: float = 0.25) -> TensorNumbers:
    return TensorNumbers(shape, "float32", None, Spread(low, high, mean, 9.0, 0, low, high, (5, 0, 3)))


def column(rows: Sequence[TensorNumbers | None]) -> NumberColumn:
    others = {row: one for row, one in enumerate(rows) if one is not None}
    empty = no_numbers(len(rows))
    starts = np.array([-1 if one is None else -2 for one in rows], np.int64)
    return NumberColumn(empty.flat, starts, empty.shapes, empty.dtypes, others)


def structure_of(
    nodes: Sequence[Node],
    edges: Sequence[tuple[int, int]],
    shapes: Mapping[int, tuple[int, ...]] | None = None,
    calls: tuple[ModuleCall, ...] = (),
    modules: Mapping[int, str] | None = None,
) -> TapeStructure:
    """Node 0 is the loss. Operations are made from the last to the first; equal names of leaves are one leaf."""
    count = len(nodes)
    kinds = {LEAF: NodeKind.LEAF, CONSTANT: NodeKind.CONSTANT}
    leaves = {name: k for k, name in enumerate(dict.fromkeys(name for op, name in nodes if op == LEAF))}
    ends = np.array(edges, np.int64).reshape(-1, 2)
    return TapeStructure(
        tuple(op for op, _ in nodes),
        tuple(kinds.get(op, NodeKind.OPERATION) for op, _ in nodes),
        tuple(name for _, name in nodes),
        tuple((modules or {}).get(row, "") for row in range(count)),
        ("",) * count,
        ((),) * count,
        ((),) * count,
        np.arange(count + 1),
        tuple((shapes or {}).get(row, ()) for row in range(count)),
        ("float32",) * count,
        np.arange(count)[::-1].copy(),
        np.array([leaves[name] if op == LEAF else -1 for op, name in nodes], np.int64),
        ends[:, 0],
        ends[:, 1],
        np.zeros(len(ends), np.int64),
        np.zeros(len(ends), np.int64),
        ("",) * len(ends),
        (0,) if count else (),
        calls,
    )


def traced(
    structure: TapeStructure,
    values: Sequence[TensorNumbers | None],
    gradients: Sequence[TensorNumbers | None],
    local: Sequence[TensorNumbers | None] | None = None,
    passed: Sequence[TensorNumbers | None] | None = None,
    held: Mapping[int, Held] | None = None,
) -> TracedGraph:
    known: Ledger = empty_ledger(structure)
    ledger = replace(
        known,
        values=column(values),
        gradients=column(gradients),
        local=known.local if local is None else column(local),
        local_kinds=known.local_kinds if local is None else (Local.NUMBER,) * len(local),
        passed=known.passed if passed is None else column(passed),
        held=tuple((held or {}).get(row, Held.UNKNOWN) for row in range(len(structure))),
    )
    return TracedGraph(structure, ledger)


def chain(length: int, first: int = 0) -> TracedGraph:
    """A chain from its last node, a leaf, to node 0; so long names that no repetition is found."""
    nodes = [(LEAF if k == length - 1 else "TanhBackward0", f"h{first + k}") for k in range(length)]
    one = large((2,), -1.5, 2.5, 0.5)
    # No two nodes of one shape: a repetition would be one box.
    shapes = {k: (k + 1,) for k in range(length)}
    structure = structure_of(nodes, [(k + 1, k) for k in range(length - 1)], shapes)
    return traced(structure, (one,) * length, (one,) * length)
