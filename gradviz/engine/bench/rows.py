"""From gradients to rows: what may differ, what does, and the verdict on it.

Tolerances. *In float64* (by hand, symbols, forward mode) two right gradients differ by rounding alone: 1e-7 of each
element, and 1e-9 of the largest, lie far above it and far below any real mistake. *In float32* rounding is 1.2e-7 an
operation and adds up over a sum: 1e-3 of each element, 1e-5 of the largest. *A finite difference* has its own error,
h^2 f'''/6 + eps f/h, known from the difference itself: four times that, and 1e-5 of each element. Near a minimum
a gradient is a small difference of large numbers, and rounding is all that is left of it. How much that is is
measured: the gradient at parameters that differ in their last digit; sixteen times what it changes by is allowed,
and eight times the last digit of the loss, whose terms may have cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.bench import FAULTS, BenchMethod, BenchRow, Tolerance, Verdict
from gradviz.core.questions.bench_verdicts import judge
from gradviz.engine.bench.finite_difference import Slope

DOUBLE, SINGLE = "float64", "float32"
_RELATIVE = {DOUBLE: 1e-7, SINGLE: 1e-3}
_OF_LARGEST = {DOUBLE: 1e-9, SINGLE: 1e-5}
DIFFERENCE_RELATIVE = 1e-5
UNSURE_ABOVE = 1e-3
"""A finite difference whose own error is a larger share of the gradient says nothing."""


@dataclass(slots=True)
class Found:
    """What was found of one parameter. `places` are the flat indices that were compared."""

    name: str
    at: Floats
    places: NDArray[np.intp]
    reference: Floats
    noise: Mapping[str, float]
    sizes: Mapping[str, int]
    reference_method: BenchMethod = BenchMethod.BACKWARD
    is_filled: bool = False
    """Whether the finite difference stands for elements of which autograd has no number."""
    uncut: Floats | None = None
    slopes: list[Slope] = field(default_factory=list)

    @property
    def is_sample(self) -> bool:
        """Whether some coordinates were left out."""
        return len(self.places) < self.at.size

    def chosen(self, values: Floats) -> Floats:
        """Of the values of every element those that were compared."""
        return values.reshape(-1)[self.places] if self.is_sample else values

    def shaped(self, values: Floats) -> Floats:
        """Values at `places` in the parameter's shape, where they are all."""
        return values if self.is_sample else values.reshape(self.at.shape)

    @property
    def kinks(self) -> NDArray[np.bool_]:
        """Which of the compared coordinates have no derivative, in the shape of the comparison."""
        known = np.array([bool(slope.kink) for slope in self.slopes], dtype=bool)
        flags: NDArray[np.bool_] = self.shaped(known if len(known) else np.zeros(len(self.places), dtype=bool))  # type: ignore[assignment]
        return flags


def tolerance_of(found: Found, dtype: str, reference: Floats) -> Tolerance:
    """What a gradient in `dtype` may differ by; see the module."""
    finite = np.abs(reference[np.isfinite(reference)])
    floor = _OF_LARGEST[dtype] * float(finite.max(initial=0.0)) + 16 * found.noise[dtype]
    return Tolerance(_RELATIVE[dtype], np.full(reference.shape, floor))


def missing_row(name: str, method: BenchMethod, dtype: str, shape: tuple[int, ...], sentence: str) -> BenchRow:
    """A method that has no gradient here, in its own words."""
    return BenchRow(name, method, dtype, shape, Verdict.MISSING, sentence)


def row_of(found: Found, method: BenchMethod, dtype: str, values: Floats, expression: str = "") -> BenchRow:
    """A gradient found by `method`: `values` of every element, or of the compared ones where only some are."""
    is_whole = values.shape == found.at.shape or values.size != len(found.places)
    reference = found.reference if is_whole or not found.is_sample else found.chosen(found.reference)
    tolerance = tolerance_of(found, dtype, reference)
    verdict, sentence = judge(values, reference, tolerance, found.sizes)
    if verdict in FAULTS and values.shape == reference.shape:
        verdict, sentence = _excused(found, values, reference, tolerance, is_whole) or (verdict, sentence)
    if verdict is Verdict.AGREES:
        verdict, sentence = _agreement(found, reference)
    return _row(found, method, dtype, values, reference, verdict, sentence, expression)


def _agreement(found: Found, reference: Floats) -> tuple[Verdict, str]:
    """In words: with what, or that there was nothing to agree with."""
    if not np.isfinite(reference).all() and found.kinks.any():
        return Verdict.KINK, f"Not differentiable here: {_named_kink(found)}"
    if found.is_filled:
        return Verdict.AGREES, "Agrees with the finite difference, where autograd has no number."
    return Verdict.AGREES, f"Agrees with {found.reference_method}."


def _excused(
    found: Found, values: Floats, reference: Floats, tolerance: Tolerance, is_whole: bool
) -> tuple[Verdict, str] | None:
    """Where the gradient differs only at points without a derivative, or by what is hidden from autograd."""
    kinks = found.kinks
    if kinks.shape == values.shape and kinks.any():
        same = np.where(kinks, reference, values)
        if judge(same, reference, tolerance, {})[0] is Verdict.AGREES:
            return Verdict.KINK, f"Not differentiable here: {_named_kink(found)}"
    if found.uncut is not None:
        uncut = found.uncut if is_whole else found.chosen(found.uncut)
        if judge(values, uncut, tolerance, {})[0] is Verdict.AGREES:
            return Verdict.CUT, "Detach cuts the gradient: this is what autograd gives without the cut."
    return None


