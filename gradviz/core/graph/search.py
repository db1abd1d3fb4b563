"""Nodes found by what they are called, where they are, their shape, or what is odd about their gradient."""

from __future__ import annotations

import math

import numpy as np

from gradviz.core.graph.measures import Measure, measured
from gradviz.core.graph.reach import Mask
from gradviz.core.numbers import Floats, shape_text
from gradviz.core.tape.captions import spoken_operation
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import TapeStructure

LARGE = 100.0
"""How many times the median of all nodes a gradient is to be large."""
GRADIENTS = ("gradient is 0", "gradient is NaN", "gradient is large")
"""What can be asked of gradients; all else is text."""


def search(graph: TracedGraph, query: str) -> tuple[int, ...]:
    """The nodes, in their order, whose name, operation, module or shape has each word of `query`, or by GRADIENTS."""
    asked = " ".join(query.casefold().split())
    if not asked:
        return ()
    if asked in [one.casefold() for one in GRADIENTS]:
        return tuple(np.flatnonzero(_odd(measured(graph, Measure.LARGEST_GRADIENT), asked)).tolist())
    words, structure = asked.split(), graph.structure
    return tuple(row for row in range(len(structure)) if _has(structure, row, words))


def _odd(sizes: Floats, asked: str) -> Mask:
    """Which sizes are so: NaN where there is no gradient, infinite where one is not finite."""
    if asked == GRADIENTS[0]:
        zero: Mask = sizes == 0
        return zero
    if asked == GRADIENTS[1].casefold():
        return np.isinf(sizes)
    usual = sizes[(sizes > 0) & np.isfinite(sizes)]
    least = LARGE * float(np.median(usual)) if len(usual) else math.inf
    large: Mask = (sizes >= least) & np.isfinite(sizes)
    return large


def _has(structure: TapeStructure, row: int, words: list[str]) -> bool:
    shape = shape_text(structure.shape(row))
    names = structure.names[row], structure.ops[row], spoken_operation(structure, row), structure.modules[row]
    text = " ".join((*names, shape, shape.replace(" ", ""))).casefold()
    return all(word in text for word in words)
