"""Where each optimiser stands on the surface at one step, how high, and whether there is a loss at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.numbers import Floats
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class Places:
    """`position` (optimisers, 2) is where each stands on the plane of the surface; (optimisers, 1) on a curve.

    `no_loss` is a sentence on why there is no loss to draw, empty where there is one. `losses` are those of the
    surface's kind (all rows, say) at the parameters themselves, `feet` those at the position on the plane. They differ
    where `distances`, from the plane, are not 0. `slopes` are the gradients of the only number, NaN where there is
    none. `paths` (optimisers, k, 2) are the recorded ways over the slice `cut`, from step `since` on; of a surface that
    is exact the history has them.
    """

    position: Floats
    no_loss: str
    losses: tuple[float, ...] = ()
    feet: tuple[float, ...] = ()
    distances: tuple[float, ...] = ()
    slopes: tuple[float, ...] = ()
    paths: Floats | None = None
    since: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Locate(Question[Places]):
    """Where each optimiser stands at the current step."""

    of_step: ClassVar[bool] = True