def reference_row(found: Found, dtype: str, values: Floats) -> BenchRow:
    """Autograd backward in float64: what the others are compared with, unless it has no number."""
    odd = ~np.isfinite(values)
    verdict, sentence = Verdict.REFERENCE, "The others are compared with this."
    if odd.any() and found.slopes:
        compared, kinks = found.chosen(values), found.kinks
        wrong = ~np.isfinite(compared) & ~kinks
        value = short_number(float(values[odd][0]))
        if wrong.any():
            verdict, slope = Verdict.NAN, short_number(float(found.chosen(found.reference)[wrong][0]))
            sentence = f"Autograd gives {value}, where the slope is {slope}: a branch that is not taken has none."
        else:
            verdict, sentence = Verdict.KINK, f"Not differentiable here: {_named_kink(found)}"
    elif odd.any():
        verdict, sentence = Verdict.NAN, f"Autograd gives {short_number(float(values[odd][0]))}."
    return _row(found, BenchMethod.BACKWARD, dtype, values, values, verdict, sentence, "")


def difference_row(found: Found) -> BenchRow:
    """The finite difference: its own error counts, kinks are named, and a cut is seen through."""
    reference = found.chosen(found.reference)
    values = found.shaped(np.array([slope.value for slope in found.slopes]))
    errors = found.shaped(np.array([slope.error for slope in found.slopes]))
    tolerance = tolerance_of(found, DOUBLE, reference)
    tolerance = Tolerance(DIFFERENCE_RELATIVE, tolerance.absolute + 4 * errors)
    kinks = found.kinks
    verdict, sentence = judge(np.where(kinks, reference, values), reference, tolerance, found.sizes)
    if verdict is Verdict.AGREES and kinks.any():
        verdict, sentence = Verdict.KINK, f"Not differentiable here: {_named_kink(found)}"
    elif verdict is Verdict.AGREES and _is_vague(errors, reference):
        worst = short_number(float(4 * errors.max()), 2)
        verdict, sentence = Verdict.UNSURE, f"Rounding leaves ±{worst} here: too much to tell."
    elif verdict is Verdict.AGREES:
        stands = "Stands for autograd, which has no number here."
        verdict, sentence = (verdict, stands) if found.is_filled else _agreement(found, reference)
    elif verdict in FAULTS:
        verdict, sentence = _excused(found, np.where(kinks, reference, values), reference, tolerance, False) or (
            verdict,
            sentence,
        )
        if verdict is Verdict.CUT:
            sentence = "Detach cuts the gradient; the finite difference sees through it. Without it autograd agrees."
    row = _row(found, BenchMethod.DIFFERENCE, DOUBLE, values, reference, verdict, sentence, "")
    return replace(row, step_size=max(slope.step_size for slope in found.slopes))


def _is_vague(errors: Floats, reference: Floats) -> bool:
    scale = np.maximum(np.abs(reference), 1e-3 * np.abs(reference).max(initial=0.0))
    return bool((4 * errors > UNSURE_ABOVE * scale).any() and float(np.abs(reference).max(initial=0.0)) > 0)


def _named_kink(found: Found) -> str:
    """The first point without a derivative, in words."""
    first = next(k for k, slope in enumerate(found.slopes) if slope.kink)
    index = int(found.places[first])
    place = [int(k) for k in np.unravel_index(index, found.at.shape)]
    where = f"{found.name}{place if place else ''} = {short_number(float(found.at.reshape(-1)[index]), 5)}"
    taken = short_number(float(found.reference.reshape(-1)[index]), 5)
    count = sum(bool(slope.kink) for slope in found.slopes)
    more = f" And {count - 1} more such elements." if count > 1 else ""
    return f"at {where} {found.slopes[first].kink}; {found.reference_method} takes {taken}.{more}"


def _row(
    found: Found,
    method: BenchMethod,
    dtype: str,
    values: Floats,
    reference: Floats,
    verdict: Verdict,
    sentence: str,
    expression: str,
) -> BenchRow:
    absolute = relative = np.nan
    if values.shape == reference.shape and verdict is not Verdict.REFERENCE:
        with np.errstate(invalid="ignore"):
            difference = np.abs(values - reference)
        absolute = float(np.nanmax(difference, initial=0.0)) if np.isfinite(difference).any() else np.nan
        largest = float(np.abs(reference[np.isfinite(reference)]).max(initial=0.0))
        relative = absolute / largest if largest else (0.0 if absolute == 0 else np.nan)
    kept = (found.chosen(values) if values.shape == found.at.shape else values).copy()
    kept.flags.writeable = False
    places = tuple(int(k) for k in found.places) if found.is_sample else None
    return BenchRow(
        found.name, method, dtype, found.at.shape, verdict, sentence, kept, places, absolute, relative,
        expression=expression,
    )  # fmt: skip
