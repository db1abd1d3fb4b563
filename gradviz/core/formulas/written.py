"""A syntax tree as the text of a formula again, with the brackets that it needs and no others."""

from __future__ import annotations

from gradviz.core.formulas.functions import FUNCTIONS
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Index, Name, Negative, Number
from gradviz.core.formulas.walk import children_of, with_children

_STRENGTH = {"**": 5, "*": 3, "/": 3, "%": 3, "@": 3, "+": 2, "-": 2}
_OF_MINUS, _OF_COMPARISON, _OF_ATOM = 4, 1, 6


def written(expression: Expression) -> str:
    """The text that parses to `expression`."""
    if isinstance(expression, Number):
        text = repr(expression.value)
        return text.removesuffix(".0")
    if isinstance(expression, Name | Constant):
        return expression.name
    if isinstance(expression, Negative):
        return f"-{_inside(expression.operand, _OF_MINUS)}"
    if isinstance(expression, Binary):
        return _binary(expression)
    if isinstance(expression, Index):
        return f"{_inside(expression.operand, _OF_ATOM)}[{expression.text}]"
    return f"{expression.function}({', '.join(_arguments(expression))})"


def _arguments(call: Call) -> list[str]:
    """The tensors, the dimension, and the settings that are not as they are by themselves."""
    options = FUNCTIONS[call.function].options
    count = len(call.arguments) - len(options)
    parts = [written(argument) for argument in call.arguments[:count]]
    if call.dimension is not None:
        parts.append(str(call.dimension))
    for option, value in zip(options, call.arguments[count:], strict=True):
        if not isinstance(value, Number) or value.value != option.default:
            parts.append(f"{option.name}={written(value)}")
    return parts + ["keepdim=True"] * call.keeps


def _binary(expression: Binary) -> str:
    strength = _strength(expression)
    is_power, is_comparison = expression.operator == "**", strength == _OF_COMPARISON
    left = _inside(expression.left, strength + (is_power or is_comparison))
    right = _inside(expression.right, strength + (not is_power))
    return f"{left}{expression.operator}{right}" if strength > 2 else f"{left} {expression.operator} {right}"


def _inside(expression: Expression, least: int) -> str:
    text = written(expression)
    return text if _strength(expression) >= least else f"({text})"


def _strength(expression: Expression) -> int:
    if isinstance(expression, Binary):
        return _STRENGTH.get(expression.operator, _OF_COMPARISON)
    is_signed = isinstance(expression, Negative) or (isinstance(expression, Number) and expression.value < 0)
    return _OF_MINUS if is_signed else _OF_ATOM


def exchanged(expression: Expression, old: Expression, new: Expression) -> Expression:
    """`expression` with its part `old`, that very node, exchanged for `new`; what has not changed is the same node."""
    if expression is old:
        return new
    before = children_of(expression)
    after = tuple(exchanged(child, old, new) for child in before)
    if all(one is other for one, other in zip(before, after, strict=True)):
        return expression
    return with_children(expression, after)
