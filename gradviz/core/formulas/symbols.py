"""Derivatives in symbols: a formula's own syntax tree as sympy expressions, differentiated by sympy.

Nothing is read by sympy from a text. Vectors and matrices are numpy arrays of expressions, one for each element, so
what is large is refused: a figure for every element soon has more terms than a person has patience.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradviz.core.formulas import symbol_functions
from gradviz.core.formulas.formula import Binary, Call, Expression, Formula, Name, Negative, Number
from gradviz.core.formulas.functions import FUNCTIONS, function_of
from gradviz.core.formulas.symbol_functions import OPERATORS, Symbols, numbers
from gradviz.core.formulas.symbol_values import Point
from gradviz.core.numbers import Floats, short_number

MOST_OPERATIONS = 6_000
MOST_TERMS = 10_000
BUDGET_S = 2.0
LONGEST_TEXT = 160
MOST_TEXTS = 4
_ONCE = re.compile(r"(?<![\w.*/])1\.0\*(?!\*)")
_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?:e[-+]?\d+)?")
_CONSTANTS = {"pi": sympy.pi, "e": sympy.E, "tau": 2 * sympy.pi}


class SymbolsError(ValueError):
    """Why there is no derivative in symbols: one sentence."""


@dataclass(slots=True)
class Budget:
    """Operations, and seconds of this thread's work, that symbols may take; SymbolsError when they are used up."""

    operations: int = MOST_OPERATIONS
    seconds: float = BUDGET_S
    _until: float = field(default=0.0)

    def spend(self, operations: int) -> None:
        """Count operations on single elements, before they are done."""
        self.operations -= operations
        if self.operations < 0:
            raise SymbolsError(
                f"In symbols this would be more than {MOST_OPERATIONS:,} operations on single numbers: "
                "the tensors are too large for it."
            )
        now = time.thread_time()  # a machine that is busy with something else is no fault of the formula
        self._until = self._until or now + self.seconds
        if now > self._until:
            raise SymbolsError(f"Symbols took longer than {self.seconds:g} s, so they were given up.")


@dataclass(frozen=True, slots=True)
class SymbolicGradient:
    """The derivative after one parameter: its value at the coordinates asked for, and its text if that is short."""

    values: Floats
    text: str


def symbolic_gradients(
    formula: Formula,
    tensors: Mapping[str, Floats],
    wanted: Mapping[str, NDArray[np.intp]],
    upstream: Floats | None = None,
    budget: Budget | None = None,
) -> Generator[None, None, dict[str, SymbolicGradient]]:
    """Derivatives of the last line after the flat indices `wanted` of each parameter, at the point `tensors`.

    A generator that yields between its parts, each well below a tenth of a second. SymbolsError where there are none.
    """
    budget = budget or Budget()
    try:
        loss = yield from _loss(formula, tensors, frozenset(wanted), upstream, budget)
        names = {name: _names(name, np.shape(tensors[name])).reshape(-1) for name in wanted}
        flat = {name: np.reshape(tensors[name], -1) for name in wanted}
        point = Point({str(s): float(v) for name in wanted for s, v in zip(names[name], flat[name], strict=True)})
        found = {}
        for name, places in wanted.items():
            terms = yield from _derivatives(loss, names[name][places], budget)
            values = np.empty(len(terms))
            for k, term in enumerate(terms):
                values[k] = point.value(term)
                budget.spend(1)
                yield
            found[name] = SymbolicGradient(values, _text(formula.objective.name, names[name][places], terms))
        return found
    except RecursionError:
        raise SymbolsError("The formula is nested too deeply for symbols.") from None


