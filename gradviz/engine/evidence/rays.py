"""Whether a loss falls for ever: asked along the way that a run has taken, ever farther."""

from __future__ import annotations

import math
from itertools import pairwise, takewhile

import torch
from torch import Tensor

from gradviz.engine.objectives.objective import Objective

LENGTHS = 17
"""Half decades: 1, 3.2, 10, 32, ... lengths."""
ASKED = 4
"""So many times in a row the loss must have fallen by no less than the time before."""


def heights(objective: Objective, direction: Tensor) -> list[float]:
    """The loss at the parameters of `objective`, and ever more lengths of a direction away from them."""
    lengths = [0.0, *(10.0 ** (half / 2) for half in range(LENGTHS))]
    return [float(objective.loss_at(_moved(objective, direction * length))) for length in lengths]


def _moved(objective: Objective, offset: Tensor) -> dict[str, Tensor]:
    moved, begin = {}, 0
    for name, parameter in objective.learned.items():
        part = offset[begin : begin + parameter.numel()].reshape(parameter.shape).to(parameter)
        moved[name] = parameter.detach() + part
        begin += parameter.numel()
    return moved


def falls_for_ever(found: list[float]) -> bool:
    """Whether these heights go down without an end in sight: by no less from one length to the next."""
    finite = list(takewhile(math.isfinite, found))
    ends_below = len(finite) < len(found) and found[len(finite)] == -math.inf
    if len(finite) < (ASKED - 1 if ends_below else ASKED + 2):
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
