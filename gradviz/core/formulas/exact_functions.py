"""What the functions of a formula are made of in numbers of many digits: mpmath's, under the names of
`symbol_functions`.

Like doubles these numbers know inf and nan; unlike them they lose next to nothing, so that a step can be so small that
it crosses no kink. Whatever has no real value is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from gradviz.core.formulas.functions import CONSTANTS
from gradviz.core.numbers import Floats

MOST_EXPONENT = 200_000
"""Of e, from which on a power counts as infinite, or as 0: its digits would fill the memory."""
SHORT_BITS = 40
"""A literal of more bits than this stands for a number that no double is, such as 0.1 or an eighth digit of pi."""
DECIMALS = -1
"""The shift by which a literal is what it says in decimals, and pi is pi."""
_DIRECT = (
    "sqrt", "log", "sin", "cos", "tan", "asin", "acos", "atan", "asinh", "acosh", "atanh", "tanh",
    "erf", "erfc", "erfinv", "besseli", "polygamma",
)  # fmt: skip
_context = mpmath.MPContext()


class Exact:
    """A mathematics for `ArrayWalk`, in `digits` decimal digits (of all its objects: there is one precision at a time).

    `ties` counts the places where a case distinction stood on its edge since it was last set to 0; `largest` is the
    binary exponent of the largest number seen. With `shifted`, literals that are rounded are moved
    within their last digit, each by a share of its own that depends on this number.
    """

    CONSTANTS: dict[str, Any]

    def __init__(self, digits: int, shifted: int = 0) -> None:
        _context.dps = digits
        self.context = _context
        self.shifted = shifted
        self.ties = 0
        self.largest = 0
        self.zero, self.one = _context.zero, _context.one
        self.sympy = SimpleNamespace(
            **{name: self._real(getattr(_context, name)) for name in _DIRECT},
            exp=self._exponential,
            sinh=self._real(lambda x: (self._exponential(x) - self._exponential(-x)) / 2),
            cosh=self._real(lambda x: (self._exponential(x) + self._exponential(-x)) / 2),
            Add=lambda *items: self.added(list(items)),
            Mul=lambda *items: self._product(items),
        )
        self.CONSTANTS = {name: self._irrational(value) for name, value in CONSTANTS.items()}
        if shifted == DECIMALS:
            self.CONSTANTS = {"pi": +_context.pi, "e": +_context.e, "tau": 2 * _context.pi}
        self.OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
            "+": self._real(lambda a, b: a + b),
            "-": self._real(lambda a, b: a - b),
            "*": self._real(lambda a, b: a * b),
            "/": self._real(self._quotient),
            "**": self.power,
            "%": self._real(lambda a, b: a - b * self.Floor(a / b)),
            "<": self._compared(lambda a, b: a < b),
            "<=": self._compared(lambda a, b: a <= b),
            ">": self._compared(lambda a, b: a > b),
            ">=": self._compared(lambda a, b: a >= b),
            "==": self._compared(lambda a, b: a == b),
            "!=": self._compared(lambda a, b: a != b),
        }

    # Numbers

    def literal(self, value: float) -> Any:
        """A number of the formula's text."""
        return self._irrational(value) if _bits(value) > SHORT_BITS else self.context.mpf(value)

    def _irrational(self, value: float) -> Any:
        """A double that stands for a number beside it."""
        if self.shifted == DECIMALS:
            return self.context.mpf(repr(value))
        number = self.context.mpf(value)
        if not self.shifted:
            return number
        share = (value.as_integer_ratio()[0] * (2 * self.shifted + 1) % 1009) / 504 - 1
        return number * (1 + self.context.mpf(share) * self.context.mpf(2) ** -53)

    def numbers(self, values: Floats) -> NDArray[np.object_]:
        """An array of doubles as one of numbers: exactly these doubles."""
        made = np.empty(np.shape(values), dtype=object)
        for place in np.ndindex(made.shape):
            made[place] = self.context.mpf(float(np.asarray(values)[place]))
        return made

    def _real(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, nan where it has no real value; the size of what comes out is noted."""

        def real(*arguments: Any) -> Any:
            try:
                value = function(*arguments)
            except (ValueError, TypeError, OverflowError, mpmath.libmp.NoConvergence):
                return self.context.nan
            return self._noted(value)

        return real

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of the catalogue: nan where it has no real value, inf where it divides by 0."""
        real = self._real(function)

        def guarded(*arguments: Any) -> Any:
            try:
                return real(*arguments)
            except ZeroDivisionError:
                return self.context.inf

        return guarded

    def _noted(self, value: Any) -> Any:
        if isinstance(value, self.context.mpc):
            return self.context.nan
        _sign, mantissa, exponent, bits = value._mpf_
        if mantissa and exponent + bits > self.largest:
            self.largest = exponent + bits
        return value

    def added(self, items: list[Any]) -> Any:
        """The sum of numbers."""
        total = self.zero
        for item in items:
            total = total + item
        return self._noted(total)

    def _product(self, items: tuple[Any, ...]) -> Any:
        product = self.one
        for item in items:
            product = product * item
        return self._noted(product)

    def _quotient(self, left: Any, right: Any) -> Any:
        if right == 0:
            return self.context.nan if left == 0 else left * self.context.inf
        return left / right

    def _exponential(self, x: Any) -> Any:
        if not abs(x) <= MOST_EXPONENT:
            return self.context.nan if self.context.isnan(x) else self.context.inf if x > 0 else self.zero
        return self._noted(self.context.exp(x))

    def power(self, base: Any, exponent: Any) -> Any:
        """`base` ** `exponent` as doubles have it at 0 and at infinity."""
        if exponent == 0 or base == 1:
            return self.one
        if base == 0:
            return self.context.inf if exponent < 0 else self.context.nan if self.context.isnan(exponent) else self.zero
        return self._real(self._power)(base, exponent)

    def _power(self, base: Any, exponent: Any) -> Any:
        if not self.context.isfinite(base) or not self.context.isfinite(exponent):
            return base**exponent
        size = exponent * self.context.log(abs(base))
        if abs(size) > MOST_EXPONENT:
            return self._exponential(size) if base > 0 else self.context.nan
        return base**exponent

    # Case distinctions

    def _compared(self, holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
        def compared(left: Any, right: Any) -> Any:
            self.ties += left == right
            return self.one if holds(left, right) else self.zero

        return compared

    def choose(self, condition: Any, first: Any, second: Any) -> Any:
        """`first` where the condition holds, else `second`."""
        return second if condition == 0 else first

    def Relu(self, x: Any) -> Any:
        self.ties += x == 0
        return x if x > 0 or self.context.isnan(x) else self.zero

    def Absolute(self, x: Any) -> Any:
        self.ties += x == 0
        return abs(x)

    def Sign(self, x: Any) -> Any:
        self.ties += x == 0
        return self.context.sign(x)

    def Larger(self, left: Any, right: Any) -> Any:
        self.ties += left == right
        return self.context.nan if self.context.isnan(left + 0 * right) else left if left >= right else right

    def Smaller(self, left: Any, right: Any) -> Any:
        self.ties += left == right
        return self.context.nan if self.context.isnan(left + 0 * right) else left if left <= right else right

    def Floor(self, x: Any) -> Any:
        return self._stepped(self.context.floor, x)

    def Ceil(self, x: Any) -> Any:
        return self._stepped(self.context.ceil, x)

    def Round(self, x: Any) -> Any:
        if not self.context.isfinite(x):
            return x
        self.ties += self.context.isint(2 * x) and not self.context.isint(x)
        return self.context.nint(x)

    def _stepped(self, function: Callable[[Any], Any], x: Any) -> Any:
        if not self.context.isfinite(x):
            return x
        self.ties += self.context.isint(x)
        return function(x)

    # Functions that symbols have of their own

    def Cut(self, x: Any) -> Any:
        return x

    def Sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self._exponential(-x))

    def Softplus(self, x: Any) -> Any:
        if x > MOST_EXPONENT:
            return x
        return self.sympy.log(1 + self._exponential(x))

    def Angle(self, y: Any, x: Any) -> Any:
        self.ties += y == 0 and x <= 0
        return self._real(self.context.atan2)(y, x)

    def LogGamma(self, x: Any) -> Any:
        return self._real(lambda number: self.context.log(abs(self.context.gamma(number))))(x)

    def variance(self, items: list[Any], correction: Any) -> Any:
        if len(items) <= correction:
            return self.context.nan
        middle = self.added(items) / len(items)
        return self.added([(item - middle) ** 2 for item in items]) / (len(items) - correction)

    def logsumexp(self, items: list[Any]) -> Any:
        largest = max(items)
        return largest + self.sympy.log(self.added([self._exponential(item - largest) for item in items]))

    def fold(self, pair: Callable[[Any, Any], Any]) -> Callable[[list[Any]], Any]:
        def folded(items: list[Any]) -> Any:
            result = items[0]
            for item in items[1:]:
                result = pair(result, item)
            return result

        return folded

    def softmax(self, items: list[Any]) -> list[Any]:
        largest = max(items)
        raised = [self._exponential(item - largest) for item in items]
        total = self.added(raised)
        return [item / total for item in raised]

    def log_softmax(self, items: list[Any]) -> list[Any]:
        total = self.logsumexp(items)
        return [item - total for item in items]

    def one_hot(self, labels: NDArray[np.object_], classes: NDArray[np.object_]) -> NDArray[np.object_]:
        rows = np.eye(int(classes.item()))[np.array([int(label) for label in labels.reshape(-1)])]
        return self.numbers(rows.reshape(*labels.shape, -1))


def _bits(value: float) -> int:
    """How many binary digits a double really has."""
    numerator = abs(value.as_integer_ratio()[0]) if np.isfinite(value) else 0
    return (numerator // (numerator & -numerator)).bit_length() if numerator else 0
