"""The shapes of a formula's values, and the memory and time that they take, before anything is evaluated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradviz.core.formulas.functions import function_of
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Formula, Index, Name, Negative, Number
from gradviz.core.formulas.walk import children_of

Shape = tuple[int, ...]
PLAIN_NS, FUNCTION_NS, PRODUCT_NS = 5.0, 12.0, 0.3
SLOW_NS = {"**": 20.0, "%": 40.0}
"""What a number of a large result takes, of an operator and of a function, and a product within ``@``: on one core in
float64, with the memory that has to be fetched for it. Measured, and rounded up."""
_ONE = np.zeros((), dtype=np.bool_)
"""Broadcast to any shape it takes no memory."""
PASSES = 3
"""A step goes forward once, and back at twice the price."""

MOST_COUNTED = 2**62
"""More numbers fit into no memory, and are beyond what is computed with here."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one evaluation with its gradient needs, and where the largest value of it is made."""

    numbers: int
    """All values on the way, each of which backward may need."""
    seconds: float
    shape: Shape = ()
    line: int = 1
    column: int = 1


def work_of(formula: Formula, shapes: Mapping[str, Shape]) -> Work:
    """The work of all lines over tensors of these shapes. What torch will refuse counts as nothing."""
    known: dict[str, Shape | None] = dict(shapes)
    meter = _Meter(known)
    for line in (*formula.lines, *formula.gradients):
        meter.line = line.line
        known[line.name] = meter.measure(line.expression)
    return Work(meter.numbers, PASSES * meter.nanoseconds * 1e-9, meter.largest, meter.at_line, meter.at_column)


class _Meter:
    """Adds up, and remembers the largest value."""

    def __init__(self, known: Mapping[str, Shape | None]) -> None:
        self._known = known
        self.line = 1
        self.numbers = 0
        self.nanoseconds = 0.0
        self.largest: Shape = ()
        self.at_line = self.at_column = 1

    def measure(self, expression: Expression) -> Shape | None:
        """The shape of a value, counted with all that it is made of; None where torch will find that it has none."""
        operands = [self.measure(child) for child in children_of(expression)]
        if isinstance(expression, Number | Constant):
            return ()
        if isinstance(expression, Name):
            return self._known.get(expression.name, ())
        given = [shape for shape in operands if shape is not None]
        shape = _shape_of(expression, given) if len(given) == len(operands) else None
        if shape is not None:
            self._count(expression, given, shape)
        return shape

    def _count(self, expression: Expression, given: list[Shape], shape: Shape) -> None:
        made = _count_of(shape)
        self.numbers += made
        self.nanoseconds += _nanoseconds(expression, given, made)
        if made > _count_of(self.largest):
            self.largest, self.at_line, self.at_column = shape, self.line, expression.column


def _count_of(shape: Shape) -> int:
    """How many numbers a value of this shape has, at most MOST_COUNTED: a formula can say 1e308 classes."""
    return min(math.prod(shape), MOST_COUNTED)


def _nanoseconds(expression: Expression, given: list[Shape], made: int) -> float:
    if isinstance(expression, Binary) and expression.operator == "@":
        return made * PLAIN_NS + made * float(_count_of(given[0][-1:])) * PRODUCT_NS
    touched = max([made, *map(_count_of, given)])  # a sum makes one number of many
    if isinstance(expression, Binary):
        return touched * SLOW_NS.get(expression.operator, PLAIN_NS)
    if isinstance(expression, Index):
        return touched * PLAIN_NS  # a look at the same numbers, whose gradient is as large as all of them
    return touched * (PLAIN_NS if isinstance(expression, Negative) else FUNCTION_NS)


def _shape_of(expression: Expression, given: list[Shape]) -> Shape | None:
    if isinstance(expression, Negative):
        return given[0]
    if isinstance(expression, Binary):
        return _product(*given) if expression.operator == "@" else _broadcast(given)
    if isinstance(expression, Index):
        return indexed(given[0], expression)
    assert isinstance(expression, Call)
    effect = function_of(expression.function, len(given)).effect
    if effect == "reduction":
        return _reduced(given[0], expression.dimension, expression.keeps)
    if effect == "transpose":
        return given[0][::-1]
    if effect == "one_hot":
        classes = expression.arguments[1]
        return (*given[0], int(classes.value)) if isinstance(classes, Number) else None
    return given[0] if effect == "along" else _broadcast(given)


def _broadcast(shapes: list[Shape]) -> Shape | None:
    width = max(map(len, shapes))
    padded = [(1,) * (width - len(shape)) + shape for shape in shapes]
    sizes = [{size for size in column if size != 1} for column in zip(*padded, strict=True)]
    return None if any(len(found) > 1 for found in sizes) else tuple(max(found, default=1) for found in sizes)


def _product(left: Shape, right: Shape) -> Shape | None:
    """The matrix product of vectors and matrices; of more dimensions, which only one_hot makes, each pair of them."""
    if not left or not right or left[-1] != right[max(len(right) - 2, 0)]:
        return None
    before = _broadcast([left[:-2], right[:-2]])
    return None if before is None else (*before, *left[-2:-1], *right[1:][-1:])


def indexed(shape: Shape, index: Index) -> Shape | None:
    """The shape of the elements that an index chooses; None where there are none such."""
    try:
        return np.broadcast_to(_ONE, shape)[index.python].shape
    except IndexError:
        return None


def _reduced(shape: Shape, dimension: int | None, keeps: bool) -> Shape | None:
    if dimension is None:
        return ()
    if not -len(shape) <= dimension < len(shape):
        return None
    place = dimension % len(shape)
    return shape[:place] + (1,) * keeps + shape[place + 1 :]
