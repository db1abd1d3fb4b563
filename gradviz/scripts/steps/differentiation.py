"""The gradient of a formula by hand where nobody wrote it: the chain rule backwards through its lines.

Each line of the formula gives a line ``d_name`` for every name that it uses; shapes decide where a gradient is summed
over what a smaller tensor was shared by. A function without a derivative is refused by its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gradviz.core.formulas.constants import is_constant
from gradviz.core.formulas.formula import parse_expression
from gradviz.core.formulas.functions import FUNCTIONS, function_of
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Index, Name, Negative, Number, Slice
from gradviz.core.formulas.walk import names_in
from gradviz.core.formulas.work import indexed
from gradviz.scripts.language.expressions import is_comparison
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
    """A sum, or a difference where the right side has a sign."""
    return Binary("-", left, right.operand, 0) if isinstance(right, Negative) else Binary("+", left, right, 0)


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
        if isinstance(expression, Index):
            return indexed(self.shape(expression.operand), expression) or ()
        return self._call_shape(expression) if isinstance(expression, Call) else ()

    def _call_shape(self, one: Call) -> Shape:
        if one.function == "ones":
            return tuple(int(size.value) for size in one.arguments if isinstance(size, Number))
        if one.function == "placed":
            index = one.arguments[1]
            assert isinstance(index, Index)
            return self.shape(index.operand)
        shapes = [self.shape(argument) for argument in one.arguments]
        effect = function_of(one.function, len(shapes)).effect if one.function in FUNCTIONS else "elementwise"
        if effect == "transpose":
            return shapes[0][::-1]
        if effect == "one_hot":
            classes = one.arguments[1]
            return (*shapes[0], int(classes.value)) if isinstance(classes, Number) else shapes[0]
        if effect == "reduction":
            if one.dimension is None:
                return ()
            place = one.dimension % len(shapes[0])
            return shapes[0][:place] + (1,) * one.keeps + shapes[0][place + 1 :]
        return np.broadcast_shapes(*shapes)

    def contributions(self, expression: Expression, gradient: Expression) -> dict[str, Expression]:
        """What flows to every name of `expression` when `gradient`, of its shape or a scalar, flows to it."""
        found: dict[str, Expression] = {}
        pending: list[Part] = [(expression, gradient)]
        while pending:
            one, flow = pending.pop()
            if isinstance(one, Name) and one.name in self.shapes:
                found[one.name] = plus(found[one.name], flow) if one.name in found else flow
            elif not is_constant(one) and names_in(one) and not is_comparison(one):
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
        if math.prod(whole) <= math.prod(wanted):
            return flow
        return self._gathered(self._spread(flow, whole), whole, wanted)

    def _gathered(self, flow: Expression, whole: Shape, wanted: Shape) -> Expression:
        """`flow` summed along every dimension in which an operand of the shape `wanted` has one element or none."""
        more = len(whole) - len(wanted)
        for place, size in enumerate(whole):
            if size > 1 and (place < more or wanted[place - more] == 1):
                flow = Call("sum", (flow,), place, 0, keeps=True)
        return Index(flow, (0,) * more, 0) if more else flow

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
        if isinstance(one, Index):
            whole = Index(call("ones", *map(number, map(float, self.shape(one.operand)))), one.places, 0)
            return [(one.operand, call("placed", flow, whole))]
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
        function = function_of(one.function, len(one.arguments))
        if function.name == "pow" and is_constant(one.arguments[1]):
            return [(one.arguments[0], times(flow, _power_rule(*one.arguments)))]
        if function.effect == "transpose":
            return [(one.arguments[0], call("t", flow) if self.shape(flow) else flow)]
        if not function.derivative:
            self._refuse(f"{function.name}()")
        if function.effect == "reduction" and not self._is_spreading(one):
            flow = self._stretched(flow, one)
            one = replace(one, keeps=True)
        count = math.prod(self.shape(one.arguments[0])) / max(math.prod(self.shape(one)), 1)
        names = dict(zip("uvw", one.arguments, strict=False)) | {"h": one, "n": number(count)}
        return [
            (argument, _scaled(flow, _substituted(parse_expression(text, names), names, one)))
            for argument, text in zip(one.arguments, function.derivative, strict=False)
            if text != "0" and names_in(argument)
        ]

    def _is_spreading(self, one: Call) -> bool:
        """Whether the gradient of a sum spreads over its operand by NumPy's own broadcasting."""
        shape = self.shape(one.arguments[0])
        return one.dimension is None or one.keeps or len(shape) == 1 or one.dimension % len(shape) == 0

    def _stretched(self, flow: Expression, one: Call) -> Expression:
        """What flows to a reduction, with its dimension again, of one element."""
        if self.shape(flow) == ():
            return flow
        assert one.dimension is not None
        before = one.dimension % len(self.shape(one.arguments[0]))
        return Index(flow, (*[Slice(None, None, None)] * before, None), 0)