def _loss(
    formula: Formula,
    tensors: Mapping[str, Floats],
    parameters: frozenset[str],
    upstream: Floats | None,
    budget: Budget,
) -> Generator[None, None, Any]:
    walk = _SymbolicWalk(budget)
    sizes: dict[Any, int] = {}
    for name, value in tensors.items():
        if name in parameters:
            budget.spend(np.size(value))
            walk.known[name] = _names(name, np.shape(value))
        else:
            walk.constants[name] = value
    for line in formula.lines:
        walk.known[line.name] = walk.value(line.expression)
        _refuse_large(line.name, walk.known[line.name], sizes)
        yield
    loss = walk.known[formula.objective.name]
    if upstream is not None:
        weighted = walk.elementwise(OPERATORS["*"], numbers(upstream), loss)
        loss = walk.reduce(FUNCTIONS["sum"].symbols(symbol_functions), [weighted], None)
    if loss.size != 1:
        raise SymbolsError("The last line is not one number, so it has no gradient without an upstream gradient.")
    return loss.reshape(-1)[0]


def _refuse_large(name: str, values: Symbols, sizes: dict[Any, int]) -> None:
    """Lines that use one another multiply: written out in full, a few of them fill a book."""
    if sum(_size(value, sizes) for value in values.reshape(-1)) > MOST_TERMS:
        raise SymbolsError(f"Written out in symbols, {name} would have more than {MOST_TERMS:,} parts.")


def _size(expression: Any, known: dict[Any, int]) -> int:
    """How many parts an expression has; `known` holds those counted already."""
    if expression not in known:
        known[expression] = 1 + sum(_size(part, known) for part in expression.args)
    return known[expression]


def _derivatives(loss: Any, symbols: Any, budget: Budget) -> Generator[None, None, list[Any]]:
    """The derivative after each symbol, term by term of the sum that the loss mostly is."""
    factor, inside = loss.as_coeff_Mul()
    terms = inside.args if inside.is_Add else (inside,)
    derived = []
    for symbol in symbols:
        parts = []
        for term in terms:
            budget.spend(1)
            parts.append(sympy.diff(term, symbol))
            yield
        derived.append(factor * sympy.Add(*parts))
    return derived


def _names(name: str, shape: tuple[int, ...]) -> Symbols:
    """A symbol for every element: w, or w[0], or w[0,1]."""
    made = np.empty(shape, dtype=object)
    for place in np.ndindex(shape):
        made[place] = sympy.Symbol(name + (f"[{','.join(map(str, place))}]" if place else ""))
    return made


def _text(objective: str, symbols: Any, terms: list[Any]) -> str:
    """The derivatives as lines, or nothing where they are long."""
    sizes: dict[Any, int] = {}
    if len(terms) > MOST_TEXTS or any(_size(term, sizes) > LONGEST_TEXT for term in terms):
        return ""
    lines = [f"∂{objective}/∂{symbol} = {expression_text(term)}" for symbol, term in zip(symbols, terms, strict=True)]
    return "\n".join(lines) if all(len(line) <= LONGEST_TEXT for line in lines) else ""


def expression_text(expression: Any) -> str:
    """An expression as a formula writes it; multiplied out where that is shorter."""
    texts = [_printed(expression)]
    if len(texts[0]) < 4 * LONGEST_TEXT and expression.is_polynomial(*expression.free_symbols):
        texts.append(_printed(sympy.expand(expression)))
    return min(texts, key=len)


def _printed(expression: Any) -> str:
    text: str = sympy.sstr(expression, full_prec=False)
    return _DECIMAL.sub(lambda found: short_number(float(found[0])), _ONCE.sub("", text))


