"""What the gradient bench finds: one row for each parameter and method, and a verdict on each."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from gradviz.core.numbers import Floats, plural
from gradviz.core.questions.question import Question
from gradviz.core.words import one_line

LONGEST = 300
"""Characters of a summary, and of what is said of a row."""


class BenchMethod(StrEnum):
    """How a gradient is found."""

    BACKWARD = "autograd backward"
    FORWARD = "autograd forward"
    DIFFERENCE = "finite difference"
    SYMBOLS = "symbols"
    HAND = "by hand"


class Verdict(StrEnum):
    """How a gradient compares with autograd's."""

    REFERENCE = "reference"
    AGREES = "agrees"
    SIGN = "wrong sign"
    FACTOR = "wrong factor"
    TRANSPOSED = "transposed"
    SHAPE = "wrong shape"
    ZERO = "zero"
    NAN = "not a number"
    DIFFERS = "differs"
    KINK = "not differentiable here"
    CUT = "gradient is cut"
    ROUNDING = "rounding"
    NO_VALUE = "no value here"
    UNUSED = "not in the graph"
    UNSURE = "cannot tell"
    MISSING = "not available"


FAULTS = frozenset(
    {
        Verdict.SIGN,
        Verdict.FACTOR,
        Verdict.TRANSPOSED,
        Verdict.SHAPE,
        Verdict.ZERO,
        Verdict.NAN,
        Verdict.DIFFERS,
    }
)
"""The verdicts on a gradient that is wrong."""


NAMED = (
    Verdict.KINK,
    Verdict.CUT,
    Verdict.ROUNDING,
    Verdict.NO_VALUE,
    Verdict.UNUSED,
    Verdict.UNSURE,
)
"""The verdicts on a point where gradients need not agree."""


@dataclass(frozen=True, slots=True)
class BenchRow:
    """The gradient of one parameter by one method.

    `values` is read-only, of `shape`; where only some coordinates were compared, these in their order, and
    `coordinates` are their flat indices. `absolute` and `relative` are the largest differences from autograd, NaN where
    there is nothing to compare; `step_size` is the largest of a finite difference. `expression` holds a line for every
    element of a derivative in symbols, where that is short.
    """

    parameter: str
    method: BenchMethod
    dtype: str
    shape: tuple[int, ...]
    verdict: Verdict
    sentence: str
    values: Floats | None = None
    coordinates: tuple[int, ...] | None = None
    absolute: float = math.nan
    relative: float = math.nan
    step_size: float = math.nan
    expression: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether this gradient is wrong."""
        return self.verdict in FAULTS


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The bench at one step. `fault` says why there are no rows, or what is wrong with the gradient by hand.

    `place` is line and column of that fault in the text of the gradient by hand; `names` are those that it may use.
    """

    step: int
    loss: float
    rows: tuple[BenchRow, ...] = ()
    notes: tuple[str, ...] = ()
    fault: str = ""
    place: tuple[int, int] | None = None
    names: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def faults(self) -> tuple[BenchRow, ...]:
        """The rows whose gradient is wrong."""
        return tuple(row for row in self.rows if row.is_fault)

    @property
    def agrees(self) -> bool:
        """Whether every gradient that could be found is right."""
        return not self.fault and not self.faults

    @property
    def summary(self) -> str:
        """One or two sentences on the whole."""
        if self.faults:
            first, more = self.faults[0], len(self.faults) - 1
            rest = f" {more} more {'differs' if more == 1 else 'differ'}." if more else ""
            return f"{first.parameter}, {first.method}: {first.sentence}{rest}"
        if self.fault:
            return self.fault
        absent = next((row for row in self._by_backward if row.verdict is Verdict.MISSING), None)
        if absent is not None:
            return f"Autograd backward has no gradient: {absent.sentence}. The others agree."
        return self._named_summary if self.named else "All gradients agree."

    @property
    def named(self) -> tuple[BenchRow, ...]:
        """The rows at a point where gradients need not agree; that of autograd backward first."""
        rows = [row for row in self.rows if row.verdict in NAMED]
        return tuple(sorted(rows, key=lambda row: row.method is not BenchMethod.BACKWARD))

    @property
    def _named_summary(self) -> str:
        """What the first row that is named says, and how many are."""
        first, counts = self.named[0], Counter(str(row.verdict) for row in self.named)
        has_number = all(row.values is None or bool(np.isfinite(row.values).all()) for row in self._by_backward)
        begin = "No gradient is wrong." if has_number else "Autograd has no number here."
        told = ", ".join(f"{plural(count, 'row')} {word}" for word, count in counts.items())
        summary = f"{begin} {first.parameter}, {first.method}: {first.sentence}"
        counted = f"{summary} In all: {told}."
        return counted if len(counted) <= LONGEST else one_line(summary, LONGEST)

    @property
    def _by_backward(self) -> list[BenchRow]:
        return [row for row in self.rows if row.method is BenchMethod.BACKWARD]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What two gradients may differ by and still agree: ``absolute + relative * |reference|``, per element."""

    relative: float
    absolute: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckGradient(Question[BenchReport]):
    """The gradient bench of the optimiser `optimizer` at the current step; `request` tells one check from the next."""

    optimizer: int = 0
    request: int = 0
