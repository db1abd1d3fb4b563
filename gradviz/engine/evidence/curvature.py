"""The curvature of a loss: its second derivatives, from autograd through autograd."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gradviz.engine.objectives.objective import Objective

MOST_WHOLE = 96
"""Parameters up to which the whole Hessian is found; beyond it the largest curvature alone."""
MOST_PARAMETERS = 200_000
MOST_NUMBERS = 2_000_000
"""Of one evaluation: beyond either nothing is found."""
ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class Curvature:
    """The eigenvalues of the Hessian, smallest first, and its directions in columns; the largest alone of many.

    `slope` is the gradient.
    """

    values: Tensor
    directions: Tensor
    slope: Tensor
    is_whole: bool

    @property
    def largest(self) -> float:
        """The largest curvature in any direction."""
        return float(self.values[-1])

    @property
    def smallest(self) -> float:
        """The smallest, which is negative where the loss bends down."""
        return float(self.values[0])


def curvature_of(objective: Objective) -> Curvature | None:
    """The curvature at the parameters of `objective`; None where there is none to be had."""
    trained = objective.learned
    count = sum(parameter.numel() for parameter in trained.values())
    if count > MOST_PARAMETERS or objective.landscape_numbers > MOST_NUMBERS:
        return None
    places = {name: parameter.detach().clone().requires_grad_() for name, parameter in trained.items()}
    try:
        loss = objective.loss_at(places)
        if loss.grad_fn is None:
            return None
        slope = _slope(loss, list(places.values()), True)
        return _found(slope, list(places.values()), count)
    except (RuntimeError, NotImplementedError):  # a part of the graph has no second derivative
        return None


def _slope(value: Tensor, places: list[Tensor], creates: bool) -> Tensor:
    if value.grad_fn is None:
        return torch.zeros(sum(place.numel() for place in places), dtype=places[0].dtype)
    found = torch.autograd.grad(value, places, create_graph=creates, retain_graph=True, allow_unused=True)
    filled = [torch.zeros_like(p) if one is None else one for p, one in zip(places, found, strict=True)]
    return torch.cat([one.reshape(-1) for one in filled])


def _found(slope: Tensor, places: list[Tensor], count: int) -> Curvature | None:
    def along(direction: Tensor) -> Tensor:
        return _slope(slope @ direction, places, False)

    if not bool(torch.isfinite(slope).all()):
        return None
    if count > MOST_WHOLE:
        return _largest(along, slope.detach())
    rows = torch.stack([along(unit) for unit in torch.eye(count, dtype=slope.dtype, device=slope.device)])
    if not bool(torch.isfinite(rows).all()):
        return None
    values, directions = torch.linalg.eigh((rows + rows.T) / 2)
    return Curvature(values, directions, slope.detach(), True)


def _largest(along: Callable[[Tensor], Tensor], slope: Tensor) -> Curvature | None:
    """By power iteration, from the gradient on."""
    direction = slope + 1e-3 * slope.norm().clamp_min(1e-12)
    value = math.nan
    for _ in range(ITERATIONS):
        size = direction.norm()
        if not float(size) > 0 or not math.isfinite(float(size)):
            return None
        direction = direction / size
        turned = along(direction)
        value = float(direction @ turned)
        direction = turned
    found = torch.tensor([value], dtype=slope.dtype)
    return Curvature(found, (direction / direction.norm())[:, None], slope, False)
