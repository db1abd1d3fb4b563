"""What stands in an expression of a formula: its operands, the names that it uses, the functions that it calls."""

from __future__ import annotations

from gradviz.core.formulas.formula import Binary, Call, Expression, Name, Negative


def children_of(expression: Expression) -> tuple[Expression, ...]:
    """The operands of an expression."""
    if isinstance(expression, Negative):
        return (expression.operand,)
    if isinstance(expression, Binary):
        return (expression.left, expression.right)
    return expression.arguments if isinstance(expression, Call) else ()


def names_in(expression: Expression) -> frozenset[str]:
    """The names that an expression uses."""
    found = frozenset({expression.name}) if isinstance(expression, Name) else frozenset()
    return found.union(*map(names_in, children_of(expression)))


def functions_in(expression: Expression) -> frozenset[str]:
    """The functions that an expression calls."""
    found = frozenset({expression.function}) if isinstance(expression, Call) else frozenset()
    return found.union(*map(functions_in, children_of(expression)))
