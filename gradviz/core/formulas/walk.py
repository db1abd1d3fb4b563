"""What stands in an expression of a formula: its operands, the names that it uses, the functions that it calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradviz.core.formulas.syntax import Binary, Call, Expression, Index, Name, Negative


def children_of(expression: Expression) -> tuple[Expression, ...]:
    """The operands of an expression."""
    if isinstance(expression, Negative | Index):
        return (expression.operand,)
    if isinstance(expression, Binary):
        return (expression.left, expression.right)
    return expression.arguments if isinstance(expression, Call) else ()


def with_children(expression: Expression, children: Sequence[Expression]) -> Expression:
    """The same expression with other operands."""
    if isinstance(expression, Negative | Index):
        return replace(expression, operand=children[0])
    if isinstance(expression, Binary):
        return replace(expression, left=children[0], right=children[1])
    return replace(expression, arguments=tuple(children)) if isinstance(expression, Call) else expression


def names_in(expression: Expression) -> frozenset[str]:
    """The names that an expression uses."""
    found = frozenset({expression.name}) if isinstance(expression, Name) else frozenset()
    return found.union(*map(names_in, children_of(expression)))


def functions_in(expression: Expression) -> frozenset[str]:
    """The functions that an expression calls."""
    found = frozenset({expression.function}) if isinstance(expression, Call) else frozenset()
    return found.union(*map(functions_in, children_of(expression)))
