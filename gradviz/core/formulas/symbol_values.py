"""The value of a sympy expression at a point: a walk of our own, in 80 digits, into a double.

sympy's lambdify would compile a text, and doubles would lose what the many terms of a derivative cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import sympy

from gradviz.core.formulas.symbol_functions import Own, Where

_digits = mpmath.MPContext()
DIGITS = 80
_digits.dps = DIGITS


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
            return _digits.mpf(sympy.Float(expression, DIGITS)._mpf_)
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
        if isinstance(expression, Own):
            return _real(expression.value(_digits, *arguments))
        # mpmath calls the functions of mathematics what sympy calls them
        return _real(getattr(_digits, type(expression).__name__)(*arguments))


def _real(value: Any) -> Any:
    if isinstance(value, _digits.mpc):
        raise ValueError("not real")
    return value
