"""What an optimiser walks on: the loss over its two numbers, over its one, or over a slice through more."""

from __future__ import annotations

import numpy as np
import torch

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats, plural
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.questions.surface import LossCurve, SurfaceGrid
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.surfaces.framing import Domain, domain_of
from gradviz.engine.surfaces.plane import Plane

LEAST_RESOLUTION = 32
MOST_LANDSCAPE_NUMBERS = 60_000_000
"""A surface of more numbers, all points together, is made coarser: it would take over a second."""
CURVE_POINTS = 4
"""Of a curve, for each one of a surface's side."""


def survey(
    experiment: Experiment,
    objective: Objective,
    plane: Plane,
    step: int,
    resolution: int,
    domain: Domain | None,
    path: Floats | None = None,
    cut: int = 0,
) -> SurfaceGrid | LossCurve:
    """Heights over `domain` (chosen if None) at `resolution` x `resolution` points, or along a line.

    A point whose loss is not finite becomes NaN, a gap in the picture. `path` (k, axes) shall be in it.
    """
    ranges = domain or domain_of(experiment, objective, plane, path)
    is_whole = not objective.landscape_note
    if len(plane.axes) == 1:
        x = np.linspace(*ranges[0], CURVE_POINTS * resolution + 1)
        heights = _heights(objective, plane, x[:, None])
        _freeze(x, heights)
        return LossCurve(x, heights, plane.axes[0], objective.landscape_note, is_whole)
    while resolution > LEAST_RESOLUTION and resolution**2 * objective.landscape_numbers > MOST_LANDSCAPE_NUMBERS:
        resolution //= 2
    x, y = (np.linspace(*limits, resolution) for limits in ranges)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    heights = _heights(objective, plane, places).reshape(resolution, resolution)
    _freeze(x, y, heights)
    note = "\n".join(line for line in (_slice_note(plane, step), objective.landscape_note) if line)
    labels = plane.axes[0], plane.axes[1]
    return SurfaceGrid(x, y, heights, *labels, _minima(experiment), note, plane.exact, is_whole, cut)


def _heights(objective: Objective, plane: Plane, places: Floats) -> Floats:
    losses = plane.loss_over(objective, torch.from_numpy(places).to(plane.origin)).double().cpu().numpy()
    return np.where(np.isfinite(losses), losses, np.nan)


def _freeze(*arrays: Floats) -> None:
    for array in arrays:
        array.flags.writeable = False


def _slice_note(plane: Plane, step: int) -> str:
    if plane.exact:
        return ""
    dimensions = plural(len(plane.origin), "dimension")
    return (
        f"A slice of {dimensions}, through step {step:,}, with the path projected onto it.\n"
        "The loss along two random directions at right angles, drawn with each tensor as long as its parameter "
        "(Li et al. 2018). The axes are distances."
    )


def _minima(experiment: Experiment) -> tuple[tuple[float, float], ...]:
    declared = experiment.objective
    return declared.function.minima if isinstance(declared, TestFunctionObjective) else ()
