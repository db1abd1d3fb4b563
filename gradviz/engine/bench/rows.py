"""From what was found to rows: what may differ, what does, and the verdict on it.

Tolerances. *In float64* (by hand, symbols, forward mode) two right gradients differ by rounding alone: 1e-7 of each
element, and 1e-9 of the largest, lie far above it and far below any real mistake. *A finite difference* has its own
error, h^2 f'''/6 + eps f/h, known from the difference itself: four times that, and 1e-5 of each element. Near a
minimum a gradient is a small difference of large numbers, and rounding is all that is left of it. Where the formula was
followed in many digits, it is known how much is left, and nothing but these 1e-7 is allowed: a gradient by hand is
followed in many digits too, so that a right one is not blamed for rounding, nor a wrong one excused by it. Elsewhere
rounding is measured: the gradient at parameters that differ in their last digit; sixteen times what it changes by is
allowed, and eight times the last digit of the loss, whose terms may have cancelled.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.bench import LONGEST, BenchMethod, BenchRow, Tolerance, Verdict
from gradviz.core.questions.bench_verdicts import Judgement, judge
from gradviz.engine.bench.excuses import Excuse, excuses_of, first_of, rounded, tolerance_of, two_of
from gradviz.engine.bench.findings import DOUBLE, RELATIVE, Flags, Found
from gradviz.engine.bench.finite_difference import UNSURE_ABOVE

DIFFERENCE_RELATIVE = 1e-5
OF_NOTHING = 1e-3
"""What a finite difference is measured by where every slope is 0."""
CHOICE = "a case distinction stands on its edge there, and autograd takes a choice of its own"
INFINITE_PART = "on the way 0 meets an infinite slope, in a branch that is not taken, a root at 0 or an overflow"


def missing_row(name: str, method: BenchMethod, dtype: str, shape: tuple[int, ...], sentence: str) -> BenchRow:
    """A method that has no gradient here, in its own words."""
    return BenchRow(name, method, dtype, shape, Verdict.MISSING, sentence)


def unused_row(found: Found, dtype: str) -> BenchRow:
    """Autograd backward of a parameter that it did not reach."""
    sentence = (
        f"{found.name}.grad is None: the graph of the loss does not reach {found.name}. That is not a gradient of 0."
    )
    return BenchRow(found.name, BenchMethod.BACKWARD, dtype, found.at.shape, Verdict.UNUSED, sentence)


def reference_row(found: Found, values: Floats) -> BenchRow:
    """Autograd backward in float64: what the others are compared with, unless it has not the right number."""
    verdict, sentence = _reference_verdict(found, values)
    return _row(found, BenchMethod.BACKWARD, DOUBLE, values, verdict, sentence)


def _reference_verdict(found: Found, values: Floats) -> Judgement:
    odd = ~np.isfinite(values) & ~found.kinks
    drowned = np.abs(values - found.reference) <= 16 * found.noise[DOUBLE]
    sided = found.lost & found.ties & ~odd & ~drowned
    for flags, verdict, why in ((odd, Verdict.NAN, INFINITE_PART), (sided, Verdict.DIFFERS, CHOICE)):
        if flags.any():
            index = first_of(flags)
            given, slope = two_of(values, found.reference, index)
            if not np.isfinite(found.reference.reshape(-1)[index]):
                return verdict, f"Autograd gives {given} at {found.where(index)}, and no other way has a number."
            return verdict, f"Autograd gives {given} at {found.where(index)}, where the slope is {slope}: {why}."
    if found.lost.any():
        return Verdict.ROUNDING, rounded(found, values, found.lost, "Autograd in float64")
    if found.kinks.any():
        return Verdict.KINK, found.kink_sentence()
    return Verdict.REFERENCE, "The others are compared with this."


def hand_row(found: Found, values: Floats) -> BenchRow:
    """A gradient by hand; where it is known in many digits these are judged, and not its rounding."""
    excuses: list[Excuse] = []
    judged = values
    if values.shape == found.at.shape:
        wrong = _beside_its_kink(found, values)
        if wrong is not None:
            return _row(found, BenchMethod.HAND, DOUBLE, values, Verdict.DIFFERS, wrong)
        if found.hand is not None and found.hand.shape == values.shape:
            judged, excuses = _in_many_digits(found, values)
    return row_of(found, BenchMethod.HAND, DOUBLE, values, judged=judged, excuses=excuses)


def _beside_its_kink(found: Found, values: Floats) -> str | None:
    """At a kink every number between the slopes of its sides is as good as autograd's; others are wrong."""
    bounded = found.kinks & np.isfinite(found.low) & np.isfinite(values)
    chosen = np.abs(values - found.reference) <= RELATIVE[DOUBLE] * np.abs(found.reference)
    outside = bounded & ~chosen & ((values < found.low - found.slack) | (values > found.high + found.slack))
    if not outside.any():
        return None
    index = first_of(outside)
    low, high = (short_number(float(ends.reshape(-1)[index]), 5) for ends in (found.low, found.high))
    value = short_number(float(values.reshape(-1)[index]))
    return f"There is no derivative at {found.where(index)}, but {value} is not between its slopes, {low} and {high}."


