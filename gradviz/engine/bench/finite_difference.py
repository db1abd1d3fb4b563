"""Derivatives by central differences in float64, with an estimate of their own error, and kinks told from curvature.

The step is h = cbrt(eps) * max(1, |x|): there the error of the difference, about h^2 f'''/6, and that of rounding,
about eps f/h, are equally small. The two one-sided slopes differ by about h f'' where f is smooth, so their gap shrinks
with h; at a kink it stays, at an infinite slope or a jump it grows. Only where something is odd are other steps tried.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

EPSILON = float(np.finfo(np.float64).eps)
STEP = EPSILON ** (1 / 3)
ODD_GAP = 1e-3
"""A gap of the slopes, relative to them, from which on it is looked at more closely."""
FACTOR = 8.0
LADDER = (64.0, 8.0, 1.0, 1 / 8, 1 / 64)
STAYS = 0.5
"""The gap at h/8 over that at h: 1/8 where f is smooth, 1 at a kink."""


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
        """h, such that x + h and x - h are doubles."""
        return self.exact(STEP * max(1.0, abs(self._x)))

    def exact(self, step: float) -> float:
        """The nearest step that x can really make."""
        return (self._x + step) - self._x


def slope_of(coordinate: Coordinate, here: float, expected: float, relative: float) -> Slope:
    """The derivative of the loss, which is `here`, after a coordinate.

    `expected` decides only how closely it is looked at: farther off than `relative`, or with slopes that differ, other
    steps are tried, and the best is chosen by what they say of each other.
    """
    step = coordinate.step_size
    plain = _slope(coordinate, here, step)
    scale = max(abs(plain.left), abs(plain.right))
    is_even = abs(plain.right - plain.left) <= ODD_GAP * scale + plain.error
    is_expected = abs(plain.value - expected) <= relative * abs(expected) + plain.error
    if math.isfinite(plain.value) and is_even and is_expected:
        return plain
    return _looked_at_closely(coordinate, here, step)


def _slope(coordinate: Coordinate, here: float, step: float) -> Slope:
    after, before = coordinate.at(step), coordinate.at(-step)
    rounding = 4 * EPSILON * max(abs(after), abs(before), abs(here)) / step
    left, right = (here - before) / step, (after - here) / step
    return Slope((after - before) / (2 * step), rounding, step, left, right)


def _looked_at_closely(coordinate: Coordinate, here: float, step: float) -> Slope:
    tried = [_slope(coordinate, here, coordinate.exact(step * factor)) for factor in LADDER]
    noise = _noise(coordinate, tried[-1].step_size)
    return _edge(tried) or _kink(tried, noise) or _extrapolated(tried, noise)


def _edge(tried: list[Slope]) -> Slope | None:
    """Where the loss is not finite on one side, however near."""
    near = tried[-1]
    if math.isfinite(near.left) and math.isfinite(near.right):
        return None
    odd = [side for side, slope in (("below", near.left), ("above", near.right)) if not math.isfinite(slope)]
    return _with_kink(near, f"the loss is not finite just {' and '.join(odd)} it")


def _kink(tried: list[Slope], noise: float) -> Slope | None:
    """A gap between the slopes that does not close as the step shrinks, and is more than rounding."""
    gaps = [abs(slope.right - slope.left) for slope in tried[-3:]]
    near = tried[-1]
    heard = 40 * noise / near.step_size + 2 * near.error
    if not all(map(math.isfinite, gaps)) or gaps[2] <= heard + 1e-6 * max(abs(near.left), abs(near.right)):
        return None
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


def _extrapolated(tried: list[Slope], noise: float) -> Slope:
    """The limit that three steps in a row point to; of all such the one that is surest of itself.

    The change from step to step shrinks by a ratio, 1/64 where f is smooth and 1/8 where its second derivative jumps,
    so what is still to come is a geometric series (Aitken's extrapolation).
    """
    best = Slope(tried[2].value, math.inf, tried[2].step_size, tried[2].left, tried[2].right)
    for wide, middle, narrow in zip(tried, tried[1:], tried[2:], strict=False):
        last, before = narrow.value - middle.value, middle.value - wide.value
        ratio = last / before if before else 0.0
        shrinks = 0 <= ratio < STAYS
        rest = last * ratio / (1 - ratio) if shrinks else 0.0
        error = (abs(rest) / 2 if shrinks else abs(last)) + 4 * noise / narrow.step_size + narrow.error
        if math.isfinite(narrow.value) and error < best.error:
            best = Slope(narrow.value + rest, error, narrow.step_size, narrow.left, narrow.right)
    return best


def _noise(coordinate: Coordinate, step: float) -> float:
    """How far rounding throws the loss about: fourth differences of five points, on one side and the other.

    Beside the point and not across it, so that a kink there is not taken for noise.
    """
    found = []
    for side in (-1.0, 1.0):
        y = [coordinate.at(side * step * (1 + k / 5)) for k in range(5)]
        found.append(abs(y[0] - 4 * y[1] + 6 * y[2] - 4 * y[3] + y[4]) / math.sqrt(70))
    return max((value for value in found if math.isfinite(value)), default=0.0)
