"""The surface that an optimiser walks on."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.numbers import Floats, Range
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class SurfaceGrid:
    """Heights (ny, nx) over x (nx,) and y (ny,); NaN where the objective is not finite.

    `note` says what the picture leaves out; empty when it leaves out nothing. `exact` is whether x and y
    are the parameters themselves, so that the records' positions lie on it. `whole` is whether the loss of a step is
    the height there: not where a step looks at a batch, say. `cut` is that of the slice.
    """

    x: Floats
    y: Floats
    heights: Floats
    x_label: str
    y_label: str
    minima: tuple[tuple[float, float], ...]
    note: str
    exact: bool
    whole: bool = True
    cut: int = 0


@dataclass(frozen=True, slots=True)
class LossCurve:
    """The loss `heights` (n,) over the only number x (n,); NaN where it is not finite. `whole` as of a surface."""

    x: Floats
    heights: Floats
    x_label: str
    note: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Survey(Question[SurfaceGrid | LossCurve]):
    """The surface at `resolution` x `resolution` points, over `domain` (the engine chooses, if None).

    Of an objective of one number it is a curve, and the domain has one range.

    A slice lies through the parameters of the step at which it was first needed; with another `cut` than before it is
    laid anew, through those of the step at which that is asked.
    """

    resolution: int = 128
    domain: tuple[Range, ...] | None = None
    cut: int = 0
