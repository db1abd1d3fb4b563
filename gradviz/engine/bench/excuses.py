"""Why a gradient may differ from the reference and still be no mistake: kinks, cuts, rounding, no value there.

A person writes the gradient by hand. The other ways are PyTorch's and our own: where they differ from a slope that is
known in many digits, that is named, and blames nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.bench import BenchMethod, Tolerance, Verdict
from gradviz.engine.bench.findings import DOUBLE, OF_LARGEST, RELATIVE, Flags, Found

CUT_WORDS = "Detach cuts the gradient: this is what autograd gives without the cut."
CUT_DIFFERENCE = "Detach cuts the gradient; the finite difference sees through it. Without it autograd agrees."


@dataclass(frozen=True, slots=True)
class Excuse:
    """Elements that need not agree, and what is said of the first of them."""

    verdict: Verdict
    flags: Flags
    sentence: str


def tolerance_of(found: Found, dtype: str, is_rounded: bool = True) -> Tolerance:
    """What a gradient in `dtype` may differ by, if it `is_rounded`; see the module `rows`."""
    last = float(np.finfo(dtype).eps / np.finfo(DOUBLE).eps) if is_rounded else 0.0
    finite = np.abs(found.reference[np.isfinite(found.reference)])
    smooth = found.noise[dtype][~found.kinks]
    floor = OF_LARGEST[dtype] * float(finite.max(initial=0.0)) + 16 * float(smooth.max(initial=0.0))
    return Tolerance(RELATIVE[dtype], np.where(found.known, last * found.sway, floor))


def excuses_of(found: Found, method: BenchMethod, dtype: str, values: Floats, tolerance: Tolerance) -> list[Excuse]:
    """Where `values`, of every element, differ for a reason that is no mistake of theirs."""
    allowed = tolerance.absolute + tolerance.relative * np.abs(found.reference)
    far = ~(np.abs(values - found.reference) <= allowed) & ~found.kinks
    nothing = ~np.isfinite(found.reference) & ~found.kinks
    excuses = [Excuse(Verdict.UNSURE, nothing, "There is no number to compare with.")]
    if found.kinks.any():
        excuses.insert(0, Excuse(Verdict.KINK, found.kinks, found.kink_sentence()))
    far &= ~nothing
    if found.uncut is not None and far.any():
        same = far & (np.abs(values - found.uncut) <= allowed + tolerance.relative * np.abs(found.uncut))
        excuses.append(Excuse(Verdict.CUT, same, CUT_DIFFERENCE if method is BenchMethod.DIFFERENCE else CUT_WORDS))
        far &= ~same
    if far.any() and method is not BenchMethod.HAND:
        excuses.append(_OF_METHOD[method](found, dtype, values, far))
    return [excuse for excuse in excuses if excuse.flags.any()]


def _of_backward(found: Found, dtype: str, values: Floats, far: Flags) -> Excuse:
    """In the run's own dtype it is the same graph: what differs is rounding, unless there is no number at all."""
    largest = float(np.finfo(dtype).max)
    flags = far & (np.isfinite(values) | (np.abs(found.reference) > largest))
    if not flags.any():
        return Excuse(Verdict.ROUNDING, flags, "")
    sentence = rounded(found, values, flags, f"Nothing is cut: {dtype}")
    return Excuse(Verdict.ROUNDING, flags, f"{sentence} {found.absorbed}".strip())


def _of_forward(found: Found, _dtype: str, values: Floats, far: Flags) -> Excuse:
    """Forward mode may have no number, or another choice on an edge, where backward, which runs use, has one."""
    usable = far & np.isfinite(found.backward) & ~(found.lost & found.ties)
    odd = usable & (~np.isfinite(values) | found.ties)
    if odd.any():
        given, slope = two_of(values, found.reference, first_of(odd))
        sentence = f"Forward mode has no value at {found.where(first_of(odd))} ({given}); {slope} is right."
        return Excuse(Verdict.NO_VALUE, odd, sentence)
    flags = usable & found.known
    return Excuse(Verdict.ROUNDING, flags, rounded(found, values, flags, "Float64") if flags.any() else "")


def _of_symbols(found: Found, _dtype: str, values: Floats, far: Flags) -> Excuse:
    """The derivative as it is written may have no value at a point where the slope has one: 0·log 0, or an edge."""
    index = first_of(far)
    given, slope = two_of(values, found.reference, index)
    if not np.isfinite(values[far]).all() or found.ties[far].any():
        is_value = bool(np.isfinite(values.reshape(-1)[index]))
        what = f"is {given}, on the edge of a case distinction," if is_value else "has no value"
        sentence = f"The derivative as it is written {what} at {found.where(index)}; the slope there is {slope}."
        return Excuse(Verdict.NO_VALUE, far, sentence)
    if found.known[far].all():
        return Excuse(Verdict.ROUNDING, far, rounded(found, values, far, "The derivative in symbols"))
    sentence = f"It is {given} at {found.where(index)}, and autograd has {slope}: one of them has lost its digits."
    return Excuse(Verdict.UNSURE, far & ~found.known, sentence)


def _of_difference(found: Found, _dtype: str, values: Floats, far: Flags) -> Excuse:
    """Where the slope is known, steps of float64 that miss it were too long, or drowned."""
    flags = far & found.known
    if not flags.any():
        return Excuse(Verdict.UNSURE, flags, "")
    index = first_of(flags)
    given, slope = two_of(values, found.reference, index)
    where = found.where(index)
    sentence = f"With steps of float64 it comes to {given} at {where}, where {slope} is right (in 100 digits)."
    return Excuse(Verdict.ROUNDING, flags, sentence)


_OF_METHOD = {
    BenchMethod.BACKWARD: _of_backward,
    BenchMethod.FORWARD: _of_forward,
    BenchMethod.SYMBOLS: _of_symbols,
    BenchMethod.DIFFERENCE: _of_difference,
}


def rounded(found: Found, values: Floats, flags: Flags, who: str) -> str:
    """That the first of the flagged elements has lost its digits."""
    index = first_of(flags)
    given, slope = two_of(values, found.reference, index)
    digits = " (in 100 digits)" if found.known.reshape(-1)[index] else ""
    return f"{who} lost digits to rounding: {given} at {found.where(index)}, where {slope} is right{digits}."


def first_of(flags: Flags) -> int:
    """The flat index of the first flagged element."""
    return int(np.flatnonzero(flags)[0])


def two_of(values: Floats, reference: Floats, index: int) -> tuple[str, str]:
    """An element and its reference, as numbers for a person that differ where they do."""
    given, slope = float(values.reshape(-1)[index]), float(reference.reshape(-1)[index])
    for digits in (7, 10, 17):
        texts = short_number(given, digits), short_number(slope, digits)
        if texts[0] != texts[1]:
            return texts
    return texts
