"""The plane, or the line, of parameter space that a picture is drawn over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from gradviz.core.numbers import Floats
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.training.trail import flat_numbers

CHUNK = 4_000_000
DRAWS = 24
"""A second direction is drawn so often at most, until it is no multiple of the first."""
APART = 0.1
"""The share of a direction that must stand at right angles to the other."""
REACH = 1.5
"""How far a slice reaches each way, in norms of what it was drawn by."""


@dataclass(frozen=True, eq=False)
class Plane:
    """The points origin + c @ basis of parameter space, with c of one or two coordinates.

    Of one or two learned numbers in all these are the coordinates. Of more it is a slice: `basis` (2, n) are two random
    directions at right angles and of length 1, so that coordinates are distances. They are drawn with each tensor as
    long as its parameter ("filter normalisation": Li et al., Visualizing the Loss Landscape of Neural Nets, 2018).
    """

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]
    origin: Tensor
    basis: Tensor
    axes: tuple[str, ...]
    """What the coordinates are called."""
    exact: bool
    reach: float
    """How far a slice reaches from its origin where nothing else is known."""

    def loss_over(self, objective: Objective, coordinates: Tensor) -> Tensor:
        """Losses (n,) at the points with these coordinates (n, 1 or 2)."""

        def at(place: Tensor) -> Tensor:
            return objective.landscape_at(self.parameters(self.point(place)))

        chunk = max(1, CHUNK // max(objective.landscape_numbers, len(self.origin)))
        with torch.no_grad():
            losses: Tensor = vmap(at, chunk_size=chunk, randomness="same")(coordinates)
        return losses

    def point(self, coordinates: Tensor) -> Tensor:
        """All learned numbers (n,) at coordinates (1 or 2,)."""
        return coordinates if self.exact else self.origin + coordinates @ self.basis

    def parameters(self, flat: Tensor) -> dict[str, Tensor]:
        """The learned parameters by name, from their numbers in order."""
        parts = torch.split(flat, [shape.numel() for shape in self.shapes])
        return {name: part.reshape(shape) for name, part, shape in zip(self.names, parts, self.shapes, strict=True)}

    def project(self, rows: Tensor) -> tuple[Floats, Floats]:
        """Where points (k, n) stand on the plane, (k, 1 or 2), and how far off it, (k,): 0 up to rounding."""
        if self.exact:
            places: Floats = rows.double().cpu().numpy()
            return places, np.zeros(len(places))
        offsets, basis = rows.double() - self.origin.double(), self.basis.double()
        found = offsets @ basis.T
        beside = (offsets - found @ basis).norm(dim=1)
        rounding = 4 * torch.finfo(rows.dtype).eps * (self.origin.double().norm() + rows.double().norm(dim=1))
        beside = torch.where(beside <= rounding, torch.zeros_like(beside), beside)
        return found.cpu().numpy(), beside.cpu().numpy()


def plane_of(objective: Objective, seed: int) -> Plane:
    """The plane of an objective: over its numbers where they are one or two, else through its current parameters."""
    learned = objective.learned
    names, shapes = tuple(learned), tuple(parameter.shape for parameter in learned.values())
    origin = flat_numbers(objective)
    if objective.numbers:
        unit = torch.eye(len(origin), dtype=origin.dtype, device=origin.device)
        return Plane(names, shapes, torch.zeros_like(origin), unit, objective.numbers, True, 1.0)
    generator = torch.Generator().manual_seed(seed)
    parameters = tuple(parameter.detach().cpu() for parameter in learned.values())
    basis = _directions(parameters, generator).to(origin)
    length = float(origin.double().norm())
    reach = REACH * length if 1e-6 < length < float("inf") else REACH
    return Plane(names, shapes, origin, basis, ("direction 1", "direction 2"), False, reach)


def _directions(parameters: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
    """Two of length 1 at right angles (2, n), never parallel.

    Three scalars, say, have only four pairs of signs: what is left of a second direction may be nothing. Then numbers
    are drawn for all tensors together.
    """
    first = _drawn(parameters, generator)
    first /= first.norm()
    rest, share = _beside(first, _drawn(parameters, generator))
    for _ in range(DRAWS):
        if share >= APART:
            break
        rest, share = _beside(first, _drawn(parameters, generator))
    while share < APART:
        rest, share = _beside(first, torch.randn(len(first), generator=generator, dtype=torch.float64))
    return torch.stack((first, rest))


def _beside(first: Tensor, drawn: Tensor) -> tuple[Tensor, float]:
    """What of a direction stands at right angles to the first, of length 1, and the share that it was."""
    rest = drawn - (drawn @ first) * first
    share = float(rest.norm() / drawn.norm())
    rest = rest / rest.norm().clamp(min=1e-300)
    rest = rest - (rest @ first) * first  # once more: the first time leaves the rounding of the larger part
    return rest / rest.norm().clamp(min=1e-300), share


def _drawn(parameters: tuple[Tensor, ...], generator: torch.Generator) -> Tensor:
    parts = []
    for parameter in parameters:
        drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        norm = torch.nan_to_num(parameter.double().norm(), 1.0, 1.0).clamp(min=1e-3)
        parts.append((drawn * (norm / drawn.norm().clamp(min=1e-12))).reshape(-1))
    return torch.cat(parts)
