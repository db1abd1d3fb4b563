"""What the functions of a formula are in symbols: sympy expressions over numpy object arrays.

Functions that are no more than a case distinction (abs, relu, max, where, ...) are sympy functions of our own, which
sympy cannot rewrite: each knows its derivative and prints as a formula writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.core.function import Function
from sympy.core.numbers import Float, Integer

Symbols = NDArray[np.object_]
ZERO, ONE = Integer(0), Integer(1)


class _Own(Function):  # type: ignore[misc]
    """A function that sympy leaves as it is; `derivative` gives it from those of the arguments."""

    word = ""

    @classmethod
    def eval(cls, *_arguments: Any) -> None:
        return None

    def _eval_derivative(self, symbol: Any) -> Any:
        return self.derivative(*[argument.diff(symbol) for argument in self.args])

    def derivative(self, *inner: Any) -> Any:
        """Zero, for functions that are constant wherever they have a derivative."""
        return ZERO

    def _sympystr(self, printer: Any) -> str:
        return f"{self.word}({', '.join(_bare(printer.doprint(argument), argument) for argument in self.args)})"


def _bare(text: str, argument: Any) -> str:
    return text[1:-1] if isinstance(argument, Compare) else text


class Where(_Own):
    word = "where"

    def derivative(self, *inner: Any) -> Any:
        return choose(self.args[0], inner[1], inner[2])


class Compare(_Own):
    """1 where it holds, else 0."""

    def _sympystr(self, printer: Any) -> str:
        left, right = (printer.doprint(argument) for argument in self.args)
        return f"({left} {self.word} {right})"


class Less(Compare):
    word = "<"


class LessEqual(Compare):
    word = "<="


class Greater(Compare):
    word = ">"


class GreaterEqual(Compare):
    word = ">="


class Equal(Compare):
    word = "=="


class NotEqual(Compare):
    word = "!="


class Sign(_Own):
    word = "sign"


class Floor(_Own):
    word = "floor"


class Ceil(_Own):
    word = "ceil"


class Round(_Own):
    word = "round"


class Cut(_Own):
    """A value that is a constant for the gradient."""

    word = "detach"


class Absolute(_Own):
    word = "abs"

    def derivative(self, *inner: Any) -> Any:
        return Sign(self.args[0]) * inner[0]


class Relu(_Own):
    word = "relu"

    def derivative(self, *inner: Any) -> Any:
        return choose(Greater(self.args[0], ZERO), inner[0], ZERO)


class Larger(_Own):
    word = "maximum"

    def derivative(self, *inner: Any) -> Any:
        return choose(Greater(*self.args), *inner)


class Smaller(_Own):
    word = "minimum"

    def derivative(self, *inner: Any) -> Any:
        return choose(Less(*self.args), *inner)


class Sigmoid(_Own):
    word = "sigmoid"

    def derivative(self, *inner: Any) -> Any:
        return self * (1 - self) * inner[0]


class Softplus(_Own):
    word = "softplus"

    def derivative(self, *inner: Any) -> Any:
        return Sigmoid(self.args[0]) * inner[0]


class Angle(_Own):
    word = "atan2"

    def derivative(self, *inner: Any) -> Any:
        y, x = self.args
        return (x * inner[0] - y * inner[1]) / (x**2 + y**2)


def choose(condition: Any, first: Any, second: Any) -> Any:
    """`first` where the condition holds, else `second`; one of them where they are the same."""
    return first if first == second else Where(condition, first, second)


def number(value: float) -> Any:
    """A double in sympy: whole numbers as such, so that a square is a square."""
    if not np.isfinite(value):
        return sympy.nan
    return Integer(int(value)) if value == int(value) and abs(value) < 1e15 else Float(float(value))


def power(base: Any, exponent: Any) -> Any:
    """`base` ** `exponent`; numbers are multiplied out as doubles, for sympy would write all digits of 9**(9**9)."""
    if base.is_Number and exponent.is_Number:
        with np.errstate(all="ignore"):
            return number(float(np.float64(float(base)) ** np.float64(float(exponent))))
    if exponent.is_Integer and abs(exponent) > 64:
        exponent = Float(int(exponent))
    return base**exponent


def remainder(left: Any, right: Any) -> Any:
    """torch's %: what is left of `left`, with the sign of `right`."""
    return left - right * Floor(left / right)


def _variance(items: list[Any]) -> Any:
    """torch.var: over n - 1."""
    middle = sympy.Add(*items) / len(items)
    return sympy.Add(*[(item - middle) ** 2 for item in items]) / (len(items) - 1) if len(items) > 1 else sympy.nan


def _fold(pair: Callable[[Any, Any], Any]) -> Callable[[list[Any]], Any]:
    def folded(items: list[Any]) -> Any:
        result = items[0]
        for item in items[1:]:
            result = pair(result, item)
        return result

    return folded


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "abs": Absolute,
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "log": sympy.log,
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "erf": sympy.erf,
    "sigmoid": Sigmoid,
    "relu": Relu,
    "sign": Sign,
    "floor": Floor,
    "ceil": Ceil,
    "round": Round,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / sympy.sqrt(x),
    "softplus": Softplus,
    "gelu": lambda x: x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2,
    "silu": lambda x: x * Sigmoid(x),
    "atan2": Angle,
    "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "minimum": Smaller,
    "maximum": Larger,
    "pow": power,
    "where": choose,
    "clamp": lambda x, low, high: Smaller(Larger(x, low), high),
    "detach": Cut,
    "no_grad": Cut,
    "requires_grad": Cut,
    "retain_grad": lambda x: x,
}

REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": lambda items: sympy.Add(*items),
    "mean": lambda items: sympy.Add(*items) / len(items),
    "prod": lambda items: sympy.Mul(*items),
    "amax": _fold(Larger),
    "amin": _fold(Smaller),
    "max": _fold(Larger),
    "min": _fold(Smaller),
    "var": _variance,
    "std": lambda items: sympy.sqrt(_variance(items)),
    "norm": lambda items: sympy.sqrt(sympy.Add(*[item**2 for item in items])),
}


def _softmax(items: list[Any]) -> list[Any]:
    raised = [sympy.exp(item) for item in items]
    total = sympy.Add(*raised)
    return [item / total for item in raised]


def _log_softmax(items: list[Any]) -> list[Any]:
    total = sympy.log(sympy.Add(*[sympy.exp(item) for item in items]))
    return [item - total for item in items]


ALONG: dict[str, Callable[[list[Any]], list[Any]]] = {"softmax": _softmax, "log_softmax": _log_softmax}

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: sympy.nan if right == 0 else left / right,
    "**": power,
    "%": remainder,
    "<": Less,
    "<=": LessEqual,
    ">": Greater,
    ">=": GreaterEqual,
    "==": Equal,
    "!=": NotEqual,
}