def _in_many_digits(found: Found, values: Floats) -> tuple[Floats, list[Excuse]]:
    """The values to be judged, and those elements that rounding alone makes differ."""
    assert found.hand is not None
    share = RELATIVE[DOUBLE] * np.abs(found.truth)
    is_right = found.known & ((np.abs(found.hand - found.truth) <= share) | found.hand_excused)
    is_far = ~(np.abs(values - found.truth) <= share + found.sway)
    judged = np.where(is_right, found.reference, np.where(found.known, found.hand, values))
    drowned = is_right & is_far
    if not drowned.any():
        return judged, []
    sentence = rounded(found, values, drowned, "The formula is right, but float64")
    return judged, [Excuse(Verdict.ROUNDING, drowned, sentence)]


def row_of(
    found: Found,
    method: BenchMethod,
    dtype: str,
    values: Floats,
    expression: str = "",
    judged: Floats | None = None,
    excuses: list[Excuse] | None = None,
) -> BenchRow:
    """A gradient found by `method`: `values` of every element, or of the compared ones where only some are.

    `judged` are other numbers in their place, and `excuses` are those of the method.
    """
    if found.is_sample and values.size == len(found.places):
        values = found.whole(values)
    judged, told = values if judged is None else judged, list(excuses or [])
    tolerance = tolerance_of(found, dtype, method is not BenchMethod.HAND or found.hand is None)
    if values.shape == found.at.shape:
        told += excuses_of(found, method, dtype, judged, tolerance)
        for excuse in told:
            judged = np.where(excuse.flags, found.reference, judged)
    verdict, sentence = judge(judged, found.reference, tolerance, found.sizes)
    if verdict is Verdict.AGREES:
        verdict, sentence = _first_excuse(told) or (verdict, _agreement(found))
    elif verdict is Verdict.NAN and method is not BenchMethod.HAND:
        sentence = _no_number(found, dtype, judged)
    return _row(found, method, dtype, values, verdict, sentence, expression)


def _no_number(found: Found, dtype: str, values: Floats) -> str:
    index = first_of(~np.isfinite(values) & np.isfinite(found.reference))
    given, slope = two_of(values, found.reference, index)
    why = f"on the way a number leaves the range of {dtype}, or is rounded to an edge"
    why = INFINITE_PART if dtype == DOUBLE else why
    return f"It is {given} in {dtype} at {found.where(index)}, where {slope} is right: {why}."


def _first_excuse(excuses: list[Excuse]) -> Judgement | None:
    told = [excuse for excuse in excuses if excuse.flags.any()]
    return (told[0].verdict, told[0].sentence) if told else None


def _agreement(found: Found) -> str:
    if not found.is_used:
        return "Agrees: the loss does not depend on it."
    if found.filled.any():
        return "Agrees with the finite difference, where autograd has no number."
    if found.lost.any():
        return "Agrees with the slope in 100 digits, where autograd has another number."
    return f"Agrees with {found.reference_method}."


def difference_row(found: Found) -> BenchRow:
    """The finite difference: its own error counts, kinks are named, and a cut is seen through."""
    values = found.whole(np.array([slope.value for slope in found.slopes]))
    errors = np.zeros(found.at.shape)
    errors.reshape(-1)[found.places] = [slope.error for slope in found.slopes]
    errors[np.isnan(errors)] = np.inf
    tolerance = tolerance_of(found, DOUBLE)
    tolerance = Tolerance(DIFFERENCE_RELATIVE, tolerance.absolute + 4 * errors)
    judged, excuses = values, excuses_of(found, BenchMethod.DIFFERENCE, DOUBLE, values, tolerance)
    vague = _vague(found, errors)
    if found.known[vague].all():
        excuses.append(Excuse(Verdict.ROUNDING, vague, _drowned(found, values, vague)))
    else:
        worst = short_number(float(4 * errors[vague & ~found.known].max()), 2)
        excuses.append(Excuse(Verdict.UNSURE, vague, f"Rounding leaves ±{worst} here: too much to tell."))
    for excuse in excuses:
        judged = np.where(excuse.flags, found.reference, judged)
    verdict, sentence = judge(judged, found.reference, tolerance, found.sizes)
    if verdict is Verdict.AGREES:
        stands = "Stands for autograd, which has no number here." if found.filled.any() else _agreement(found)
        verdict, sentence = _first_excuse(excuses) or (verdict, stands)
    row = _row(found, BenchMethod.DIFFERENCE, DOUBLE, values, verdict, sentence)
    return replace(row, step_size=max(slope.step_size for slope in found.slopes))


def _vague(found: Found, errors: Floats) -> Flags:
    """Where the error of a finite difference is more than a small share of the slope."""
    size = np.abs(np.where(np.isfinite(found.reference), found.reference, 0.0))
    largest = size.max(initial=0.0)
    scale = np.maximum(size, 1e-3 * largest) if largest > 0 else OF_NOTHING
    flags: Flags = (4 * errors > UNSURE_ABOVE * scale) & ~found.kinks
    return flags


def _drowned(found: Found, values: Floats, flags: Flags) -> str:
    if not flags.any():
        return ""
    given, slope = two_of(values, found.reference, first_of(flags))
    return f"Rounding drowns it: {given} at {found.where(first_of(flags))}, where {slope} is right (in 100 digits)."


def _row(
    found: Found,
    method: BenchMethod,
    dtype: str,
    values: Floats,
    verdict: Verdict,
    sentence: str,
    expression: str = "",
) -> BenchRow:
    absolute = relative = np.nan
    reference = found.reference
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
        found.name, method, dtype, found.at.shape, verdict, sentence[:LONGEST], kept, places, absolute, relative,
        expression=expression,
    )  # fmt: skip
