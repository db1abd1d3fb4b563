"""A formula of one number as a plain Python function: what a schedule says about its step."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from gradviz.core.formulas.formula import parse_expression
from gradviz.core.formulas.functions import CONSTANTS, function_of
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Index, Name, Negative, Number
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.walk import children_of, names_in, with_children
from gradviz.core.formulas.written import written

ScalarFunction = Callable[[float], float]

_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": math.pow,
    "%": operator.mod,
    "<": lambda left, right: float(left < right),
    "<=": lambda left, right: float(left <= right),
    ">": lambda left, right: float(left > right),
    ">=": lambda left, right: float(left >= right),
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
}


def scalar_function(text: str, name: str) -> ScalarFunction:
    """`text` over the number `name` as a function; FormulaError where it is not one.

    It computes in doubles, as every formula does: whole numbers of Python's have no bound, ``9**9**9**9`` would never
    end. Where the formula has no finite value, such as ``1/step`` at 0, the function gives NaN and raises nothing.
    """
    evaluated = _closure(parse_expression(text, {name} - {""}), name)

    def function(x: float) -> float:
        try:
            value = evaluated(float(x))
        except (ArithmeticError, ValueError, TypeError):  # a root of a negative number is complex, and has no order
            return math.nan
        return float(value) if isinstance(value, int | float) else math.nan

    return function


def counted(text: str, name: str, count: str, every: int) -> str:
    """`text` with `count`, of which there is one more after `every` steps, said by the steps `name` alone."""
    tree = parse_expression(text, {name, count})
    if count not in names_in(tree):
        return text
    steps = Name(name, 1)
    share = Call("floor", (Binary("/", steps, Number(float(every), 1), 1),), None, 1)
    return written(_with_name(tree, count, steps if every == 1 else share))


def _with_name(expression: Expression, name: str, value: Expression) -> Expression:
    if isinstance(expression, Name):
        return value if expression.name == name else expression
    return with_children(expression, [_with_name(child, name, value) for child in children_of(expression)])


def scalar_value(text: str) -> float:
    """The number that a text of nothing but numbers, constants and functions says; FormulaError where it says none."""
    value = scalar_function(text, "")(0.0)
    if not math.isfinite(value):
        raise FormulaError("this is no finite number")
    return value


def _closure(expression: Expression, name: str) -> ScalarFunction:
    if isinstance(expression, Number):
        value = float(expression.value)
        return lambda _x: value
    if isinstance(expression, Constant):
        constant = CONSTANTS[expression.name]
        return lambda _x: constant
    if isinstance(expression, Name):
        return lambda x: x
    if isinstance(expression, Negative):
        operand = _closure(expression.operand, name)
        return lambda x: -operand(x)
    if isinstance(expression, Binary):
        return _binary(expression, name)
    if isinstance(expression, Index):
        raise FormulaError("an index is for tensors; here is one number: leave it out", 1, expression.column)
    return _call(expression, name)


def _binary(expression: Binary, name: str) -> ScalarFunction:
    operation = _OPERATIONS.get(expression.operator)
    if operation is None:
        raise FormulaError(f"{expression.operator} is for matrices; here is one number", 1, expression.column)
    left, right = _closure(expression.left, name), _closure(expression.right, name)
    return lambda x: operation(left(x), right(x))


def _call(expression: Call, name: str) -> ScalarFunction:
    function = function_of(expression.function, len(expression.arguments))
    called = function.scalar
    if called is None or expression.dimension is not None:
        reason = (
            f"{expression.function} is for tensors; here is one number: write it with functions such as exp and sin"
        )
        raise FormulaError(reason, 1, expression.column)
    arguments = [_closure(argument, name) for argument in expression.arguments]
    if function.effect == "reduction":
        return arguments[0]
    return lambda x: called(*[argument(x) for argument in arguments])
