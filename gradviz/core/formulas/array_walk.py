"""A formula's syntax tree over arrays of objects: sympy's expressions, or numbers of many digits.

What the functions are is asked of a *mathematics*: the module `symbol_functions`, or an object that has the same
names for numbers. Vectors and matrices are numpy arrays of such objects, one for each element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.functions import FUNCTIONS, function_of
from gradviz.core.formulas.syntax import Binary, Call, Constant, Expression, Index, Name, Negative, Number
from gradviz.core.numbers import Floats

Objects = NDArray[np.object_]


class WalkError(ValueError):
    """Why a formula has no value here: one sentence."""


class Spending(Protocol):
    """What counts operations, and raises an error of its own where they are too many."""

    def spend(self, operations: int) -> None:
        """Count operations on single elements, before they are done."""


class ArrayWalk:
    """Expressions of the syntax tree as arrays; `known` are names with their arrays, `constants` those to come."""

    def __init__(self, mathematics: Any, budget: Spending) -> None:
        self.known: dict[str, Objects] = {}
        self.constants: dict[str, Floats] = {}
        self._mathematics = mathematics
        self._budget = budget

    def value(self, expression: Expression) -> Objects:
        """`expression` element by element; an error of the budget's where it is too large."""
        if isinstance(expression, Number):
            return _single(self._mathematics.literal(expression.value))
        if isinstance(expression, Constant):
            return _single(self._mathematics.CONSTANTS[expression.name])
        if isinstance(expression, Name):
            return self._named(expression.name)
        if isinstance(expression, Negative):
            return self.elementwise(lambda x: -x, self.value(expression.operand))
        if isinstance(expression, Binary):
            left, right = self.value(expression.left), self.value(expression.right)
            if expression.operator == "@":
                return self._product(left, right)
            return self.elementwise(self._mathematics.OPERATORS[expression.operator], left, right)
        return self._indexed(expression) if isinstance(expression, Index) else self._call(expression)

    def _indexed(self, index: Index) -> Objects:
        try:
            found = self.value(index.operand)[index.python]
        except IndexError:
            raise WalkError(f"There is no element [{index.text}].") from None
        return found if isinstance(found, np.ndarray) else _single(found)

    def _named(self, name: str) -> Objects:
        if name in self.constants and name not in self.known:
            self._budget.spend(np.size(self.constants[name]))
            self.known[name] = self._mathematics.numbers(self.constants[name])
        return self.known[name]

    def elementwise(self, function: Callable[..., Any], *arrays: Objects) -> Objects:
        """`function` over broadcast elements."""
        spread = np.broadcast_arrays(*arrays)
        made = np.empty(spread[0].shape, dtype=object)
        for place in np.ndindex(made.shape):
            self._budget.spend(1)
            made[place] = function(*[array[place] for array in spread])
        return made

    def _product(self, left: Objects, right: Objects) -> Objects:
        """torch's @ over vectors and matrices."""
        rows = left if left.ndim > 1 else left[np.newaxis]
        columns = right if right.ndim > 1 else right[:, np.newaxis]
        made = np.empty((len(rows), columns.shape[1]), dtype=object)
        for i, j in np.ndindex(made.shape):
            self._budget.spend(2 * rows.shape[1])
            made[i, j] = self._mathematics.added([a * b for a, b in zip(rows[i], columns[:, j], strict=True)])
        made = made if left.ndim > 1 else made[0]
        return made if right.ndim > 1 else np.asarray(made[..., 0], dtype=object)

    def _call(self, call: Call) -> Objects:
        arguments = [self.value(argument) for argument in call.arguments]
        function = function_of(call.function, len(arguments))
        return self.called(call, function, arguments)

    def called(self, call: Call, function: FormulaFunction, arguments: list[Objects]) -> Objects:
        """The value of a function of arrays."""
        meant = function.symbols(self._mathematics)
        if function.effect == "transpose":
            return arguments[0].T
        if function.effect == "one_hot":
            return self._one_hot(meant, *arguments)
        if function.effect == "reduction":
            return self._reduced(call, meant, arguments, len(function.options))
        if function.effect == "along":
            dimension = function.default_dimension if call.dimension is None else call.dimension
            return self._along(meant, arguments[0], -1 if dimension is None else dimension)
        return self.elementwise(meant, *arguments)

    def _reduced(self, call: Call, meant: Callable[..., Any], arguments: list[Objects], options: int) -> Objects:
        """A reduction, with the numbers that it takes besides its tensors."""
        count = len(arguments) - options
        settings = [option.item() for option in arguments[count:]]
        found = self.reduce(lambda *items: meant(*items, *settings), arguments[:count], call.dimension)
        if not call.keeps or call.dimension is None or not arguments[0].ndim:
            return found
        return np.expand_dims(found, call.dimension % arguments[0].ndim)

    def total(self, weights: Floats, values: Objects) -> Objects:
        """The sum of `values`, each with its weight."""
        numbers = self._mathematics.numbers(weights)
        weighted = self.elementwise(self._mathematics.OPERATORS["*"], numbers, values)
        return self.reduce(FUNCTIONS["sum"].symbols(self._mathematics), [weighted], None)

    def _one_hot(self, meant: Callable[..., Objects], labels: Objects, classes: Objects) -> Objects:
        self._budget.spend(labels.size * (int(classes.item()) if classes.size == 1 else 1))
        try:
            return meant(labels, classes)
        except ValueError as error:
            raise WalkError(str(error)) from None

    def reduce(self, function: Callable[..., Any], arrays: Sequence[Objects], dimension: int | None) -> Objects:
        """`function` of all elements, or of those along a dimension."""
        self._budget.spend(sum(array.size for array in arrays))
        if dimension is None or arrays[0].ndim == 0:
            return _single(function(*[list(array.reshape(-1)) for array in np.broadcast_arrays(*arrays)]))
        moved = np.moveaxis(arrays[0], dimension, -1)
        made = np.empty(moved.shape[:-1], dtype=object)
        for place in np.ndindex(made.shape):
            made[place] = function(list(moved[place]))
        return made

    def _along(self, function: Callable[[list[Any]], list[Any]], array: Objects, dimension: int) -> Objects:
        self._budget.spend(3 * array.size)
        moved = np.moveaxis(np.atleast_1d(array), dimension, -1)
        made = np.empty(moved.shape, dtype=object)
        for place in np.ndindex(moved.shape[:-1]):
            made[place] = function(list(moved[place]))
        return np.moveaxis(made, -1, dimension).reshape(array.shape)


def _single(value: Any) -> Objects:
    made = np.empty((), dtype=object)
    made[()] = value
    return made
