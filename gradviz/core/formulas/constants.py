"""The value of an expression of nothing but numbers, in double precision."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from gradviz.core.formulas.functions import CONSTANTS
from gradviz.core.formulas.syntax import Binary, Constant, Expression, Negative, Number
from gradviz.core.formulas.text import FormulaError

_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": operator.mod,
}


def is_constant(expression: Expression) -> bool:
    """Whether an expression is nothing but numbers."""
    if isinstance(expression, Number | Constant):
        return True
    if isinstance(expression, Negative):
        return is_constant(expression.operand)
    is_arithmetic = isinstance(expression, Binary) and expression.operator in _OPERATIONS
    return is_arithmetic and is_constant(expression.left) and is_constant(expression.right)  # type: ignore[union-attr]


def constant_value(expression: Expression) -> float | None:
    """The value of an expression of nothing but numbers, None of any other; FormulaError if it is not finite."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Constant):
        return CONSTANTS[expression.name]
    if isinstance(expression, Negative):
        operand = constant_value(expression.operand)
        return None if operand is None else -operand
    if not isinstance(expression, Binary) or expression.operator not in _OPERATIONS:
        return None
    left, right = constant_value(expression.left), constant_value(expression.right)
    return None if left is None or right is None else _folded(expression, left, right)


def _folded(expression: Binary, left: float, right: float) -> float:
    try:
        value = _OPERATIONS[expression.operator](left, right)
    except (OverflowError, ZeroDivisionError):
        value = math.inf
    if not isinstance(value, float) or not math.isfinite(value):
        raise FormulaError("not finite here", 1, expression.column)
    return value
