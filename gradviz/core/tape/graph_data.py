"""A traced graph as plain data: what `gradviz graph --json` prints and a .json file holds."""

from __future__ import annotations

import math
from typing import Any

from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.tensor_numbers import TensorNumbers, number_text

MOST_LISTED = 100
"""Entries up to which a tensor is a nested list, beyond it a summary."""


def graph_data(graph: TracedGraph) -> dict[str, Any]:
    """Nodes and edges as lists of objects; `null` is what there is not, and a number that is not finite is text.

    "from" is the producer of an edge and "to" its consumer, "passed" what the consumer gives back. The "gradient" of a
    leaf, which stands once for each use, is that of all its uses. A node of several outputs lists shape, value and
    gradient of each, and an edge from it says which "output" it begins at. "remarks" are there where there is
    something to say: hooks, changes in place, where a constant was cut from the graph.
    """
    structure = graph.structure
    return {
        "nodes": [_node(graph, row) for row in range(len(structure))],
        "edges": [_edge(graph, edge) for edge in range(len(structure.producers))],
        "losses": list(structure.roots),
        "note": str(graph.ledger.note),
    }


def _node(graph: TracedGraph, row: int) -> dict[str, Any]:
    structure, ledger = graph.structure, graph.ledger
    ports = range(int(structure.ports[row]), int(structure.ports[row + 1]))
    several = len(ports) > 1
    shapes = [list(structure.shapes[port]) for port in ports]
    values = [number_data(ledger.values[port]) for port in ports]
    gradients = [number_data(ledger.gradients[port]) for port in ports]
    remarks = [{"kind": str(one.kind), "text": str(one.words)} for one in graph.remarks.get(row, ())]
    data = {
        "id": row,
        "op": structure.ops[row],
        "name": structure.names[row],
        "module": structure.modules[row],
        "shape": shapes if several else _only(shapes),
        "value": _several(values) if several else _only(values),
        "gradient": _several(gradients) if several else _only(gradients),
        "leaf": structure.kinds[row] is NodeKind.LEAF,
    }
    return {**data, "remarks": remarks} if remarks else data


def _edge(graph: TracedGraph, edge: int) -> dict[str, Any]:
    structure, ledger = graph.structure, graph.ledger
    producer, consumer = int(structure.producers[edge]), int(structure.consumers[edge])
    data = {
        "from": producer,
        "to": consumer,
        "input": int(structure.slots[edge]),
        "upstream": number_data(upstream_of(graph, edge)),
        "local": number_data(ledger.local[edge]),
        "passed": number_data(ledger.passed[edge]),
    }
    is_one = structure.ports[producer + 1] - structure.ports[producer] < 2
    return data if is_one else {**data, "output": int(structure.outputs[edge])}


def upstream_of(graph: TracedGraph, edge: int) -> TensorNumbers | None:
    """The gradient that arrived at an edge's consumer: of its first output that had one."""
    structure, consumer = graph.structure, int(graph.structure.consumers[edge])
    ports = range(int(structure.ports[consumer]), int(structure.ports[consumer + 1]))
    found = (graph.ledger.gradients[port] for port in ports)
    return next((gradient for gradient in found if gradient is not None), None)


def _only(found: list[Any]) -> Any:
    return found[0] if found else None


def _several(found: list[Any]) -> Any:
    return None if all(one is None for one in found) else found


def number_data(numbers: TensorNumbers | None) -> Any:
    """A number, a nested list, or a summary of a tensor of more than MOST_LISTED entries."""
    if numbers is None:
        return None
    if numbers.entries is not None and numbers.entries.size <= MOST_LISTED:
        return plain(numbers.entries.tolist())
    spread = numbers.spread
    summary: dict[str, Any] = {"shape": list(numbers.shape), "dtype": numbers.dtype}
    if numbers.layout:
        summary["layout"] = numbers.layout
    if spread is not None:
        summary |= {
            "min": plain(spread.minimum),
            "max": plain(spread.maximum),
            "mean": plain(spread.mean),
            "norm": plain(spread.norm),
            "not_finite": spread.not_finite,
            "histogram": {"from": plain(spread.low), "to": plain(spread.high), "counts": list(spread.histogram)},
        }
    return summary


def plain(value: Any) -> Any:
    """What JSON has no numbers for as text: nan, inf, 1-2i."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, complex):
        return number_text(value, 17)
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)
