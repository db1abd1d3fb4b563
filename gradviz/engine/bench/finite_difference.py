"""Derivatives by central differences in float64, with an estimate of their own error, and kinks told from curvature.

The first step is h = cbrt(eps) * max(1, |x|): there the error of the difference, about h^2 f'''/6, and that of
rounding, about eps f/h, are equally small if f varies over lengths of x. The two one-sided slopes differ by about h f''
where f is smooth, so their gap shrinks with h; at a kink it stays, at an infinite slope or a jump it grows. Only where
something is odd are other steps tried: ever smaller ones, down to the last digits of x, until they agree, so that a
kink or the end of the domain beside x is not crossed; and larger ones, where rounding drowns the small.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from torch import Tensor

EPSILON = float(np.finfo(np.float64).eps)
STEP = EPSILON ** (1 / 3)
ODD_GAP = 1e-3
"""A gap of the slopes, relative to them, from which on it is looked at more closely."""
SHARP = 1e-5
"""The share of a difference that its own error may be for it to be taken at once."""
UNSURE_ABOVE = 1e-3
"""A difference whose own error is a larger share of the gradient says nothing."""
OF_LARGEST = 1e-3
"""Beside a larger slope, one of less than this share of it need not be sharp."""
SETTLED = 1e-8
"""By what share three steps that agree may change from one to the next."""
FACTOR = 8.0
WIDEST = 64.0
"""The first of the closer looks, in first steps."""
LEVELS = 6
"""How many larger steps, each FACTOR times the one before, are asked for the noise."""
CURVE = (100.0, 1e5)
"""What a curve grows by from one such step to the next lies between these."""
GROWS = 1.5
"""By how much a slope must grow at h/8 to be infinite."""
MOST_HEARD = 3
"""Of the limits that steps point to, how many of the surest are asked for the noise at their step."""
STAYS = 0.5
"""The gap at h/8 over that at h: 1/8 where f is smooth, 1 at a kink."""


Noise = Callable[[float], float]
"""How far rounding throws the loss about, at a step."""


@dataclass(frozen=True, slots=True)
class Slope:
    """The derivative after one coordinate, what it may be wrong by, and the step.

    `kink` is a sentence where there is no derivative; `left` and `right` are then the slopes on its sides.
    """

    value: float
    error: float
    step_size: float
    left: float
    right: float
    kink: str = ""


class Coordinate:
    """One number of a parameter, moved to and fro; it is left as it was."""

    def __init__(self, flat: Tensor, index: int, loss: Callable[[], float]) -> None:
        self._flat, self._index, self._loss = flat, index, loss
        self._x = float(flat[index])

    def at(self, offset: float) -> float:
        """The loss where the number is larger by `offset`."""
        self._flat[self._index] = self._x + offset
        try:
            return self._loss()
        finally:
            self._flat[self._index] = self._x

    @property
    def step_size(self) -> float:
        """h, a power of two, so that x + h and x - h are doubles."""
        return 2.0 ** round(math.log2(STEP * max(1.0, abs(self._x))))

    @property
    def smallest(self) -> float:
        """The smallest step that is still some of the last digits of x; where x is 0, of 1e-3."""
        return 16 * math.ulp(self._x) if self._x else 1e-18


def slope_of(coordinate: Coordinate, here: float, expected: float, relative: float, largest: float = 0.0) -> Slope:
    """The derivative of the loss, which is `here`, after a coordinate.

    `expected` decides only how closely it is looked at: farther off than `relative`, with slopes that differ, or with
    an error that is no small share of it, and of the `largest` slope beside it, other steps are tried, and the best is
    chosen by what they say of each other.
    """
    plain = _slope(coordinate, here, coordinate.step_size)
    scale = max(abs(plain.left), abs(plain.right))
    is_even = abs(plain.right - plain.left) <= ODD_GAP * scale + plain.error
    is_expected = abs(plain.value - expected) <= relative * abs(expected) + plain.error
    is_sharp = 4 * plain.error <= UNSURE_ABOVE * max(abs(expected), OF_LARGEST * largest) or largest == 0
    if math.isfinite(plain.value) and is_even and is_expected and is_sharp:
        return plain
    return _looked_at_closely(coordinate, here)


def _slope(coordinate: Coordinate, here: float, step: float) -> Slope:
    after, before = coordinate.at(step), coordinate.at(-step)
    rounding = 4 * EPSILON * max(abs(after), abs(before), abs(here)) / step
    left, right = (here - before) / step, (after - here) / step
    return Slope((after - before) / (2 * step), rounding, step, left, right)


def _looked_at_closely(coordinate: Coordinate, here: float) -> Slope:
    """Ever smaller steps until three of them agree; else larger ones too, for rounding may drown the small."""
    step = coordinate.step_size * WIDEST
    tried, noise = [_slope(coordinate, here, step)], _heard_noise(coordinate)
    while (step := step / FACTOR) >= coordinate.smallest:
        tried.append(_slope(coordinate, here, step))
        if len(tried) >= 3 and _has_settled(tried[-3:]):
            limit = _limit(*tried[-3:])
            if limit.error + 4 * noise(step) / step <= SHARP * abs(limit.value):
                return limit
    odd = _edge(tried) or _kink(tried, noise)
    if odd is not None:
        return odd
    larger = [_slope(coordinate, here, tried[0].step_size * FACTOR**k) for k in (3, 2, 1)]
    return _extrapolated([*larger, *tried], noise)


def _has_settled(triple: list[Slope]) -> bool:
    """Whether three steps in a row point to one limit, by far more closely than rounding could feign."""
    wide, middle, narrow = triple
    if not all(math.isfinite(slope.left) and math.isfinite(slope.right) for slope in triple):
        return False
    change, before = abs(narrow.value - middle.value), abs(middle.value - wide.value)
    size = abs(narrow.value)
    if not size > 10 * narrow.error:
        return False
    return change <= SETTLED * size and before <= 64 * SETTLED * size and _closes(middle, narrow)


def _closes(wide: Slope, narrow: Slope) -> bool:
    """Whether the gap between the sides closes as the step shrinks, as that of a curve does and a kink's does not."""
    before, after = abs(wide.right - wide.left), abs(narrow.right - narrow.left)
    return after <= STAYS * before or after <= 4 * narrow.error


