"""The gradient of a formula by hand where nobody wrote it: the chain rule backwards through its lines.

Each line of the formula gives a line ``d_name`` for every name that it uses; shapes decide where a gradient is summed
over what a smaller tensor was shared by. What has no rule here is refused by the name of its function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from gradviz.core.formulas.formula import Binary, Call, Expression, Name, Negative, Number
from gradviz.core.formulas.walk import names_in
from gradviz.scripts.language.expressions import is_constant
from gradviz.scripts.language.sketch import Line, Sketch, reached
from gradviz.scripts.problems import ScriptError

Shape = tuple[int, ...]
Part = tuple[Expression, Expression]
"""An operand, and the gradient that flows to it."""


def number(value: float) -> Number:
    return Number(value, 0)


def call(function: str, *arguments: Expression, dimension: int | None = None) -> Call:
    return Call(function, arguments, dimension, 0)


def times(left: Expression, right: Expression) -> Expression:
    """A product, without the factors 1 and the signs that nobody would write."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Number) and one.value == 1:
            return other
    if isinstance(right, Number) and not isinstance(left, Number):
        left, right = right, left
    if isinstance(left, Negative):
        return Negative(times(left.operand, right), 0)
    return Binary("*", left, right, 0)


def over(left: Expression, right: Expression) -> Expression:
    return Binary("/", left, right, 0)


def plus(left: Expression, right: Expression) -> Expression:
    return Binary("-", left, right.operand, 0) if isinstance(right, Negative) else Binary("+", left, right, 0)


_Rule = Callable[[Expression, Expression], Expression]
# from the operand u and the whole call h to the derivative of h by u
_DERIVATIVES: dict[str, _Rule] = {
    "exp": lambda u, h: h,
    "log": lambda u, h: over(number(1), u),
    "log1p": lambda u, h: over(number(1), plus(number(1), u)),
    "expm1": lambda u, h: call("exp", u),
    "sqrt": lambda u, h: over(number(0.5), h),
    "sin": lambda u, h: call("cos", u),
    "cos": lambda u, h: Negative(call("sin", u), 0),
    "tan": lambda u, h: plus(number(1), _squared(h)),
    "sinh": lambda u, h: call("cosh", u),
    "cosh": lambda u, h: call("sinh", u),
    "tanh": lambda u, h: Binary("-", number(1), _squared(h), 0),
    "sigmoid": lambda u, h: times(h, Binary("-", number(1), h, 0)),
    "softplus": lambda u, h: call("sigmoid", u),
    "relu": lambda u, h: Binary(">", u, number(0), 0),
    "abs": lambda u, h: call("sign", u),
    "square": lambda u, h: times(number(2), u),
    "reciprocal": lambda u, h: Negative(over(number(1), _squared(u)), 0),
    "atan": lambda u, h: over(number(1), plus(number(1), _squared(u))),
}
_SAME = ("detach", "no_grad", "requires_grad")


def _squared(expression: Expression) -> Expression:
    return Binary("**", expression, number(2), 0)