class _SymbolicWalk:
    """Expressions of the syntax tree as arrays of sympy expressions."""

    def __init__(self, budget: Budget) -> None:
        self.known: dict[str, Symbols] = {}
        self.constants: dict[str, Floats] = {}
        self._budget = budget

    def value(self, expression: Expression) -> Symbols:
        """`expression` element by element; SymbolsError where a function has no symbols or it is too large."""
        if isinstance(expression, Number):
            return numbers(np.asarray(expression.value))
        if isinstance(expression, Name):
            return self._named(expression.name)
        if isinstance(expression, Negative):
            return self.elementwise(lambda x: -x, self.value(expression.operand))
        if isinstance(expression, Binary):
            left, right = self.value(expression.left), self.value(expression.right)
            if expression.operator == "@":
                return self._product(left, right)
            return self.elementwise(OPERATORS[expression.operator], left, right)
        return self._call(expression)

    def _named(self, name: str) -> Symbols:
        if name in self.constants and name not in self.known:
            self._budget.spend(np.size(self.constants[name]))
            self.known[name] = numbers(self.constants[name])
        if name in self.known:
            return self.known[name]
        made = np.empty((), dtype=object)
        made[()] = _CONSTANTS[name]
        return made

    def elementwise(self, function: Callable[..., Any], *arrays: Symbols) -> Symbols:
        """`function` over broadcast elements."""
        spread = np.broadcast_arrays(*arrays)
        made = np.empty(spread[0].shape, dtype=object)
        for place in np.ndindex(made.shape):
            self._budget.spend(1)
            made[place] = function(*[array[place] for array in spread])
        return made

    def _product(self, left: Symbols, right: Symbols) -> Symbols:
        """torch's @ over vectors and matrices."""
        rows = left if left.ndim > 1 else left[np.newaxis]
        columns = right if right.ndim > 1 else right[:, np.newaxis]
        made = np.empty((len(rows), columns.shape[1]), dtype=object)
        for i, j in np.ndindex(made.shape):
            self._budget.spend(2 * rows.shape[1])
            made[i, j] = sympy.Add(*[a * b for a, b in zip(rows[i], columns[:, j], strict=True)])
        made = made if left.ndim > 1 else made[0]
        return made if right.ndim > 1 else np.asarray(made[..., 0], dtype=object)

    def _call(self, call: Call) -> Symbols:
        arguments = [self.value(argument) for argument in call.arguments]
        function = function_of(call.function, len(arguments))
        in_symbols = function.symbols(symbol_functions)
        if function.effect == "transpose":
            return arguments[0].T
        if function.effect == "one_hot":
            return self._one_hot(in_symbols, *arguments)
        if function.effect == "reduction":
            return self.reduce(in_symbols, arguments, call.dimension)
        if function.effect == "along":
            dimension = function.default_dimension if call.dimension is None else call.dimension
            return self._along(in_symbols, arguments[0], -1 if dimension is None else dimension)
        return self.elementwise(in_symbols, *arguments)

    def _one_hot(self, in_symbols: Callable[..., Symbols], labels: Symbols, classes: Symbols) -> Symbols:
        self._budget.spend(labels.size * (int(classes.item()) if classes.size == 1 else 1))
        try:
            return in_symbols(labels, classes)
        except ValueError as error:
            raise SymbolsError(str(error)) from None

    def reduce(self, function: Callable[..., Any], arrays: Sequence[Symbols], dimension: int | None) -> Symbols:
        """`function` of all elements, or of those along a dimension."""
        self._budget.spend(sum(array.size for array in arrays))
        if dimension is None or arrays[0].ndim == 0:
            made = np.empty((), dtype=object)
            made[()] = function(*[list(array.reshape(-1)) for array in np.broadcast_arrays(*arrays)])
            return made
        moved = np.moveaxis(arrays[0], dimension, -1)
        made = np.empty(moved.shape[:-1], dtype=object)
        for place in np.ndindex(made.shape):
            made[place] = function(list(moved[place]))
        return made

    def _along(self, function: Callable[[list[Any]], list[Any]], array: Symbols, dimension: int) -> Symbols:
        self._budget.spend(3 * array.size)
        moved = np.moveaxis(np.atleast_1d(array), dimension, -1)
        made = np.empty(moved.shape, dtype=object)
        for place in np.ndindex(moved.shape[:-1]):
            made[place] = function(list(moved[place]))
        return np.moveaxis(made, -1, dimension).reshape(array.shape)
