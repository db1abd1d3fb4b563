"""Slopes and gradients by hand in many digits, where the objective is a formula: for what float64 cannot tell.

The elements that the other ways are at odds about come first, then all others, as long as the budget lasts: a large
formula is left to float64 where that is of one mind.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradviz.core.document.experiment import Experiment
from gradviz.core.formulas.array_walk import Objects, WalkError
from gradviz.core.formulas.exact_functions import DECIMALS
from gradviz.core.formulas.exact_slopes import ExactBudget, ExactPoint, ExactSlope, Kind
from gradviz.core.formulas.formula import Formula
from gradviz.core.numbers import Floats
from gradviz.engine.bench.findings import DOUBLE, RELATIVE, Found
from gradviz.engine.bench.finite_difference import UNSURE_ABOVE, Slope
from gradviz.engine.bench.gradients import FormulaAt, Gradients, NoGradientError, formula_at, formula_name, in_shape
from gradviz.engine.objectives.objective import Objective

HAND_DIGITS = 450
"""A gradient by hand is evaluated once: in as many digits as a double may have zeros after its point."""
SHIFTS = (1, 2, 3, 4, 5)
NEIGHBOURS = (-8, -4, 4, 8)
"""In last digits of the number: where a kink within rounding of it shows."""
MOST_APART = 12
"""Of one parameter, how many elements that differ are looked at for an excuse."""
SHARE = 0.3
"""Of the budget, what may be spent on elements about which everything else is of one mind."""
PROBLEMS = (WalkError, RecursionError)


@dataclass(frozen=True, slots=True)
class Element:
    """One number of a parameter."""

    name: str
    index: int


class ManyDigits:
    """`asked` is the formula with its values; `cut` are the parameters that autograd takes for constant."""

    def __init__(self, asked: FormulaAt, cut: frozenset[str], budget: ExactBudget | None = None) -> None:
        self._asked, self._cut = asked, cut
        self._budget = budget or ExactBudget()
        self._point = self._point_at()
        self._is_spent = False

    def _point_at(self, shifted: int = 0) -> ExactPoint:
        asked = self._asked
        return ExactPoint(asked.formula, asked.values, asked.upstream, self._budget, shifted)

    def slopes(self, founds: Mapping[str, Found], first: Iterable[Element]) -> Generator[None, None, None]:
        """Fill in the exact slopes of `founds`: those of the elements `first`, then the others."""
        rest = (Element(name, int(index)) for name, found in founds.items() for index in found.places)
        for element in itertools.chain(first, self._affordable(rest)):
            found = founds[element.name].exact
            if element.index not in found:
                slope = self._slope(element)
                if self._is_spent:
                    return
                if slope is not None:
                    found[element.index] = slope
                yield

    def _affordable(self, elements: Iterable[Element]) -> Iterator[Element]:
        """As many as a share of the budget is enough for: nothing speaks against them."""
        kept = self._budget.operations * (1 - SHARE)
        for element in elements:
            if self._budget.operations < kept:
                return
            yield element

    def _slope(self, element: Element, point: ExactPoint | None = None, offset: float = 0.0) -> ExactSlope | None:
        if element.name in self._cut:
            return ExactSlope(Kind.SMOOTH, 0.0, 0.0, 0.0)
        try:
            return (point or self._point).slope(element.name, element.index, offset)
        except PROBLEMS:
            self._is_spent = self._budget.is_spent
            return None

    def hand(self, formula: Formula, objective: Objective) -> dict[str, Floats]:
        """The gradients of ``d_`` lines by the parameter's own name; none where they have no value in many digits."""
        return self._hand(self._point_at(), formula, objective)

    def _hand(self, point: ExactPoint, formula: Formula, objective: Objective) -> dict[str, Floats]:
        try:
            known = point.values(formula.lines, HAND_DIGITS)
        except PROBLEMS:
            return {}
        lines = {name: f"d_{formula_name(name)}" for name in objective.parameters}
        made = {name: _doubles(known[line]) for name, line in lines.items() if line in known}
        return {name: in_shape(value, objective.parameters[name].shape) for name, value in made.items()}

    def excuse(self, founds: Mapping[str, Found], formula: Formula | None, objective: Objective) -> None:
        """Of elements that differ even so: is a kink near, and is it but the last digit of the text's numbers?"""
        for found in founds.values():
            for element in self._apart(found)[:MOST_APART]:
                near = self._kink_near(element, found)
                if near is not None:
                    found.exact[element.index] = near
        if formula is not None:
            apart = [element for found in founds.values() for element in self._apart(found)[:MOST_APART]]
            self._excuse_literals(founds, apart, formula, objective)

    def _apart(self, found: Found) -> list[Element]:
        """The elements whose exact slope is not what autograd or the gradient by hand gives."""
        apart = []
        for index, slope in found.exact.items():
            given = [found.backward.reshape(-1)[index]]
            if found.hand is not None and found.hand.shape == found.at.shape:
                given.append(found.hand.reshape(-1)[index])
            allowed = RELATIVE[DOUBLE] * abs(slope.value)
            if slope.kind is Kind.SMOOTH and any(not abs(one - slope.value) <= allowed for one in given):
                apart.append(Element(found.name, index))
        return apart

    def _kink_near(self, element: Element, found: Found) -> ExactSlope | None:
        """A kink between the number and its next doubles: the slopes beside it are even on each side, and differ."""
        x = float(found.at.reshape(-1)[element.index])
        if x == 0 or found.exact[element.index].has_tie:
            return None
        around = [self._slope(element, offset=steps * math.ulp(x)) for steps in NEIGHBOURS]
        if any(slope is None or slope.kind is not Kind.SMOOTH for slope in around):
            return None
        values = [slope.value for slope in around if slope is not None]
        gap = abs(values[2] - values[1])
        uneven = abs(values[1] - values[0]) + abs(values[3] - values[2])
        if gap <= 1e-6 * max(map(abs, values)) or uneven > 0.1 * gap:
            return None
        return ExactSlope(Kind.KINK, math.nan, values[1], values[2])

    def _excuse_literals(
        self, founds: Mapping[str, Found], apart: list[Element], formula: Formula, objective: Objective
    ) -> None:
        """Hand and slope may differ because 0.1 is no double: then they are the same if it is 0.1, or their
        difference has either sign as the last digits of such numbers change."""
        differences: dict[Element, list[float]] = {element: [] for element in apart}
        for shift in (0, DECIMALS, *SHIFTS) if apart else ():
            point = self._point_at(shift)
            hand = self._hand(point, formula, objective)
            for element in apart:
                value, slope = hand.get(element.name), self._slope(element, point)
                if value is not None and slope is not None and value.size == founds[element.name].at.size:
                    given = float(value.reshape(-1)[element.index])
                    is_same = abs(given - slope.value) <= RELATIVE[DOUBLE] * abs(slope.value)
                    differences[element].append(0.0 if is_same else given - slope.value)
        for element, found in differences.items():
            if found and not (min(found) > 0 or max(found) < 0) and all(map(math.isfinite, found)):
                founds[element.name].hand_excused.reshape(-1)[element.index] = True


