"""Verdicts: how a gradient that is wrong is wrong.

A wrong gradient is seldom wrong at random: the sign of a difference is swapped, a 2 or a 1/n is forgotten, a matrix is
transposed. Each leaves a mark in the ratio to the right one, and is named by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradviz.core.numbers import Floats, shape_text, short_number
from gradviz.core.questions.bench import Tolerance, Verdict

Judgement = tuple[Verdict, str]
_FRACTIONS = {1 / 4: "1/4", 1 / 3: "1/3", 1 / 2: "1/2", 2.0: "2", 3.0: "3", 4.0: "4"}


def judge(candidate: Floats, reference: Floats, tolerance: Tolerance, sizes: Mapping[str, int]) -> Judgement:
    """How `candidate` compares with `reference`. `sizes` are the numbers that a forgotten mean would be wrong by."""
    if candidate.shape != reference.shape:
        return _judge_shape(candidate, reference, tolerance)
    odd = ~np.isfinite(candidate) & np.isfinite(reference)
    if odd.any():
        place = _first(odd)
        value = short_number(float(candidate[place]))
        return Verdict.NAN, f"{_element(place)}is {value}, where {short_number(float(reference[place]))} is right."
    if _close(candidate, reference, tolerance):
        return Verdict.AGREES, "Agrees."
    if candidate.ndim == 2 and candidate.shape[0] == candidate.shape[1] and _close(candidate.T, reference, tolerance):
        return Verdict.TRANSPOSED, "Transposed: rows and columns are exchanged."
    if not candidate.any():
        there = short_number(_largest(reference))
        return Verdict.ZERO, f"Zero, where autograd has {there}: a part is cut off or missing."
    return _judge_ratio(candidate, reference, tolerance, sizes) or _worst(candidate, reference, tolerance)


def _judge_shape(candidate: Floats, reference: Floats, tolerance: Tolerance) -> Judgement:
    shapes = f"{shape_text(candidate.shape)} instead of {shape_text(reference.shape)}"
    if candidate.ndim == 2 and candidate.shape[::-1] == reference.shape and _close(candidate.T, reference, tolerance):
        return Verdict.TRANSPOSED, f"Transposed: the shape is {shapes}."
    advice = "sum over what the parameter is shared by" if candidate.size > reference.size else "a sum went too far"
    return Verdict.SHAPE, f"The shape is {shapes}: {advice}."


def _judge_ratio(
    candidate: Floats, reference: Floats, tolerance: Tolerance, sizes: Mapping[str, int]
) -> Judgement | None:
    """A wrong sign or a constant factor, if the ratio of all elements is one number."""
    known = np.isfinite(reference) & np.isfinite(candidate)
    square = float((reference[known] ** 2).sum())
    if not square:
        return None
    ratio = float((candidate[known] * reference[known]).sum()) / square
    scaled = Tolerance(tolerance.relative, tolerance.absolute * max(abs(ratio), 1.0))
    if ratio == 0 or not _close(candidate, ratio * reference, scaled):
        return None
    if _is_near(ratio, -1.0, tolerance):
        return Verdict.SIGN, "The sign is wrong: this is −1 times the gradient, so a descent along it climbs."
    name = _name_of(ratio, sizes, tolerance)
    is_evidence = int((np.abs(reference[known]) > tolerance.absolute.max()).sum()) > 1
    if not name and not is_evidence:
        return None
    also = " The sign is wrong too." if ratio < 0 else ""
    return Verdict.FACTOR, f"Wrong by a factor of {name or short_number(ratio, 5)}.{also}"


def _name_of(ratio: float, sizes: Mapping[str, int], tolerance: Tolerance) -> str:
    """A factor that a person would recognise: 2, 1/2, or the number of rows and its inverse."""
    sign = "−" if ratio < 0 else ""
    for value, text in _FRACTIONS.items():
        if _is_near(abs(ratio), value, tolerance):
            return sign + text
    for what, size in sizes.items():
        if size > 1 and _is_near(abs(ratio), size, tolerance):
            return f"{sign}{size}, {what}: a sum stands where a mean is meant"
        if size > 1 and _is_near(abs(ratio), 1 / size, tolerance):
            return f"{sign}1/{size}, one over {what}: a mean stands where a sum is meant"
        if size > 1 and _is_near(abs(ratio), 2 / size, tolerance):
            return f"{sign}2/{size}, two over {what}"
    return ""


def _is_near(ratio: float, wanted: float, tolerance: Tolerance) -> bool:
    return abs(ratio - wanted) <= max(10 * tolerance.relative, 1e-9) * abs(wanted)


def _worst(candidate: Floats, reference: Floats, tolerance: Tolerance) -> Judgement:
    difference = np.where(np.isfinite(reference), np.abs(candidate - reference), 0.0)
    allowed = _allowed(reference, tolerance)
    excess = difference / np.where(allowed > 0, allowed, np.finfo(np.float64).tiny)
    place = np.unravel_index(int(np.argmax(excess)), candidate.shape)
    count = int((excess > 1).sum())
    values = f"{short_number(float(candidate[place]))} instead of {short_number(float(reference[place]))}"
    if candidate.size == 1:
        return Verdict.DIFFERS, f"Differs: {values}."
    return Verdict.DIFFERS, f"{count:,} of {candidate.size:,} elements differ; {_element(place)}is {values}."


def _close(candidate: Floats, reference: Floats, tolerance: Tolerance) -> bool:
    if candidate.shape != tolerance.absolute.shape:
        tolerance = Tolerance(tolerance.relative, np.full(candidate.shape, tolerance.absolute.max(initial=0.0)))
    odd = ~np.isfinite(reference)
    within = np.abs(np.where(odd, 0.0, candidate) - np.where(odd, 0.0, reference)) <= _allowed(reference, tolerance)
    return bool(within.all())


def _allowed(reference: Floats, tolerance: Tolerance) -> Floats:
    allowed: Floats = tolerance.absolute + tolerance.relative * np.abs(np.nan_to_num(reference))
    return allowed


def _largest(values: Floats) -> float:
    flat = values.reshape(-1)
    return float(flat[int(np.nanargmax(np.abs(flat)))])


def _first(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argwhere(mask)[0])


def _element(place: tuple[int, ...] | tuple[np.intp, ...]) -> str:
    return f"element [{', '.join(str(int(k)) for k in place)}] " if place else "It "
