"""What part of a plane a picture frames: where the run stands, where it leads, and where it came along."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats, Range
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.surfaces.plane import Plane

FAR = 1e4
"""Farther out than this a point is framed only where its loss is less than that of the origin: else it diverges."""
MARGIN = 0.45
NARROW, WIDE = 0.2, 50.0
"""A slice reaches at least and at most so many times what it would without a path."""
LEAST = 2.0
"""How wide a picture is at least, but of a narrow bowl."""
IS_BOWL = 0.1
"""A loss is a bowl if Newton's step falls by what it promised, up to this share."""
Domain = tuple[Range, ...]


def domain_of(experiment: Experiment, objective: Objective, plane: Plane, path: Floats | None = None) -> Domain:
    """What a picture of the plane frames, a range for each of its axes; `path` (k, axes) are known places."""
    known = np.empty((0, len(plane.axes))) if path is None else path[np.isfinite(path).all(axis=1)]
    if not plane.exact:
        return _slice_domain(plane, known)
    here = plane.project(_flat(objective))[0][0]
    if not _is_near(objective, plane, here):
        here = np.zeros_like(here)  # the run diverged: around where it is there is nothing to see
    declared = experiment.objective
    if isinstance(declared, TestFunctionObjective):
        box = np.array(declared.function.domain)
        return _around(np.array([box[:, 0], box[:, 1], here]), 0.0)
    target, least = _newton_target(objective, plane, here)
    return _around(np.array([here, target]), MARGIN, least)


def _flat(objective: Objective) -> Tensor:
    return torch.cat([parameter.detach().reshape(1, -1) for parameter in objective.learned.values()], dim=1)


def _slice_domain(plane: Plane, path: Floats) -> Domain:
    """Around the origin: as far as the path has gone, and half as far again."""
    gone = float(np.abs(path).max()) if len(path) else 0.0
    half = min(max(gone / (1 - MARGIN), NARROW * plane.reach), WIDE * plane.reach) if gone else plane.reach
    return (-half, half), (-half, half)


def _is_near(objective: Objective, plane: Plane, place: Floats) -> bool:
    if not np.isfinite(place).all():
        return False
    if np.abs(place).max() < FAR:
        return True
    both = torch.from_numpy(np.stack((place, np.zeros_like(place)))).to(plane.origin)
    there, origin = plane.loss_over(objective, both).tolist()
    return bool(there < origin)


def _newton_target(objective: Objective, plane: Plane, here: Floats) -> tuple[Floats, Floats]:
    """Where Newton's step leads, the minimum of a quadratic loss, and how wide each axis is at least.

    It decides only what the picture frames.
    """
    point = torch.from_numpy(here).to(plane.origin.device)

    def loss(flat: Tensor) -> Tensor:
        return objective.landscape_at(plane.parameters(flat.to(plane.origin))).double()

    # not by torch.func, whose gradients import torch's compiler
    hessian: Tensor = torch.autograd.functional.hessian(loss, point)  # type: ignore[no-untyped-call]
    gradient: Tensor = torch.autograd.functional.jacobian(loss, point)  # type: ignore[no-untyped-call]
    step, info = torch.linalg.solve_ex(hessian, gradient)
    target: Floats = (point - step).cpu().numpy()
    if int(info) != 0 or not np.isfinite(target).all() or not _is_near(objective, plane, target):
        return here, np.full(len(here), LEAST)
    with torch.no_grad():
        before, after = float(loss(point)), float(loss(point - step))
    return target, _least_widths(hessian, before - after, float(gradient @ step) / 2, abs(before))


def _least_widths(hessian: Tensor, fall: float, promised: float, size: float) -> Floats:
    """LEAST, or less where the loss is a bowl that is narrower: as wide as it is at the height where the run stands."""
    widths: Floats = np.full(len(hessian), LEAST)
    if not fall > 1e-6 * size or abs(fall - promised) > IS_BOWL * fall:
        return widths
    inverse = torch.linalg.inv_ex(hessian)[0].diagonal().cpu().numpy()
    with np.errstate(invalid="ignore"):
        widths[inverse > 0] = np.fmin(2 * np.sqrt(2 * fall * inverse[inverse > 0]), LEAST)
    return widths


def _around(points: Floats, margin: float, least: Floats | float = LEAST) -> Domain:
    """A box around finite points, wider by `margin` of its extent, and at least so wide."""
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    half = np.maximum(high - low, least) * (0.5 + margin)
    return tuple((float(a - b), float(a + b)) for a, b in zip(middle, half, strict=True))
