"""What the curves of a history are made of: blocks of values, on a linear or logarithmic axis, and how far it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.figures import COUNT, TRAINING_SCORE, VALIDATION_LOSS, VALIDATION_SCORE
from gradviz.core.runs.history import History

PIXELS = 420
STAGES = (1, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """Blocks of values to be drawn: steps (k,), smallest and largest (k, optimisers)."""

    steps: Floats
    low: Floats
    high: Floats

    def points(self, index: int, is_log: bool) -> Floats:
        """Each block as its smallest and its largest value, on the axis' own scale; what is not finite is left out."""
        y = np.column_stack((self.low[:, index], self.high[:, index])).reshape(-1)
        if is_log:
            with np.errstate(invalid="ignore", divide="ignore"):
                y = np.where(y > 0, np.log10(y), np.nan)
        finite = np.isfinite(y)
        return np.column_stack((np.repeat(self.steps, 2)[finite], y[finite]))

    @property
    def curves(self) -> int:
        """How many it has, one an optimiser."""
        return int(self.low.shape[1])

    def zeros(self) -> dict[int, tuple[float, float]]:
        """Of each curve that has one its first exact zero, which a log axis cannot hold: the lowest it can stand at."""
        positive = self.low[self.low > 0]
        floor = float(np.log10(positive.min())) if positive.size else 0.0
        firsts = ((k, np.flatnonzero(self.low[:, k] == 0)) for k in range(self.curves))
        return {k: (float(self.steps[found[0]]), floor) for k, found in firsts if found.size}


def series_of(history: History, has_scores: bool, shows_scores: bool) -> tuple[Series, Series]:
    """What is drawn solid, of the rows trained on, and what dashed, of those held out; one column an optimiser."""
    steps, low, high = (
        history.figure_extremes(0, len(history), PIXELS)
        if has_scores
        else (np.empty(0), *(np.empty((0, 0, COUNT)) for _ in range(2)))
    )
    shown = VALIDATION_SCORE if shows_scores else VALIDATION_LOSS
    dashed = Series(steps, low[:, :, shown], high[:, :, shown])
    if shows_scores:
        return Series(steps, low[:, :, TRAINING_SCORE], high[:, :, TRAINING_SCORE]), dashed
    return Series(*history.extremes(0, len(history), PIXELS)), dashed


def limits(all_series: tuple[Series, Series], is_log: bool) -> tuple[float, float]:
    """The smallest and largest value on the loss axis, as that axis counts."""
    low = np.concatenate([series.low.ravel() for series in all_series])
    high = np.concatenate([series.high.ravel() for series in all_series])
    lows, highs = low[np.isfinite(low)], high[np.isfinite(high)]
    if is_log:
        lows, highs = np.log10(lows[lows > 0]), np.log10(highs[highs > 0])
    return (float(lows.min()), float(highs.max())) if lows.size and highs.size else (0.0, 1.0)


def stage(length: int) -> float:
    """The next of a few round numbers, which leaves a sixth of the axis free at most."""
    power = 10.0 ** np.floor(np.log10(max(length, 1)))
    return next(float(power * factor) for factor in STAGES if power * factor >= length * (1 - 1e-12))