def at_odds(founds: Mapping[str, Found], others: Iterable[Gradients | NoGradientError]) -> list[Element]:
    """The elements that float64 is not of one mind about: these need many digits most."""
    answers = [other for other in others if not isinstance(other, NoGradientError)]
    odd = []
    for name, found in founds.items():
        for k, index in enumerate(found.places):
            reference = float(found.backward.reshape(-1)[index])
            given = [_at(answer[name], k, int(index), found) for answer in answers if name in answer]
            if not _is_plain(reference, found.slopes[k]) or any(not _is_close(one, reference) for one in given):
                odd.append(Element(name, int(index)))
    return odd


def _at(values: Floats, k: int, index: int, found: Found) -> float:
    """An element of values of all, or of the compared ones."""
    flat = values.reshape(-1)
    if flat.size == found.at.size:
        return float(flat[index])
    return float(flat[k]) if flat.size == len(found.places) else math.nan


def _is_plain(reference: float, slope: Slope) -> bool:
    """Whether the finite difference, sharp enough, says the same as autograd."""
    sure = 4 * slope.error <= UNSURE_ABOVE * abs(reference)
    return not slope.kink and sure and abs(slope.value - reference) <= 1e-5 * abs(reference) + 4 * slope.error


def _is_close(one: float, reference: float) -> bool:
    return abs(one - reference) <= 1e-9 * abs(reference)


def many_digits(experiment: Experiment, objective: Objective) -> ManyDigits | None:
    """The way in many digits; None where the objective is no formula."""
    asked = formula_at(experiment, objective)
    return None if asked is None else ManyDigits(asked, objective.cut & frozenset(objective.parameters))


def _doubles(values: Objects) -> Floats:
    made = np.empty(values.shape)
    for place in np.ndindex(values.shape):
        made[place] = _double(values[place])
    return made


def _double(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)
