"""Whether a loss falls for ever: asked along the way that a run has taken, ever farther."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor

from gradviz.engine.objectives.objective import Objective

DECADES = 9
ASKED = 4
"""So many times in a row the loss must have fallen by no less than the time before."""


def heights(objective: Objective, direction: Tensor) -> list[float]:
    """The loss at the parameters of `objective` and 1, 10, 100, ... lengths of a direction away from them."""
    found = []
    for decade in range(-1, DECADES):
        length = 10.0**decade if decade >= 0 else 0.0
        found.append(float(objective.loss_at(_moved(objective, direction * length))))
    return found


def _moved(objective: Objective, offset: Tensor) -> dict[str, Tensor]:
    moved, begin = {}, 0
    for name, parameter in objective.parameters.items():
        part = offset[begin : begin + parameter.numel()].reshape(parameter.shape).to(parameter)
        moved[name] = parameter.detach() + part
        begin += parameter.numel()
    return moved


def falls_for_ever(found: list[float]) -> bool:
    """Whether these heights go down without an end in sight: by no less from one decade to the next."""
    finite = [value for value in found if math.isfinite(value)]
    if len(finite) < ASKED + 2:
        return False
    drops = [before - after for before, after in pairwise(finite)]
    last = drops[-ASKED:]
    grows = all(later >= 0.5 * before for before, later in pairwise(last))
    return grows and last[-1] > 1e-3 and finite[-1] < finite[0] - 1e-6 * abs(finite[0])


def directions(place: Tensor, before: Tensor, slope: Tensor, sign: float) -> list[Tensor]:
    """Where to look: on along the way taken, and down the slope; each as long as the parameters are, or 1."""
    found = []
    for way in (place - before, -sign * slope):
        size = float(torch.linalg.vector_norm(way))
        if math.isfinite(size) and size > 0:
            found.append(way / size * max(1.0, float(torch.linalg.vector_norm(place))))
    return found
