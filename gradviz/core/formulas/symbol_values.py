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
DIGITS, MORE_DIGITS = 80, 450
SMALL = 1e-50
"""What is smaller may be all that is left of what cancelled: it is evaluated in more digits."""
LARGE_BITS = 100
"""Of a number on the way, from which on the sine of it would be lost."""


class Point:
    """Where expressions are evaluated; common parts are evaluated once. Values that are not real are NaN."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values
        self._known: dict[Any, Any] = {}
        self._begin(DIGITS)

    def _begin(self, digits: int) -> None:
        _digits.dps = self._dps = digits
        self._largest = 0
        self._known = {sympy.Symbol(name): _digits.mpf(value) for name, value in self._values.items()}

    def value(self, expression: Any) -> float:
        """A double; NaN where the expression has no real value here."""
        _digits.dps = self._dps
        try:
            found = self._value(expression)
            is_odd = (abs(found) < SMALL and expression != 0) or self._largest > LARGE_BITS
            if is_odd and self._dps == DIGITS:
                self._begin(MORE_DIGITS)
                found = self._value(expression)
            return float(found)
        except (ZeroDivisionError, OverflowError, TypeError, ValueError):
            return float("nan")

    def _value(self, expression: Any) -> Any:
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = self._compute(expression)
            if isinstance(found, _digits.mpf) and found:
                self._largest = max(self._largest, found._mpf_[2] + found._mpf_[3])
        return found

    def _compute(self, expression: Any) -> Any:
        if expression is sympy.nan or expression is sympy.zoo:
            raise ValueError("no value")
        if expression.is_Rational:
            return _digits.mpf(int(expression.p)) / int(expression.q)
        if expression.is_Number or expression.is_NumberSymbol:
            return _digits.mpf(sympy.Float(expression, self._dps)._mpf_)
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
