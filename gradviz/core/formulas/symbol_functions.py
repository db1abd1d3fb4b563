"""What the functions of a formula are made of in symbols: sympy expressions over numpy object arrays.

Functions that are no more than a case distinction (abs, relu, max, where, ...) are sympy functions of our own, which
sympy cannot rewrite: each knows its derivative, its value, and prints as a formula writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.core.function import Function
from sympy.core.numbers import Float, Integer

from gradviz.core.numbers import Floats

Symbols = NDArray[np.object_]
ZERO, ONE = Integer(0), Integer(1)
DIGITS = 60
"""Of numbers in symbols: more than a double has, so that what doubles cancel is still there."""


class Own(Function):  # type: ignore[misc]
    """A function that sympy leaves as it is; `derivative` gives it from those of the arguments."""

    word = ""

    value: ClassVar[Callable[..., Any]]
    """From a context of mpmath, and the arguments as its numbers, to its value there."""

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


class Where(Own):
    word = "where"

    def derivative(self, *inner: Any) -> Any:
        return choose(self.args[0], inner[1], inner[2])


class Compare(Own):
    """1 where it holds, else 0."""

    def _sympystr(self, printer: Any) -> str:
        left, right = (printer.doprint(argument) for argument in self.args)
        return f"({left} {self.word} {right})"


class Less(Compare):
    word = "<"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] < arguments[1])


class LessEqual(Compare):
    word = "<="

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] <= arguments[1])


class Greater(Compare):
    word = ">"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] > arguments[1])


class GreaterEqual(Compare):
    word = ">="

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] >= arguments[1])


class Equal(Compare):
    word = "=="

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] == arguments[1])


class NotEqual(Compare):
    word = "!="

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(arguments[0] != arguments[1])


class Sign(Own):
    word = "sign"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.sign(*arguments)


class Floor(Own):
    word = "floor"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.floor(*arguments)


class Ceil(Own):
    word = "ceil"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.ceil(*arguments)


class Round(Own):
    word = "round"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.mpf(round(float(arguments[0])))


class Cut(Own):
    """A value that is a constant for the gradient."""

    word = "detach"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return arguments[0]


class Absolute(Own):
    word = "abs"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return abs(arguments[0])

    def derivative(self, *inner: Any) -> Any:
        return Sign(self.args[0]) * inner[0]


class Relu(Own):
    word = "relu"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return arguments[0] if arguments[0] > 0 else digits.zero

    def derivative(self, *inner: Any) -> Any:
        return choose(Greater(self.args[0], ZERO), inner[0], ZERO)


class Larger(Own):
    word = "maximum"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return max(arguments)

    def derivative(self, *inner: Any) -> Any:
        return choose(Greater(*self.args), *inner)


class Smaller(Own):
    word = "minimum"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return min(arguments)

    def derivative(self, *inner: Any) -> Any:
        return choose(Less(*self.args), *inner)


class Sigmoid(Own):
    word = "sigmoid"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return 1 / (1 + digits.exp(-arguments[0]))

    def derivative(self, *inner: Any) -> Any:
        return self * (1 - self) * inner[0]


class Softplus(Own):
    word = "softplus"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.log(1 + digits.exp(arguments[0]))

    def derivative(self, *inner: Any) -> Any:
        return Sigmoid(self.args[0]) * inner[0]


class LogGamma(Own):
    word = "lgamma"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.log(abs(digits.gamma(arguments[0])))

    def derivative(self, *inner: Any) -> Any:
        return sympy.polygamma(0, self.args[0]) * inner[0]


class Angle(Own):
    word = "atan2"

    @staticmethod
    def value(digits: Any, *arguments: Any) -> Any:
        return digits.atan2(*arguments)

    def derivative(self, *inner: Any) -> Any:
        y, x = self.args
        return (x * inner[0] - y * inner[1]) / (x**2 + y**2)


CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "tau": 2 * sympy.pi}


def choose(condition: Any, first: Any, second: Any) -> Any:
    """`first` where the condition holds, else `second`; one of them where they are the same."""
    return first if first == second else Where(condition, first, second)


def number(value: float) -> Any:
    """A double in sympy: whole numbers as such, so that a square is a square."""
    if not np.isfinite(value):
        return sympy.nan
    return Integer(int(value)) if value == int(value) and abs(value) < 1e15 else Float(float(value), DIGITS)


literal = number


def numbers(values: Floats) -> Symbols:
    """An array of doubles as one of sympy numbers."""
    made = np.empty(np.shape(values), dtype=object)
    for place in np.ndindex(made.shape):
        made[place] = number(float(np.asarray(values)[place]))
    return made


def added(items: list[Any]) -> Any:
    """The sum of expressions."""
    return sympy.Add(*items)


def power(base: Any, exponent: Any) -> Any:
    """`base` ** `exponent`; numbers are multiplied out, for sympy would write all digits of 9**(9**9)."""
    if base.is_Number and exponent.is_Number:
        return _power_of_numbers(base, exponent)
    if exponent.is_Integer and abs(exponent) > 64:
        exponent = Float(int(exponent))
    return base**exponent


def _power_of_numbers(base: Any, exponent: Any) -> Any:
    with np.errstate(all="ignore"):
        plain = float(np.float64(float(base)) ** np.float64(float(exponent)))
    if not np.isfinite(plain) or plain == 0 or (plain == int(plain) and abs(plain) < 1e15 and base.is_Integer):
        return number(plain)
    return Float(base, DIGITS) ** (exponent if exponent.is_Integer else Float(exponent, DIGITS))


def remainder(left: Any, right: Any) -> Any:
    """torch's %: what is left of `left`, with the sign of `right`."""
    return left - right * Floor(left / right)


def variance(items: list[Any], correction: Any) -> Any:
    """torch.var: over n - 1, or n without the correction."""
    middle = sympy.Add(*items) / len(items)
    over = max(len(items) - correction, ZERO)
    return sympy.nan if over == 0 else sympy.Add(*[(item - middle) ** 2 for item in items]) / over


def fold(pair: Callable[[Any, Any], Any]) -> Callable[[list[Any]], Any]:
    """A function of two as one of a list."""

    def folded(items: list[Any]) -> Any:
        result = items[0]
        for item in items[1:]:
            result = pair(result, item)
        return result

    return folded


def softmax(items: list[Any]) -> list[Any]:
    """exp of each over the sum of all."""
    raised = [sympy.exp(item) for item in items]
    total = sympy.Add(*raised)
    return [item / total for item in raised]


def logsumexp(items: list[Any]) -> Any:
    """The logarithm of the sum of what exp gives."""
    return sympy.log(sympy.Add(*[sympy.exp(item) for item in items]))


def log_softmax(items: list[Any]) -> list[Any]:
    """The logarithms of the softmax."""
    total = sympy.log(sympy.Add(*[sympy.exp(item) for item in items]))
    return [item - total for item in items]


def one_hot(labels: Symbols, classes: Symbols) -> Symbols:
    """A row of 0 and 1 for each label; ValueError where a label is no number."""
    flat = [label for label in labels.reshape(-1) if label.is_Number]
    if len(flat) != labels.size:
        raise ValueError("one_hot has no derivative: its labels must be constants.")
    rows = np.eye(int(classes.item()))[np.array([int(label) for label in flat])]
    return numbers(rows.reshape(*labels.shape, -1))


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
