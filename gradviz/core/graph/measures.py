"""One number for each node of a graph: what a person looks for and colours by."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import SavedState
from gradviz.core.tape.tensor_numbers import NumberColumn, TensorNumbers


class Measure(StrEnum):
    """What is measured of a node."""

    GRADIENT_NORM = "gradient norm"
    VALUE_RANGE = "value range"
    SAVED_BYTES = "saved bytes"
    LARGEST_GRADIENT = "largest gradient"


CHOICES = (Measure.GRADIENT_NORM, Measure.VALUE_RANGE, Measure.SAVED_BYTES)
"""What a graph can be coloured by."""


def measured(graph: TracedGraph, measure: Measure) -> Floats:
    """By node: NaN where nothing is known, infinity where a number is not finite.

    Of several outputs it is the largest; a norm is the Euclidean one of all elements, a range maximum minus minimum,
    bytes are those of the tensors that are alive for the backward pass.
    """
    structure = graph.structure
    if measure is Measure.SAVED_BYTES:
        sizes = [sum(one.size for one in kept if one.state is SavedState.ALIVE) for kept in structure.saved]
        return np.array(sizes, dtype=np.float64)
    column = graph.ledger.values if measure is Measure.VALUE_RANGE else graph.ledger.gradients
    ports = _by_port(column, measure)
    begins, ends = structure.ports[:-1], structure.ports[1:]
    found = np.full(len(structure), math.nan)
    several = np.flatnonzero(ends > begins)
    if len(several):
        known = np.where(np.isnan(ports), -1.0, ports)
        found[several] = np.maximum.reduceat(known, begins[several])
    found[found < 0] = math.nan
    return found


def _by_port(column: NumberColumn, measure: Measure) -> Floats:
    return np.array([_of(numbers, measure) for numbers in column], dtype=np.float64)


def _of(numbers: TensorNumbers | None, measure: Measure) -> float:
    ends = None if numbers is None else numbers.ends
    if numbers is None or ends is None:
        return math.nan
    if not all(map(math.isfinite, ends)):
        return math.inf
    if measure is Measure.VALUE_RANGE:
        return ends[1] - ends[0]
    if measure is Measure.LARGEST_GRADIENT:
        return max(abs(ends[0]), abs(ends[1]))
    if numbers.entries is not None:
        return float(np.linalg.norm(numbers.entries.reshape(-1)))
    return numbers.known.norm if numbers.known is not None else math.nan