def _edge(tried: list[Slope]) -> Slope | None:
    """Where the loss is not finite on one side, however near."""
    near = tried[-1]
    if math.isfinite(near.left) and math.isfinite(near.right):
        return None
    odd = [side for side, slope in (("below", near.left), ("above", near.right)) if not math.isfinite(slope)]
    return _with_kink(near, f"the loss is not finite just {' and '.join(odd)} it")


def _kink(tried: list[Slope], noise: Noise) -> Slope | None:
    """A gap between the slopes that does not close as the step shrinks, at the smallest that rounding lets be heard."""
    deaf = math.inf
    for wide, middle, near in zip(tried[-3::-1], tried[-2:0:-1], tried[:1:-1], strict=True):
        gaps = [abs(slope.right - slope.left) for slope in (wide, middle, near)]
        if not all(map(math.isfinite, gaps)):
            return None
        heard = (
            10 * near.error + 1e-6 * max(abs(near.left), abs(near.right)) + 200 * noise(near.step_size) / near.step_size
        )
        if gaps[2] > heard:
            return _named_kink(near, gaps) if gaps[2] < 2 * deaf else None
        deaf = min(deaf, heard)
    return _steep(tried, noise)


def _steep(tried: list[Slope], noise: Noise) -> Slope | None:
    """A slope that is the same on both sides, and grows without end as the step shrinks."""
    near = tried[-1]
    sizes = [abs(slope.value) for slope in tried[-3:]]
    if not sizes[2] > 10 * near.error + 200 * noise(near.step_size) / near.step_size:
        return None
    growths = [after / before if before else math.inf for before, after in pairwise(sizes)]
    if min(growths) < GROWS:
        return None
    is_jump = min(growths) > FACTOR / 1.5
    return _with_kink(near, "the loss jumps here" if is_jump else "the slope is infinite here")


def _named_kink(near: Slope, gaps: list[float]) -> Slope | None:
    if gaps[1] < STAYS * gaps[0] or gaps[2] < STAYS * gaps[1]:
        return None
    growth = gaps[2] / gaps[1]
    if growth > FACTOR / 1.5:
        return _with_kink(near, "the loss jumps here")
    if growth > 2:
        return _with_kink(near, "the slope is infinite here")
    return _with_kink(near, f"the slope is {near.left:.4g} to the left and {near.right:.4g} to the right")


def _with_kink(slope: Slope, sentence: str) -> Slope:
    return Slope(slope.value, slope.error, slope.step_size, slope.left, slope.right, sentence)


def _extrapolated(tried: list[Slope], noise: Noise) -> Slope:
    """The limit that three steps in a row point to; of all such the one that is surest of itself."""
    last = tried[-1]
    best = Slope(last.value, math.inf, last.step_size, last.left, last.right)
    limits = sorted((_limit(*triple) for triple in zip(tried, tried[1:], tried[2:], strict=False)), key=_error)
    for limit in limits[:MOST_HEARD]:
        error = limit.error + 4 * noise(limit.step_size) / limit.step_size
        if error < best.error:
            best = replace(limit, error=error)
    return best


def _error(slope: Slope) -> float:
    return slope.error


def _limit(wide: Slope, middle: Slope, narrow: Slope) -> Slope:
    """What three steps point to.

    The change from step to step shrinks by a ratio, 1/64 where f is smooth and 1/8 where its second derivative jumps,
    so what is still to come is a geometric series (Aitken's extrapolation). A step that spans a kink says nothing.
    """
    change, before = narrow.value - middle.value, middle.value - wide.value
    ratio = change / before if before else 0.0
    shrinks = 0 <= ratio < STAYS
    rest = change * ratio / (1 - ratio) if shrinks else 0.0
    error = (abs(rest) / 2 if shrinks else abs(change)) + narrow.error
    if not _closes(middle, narrow):
        error += abs(narrow.right - narrow.left)
    return replace(narrow, value=narrow.value + rest, error=error if math.isfinite(error) else math.inf)


def _heard_noise(coordinate: Coordinate) -> Noise:
    """The noise at a step, or at larger ones: within a step of rounding the loss stands still, and nothing is heard.

    Noise is the same at two steps in a row. A curve grows by 8**4 from one to the next, and then it is the curve that
    is heard; what one step alone hears is a kink.
    """
    heard = functools.cache(lambda step: _noise(coordinate, step))

    def noise(step: float) -> float:
        last = loudest = heard(step)
        for level in range(1, LEVELS + 1):
            now = heard(step * FACTOR**level)
            if CURVE[0] * last < now < CURVE[1] * last:
                break
            loudest = max(loudest, min(last, now))
            last = now
        return loudest

    return noise


def _noise(coordinate: Coordinate, step: float) -> float:
    """How far rounding throws the loss about: fourth differences of five points, on one side and the other.

    Beside the point and not across it, so that a kink there is not taken for noise.
    """
    found, apart = [], step / 8
    for side in (-1.0, 1.0):
        y = [coordinate.at(side * (step + k * apart)) for k in range(5)]
        found.append(abs(y[0] - 4 * y[1] + 6 * y[2] - 4 * y[3] + y[4]) / math.sqrt(70))
    return max((value for value in found if math.isfinite(value)), default=0.0)
