"""What was found of one parameter, and what follows for each of its elements: the slope, or why there is none.

Where the formula was followed in many digits, that decides: what autograd gives there is right, or has lost its digits,
or is the choice of a case distinction on its edge. Elsewhere it is the finite difference in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradviz.core.formulas.exact_slopes import ExactSlope, Kind
from gradviz.core.numbers import Floats, short_number
from gradviz.core.questions.bench import BenchMethod
from gradviz.engine.bench.finite_difference import Slope

DOUBLE, SINGLE = "float64", "float32"
RELATIVE = {DOUBLE: 1e-7, SINGLE: 1e-3}
OF_LARGEST = {DOUBLE: 1e-9, SINGLE: 1e-5}
LAST_DIGITS = 16 * float(np.finfo(np.float64).eps)
Flags = NDArray[np.bool_]


@dataclass(slots=True)
class Found:
    """What was found of one parameter. `places` are the flat indices that were compared."""

    name: str
    at: Floats
    places: NDArray[np.intp]
    backward: Floats
    """What autograd backward gives in float64; nan where it has no gradient."""
    noise: Mapping[str, Floats]
    sizes: Mapping[str, int]
    reference_method: BenchMethod = BenchMethod.BACKWARD
    is_used: bool = True
    """Whether autograd backward reached it: where it did not, its .grad is None."""
    uncut: Floats | None = None
    slopes: list[Slope] = field(default_factory=list)
    exact: dict[int, ExactSlope] = field(default_factory=dict)
    """In many digits, by the flat index."""
    hand: Floats | None = None
    """The gradient by hand in many digits."""

    advice: str = ""
    """What to write where autograd has no number at a kink."""
    absorbed: str = ""
    """What the run's own dtype loses, in words."""

    # What follows, of every element, once `settle` was called
    reference: Floats = field(init=False)
    truth: Floats = field(init=False)
    known: Flags = field(init=False)
    kinks: Flags = field(init=False)
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    slack: Floats = field(init=False)
    """How far beyond its slopes a number at a kink may be."""
    sway: Floats = field(init=False)
    """What the last digit of the number does to the slope there."""
    lost: Flags = field(init=False)
    ties: Flags = field(init=False)
    filled: Flags = field(init=False)
    hand_excused: Flags = field(init=False)
    """Where it differs from the slope by no more than the last digit of the text's numbers."""
    _kink_words: dict[int, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        shape = self.at.shape
        self.reference = self.backward.copy()
        self.truth, self.low, self.high = (np.full(shape, np.nan) for _ in range(3))
        self.sway, self.slack = np.zeros(shape), np.zeros(shape)
        self.known, self.kinks, self.lost, self.ties = (np.zeros(shape, dtype=bool) for _ in range(4))
        self.filled, self.hand_excused = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)

    @property
    def is_sample(self) -> bool:
        """Whether some coordinates were left out."""
        return len(self.places) < self.at.size

    def chosen(self, values: Floats) -> Floats:
        """Of the values of every element those that were compared."""
        return values.reshape(-1)[self.places] if self.is_sample else values

    def whole(self, values: Floats) -> Floats:
        """Values at `places` in the parameter's shape, with the reference where nothing was compared."""
        made = self.reference.copy()
        made.reshape(-1)[self.places] = values.reshape(-1)
        return made

    def settle(self) -> None:
        """Decide of every compared element what its slope is."""
        for k, index in enumerate(self.places):
            place = np.unravel_index(int(index), self.at.shape)
            exact = self.exact.get(int(index))
            if exact is not None:
                self._settle_exactly(place, int(index), exact)
            elif k < len(self.slopes):
                self._settle_by_difference(place, int(index), self.slopes[k])
        close = np.abs(self.reference - self.truth) <= RELATIVE[DOUBLE] * np.abs(self.truth) + self.sway
        self.lost = self.known & ~close
        self.reference = np.where(self.lost, self.truth, self.reference)

    def _settle_exactly(self, place: tuple[np.intp, ...], index: int, exact: ExactSlope) -> None:
        self.ties[place] = exact.has_tie
        if exact.kind is Kind.SMOOTH:
            self.known[place], self.truth[place] = True, exact.value
            self.sway[place] = LAST_DIGITS * exact.sway if np.isfinite(exact.sway) else 0.0
            return
        self._add_kink(place, index, exact.sentence, exact.left, exact.right, 0.0)

    def _settle_by_difference(self, place: tuple[np.intp, ...], index: int, slope: Slope) -> None:
        if slope.kink:
            self._add_kink(place, index, slope.kink, slope.left, slope.right, 1e-3)
        elif not np.isfinite(self.reference[place]) and np.isfinite(slope.value):
            self.reference[place], self.filled[place] = slope.value, True

    def _add_kink(
        self, place: tuple[np.intp, ...], index: int, words: str, left: float, right: float, fuzz: float
    ) -> None:
        """A point without a derivative; what stands between finite slopes on its sides is a choice as good as any."""
        self.kinks[place], self._kink_words[index] = True, words
        sides = [side for side in (left, right) if np.isfinite(side)]
        if sides and not any(np.isinf(side) for side in (left, right)) and "slope" in words:
            more = fuzz * (max(sides) - min(sides)) + RELATIVE[DOUBLE] * max(map(abs, sides))
            self.low[place], self.high[place], self.slack[place] = min(sides), max(sides), more

    @property
    def is_flat(self) -> bool:
        """Whether every slope is 0, as far as can be told, so that a wrong factor makes no difference."""
        if self.kinks.any():
            return False
        noise = float(self.noise[DOUBLE].max(initial=0.0))
        allowed = np.where(self.known, 0.0, 16 * noise)
        return bool((np.abs(np.where(self.known, self.truth, self.reference)) <= allowed).all())

    def where(self, index: int) -> str:
        """An element with its value: x[1] = 0."""
        place = [int(k) for k in np.unravel_index(index, self.at.shape)]
        return f"{self.name}{place if place else ''} = {short_number(float(self.at.reshape(-1)[index]), 5)}"

    def kink_sentence(self) -> str:
        """The first point without a derivative, in words."""
        flat = np.flatnonzero(self.kinks)
        index = int(flat[0])
        taken = float(self.reference.reshape(-1)[index])
        choice = f"has no number ({taken})" if not np.isfinite(taken) else f"takes {short_number(taken, 5)}"
        words = self._kink_words[index]
        more = f" And {len(flat) - 1} more such elements." if len(flat) > 1 else ""
        advice = f" {self.advice}" if self.advice and not np.isfinite(taken) else ""
        start = f"Not differentiable here: at {self.where(index)} {words}"
        return f"{start}; {self.reference_method} {choice}.{more}{advice}"
