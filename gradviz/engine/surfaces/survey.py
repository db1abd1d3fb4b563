"""The surface that an optimiser walks on: the objective itself over two parameters, or a slice of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import vmap

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats, Range
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.engine.objectives.objective import Objective

CHUNK = 4_000_000
LEAST_RESOLUTION = 32
MOST_LANDSCAPE_NUMBERS = 60_000_000
"""A surface of more numbers, all points together, is made coarser: it would take over a second."""
FAR = 1e4
"""Farther out than this nothing is framed: a run that gets there diverges."""


@dataclass(frozen=True)
class Plane:
    """The points origin + a*first + b*second of parameter space, as flat vectors.

    With two scalar parameters it is their own plane. Otherwise two random directions, each tensor scaled to
    the norm of the parameter ("filter normalisation": Li et al., Visualizing the Loss Landscape of Neural Nets, 2018).
    """

    names: tuple[str, ...]
    shapes: tuple[torch.Size, ...]
    origin: Tensor
    first: Tensor
    second: Tensor
    exact: bool

    def loss_over(self, objective: Objective, a: Tensor, b: Tensor) -> Tensor:
        """Losses (n,) at the points with coordinates a (n,) and b (n,)."""

        def at(a: Tensor, b: Tensor) -> Tensor:
            return objective.landscape_at(self._parameters(self.origin + a * self.first + b * self.second))

        numbers = objective.landscape_numbers
        chunk = max(1, CHUNK // max(numbers, len(self.origin)))
        with torch.no_grad():
            losses: Tensor = vmap(at, chunk_size=chunk)(a, b)
        return losses

    def _parameters(self, flat: Tensor) -> dict[str, Tensor]:
        sizes = [shape.numel() for shape in self.shapes]
        parts = torch.split(flat, sizes)
        return {name: part.reshape(shape) for name, part, shape in zip(self.names, parts, self.shapes, strict=True)}

    def project(self, objective: Objective) -> tuple[float, float]:
        """Where the objective's parameters stand on the plane: least squares over the two directions."""
        offset = _flat(objective) - self.origin
        basis = torch.stack((self.first, self.second))
        solved = torch.linalg.lstsq(basis.T.double().cpu(), offset.double().cpu().unsqueeze(1)).solution
        return float(solved[0]), float(solved[1])


def plane_of(objective: Objective, seed: int) -> Plane:
    """The plane of an objective through its current parameters."""
    names, parameters = tuple(objective.parameters), tuple(objective.parameters.values())
    shapes = tuple(parameter.shape for parameter in parameters)
    origin = _flat(objective)
    if objective.coordinates is not None:
        unit = torch.eye(2, dtype=origin.dtype, device=origin.device)
        return Plane(names, shapes, torch.zeros_like(origin), unit[0], unit[1], True)
    generator = torch.Generator().manual_seed(seed)
    first, second = (_direction(parameters, generator) for _ in range(2))
    return Plane(names, shapes, origin, first, second, False)


def _flat(objective: Objective) -> Tensor:
    return torch.cat([parameter.detach().reshape(-1) for parameter in objective.parameters.values()])


def _direction(parameters: tuple[torch.nn.Parameter, ...], generator: torch.Generator) -> Tensor:
    parts = []
    for parameter in parameters:
        drawn = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        norm = parameter.detach().norm().cpu().clamp(min=1e-3)
        parts.append((drawn * (norm / drawn.norm().clamp(min=1e-12))).reshape(-1))
    return torch.cat(parts).to(parameters[0].device)


