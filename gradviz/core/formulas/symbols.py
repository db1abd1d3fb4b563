"""Derivatives in symbols: a formula's own syntax tree as sympy expressions, differentiated by sympy.

Nothing is read by sympy from a text. Vectors and matrices are numpy arrays of expressions, one for each element, so
what is large is refused: a figure for every element soon has more terms than a person has patience.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradviz.core.formulas import symbol_functions
from gradviz.core.formulas.array_walk import ArrayWalk, WalkError
from gradviz.core.formulas.formula import Formula
from gradviz.core.formulas.symbol_functions import Symbols
from gradviz.core.formulas.symbol_values import Point
from gradviz.core.numbers import Floats, short_number

MOST_OPERATIONS = 6_000
MOST_TERMS = 10_000
BUDGET_S = 2.0
LONGEST_TEXT = 160
MOST_TEXTS = 4
_ONCE = re.compile(r"(?<![\w.*/])1\.0\*(?!\*)")
_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?:e[-+]?\d+)?")


class SymbolsError(WalkError):
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
    except WalkError as error:
        raise SymbolsError(str(error)) from None


def _loss(
    formula: Formula,
    tensors: Mapping[str, Floats],
    parameters: frozenset[str],
    upstream: Floats | None,
    budget: Budget,
) -> Generator[None, None, Any]:
    walk = ArrayWalk(symbol_functions, budget)
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
        loss = walk.total(upstream, loss)
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