def _substituted(expression: Expression, names: Mapping[str, Expression], one: Call) -> Expression:
    """A declared derivative with its operands in the place of u, v, w and h; its reductions go where `one` does."""
    if isinstance(expression, Name):
        return names.get(expression.name, expression)
    if isinstance(expression, Negative):
        return Negative(_substituted(expression.operand, names, one), 0)
    if isinstance(expression, Call):
        arguments = tuple(_substituted(argument, names, one) for argument in expression.arguments)
        if FUNCTIONS[expression.function].effect != "reduction":
            return replace(expression, arguments=arguments)
        return replace(expression, arguments=arguments, dimension=one.dimension, keeps=one.keeps)
    if not isinstance(expression, Binary):
        return expression
    left, right = (_substituted(side, names, one) for side in (expression.left, expression.right))
    if expression.operator == "-" and isinstance(left, Number) and isinstance(right, Number):
        return number(left.value - right.value)
    made = {"+": plus, "*": times}.get(expression.operator)
    return made(left, right) if made else replace(expression, left=left, right=right)


def _scaled(flow: Expression, slope: Expression) -> Expression:
    """`flow` times a derivative; divided by a number where the derivative is 1/n."""
    if isinstance(slope, Binary) and isinstance(slope.left, Number) and isinstance(slope.right, Number):
        share = slope.right.value / slope.left.value
        return flow if share == 1 else over(flow, number(share))
    return times(flow, slope)


def _power_rule(base: Expression, exponent: Expression) -> Expression:
    if isinstance(exponent, Number) and exponent.value in (0, 1):
        return number(exponent.value)
    if isinstance(exponent, Number):
        rest = exponent.value - 1
        power = base if rest == 1 else Binary("**", base, number(rest), 0)
        return times(number(exponent.value), power)
    zero = Binary("==", exponent, number(0), 0)
    power = times(exponent, Binary("**", base, Binary("-", exponent, number(1), 0), 0))
    return power if _is_plain_number(exponent) else call("where", zero, number(0), power)


def _is_plain_number(exponent: Expression) -> bool:
    """Whether it is seen at once that it is not 0: a number with its sign, or a constant."""
    inner = exponent.operand if isinstance(exponent, Negative) else exponent
    return isinstance(inner, Constant) or (isinstance(inner, Number) and inner.value != 0)


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
    # a function such as ceil lets nothing flow: its gradient is 0
    still = [tensor.name for tensor in sketch.parameters if tensor.name not in flows]
    for name in (name for name in [*flows, *still] if name in wanted):
        shape = tape.shapes[name]
        flow = flows.get(name, number(0))
        if tape.shape(flow) != shape:
            flow = times(flow, call("ones", *map(number, map(float, shape))))
        lines.append(Line(f"d_{name}", flow))
    _check_free(lines, {*by_name, *(tensor.name for tensor in sketch.tensors)})
    return tuple(lines)


def _check_free(lines: list[Line], taken: set[str]) -> None:
    """ScriptError where the formula itself has the name of a gradient."""
    for line in lines:
        if line.name in taken:
            raise ScriptError(
                f"{line.name} is a name of the formula, and the gradient of {line.name[2:]} by hand needs it.",
                "Give it another name.",
            )


def _kept(name: str, flow: Expression, lines: list[Line], tape: _Tape) -> Expression:
    """The gradient of a line under a name of its own, unless it is short enough to be written where it is used."""
    if isinstance(flow, Number | Name | Constant) or (isinstance(flow, Negative) and isinstance(flow.operand, Name)):
        return flow
    lines.append(Line(f"d_{name}", flow))
    tape.shapes[f"d_{name}"] = tape.shape(flow)
    return Name(f"d_{name}", 0)
