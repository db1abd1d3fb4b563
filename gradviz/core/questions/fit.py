"""What a fit shows at one step: a curve, the plane, target against prediction, or a table of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import Floats
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class FitNames:
    """What the columns of the data are called, with what was done to them, and the classes; empty where they have no
    names."""

    inputs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    def of_class(self, number: int) -> str:
        """A class by its name, or by its number."""
        return self.classes[number] if number < len(self.classes) else str(number)


@dataclass(frozen=True, slots=True)
class FitScore:
    """How good the prediction of every optimiser is, over `shown` of `rows` rows.

    `classes` 0: `values` are coefficients of determination (R²); else shares of right answers.
    """

    rows: int
    shown: int
    classes: int
    values: tuple[float, ...]
    names: FitNames = FitNames()


@dataclass(frozen=True, slots=True)
class HeldPoints:
    """Rows held out for validation, as they lie in the plot: `points` (shown, 2), those of the axes, of `rows` rows.

    `kinds` (shown,) is what colours a point as it does those trained on: its class, or value, or output.
    """

    points: Floats
    kinds: Floats
    rows: int


@dataclass(frozen=True, slots=True)
class CurveFit:
    """One input: `inputs`, `targets` (shown,); `curve_x` (k,), `curves` (optimisers, k).

    Of two classes the curve is the probability of class 1, of more the class itself.
    """

    inputs: Floats
    targets: Floats
    curve_x: Floats
    curves: Floats
    score: FitScore
    held: HeldPoints | None = None


@dataclass(frozen=True, slots=True)
class PlaneFit:
    """Two inputs: `points` (shown, 2), `targets` (shown,); `field` (ky, kx) over `x` (kx,) and `y` (ky,).

    The field is the prediction of `optimizer`: its value, or its class with a `certainty` (ky, kx) from 0 to 1.
    """

    points: Floats
    targets: Floats
    x: Floats
    y: Floats
    field: Floats
    certainty: Floats
    optimizer: int
    score: FitScore
    held: HeldPoints | None = None


@dataclass(frozen=True, slots=True)
class ScatterFit:
    """More inputs, values: `targets` and `predictions` (shown, outputs) of `optimizer`."""

    targets: Floats
    predictions: Floats
    optimizer: int
    score: FitScore
    held: HeldPoints | None = None


@dataclass(frozen=True, slots=True)
class TableFit:
    """More inputs, labels: `counts` (classes, classes) of rows by class and by answer of `optimizer`.

    A row whose prediction is not finite has no answer and is not counted.
    """

    counts: NDArray[np.int64]
    optimizer: int
    score: FitScore


FitSnapshot = CurveFit | PlaneFit | ScatterFit | TableFit


@dataclass(frozen=True, slots=True)
class Predict(Question[FitSnapshot]):
    """Data and prediction at the current step; where only one has room, that of the optimiser `optimizer`."""

    of_step: ClassVar[bool] = True
    optimizer: int = 0