class _Tape:
    """Walks one expression backwards; `shapes` are those of the names."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = dict(shapes)

    def shape(self, expression: Expression) -> Shape:
        """The shape of an expression, as NumPy broadcasts."""
        if isinstance(expression, Name):
            return self.shapes.get(expression.name, ())
        if isinstance(expression, Negative):
            return self.shape(expression.operand)
        if isinstance(expression, Binary):
            left, right = self.shape(expression.left), self.shape(expression.right)
            if expression.operator != "@":
                return np.broadcast_shapes(left, right)
            return (*left[:-1], *right[:-2], *right[-1:]) if len(right) > 1 else left[:-1]
        return self._call_shape(expression) if isinstance(expression, Call) else ()

    def _call_shape(self, one: Call) -> Shape:
        shapes = [self.shape(argument) for argument in one.arguments]
        if one.function in ("t", "transpose"):
            return shapes[0][::-1]
        if one.function == "one_hot":
            classes = one.arguments[1]
            return (*shapes[0], int(classes.value)) if isinstance(classes, Number) else shapes[0]
        reducing = ("sum", "mean", "prod", "amax", "amin", "var", "std", "norm")
        if one.function == "dot" or (one.function in (*reducing, "max", "min") and len(shapes) == 1):
            if one.dimension is None:
                return ()
            place = one.dimension % len(shapes[0])
            return shapes[0][:place] + shapes[0][place + 1 :]
        return np.broadcast_shapes(*shapes)

    def contributions(self, expression: Expression, gradient: Expression) -> dict[str, Expression]:
        """What flows to every name of `expression` when `gradient`, of its shape or a scalar, flows to it."""
        found: dict[str, Expression] = {}
        pending: list[Part] = [(expression, gradient)]
        while pending:
            one, flow = pending.pop()
            if isinstance(one, Name) and one.name in self.shapes:
                found[one.name] = plus(found[one.name], flow) if one.name in found else flow
            elif not is_constant(one) and names_in(one):
                pending += [
                    (operand, self._fitted(part, self.shape(one), self.shape(operand)))
                    for operand, part in reversed(self._parts(one, flow))
                ]
        return found

    def _fitted(self, flow: Expression, whole: Shape, wanted: Shape) -> Expression:
        """`flow` summed over what an operand of the shape `wanted` was shared by."""
        if whole == wanted or self.shape(flow) == wanted != ():
            return flow
        if math.prod(wanted) == 1 and wanted == ():
            if self.shape(flow) == ():
                return times(flow, number(math.prod(whole))) if math.prod(whole) > 1 else flow
            return call("sum", flow)
        if len(whole) == 2 and wanted == whole[1:]:
            return call("sum", self._spread(flow, whole), dimension=0)
        return flow if math.prod(whole) <= math.prod(wanted) else self._refuse("a tensor of this shape")

    def _spread(self, flow: Expression, shape: Shape) -> Expression:
        """`flow` as an array of `shape`, where it is one number for all."""
        return flow if self.shape(flow) == shape else times(flow, call("ones", *map(number, map(float, shape))))

    def _refuse(self, what: str) -> Expression:
        raise ScriptError(
            f"the gradient of {what} by hand is not known.", "Write lines  d_name = ...  or use autograd."
        )

    def _parts(self, one: Expression, flow: Expression) -> list[Part]:
        """The operands of `one` with the gradient of each."""
        if isinstance(one, Negative):
            return [(one.operand, Negative(flow, 0))]
        if isinstance(one, Binary):
            return self._binary(one, flow)
        assert isinstance(one, Call)
        return self._call(one, flow)

    def _binary(self, one: Binary, flow: Expression) -> list[Part]:
        left, right = one.left, one.right
        if one.operator == "+":
            return [(left, flow), (right, flow)]
        if one.operator == "-":
            return [(left, flow), (right, Negative(flow, 0))]
        if one.operator == "*":
            return [(left, times(flow, right)), (right, times(flow, left))]
        if one.operator == "/":
            return [(left, over(flow, right)), (right, Negative(over(times(flow, left), _squared(right)), 0))]
        if one.operator == "@":
            return self._product(left, right, flow)
        if one.operator == "**" and is_constant(right):
            return [(left, times(flow, _power_rule(left, right)))]
        self._refuse(f"the operator {one.operator}")
        return []

    def _product(self, left: Expression, right: Expression, flow: Expression) -> list[Part]:
        ranks = len(self.shape(left)), len(self.shape(right))
        if ranks == (1, 1):
            return [(left, times(flow, right)), (right, times(flow, left))]
        if ranks != (2, 2):
            self._refuse("a product of a matrix and a vector")
        flow = self._spread(flow, (self.shape(left)[0], self.shape(right)[1]))
        return [(left, Binary("@", flow, call("t", right), 0)), (right, Binary("@", call("t", left), flow, 0))]

    def _call(self, one: Call, flow: Expression) -> list[Part]:
        first = one.arguments[0]
        if one.function in (*_SAME, "sign", "floor", "ceil", "round", "one_hot"):
            return []
        if one.function == "retain_grad":
            return [(first, flow)]
        if one.function in ("t", "transpose"):
            return [(first, call("t", flow) if self.shape(flow) else flow)]
        if one.function == "dot":
            return self._product(first, one.arguments[1], flow)
        if one.function in ("sum", "mean") and self._is_spreading(one):
            size = math.prod(self.shape(first)) / max(math.prod(self.shape(one)), 1)
            return [(first, flow if one.function == "sum" or size == 1 else over(flow, number(size)))]
        rule = _DERIVATIVES.get(one.function)
        if rule is None:
            self._refuse(f"{one.function}()")
            return []
        return [(first, times(flow, rule(first, one)))]

    def _is_spreading(self, one: Call) -> bool:
        """Whether the gradient of a sum spreads over its operand by NumPy's own broadcasting."""
        shape = self.shape(one.arguments[0])
        return one.dimension is None or len(shape) == 1 or one.dimension % len(shape) == 0


def _power_rule(base: Expression, exponent: Expression) -> Expression:
    if isinstance(exponent, Number) and exponent.value == 1:
        return number(1)
    if isinstance(exponent, Number):
        rest = exponent.value - 1
        power = base if rest == 1 else Binary("**", base, number(rest), 0)
        return times(number(exponent.value), power)
    return times(exponent, Binary("**", base, Binary("-", exponent, number(1), 0), 0))


def differentiated(sketch: Sketch) -> tuple[Line, ...]:
    """The lines ``d_name`` from the last line of the formula to its parameters; ScriptError where one is not known."""
    tape = _Tape({tensor.name: tensor.shape for tensor in sketch.tensors})
    for line in sketch.lines:
        tape.shapes[line.name] = tape.shape(line.expression)
    wanted = reached(sketch)
    lines: list[Line] = []
    flows: dict[str, Expression] = {sketch.objective: number(1)}
    by_name = {line.name: line for line in sketch.lines}
    for line in reversed(sketch.lines):
        if line.name in flows:
            flow = _kept(line.name, flows[line.name], lines, tape)
            for name, part in tape.contributions(line.expression, flow).items():
                if name in wanted or name in by_name:
                    flows[name] = plus(flows[name], part) if name in flows else part
    for name in sorted(wanted, key=list(flows).index):
        shape = tape.shapes[name]
        flow = flows[name]
        if tape.shape(flow) != shape:
            flow = times(flow, call("ones", *map(number, map(float, shape))))
        lines.append(Line(f"d_{name}", flow))
    return tuple(lines)


def _kept(name: str, flow: Expression, lines: list[Line], tape: _Tape) -> Expression:
    """The gradient of a line under a name of its own, unless it is short enough to be written where it is used."""
    if isinstance(flow, Number | Name) or (isinstance(flow, Negative) and isinstance(flow.operand, Name)):
        return flow
    lines.append(Line(f"d_{name}", flow))
    tape.shapes[f"d_{name}"] = tape.shape(flow)
    return Name(f"d_{name}", 0)
