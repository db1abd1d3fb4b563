"""Derivatives in symbols: closed forms, limits of size and time, and numbers that doubles would lose."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest

from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.symbols import BUDGET_S, Budget, SymbolicGradient, SymbolsError, symbolic_gradients


def derived(text: str, budget: Budget | None = None, constants: tuple[str, ...] = (), **values: Any) -> Any:
    """The derivatives of a formula after all that is no constant, by name."""
    tensors = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    places = {name: np.arange(value.size) for name, value in tensors.items() if name not in constants}
    work = symbolic_gradients(parse_formula(text, tuple(tensors)), tensors, places, None, budget)
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: dict[str, SymbolicGradient] = end.value
            return found


@pytest.mark.parametrize(
    ("expression", "at", "wanted", "text"),
    [
        ("x**3", 2.0, 12.0, "3*x**2"),
        ("x**2 + x**3 + 5", 2.0, 16.0, "3*x**2 + 2*x"),
        ("abs(x)", -2.0, -1.0, "sign(x)"),
        ("relu(x)", 2.0, 1.0, "where(x > 0, 1, 0)"),
        ("where(x > 0, sqrt(x), 0)", -1.0, 0.0, "where(x > 0, 1/(2*sqrt(x)), 0)"),
        ("max(x, x**2)", 3.0, 6.0, "where(x > x**2, 1, 2*x)"),
        ("clamp(x, 0, 1)", 5.0, 0.0, None),
        ("floor(x) + round(x) + sign(x)", 1.3, 0.0, "0"),
        ("x % 3", 4.5, 1.0, "1"),
        ("exp(-x**2)", 0.5, -math.exp(-0.25), "-2*x*exp(-x**2)"),
        ("log2(x)", 3.0, 1 / (3 * math.log(2)), None),
        ("detach(x)*x", 3.0, 3.0, "detach(x)"),
        ("softplus(800*x)", 1.0, 800.0, "800*sigmoid(800*x)"),
        ("e**x + pi*x", 1.0, math.e + math.pi, "exp(x) + pi"),
    ],
)
def test_derivative_and_its_text(expression: str, at: float, wanted: float, text: str | None) -> None:
    found = derived(f"f = {expression}", x=at)["x"]
    assert found.values[0] == pytest.approx(wanted, rel=1e-14, abs=1e-15)
    if text is not None:
        assert found.text == f"∂f/∂x = {text}"


def test_the_text_is_multiplied_out_where_that_is_shorter() -> None:
    found = derived("loss = mean((w*t + b - y)**2)", None, ("t", "y"), w=1.0, b=0.0, t=[1.0, 2.0], y=[1.0, 0.0])
    assert found["w"].text == "∂loss/∂w = 3*b + 5*w - 1"


def test_vectors_and_matrices_have_a_line_for_each_element() -> None:
    found = derived("loss = sum(a @ v)", a=[[1.0, 2.0], [3.0, 4.0]], v=[5.0, 6.0])
    assert found["v"].values.tolist() == [4.0, 6.0]
    assert found["a"].values.tolist() == [5.0, 6.0, 5.0, 6.0]
    assert found["a"].text.split("\n")[2] == "∂loss/∂a[1,0] = v[0]"


def test_digits_that_doubles_cancel_are_kept() -> None:
    """1 - cos(x)/... at a small x: 40 digits leave the 16 that a double can show."""
    found = derived("f = exp(x) - 1 - x - x**2/2", x=1e-6)["x"].values[0]
    assert found == pytest.approx(1e-12 / 2 + 1e-18 / 6, rel=1e-12)


@pytest.mark.parametrize("expression", ["sqrt(x)", "x**0.5", "1/x"])
def test_where_there_is_no_real_value_it_is_nan(expression: str) -> None:
    at = 0.0 if expression == "1/x" else -1.0
    assert math.isnan(derived(f"f = where(x > 9, 1, {expression})", x=at)["x"].values[0])


def test_a_vector_objective_is_refused_in_a_sentence() -> None:
    with pytest.raises(SymbolsError, match="not one number"):
        derived("y = x**2", x=[1.0, 2.0])


def test_large_data_is_refused_before_anything_is_computed() -> None:
    begin = time.thread_time()
    with pytest.raises(SymbolsError, match="too large"):
        derived("loss = sum((x @ w)**2)", None, ("x",), x=np.ones((1000, 10)), w=np.ones((10, 2)))
    assert time.thread_time() - begin < 0.5


def test_lines_that_multiply_are_refused() -> None:
    """Every line trebles the expression: small to write, endless to write out."""
    lines = ["u0 = sin(x)*x", *(f"u{k} = sin(u{k - 1})*u{k - 1} + exp(-u{k - 1}**2)" for k in range(1, 40))]
    begin = time.thread_time()
    with pytest.raises(SymbolsError, match="more than 10,000 parts"):
        derived("\n".join(lines), x=0.3)
    assert time.thread_time() - begin < BUDGET_S


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(SymbolsError, match=r"longer than 0\.01 s"):
        derived("loss = sum(softmax(a)*a)", Budget(seconds=0.01), a=np.linspace(-1, 1, 12))


def test_powers_of_numbers_do_not_write_all_their_digits() -> None:
    begin = time.thread_time()
    found = derived("f = x + detach(9*x)**(9**9) * 0", x=1.0)["x"]
    assert found.values[0] == 1.0
    assert time.thread_time() - begin < BUDGET_S
