"""Where each optimiser stands on the surface at one step, and whether there is a loss at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gradviz.core.numbers import Floats
from gradviz.core.questions.question import Question


@dataclass(frozen=True, slots=True)
class Places:
    """`position` (optimisers, 2) is where each stands on the plane of the surface.

    `no_loss` is a sentence on why there is no loss to draw, empty where there is one.
    """

    position: Floats
    no_loss: str


@dataclass(frozen=True, slots=True)
class Locate(Question[Places]):
    """Where each optimiser stands at the current step."""

    of_step: ClassVar[bool] = True
