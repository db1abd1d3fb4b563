"""The finite difference in float64: its step suits the number, stays in the domain, and crosses no kink."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from gradviz.engine.bench.finite_difference import Coordinate, Slope, slope_of

Function = Callable[[float], float]


def found(function: Function, x: float, expected: float) -> tuple[Slope, list[float]]:
    """The slope, and how far from x the function was asked."""
    number = torch.tensor([x], dtype=torch.float64)
    offsets: list[float] = []

    def loss() -> float:
        offsets.append(float(number[0]) - x)
        try:
            return function(float(number[0]))
        except ValueError:
            return math.nan

    slope = slope_of(Coordinate(number, 0, loss), function(x), expected, 1e-6)
    assert float(number[0]) == x, "the number is left as it was"
    return slope, offsets


@pytest.mark.parametrize(
    ("function", "x", "right"),
    [
        (math.sqrt, 1e-8, 5000.0),
        (math.log, 1e-12, 1e12),
        (lambda x: math.sin(1e9 * x), 1e-9, 1e9 * math.cos(1.0)),
        (lambda x: math.sin(1e6 * x), 0.0, 1e6),
        (abs, 1e-7, 1.0),
        (lambda x: max(x - 2, 0.0), 2 + 1e-9, 1.0),
        (math.acos, 1 - 1e-9, -1 / math.sqrt(1e-9 * (2 - 1e-9))),
        (lambda x: x * x, 1e8, 2e8),
        (lambda x: 1e30 * x, 1e-3, 1e30),
    ],
)
def test_the_step_suits_the_number(function: Function, x: float, right: float) -> None:
    slope, _ = found(function, x, right)
    assert not slope.kink
    assert slope.value == pytest.approx(right, rel=2e-5)
    assert abs(slope.value - right) <= 4 * slope.error + 1e-5 * abs(right), "its own error says how far it is off"


@pytest.mark.parametrize("x", [1e-3, 1e-4])
def test_its_error_is_not_smaller_than_rounding(x: float) -> None:
    """1 - cos(x) loses digits in steps that look like no noise at all."""
    slope, _ = found(lambda t: (1 - math.cos(t)) / t**2 if t else 0.5, x, -x / 12)
    assert abs(slope.value + x / 12) <= 10 * slope.error, slope


@pytest.mark.parametrize(
    ("function", "x", "words"),
    [
        (abs, 0.0, "-1 to the left and 1 to the right"),
        (lambda x: max(x, 1.0), 1.0, "0 to the left and 1 to the right"),
        (math.floor, 2.0, "jumps"),
        (lambda x: math.copysign(math.sqrt(abs(x)), x), 0.0, "infinite"),
        (math.sqrt, 0.0, "not finite just below"),
        (lambda x: 1e3 + abs(x - 0.5), 0.5, "-1 to the left"),
    ],
)
def test_where_there_is_no_slope_it_is_said(function: Function, x: float, words: str) -> None:
    slope, _ = found(function, x, 0.0)
    assert words in slope.kink


def test_what_is_expected_costs_two_evaluations() -> None:
    _, offsets = found(lambda x: x**3, 2.0, 12.0)
    assert len(offsets) == 2


def test_a_closer_look_has_an_end() -> None:
    """Counted, not timed: at a kink every step down to the last digits is tried, and no more."""
    _, offsets = found(abs, 0.0, 0.0)
    assert len(offsets) < 150
    assert min(abs(offset) for offset in offsets) < 1e-15
