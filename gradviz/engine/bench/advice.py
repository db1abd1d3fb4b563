"""What in a formula is to blame, and what to write in its place: a root at 0, a small number beside a large one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from gradviz.core.formulas.formula import Binary, Call, Expression, Formula, Name, Number
from gradviz.core.formulas.walk import children_of
from gradviz.core.numbers import short_number
from gradviz.engine.objectives.formula_program import Program

ROOTS = frozenset({"sqrt", "rsqrt", "std"})


def root_advice(formula: Formula | None) -> str:
    """What to write where a root stands at 0; empty where there is no root."""
    if formula is None:
        return ""
    parts = [part for line in formula.lines for part in _parts(line.expression)]
    operands = [_operand(part) for part in parts]
    for operand in operands:
        inside = None if operand is None else _squared_sum(operand)
        if inside is not None:
            return f"norm({inside.name if isinstance(inside, Name) else '…'}) gives 0 there."
    is_root = any(isinstance(part, Call) and part.function in ROOTS for part in parts)
    return "A small number inside the root, sqrt(… + 1e-12), mends it." if is_root or any(operands) else ""


def _parts(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in children_of(expression):
        yield from _parts(child)


def _operand(expression: Expression) -> Expression | None:
    """What a square root is taken of."""
    match expression:
        case Call(function="sqrt", arguments=(inside,)):
            return inside
        case Binary(operator="**", left=inside, right=Number(value=0.5)):
            return inside
    return None


def _squared_sum(expression: Expression) -> Expression | None:
    """x, where this is the sum of x**2."""
    match expression:
        case Call(function="sum", arguments=(Call(function="square", arguments=(inside,)),)):
            return inside
        case Call(function="sum", arguments=(Binary(operator="**", left=inside, right=Number(value=2.0)),)):
            return inside
        case Call(function="sum", arguments=(Binary(operator="*", left=Name() as inside, right=Name() as other),)):
            return inside if inside.name == other.name else None
    return None


def absorbed(formula: Formula, values: Mapping[str, Tensor]) -> str:
    """The first sum in which a number is lost beside a larger one, in the dtype of `values`; empty where none is."""
    some = next(iter(values.values()))
    program = Program(formula, some.dtype, some.device)
    with torch.no_grad():
        known = program.evaluate(values)
        for line in formula.lines:
            for part in _parts(line.expression):
                if isinstance(part, Binary) and part.operator in "+-":
                    sides = [program.tensor_closure(side)(known) for side in (part.left, part.right)]
                    lost = _lost(part.operator, sides[0] + 0 * sides[1], sides[1] + 0 * sides[0])
                    if lost:
                        return f"{lost} in {str(some.dtype).removeprefix('torch.')} (line {line.name})."
    return ""


def _lost(operator: str, left: Any, right: Any) -> str:
    """The sum of the first two elements of which one is lost."""
    result = left + right if operator == "+" else left - right
    is_lost = ((result == left) & (right != 0)) | ((result.abs() == right.abs()) & (left != 0) & (right != 0))
    is_lost &= left.abs() != right.abs()
    if not bool(is_lost.any()):
        return ""
    place = int(is_lost.reshape(-1).nonzero()[0])
    a, b, c = (short_number(float(value.reshape(-1)[place])) for value in (left, right, result))
    return f"{a} {operator} {b} is {c}"
