"""The slope of a formula to the left and to the right of a number, in so many digits that a step crosses no kink.

A double has 16 digits. With a hundred the loss can be taken at a distance of 1e-30 of the number: what differs
between its two sides there is a kink, a jump or an infinite slope *at* the number, and no rounding.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from gradviz.core.formulas.array_walk import ArrayWalk, Objects, WalkError
from gradviz.core.formulas.exact_functions import Exact
from gradviz.core.formulas.formula import Assignment, Call, Formula
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.walk import names_in
from gradviz.core.numbers import Floats, short_number

FAR, NEAR = 30, 36
"""The two steps are 1e-30 and 1e-36 of the number, and of 1e-30 where it is 0; as much smaller as numbers on the way
are larger than 1."""
DIGITS = 70
"""More than the decimals of the smaller step."""
MORE_DIGITS = 340
"""More still where the slope is 0 as far as the first can tell: a double may be as small as that."""
RATIO = 10.0 ** (NEAR - FAR)
SAME = 1e-8
CLEAR = 1e10
"""By how much a slope must stand out of what rounding could feign."""
MOST_OPERATIONS = 150_000
BUDGET_S = 1.5


class Kind(StrEnum):
    """What a formula is like at a number."""

    SMOOTH = "smooth"
    KINK = "kink"
    JUMP = "jump"
    INFINITE = "infinite"
    EDGE = "edge"


class ExactError(WalkError):
    """Why there is nothing to say in many digits."""


@dataclass(slots=True)
class ExactBudget:
    """Operations, and seconds of this thread's work, that are left for many digits."""

    operations: int = MOST_OPERATIONS
    seconds: float = BUDGET_S
    is_spent: bool = False
    _until: float = 0.0

    def spend(self, operations: int) -> None:
        """Count operations on single elements; ExactError when they are used up."""
        self.operations -= operations
        now = time.thread_time()  # a machine that is busy with something else is no fault of the formula
        self._until = self._until or now + self.seconds
        self.is_spent = self.operations < 0 or now > self._until
        if self.is_spent:
            raise ExactError("The formula is too large for many digits.")


@dataclass(frozen=True, slots=True)
class ExactSlope:
    """The derivative after one number, nan where there is none, and the slopes on its sides: nan where a side has none.

    `sway` is by how much the slope changes as the number grows by its own size. `has_tie` is set where a case
    distinction inside stands on its edge here, and is decided by the number: autograd then takes a choice of its own
    there, even if the whole is smooth.
    """

    kind: Kind
    value: float
    left: float
    right: float
    sway: float = 0.0
    has_tie: bool = False

    @property
    def sentence(self) -> str:
        """Why there is no derivative; empty where there is one."""
        if self.kind is Kind.KINK:
            left, right = short_number(self.left, 4), short_number(self.right, 4)
            return f"the slope is {left} to the left and {right} to the right"
        if self.kind is Kind.EDGE:
            return _edge_sentence(self.left, self.right)
        return {Kind.JUMP: "the loss jumps here", Kind.INFINITE: "the slope is infinite here"}.get(self.kind, "")


def _edge_sentence(left: float, right: float) -> str:
    if math.isnan(left) and math.isnan(right):
        return "the loss is not finite just below and above it"
    odd, slope, other = ("below", right, "above") if math.isnan(left) else ("above", left, "below")
    told = "infinite" if math.isinf(slope) else short_number(slope, 4)
    return f"the loss is not finite just {odd} it, and the slope {other} it is {told}"


