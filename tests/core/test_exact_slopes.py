"""Slopes in a hundred digits: closed forms, points without a derivative, and limits of size."""

from __future__ import annotations

import contextlib
import math
import time
from typing import Any

import numpy as np
import pytest

from gradviz.core.formulas.exact_functions import DECIMALS
from gradviz.core.formulas.exact_slopes import ExactBudget, ExactError, ExactPoint, ExactSlope, Kind
from gradviz.core.formulas.formula import parse_formula


def point(text: str, shifted: int = 0, budget: ExactBudget | None = None, **values: Any) -> ExactPoint:
    tensors = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    return ExactPoint(parse_formula(text, tuple(tensors)), tensors, None, budget, shifted)


def slope(text: str, x: Any, index: int = 0, **more: Any) -> ExactSlope:
    return point(text, x=x, **more).slope("x", index)


@pytest.mark.parametrize(
    ("expression", "x", "right"),
    [
        ("(1 - cos(x))/x**2", 1e-4, -1e-4 / 12 + 1e-12 / 180),
        ("(1 - cos(x))/x**2", 1e-12, -1e-12 / 12),
        ("((x + 1e8) - 1e8)**2", 1.0, 2.0),
        ("x + 1e300 - 1e300", 1.0, 1.0),
        ("log(1 + exp(x))", -300.0, math.exp(-300)),
        ("log(1 + exp(x))", 800.0, 1.0),
        ("exp(-1/x**2)", 0.0, 0.0),
        ("where(x > 0, sqrt(x), 0) + x", -1.0, 1.0),
        ("x**3", 0.0, 0.0),
        ("1e-200*x", 1.0, 1e-200),
        ("sqrt(x)", 1e-300, 5e149),
        ("sin(exp(x))", 200.0, None),
        ("abs(x - 3)", 3 + 1e-15, 1.0),
    ],
)
def test_the_slope_is_right_to_the_last_digit(expression: str, x: float, right: float | None) -> None:
    found = slope(f"f = {expression}", x)
    assert found.kind is Kind.SMOOTH
    if right is None:
        import mpmath

        context = mpmath.MPContext()
        context.dps = 200
        big = context.exp(context.mpf(x))
        right = float(big * context.cos(big))
    assert found.value == pytest.approx(right, rel=1e-13, abs=0.0)


@pytest.mark.parametrize(
    ("expression", "x", "kind", "sides"),
    [
        ("abs(x)", 0.0, Kind.KINK, (-1.0, 1.0)),
        ("clamp(x, 0, 1)", 1.0, Kind.KINK, (1.0, 0.0)),
        ("x + 1e-12*abs(x)", 0.0, Kind.KINK, (1 - 1e-12, 1 + 1e-12)),
        ("floor(x)", 2.0, Kind.JUMP, (math.inf, 0.0)),
        ("sqrt(x)", 0.0, Kind.EDGE, (math.nan, math.inf)),
        ("acos(x)", 1.0, Kind.EDGE, (-math.inf, math.nan)),
        ("x**1.5", 0.0, Kind.EDGE, (math.nan, 0.0)),
        ("sign(x)*sqrt(abs(x))", 0.0, Kind.INFINITE, (math.inf, math.inf)),
        ("where(x > 0, x*log(x), 0)", 0.0, Kind.INFINITE, (0.0, -math.inf)),
    ],
)
def test_a_point_without_a_derivative_has_a_kind_and_sides(
    expression: str, x: float, kind: Kind, sides: tuple[float, float]
) -> None:
    found = slope(f"f = {expression}", x)
    assert found.kind is kind
    assert (found.left, found.right) == pytest.approx(sides, nan_ok=True)
    assert math.isnan(found.value)
    assert found.sentence


@pytest.mark.parametrize(("expression", "tied"), [("relu(x) - relu(-x)", True), ("x + relu(y)", False), ("x", False)])
def test_a_tie_counts_if_the_number_decides_it(expression: str, tied: bool) -> None:
    found = slope(f"f = {expression} + 0*y", 0.0, y=0.0)
    assert (found.kind, found.value, found.has_tie) == (Kind.SMOOTH, 1.0, tied)


def test_what_is_cut_off_stays_where_it_was() -> None:
    assert slope("f = detach(x)*x", 3.0).value == 3.0


def test_a_literal_can_be_what_it_says_in_decimals() -> None:
    """0.1*3 - 0.3 is 0 in decimals, and not in doubles."""
    text = "f = (0.1*3 - 0.3)*x"
    assert point(text, x=1.0).slope("x", 0).value == pytest.approx(2.77e-17, rel=0.01)
    assert point(text, DECIMALS, x=1.0).slope("x", 0).value == 0.0


def test_a_formula_that_is_too_large_is_refused_before_the_budget_is_far_behind() -> None:
    budget = ExactBudget(operations=1000)
    with pytest.raises(ExactError, match="too large"):
        point("f = sum((a @ x)**2)", budget=budget, x=np.ones(50), a=np.ones((50, 50))).slope("x", 0)
    assert budget.is_spent
    assert budget.operations > -5000


@pytest.mark.parametrize("text", ["f = exp(exp(exp(x)))", "f = x**(9**9)", "f = sin(exp(exp(x)))"])
def test_what_leaves_every_range_ends(text: str) -> None:
    """A refusal or a number, but no memory full of digits."""
    begin = time.thread_time()
    with contextlib.suppress(ExactError):
        slope(text, 9.0)
    assert time.thread_time() - begin < 1.5