def survey(
    experiment: Experiment,
    objective: Objective,
    plane: Plane,
    step: int,
    resolution: int,
    domain: tuple[Range, Range] | None,
) -> SurfaceGrid:
    """Heights over `domain` (chosen if None) at `resolution` x `resolution` points.

    A point whose loss is not finite becomes NaN, a gap in the picture.
    """
    while resolution > LEAST_RESOLUTION and resolution**2 * objective.landscape_numbers > MOST_LANDSCAPE_NUMBERS:
        resolution //= 2
    x_range, y_range = domain or domain_of(experiment, objective, plane)
    x, y = (np.linspace(*limits, resolution) for limits in (x_range, y_range))
    grid_x, grid_y = np.meshgrid(x, y)
    a, b = (torch.from_numpy(grid.reshape(-1)).to(plane.origin) for grid in (grid_x, grid_y))
    losses = plane.loss_over(objective, a, b).double().cpu().numpy().reshape(resolution, resolution)
    heights = np.where(np.isfinite(losses), losses, np.nan)
    for array in (x, y, heights):
        array.flags.writeable = False
    labels, note = _labels(plane, step)
    note = "\n".join(line for line in (note, objective.landscape_note) if line)
    return SurfaceGrid(x, y, heights, *labels, _minima(experiment), note, plane.exact)


def _labels(plane: Plane, step: int) -> tuple[tuple[str, str], str]:
    if plane.exact:
        return (plane.names[0], plane.names[1]), ""
    count = len(plane.origin)
    note = (
        f"A slice of {count} dimensions, through step {step}, with the path projected onto it.\n"
        "The loss along two random directions, each tensor scaled to the norm of its parameter (Li et al. 2018)."
    )
    return ("direction 1", "direction 2"), note


def _minima(experiment: Experiment) -> tuple[tuple[float, float], ...]:
    declared = experiment.objective
    return declared.function.minima if isinstance(declared, TestFunctionObjective) else ()


def domain_of(experiment: Experiment, objective: Objective, plane: Plane) -> tuple[Range, Range]:
    """What a picture of the surface frames: x and y."""
    declared = experiment.objective
    pair = objective.coordinates
    if pair is None:
        return (-1.5, 1.5), (-1.5, 1.5)
    here = (pair[0].item(), pair[1].item())
    if not all(abs(value) < FAR for value in here):
        here = (0.0, 0.0)  # the run diverged: around where it is there is nothing to see
    if isinstance(declared, TestFunctionObjective):
        box = np.array(declared.function.domain)
        return _around(np.array([box[:, 0], box[:, 1], here]), 0.0)
    return _around(np.array([here, _newton_target(objective, plane, here)]), 0.45)


def _newton_target(objective: Objective, plane: Plane, here: tuple[float, float]) -> tuple[float, float]:
    """Where Newton's step leads, the minimum of a quadratic loss: it decides only what the picture frames."""
    point = torch.tensor(here, dtype=torch.float64, device=plane.origin.device)
    like = {name: parameter.dtype for name, parameter in objective.parameters.items()}

    def loss(flat: Tensor) -> Tensor:
        return objective.landscape_at({name: flat[i].to(like[name]) for i, name in enumerate(plane.names)})

    # not by torch.func, whose gradients import torch's compiler
    hessian: Tensor = torch.autograd.functional.hessian(loss, point)  # type: ignore[no-untyped-call]
    gradient: Tensor = torch.autograd.functional.jacobian(loss, point)  # type: ignore[no-untyped-call]
    step, info = torch.linalg.solve_ex(hessian, gradient)
    target = (point - step).cpu().numpy()
    if int(info) != 0 or not np.isfinite(target).all() or np.abs(target).max() > FAR:
        return here
    return float(target[0]), float(target[1])


def _around(points: Floats, margin: float) -> tuple[Range, Range]:
    """A box around finite points, wider by `margin` of its extent, and at least 2 wide."""
    low, high = points.min(axis=0), points.max(axis=0)
    spread = np.maximum(high - low, 2.0)
    middle = (low + high) / 2
    half = spread * (0.5 + margin)
    return (float(middle[0] - half[0]), float(middle[0] + half[0])), (
        float(middle[1] - half[1]),
        float(middle[1] + half[1]),
    )