class _Walk(ArrayWalk):
    """A walk in numbers, which holds fast what is cut off: it keeps the value that it had first."""

    def __init__(self, mathematics: Exact, budget: ExactBudget, held: dict[int, Objects]) -> None:
        super().__init__(mathematics, budget)
        self._exact, self._held = mathematics, held

    def elementwise(self, function: Any, *arrays: Objects) -> Objects:
        return super().elementwise(self._exact.guarded(function), *arrays)

    def reduce(self, function: Any, arrays: Any, dimension: int | None) -> Objects:
        return super().reduce(self._exact.guarded(function), arrays, dimension)

    def called(self, call: Call, function: FormulaFunction, arguments: list[Objects]) -> Objects:
        if not function.cuts:
            return super().called(call, function, arguments)
        if id(call) not in self._held:
            self._held[id(call)] = super().called(call, function, arguments)
        return self._held[id(call)]


class ExactPoint:
    """A formula at a point. `tensors` are all names with their doubles, `fixed` those that autograd takes for constant.

    ExactError wherever there is no number, or the budget is used up.
    """

    def __init__(
        self,
        formula: Formula,
        tensors: Mapping[str, Floats],
        upstream: Floats | None = None,
        budget: ExactBudget | None = None,
        shifted: int = 0,
    ) -> None:
        self._formula, self._tensors, self._upstream = formula, tensors, upstream
        self._budget = budget or ExactBudget()
        self._shifted = shifted
        self._held: dict[int, Objects] = {}
        self._base: dict[str, Objects] = {}
        self._digits = self._asked_digits = 0
        self._largest = 0

    def slope(self, name: str, index: int, offset: float = 0.0) -> ExactSlope:
        """The derivative of the last line after one number of a tensor, or beside it, at a distance of `offset`."""
        found, is_clear = self._slope(name, index, offset, 0)
        return found if is_clear else self._slope(name, index, offset, MORE_DIGITS)[0]

    def _slope(self, name: str, index: int, offset: float, more: int) -> tuple[ExactSlope, bool]:
        """The slope in so many digits `more`, and whether it is larger than what rounding could feign."""
        x = float(np.asarray(self._tensors[name]).reshape(-1)[index])
        decade = math.floor(math.log10(abs(x))) if x else -FAR
        self._prepare(DIGITS + more)
        closer = max(0, math.ceil(self._largest * math.log10(2)))  # sin(1e90) turns that much faster than its argument
        self._prepare(DIGITS + NEAR + closer + max(0, -decade) + more)
        context, dependent = self._exact.context, self._dependent(name)
        steps = [context.mpf(10) ** (decade - distance - closer) for distance in (FAR, NEAR)]
        here, ties = self._moved(name, index, context.mpf(offset), dependent)
        there = [[self._moved(name, index, offset + sign * step, dependent) for sign in (-1, 1)] for step in steps]
        has_tie = ties > min(tie for pair in there for _loss, tie in pair)
        noise = context.mpf(10) ** (-self._digits + 15) * context.mpf(2) ** self._largest
        losses = [[loss for loss, _tie in pair] for pair in there]
        found = _judged(context, here, losses, steps, noise / steps[1], abs(context.mpf(x)), has_tie)
        return found, found.kind is not Kind.SMOOTH or abs(found.value) > CLEAR * float(noise / steps[1])

    def values(self, lines: tuple[Assignment, ...], digits: int) -> dict[str, Objects]:
        """More lines that use these names and those of the formula, by name."""
        self._prepare(digits)
        walk = self._walk(self._base)
        for line in lines:
            if line.name not in walk.known:
                walk.known[line.name] = walk.value(line.expression)
        return walk.known

    def _prepare(self, digits: int) -> None:
        """The lines here, in at least so many digits more than the largest number among them has before its point."""
        if digits > self._asked_digits:
            self._asked_digits, self._largest, enough = digits, 0, digits
            for _ in range(3):
                self._evaluate(enough)
                enough = digits + max(0, math.ceil(self._largest * math.log10(2)))
                if enough <= self._digits:
                    break
        self._exact.context.dps = self._digits

    def _evaluate(self, digits: int) -> None:
        self._exact = Exact(digits, self._shifted)
        self._digits = digits
        self._held.clear()
        walk = self._walk({name: self._exact.numbers(value) for name, value in self._tensors.items()})
        for line in self._formula.lines:
            walk.known[line.name] = walk.value(line.expression)
        self._base = walk.known
        self._largest = max(self._largest, self._exact.largest)

    def _walk(self, known: Mapping[str, Objects]) -> _Walk:
        walk = _Walk(self._exact, self._budget, self._held)
        walk.known = dict(known)
        return walk

    def _moved(self, name: str, index: int, offset: Any, dependent: list[Assignment]) -> tuple[Any, int]:
        """The last line where one number is larger by `offset`, and the ties in the lines that depend on it."""
        moved = self._base[name].copy()
        moved.reshape(-1)[index] = moved.reshape(-1)[index] + offset
        walk = self._walk({**self._base, name: moved})
        self._exact.ties = 0
        for line in dependent:
            walk.known[line.name] = walk.value(line.expression)
        return self._loss_of(walk.known), self._exact.ties

    def _dependent(self, name: str) -> list[Assignment]:
        """The lines that a tensor decides."""
        reached, lines = {name}, []
        for line in self._formula.lines:
            if names_in(line.expression) & reached:
                reached.add(line.name)
                lines.append(line)
        return lines

    def _loss_of(self, known: Mapping[str, Objects]) -> Any:
        loss = known[self._formula.objective.name]
        if self._upstream is not None:
            loss = self._walk(known).total(self._upstream, loss)
        if loss.size != 1:
            raise ExactError("The last line is not one number.")
        return loss.reshape(-1)[0]


