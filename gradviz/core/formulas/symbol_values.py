"""The value of a sympy expression at a point: a walk of our own, in 40 digits, into a double.

sympy's lambdify would compile a text, and doubles would lose what the many terms of a derivative cancel.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import sympy

from gradviz.core.formulas.symbol_functions import (
    Absolute,
    Angle,
    Ceil,
    Compare,
    Cut,
    Floor,
    Larger,
    Relu,
    Round,
    Sigmoid,
    Sign,
    Smaller,
    Softplus,
    Where,
)

_digits = mpmath.MPContext()
_digits.dps = 40

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    sympy.log: _digits.log,
    sympy.exp: _digits.exp,
    sympy.sin: _digits.sin,
    sympy.cos: _digits.cos,
    sympy.tan: _digits.tan,
    sympy.asin: _digits.asin,
    sympy.acos: _digits.acos,
    sympy.atan: _digits.atan,
    sympy.sinh: _digits.sinh,
    sympy.cosh: _digits.cosh,
    sympy.tanh: _digits.tanh,
    sympy.erf: _digits.erf,
    Absolute: abs,
    Relu: lambda x: x if x > 0 else _digits.zero,
    Sign: _digits.sign,
    Floor: _digits.floor,
    Ceil: _digits.ceil,
    Round: lambda x: _digits.mpf(round(float(x))),
    Cut: lambda x: x,
    Larger: max,
    Smaller: min,
    Sigmoid: lambda x: 1 / (1 + _digits.exp(-x)),
    Softplus: lambda x: _digits.log(1 + _digits.exp(x)),
    Angle: _digits.atan2,
}


class Point:
    """Where expressions are evaluated; common parts are evaluated once. Values that are not real are NaN."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._known: dict[Any, Any] = {sympy.Symbol(name): _digits.mpf(value) for name, value in values.items()}

    def value(self, expression: Any) -> float:
        """A double; NaN where the expression has no real value here."""
        try:
            return float(self._value(expression))
        except (ZeroDivisionError, OverflowError, TypeError, ValueError):
            return float("nan")

    def _value(self, expression: Any) -> Any:
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = self._compute(expression)
        return found

    def _compute(self, expression: Any) -> Any:
        if expression is sympy.nan or expression is sympy.zoo:
            raise ValueError("no value")
        if expression.is_Rational:
            return _digits.mpf(int(expression.p)) / int(expression.q)
        if expression.is_Number or expression.is_NumberSymbol:
            return _digits.mpf(sympy.Float(expression, 40)._mpf_)
        if isinstance(expression, Where):
            condition, first, second = expression.args
            return self._value(first if self._value(condition) else second)
        arguments = [self._value(argument) for argument in expression.args]
        if expression.is_Add:
            return _digits.fsum(arguments)
        if expression.is_Mul:
            return _digits.fprod(arguments)
        if expression.is_Pow:
            return _real(arguments[0] ** arguments[1])
        if isinstance(expression, Compare):
            return _digits.mpf(_COMPARISONS[expression.word](*arguments))
        return _real(_FUNCTIONS[expression.func](*arguments))


def _real(value: Any) -> Any:
    if isinstance(value, _digits.mpc):
        raise ValueError("not real")
    return value
