"""Random formulas with their gradient by hand: trees over numbers, vectors and parameters, and rules of their own.

The gradient is derived here, by the rules of reverse mode written as lines of the formula language, without torch,
sympy or a difference: an oracle that shares nothing with what it is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

LENGTH = 3
"""Of every vector."""

UNARY = {
    "sin": "cos({x})",
    "cos": "-sin({x})",
    "tan": "1 + {y}**2",
    "tanh": "1 - {y}**2",
    "exp": "{y}",
    "expm1": "{y} + 1",
    "sigmoid": "{y}*(1 - {y})",
    "softplus": "sigmoid({x})",
    "silu": "sigmoid({x})*(1 + {x}*(1 - sigmoid({x})))",
    "square": "2*{x}",
    "atan": "1/(1 + {x}**2)",
    "erf": "2/sqrt(pi)*exp(-({x}**2))",
    "sqrt": "0.5/{y}",
    "log": "1/{x}",
    "log1p": "1/(1 + {x})",
    "reciprocal": "-({y}**2)",
    "sinh": "cosh({x})",
    "cosh": "sinh({x})",
    "abs": "sign({x})",
    "relu": "where({x} > 0, 1, 0)",
    "floor": "0*{x}",
    "asinh": "1/sqrt(1 + {x}**2)",
    "erfc": "-2/sqrt(pi)*exp(-({x}**2))",
    "elu": "where({x} > 0, 1, exp({x}))",
    "leaky_relu": "where({x} > 0, 1, 0.01)",
    "softsign": "1/(1 + abs({x}))**2",
    "logsigmoid": "sigmoid(-{x})",
    "sinc": "(cos(pi*{x}) - {y})/{x}",
}
"""The derivative of y = f(x)."""

BINARY = {
    "({a} + {b})": ("1", "1"),
    "({a} - {b})": ("1", "-1"),
    "({a} * {b})": ("{b}", "{a}"),
    "({a} / {b})": ("1/{b}", "-{a}/{b}**2"),
    "maximum({a}, {b})": ("where({a} > {b}, 1, 0)", "where({a} > {b}, 0, 1)"),
    "minimum({a}, {b})": ("where({a} < {b}, 1, 0)", "where({a} < {b}, 0, 1)"),
    "hypot({a}, {b})": ("{a}/{y}", "{b}/{y}"),
    "atan2({a}, {b})": ("{b}/({a}**2 + {b}**2)", "-{a}/({a}**2 + {b}**2)"),
    "where({a} > 0.3, {a}, {b})": ("where({a} > 0.3, 1, 0)", "where({a} > 0.3, 0, 1)"),
}
"""The derivatives of y after a and b."""

REDUCTIONS = {
    "sum": "1",
    "mean": f"1/{LENGTH}",
    "prod": "{y}/{x}",
    "logsumexp": "exp({x} - {y})",
    "norm": "{x}/{y}",
    "var": f"({{x}} - mean({{x}}))*2/{LENGTH - 1}",
    "std": f"({{x}} - mean({{x}}))/({{y}}*{LENGTH - 1})",
}
"""The derivative of a number after the elements of a vector."""


@dataclass
class RandomFormula:
    """A formula as lines, and the local slopes that its gradient by hand is made of."""

    values: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    vectors: set[str] = field(default_factory=set)
    slopes: list[tuple[str, str, str]] = field(default_factory=list)
    """Result, operand, and the derivative of the one after the other."""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def names(self, is_vector: bool) -> list[str]:
        """What is there so far, parameters included."""
        known = [*self.values, *(f"n{number}" for number in range(len(self.lines)))]
        return [name for name in known if (name in self.vectors) is is_vector]

    def add(self, expression: str, is_vector: bool) -> str:
        """A new line; returns its name."""
        name = f"n{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        if is_vector:
            self.vectors.add(name)
        return name

    def hand(self, slopes: list[tuple[str, str, str]] | None = None) -> str:
        """The gradient by hand: from the last line back to the parameters."""
        slopes = self.slopes if slopes is None else slopes
        reached = {f"n{len(self.lines) - 1}": ["1"]}
        written: list[str] = []
        for number in range(len(self.lines) - 1, -1, -1):
            name = f"n{number}"
            if name not in reached:
                continue
            written.append(f"g_{name} = {' + '.join(reached[name])} + 0*{name}")
            for result, operand, slope in slopes:
                if result == name:
                    reached.setdefault(operand, []).append(self._part(result, operand, slope))
        written += [f"d_{name} = {' + '.join(reached.get(name, ['0']))} + 0*{name}" for name in self.values]
        return "\n".join(written)

    def _part(self, result: str, operand: str, slope: str) -> str:
        part = f"g_{result}*({slope})"
        is_shared = result in self.vectors and operand not in self.vectors
        return f"sum({part} + 0*{result})" if is_shared else part


_NUMBERS = st.one_of(
    st.floats(-3, 3, allow_subnormal=False).map(lambda x: round(x, 3)), st.sampled_from([0.0, 1.0, -1.0, 2.0])
)


@st.composite
def formulas(draw: st.DrawFn) -> RandomFormula:
    """One to three parameters, numbers or vectors, and three to nine operations on them."""
    made = RandomFormula({})
    for name in ("a", "b", "c")[: draw(st.integers(1, 3))]:
        is_vector = draw(st.booleans())
        made.values[name] = draw(st.tuples(*[_NUMBERS] * LENGTH)) if is_vector else draw(_NUMBERS)
        if is_vector:
            made.vectors.add(name)
    for _ in range(draw(st.integers(3, 9))):
        draw(st.sampled_from((_unary, _binary, _binary, _reduction)))(draw, made)
    _end(draw, made)
    return made


def _operand(draw: st.DrawFn, made: RandomFormula, is_vector: bool | None = None) -> str:
    known = made.names(True) if is_vector else [*made.names(True), *made.names(False)]
    return draw(st.sampled_from(known))


def _unary(draw: st.DrawFn, made: RandomFormula) -> None:
    function, x = draw(st.sampled_from(sorted(UNARY))), _operand(draw, made)
    y = made.add(f"{function}({x})", x in made.vectors)
    made.slopes.append((y, x, UNARY[function].format(x=x, y=y)))


def _binary(draw: st.DrawFn, made: RandomFormula) -> None:
    shape, a, b = draw(st.sampled_from(sorted(BINARY))), _operand(draw, made), _operand(draw, made)
    y = made.add(shape.format(a=a, b=b), a in made.vectors or b in made.vectors)
    for operand, slope in zip((a, b), BINARY[shape], strict=True):
        made.slopes.append((y, operand, slope.format(a=a, b=b, y=y)))


def _reduction(draw: st.DrawFn, made: RandomFormula) -> None:
    if made.names(True):
        function, x = draw(st.sampled_from(sorted(REDUCTIONS))), _operand(draw, made, True)
        y = made.add(f"{function}({x})", False)
        made.slopes.append((y, x, REDUCTIONS[function].format(x=x, y=y)))


def _end(draw: st.DrawFn, made: RandomFormula) -> None:
    """The last line is one number that depends on the last operations."""
    last = f"n{len(made.lines) - 1}" if made.lines else next(iter(made.values))
    if last in made.vectors:
        y = made.add(f"sum({last}*{last})", False)
        made.slopes.append((y, last, f"2*{last}"))
    else:
        y = made.add(f"({last} + sin({last}))", False)
        made.slopes.append((y, last, f"1 + cos({last})"))
