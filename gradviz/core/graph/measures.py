"""One number for each node of a graph: what a person looks for and colours by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import SavedState
from gradviz.core.tape.tensor_numbers import Ints, NumberColumn, TensorNumbers


class Measure(StrEnum):
    """What is measured of a node."""

    GRADIENT_NORM = "gradient norm"
    VALUE_RANGE = "value range"
    SAVED_BYTES = "saved bytes"
    LARGEST_GRADIENT = "largest gradient"
    OWN = "own numbers"


CHOICES = (Measure.GRADIENT_NORM, Measure.VALUE_RANGE, Measure.SAVED_BYTES)
"""What any graph can be coloured by; OWN besides, where a person gave numbers."""


def measured(graph: TracedGraph, measure: Measure) -> Floats:
    """By node: NaN where nothing is known, infinity where a number is not finite.

    Of several outputs it is the largest; a norm is the Euclidean one of all elements, a range maximum minus minimum,
    bytes are those of the tensors that are alive for the backward pass.
    """
    if measure is Measure.OWN:
        raise ValueError("a person's own numbers are no part of a graph")
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


SHADES = 8
"""Steps of a colour from the least to the largest number."""
UNKNOWN, NOT_FINITE = -1, SHADES


@dataclass(frozen=True, slots=True, eq=False)
class Shading:
    """`shades` (n) are from 0 to SHADES - 1, by the logarithm or evenly, UNKNOWN or NOT_FINITE.

    `low` and `high` are the ends, both NaN where there is no finite number, by the logarithm none above 0: to others
    shade 0 alone belongs.
    """

    measure: Measure
    shades: Ints
    low: float
    high: float


def shaded(measure: Measure, numbers: Floats) -> Shading:
    """Of numbers that are 0 or more, NaN or infinite."""
    shades = np.where(np.isnan(numbers), UNKNOWN, 0)
    shades[np.isinf(numbers)] = NOT_FINITE
    usual = np.isfinite(numbers) & (numbers > 0)
    if not usual.any():
        return Shading(measure, shades, math.nan, math.nan)
    logs = np.log(numbers[usual])
    low, high = float(logs.min()), float(logs.max())
    share = (logs - low) / (high - low) if high > low else np.ones(len(logs))
    shades[usual] = np.minimum(share * SHADES + 1e-9, SHADES - 1).astype(np.int64)
    return Shading(measure, shades, float(numbers[usual].min()), float(numbers[usual].max()))


def shaded_evenly(measure: Measure, numbers: Floats) -> Shading:
    """Of any numbers, in equal steps from the least to the largest: they may be negative."""
    shades = np.where(np.isnan(numbers), UNKNOWN, 0)
    shades[np.isinf(numbers)] = NOT_FINITE
    usual = np.isfinite(numbers)
    if not usual.any():
        return Shading(measure, shades, math.nan, math.nan)
    low, high = float(numbers[usual].min()), float(numbers[usual].max())
    share = (numbers[usual] / 2 - low / 2) / (high / 2 - low / 2) if high > low else np.ones(int(usual.sum()))
    shades[usual] = np.minimum(share * SHADES + 1e-9, SHADES - 1).astype(np.int64)
    return Shading(measure, shades, low, high)


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