def _judged(
    context: Any, here: Any, losses: list[list[Any]], steps: list[Any], noise: Any, size: Any, has_tie: bool
) -> ExactSlope:
    """From the loss here, and left and right at two distances, to the slopes.

    `noise` is what rounding does to these, and `size` that of the number.
    """
    if not context.isfinite(here):
        raise ExactError("The loss is not finite in many digits.")
    pairs = list(zip(losses, steps, strict=True))
    left = _side([(here - loss[0]) / step for loss, step in pairs], noise, context)
    right = _side([(loss[1] - here) / step for loss, step in pairs], noise, context)
    slopes = float(left[1]), float(right[1])
    for kind in (Kind.EDGE, Kind.JUMP, Kind.INFINITE):
        if kind in (left[0], right[0]):
            return ExactSlope(kind, math.nan, *slopes, has_tie=has_tie)
    gaps = [abs(loss[1] - 2 * here + loss[0]) / step for loss, step in pairs]
    if gaps[1] > 0.5 * gaps[0] and gaps[1] > max(abs(left[1]) * 1e-20, abs(right[1]) * 1e-20, noise):
        return ExactSlope(Kind.KINK, math.nan, *slopes, has_tie=has_tie)
    value = float(_settled([(loss[1] - loss[0]) / (2 * step) for loss, step in pairs], noise))
    return ExactSlope(Kind.SMOOTH, value, value, value, float(gaps[0] / steps[0] * size), has_tie)


def _side(slopes: list[Any], noise: Any, context: Any) -> tuple[Kind, Any]:
    """What one side is like, from its slopes at the two distances, and the slope there."""
    far, near = slopes
    if not context.isfinite(far) or not context.isfinite(near):
        return Kind.EDGE, context.nan
    settled = _settled(slopes, noise)
    if settled is not None:
        return Kind.SMOOTH, settled
    kind = Kind.JUMP if abs(near) > 0.3 * RATIO * abs(far) else Kind.INFINITE
    return kind, context.inf * (1 if near > 0 else -1)


def _settled(slopes: list[Any], noise: Any) -> Any:
    """The limit of a slope; None where it grows without one."""
    far, near = slopes
    if abs(near - far) <= SAME * max(abs(near), abs(far)):
        return near
    if abs(near) < 0.01 * abs(far) or max(abs(near), abs(far)) <= noise:
        return near * 0
    if abs(near) < abs(far):
        raise ExactError("The slope does not settle.")
    return None
