"""Nodes found by what they are called, where they are, their shape, or what is odd about their gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphNode
from gradviz.core.graph.tensor_summary import TensorSummary
from gradviz.core.numbers import shape_text

LARGE = 100.0
"""How many times the median of all nodes a gradient is to be large."""
GRADIENTS = ("gradient is 0", "gradient is NaN", "gradient is large")
"""What can be asked of gradients; all else is text."""


def search(graph: GraphSnapshot, query: str) -> tuple[int, ...]:
    """The nodes, in their order, whose name, operation, module or shape has each word of `query`, or by GRADIENTS."""
    asked = " ".join(query.casefold().split())
    if not asked:
        return ()
    sizes = [_size(gradient) for gradient in graph.gradients]
    if asked == GRADIENTS[0]:
        return _those(size == 0 for size in sizes)
    if asked == GRADIENTS[1].casefold():
        return _those(size is not None and not math.isfinite(size) for size in sizes)
    if asked == GRADIENTS[2]:
        usual = [size for size in sizes if size is not None and 0 < size < math.inf]
        least = LARGE * float(np.median(usual)) if usual else math.inf
        return _those(size is not None and least <= size < math.inf for size in sizes)
    rows = zip(graph.structure.nodes, graph.values, strict=True)
    words = asked.split()
    return _those(all(word in text for word in words) for text in (_text(node, value) for node, value in rows))


def _those(holds: Iterable[bool]) -> tuple[int, ...]:
    return tuple(index for index, one in enumerate(holds) if one)


def _size(gradient: TensorSummary | None) -> float | None:
    """The largest absolute value; NaN and infinity stay what they are."""
    if gradient is None:
        return None
    ends = abs(gradient.minimum), abs(gradient.maximum)
    return math.nan if not gradient.is_finite else max(ends)


def _text(node: GraphNode, value: TensorSummary | None) -> str:
    shape = "" if value is None else shape_text(value.shape)
    return " ".join((node.name, node.op, node.module, shape, shape.replace(" ", ""))).casefold()
