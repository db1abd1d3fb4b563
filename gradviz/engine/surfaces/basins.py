"""Basins of attraction: the same optimiser from many starts at once, and where each of them ends.

The starts are the elements of two long tensors under one optimiser of torch.optim. That is the same as as many runs
side by side for every rule that works element by element; a rule that looks at norms or keeps a history of the
whole tensor is refused.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import vmap

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats, Range, plural
from gradviz.core.objectives.catalogue import TestFunctionObjective
from gradviz.core.questions.basins import BasinMap
from gradviz.engine.compiler import build_optimizer
from gradviz.engine.devices import resolve_device
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.plane import CHUNK, Plane, plane_of

RESOLUTION = 96
STRIDE = 50
"""Steps between two looks at whether anything still moves."""
STILL = 1e-7
"""A start is at rest when it moved less than this share of the picture in STRIDE steps."""
NEAR = 0.03
"""Ends within this share of the picture are one."""


def basins(
    experiment: Experiment, domain: tuple[Range, ...], resolution: int = RESOLUTION
) -> Generator[float, None, BasinMap]:
    """Run the first optimiser from `resolution` x `resolution` starts over `domain` for the experiment's steps.

    Yields the share done (0 to 1) every STRIDE steps; returns the map. EngineError where there is none.
    """
    objective = _objective(experiment)
    plane = plane_of(objective, experiment.seed)
    x, y = (np.linspace(*limits, resolution) for limits in domain)
    starts = [torch.from_numpy(grid.reshape(-1)) for grid in np.meshgrid(x, y)]
    places = [torch.nn.Parameter(start.to(plane.origin)) for start in starts]
    optimizer = build_optimizer(experiment.optimizers[0], places)
    declared = experiment.optimizers[0].in_steps(experiment.objective.steps_per_epoch)
    schedule = declared.build_schedule(optimizer, experiment.steps)
    clip = declared.clipping.build(places)
    extent = max(high - low for low, high in domain)
    before = _positions(places)
    moved = np.full(len(before), np.inf)
    done = 0
    while done < experiment.steps and bool((moved > STILL * extent).any()):
        for _ in range(min(STRIDE, experiment.steps - done)):
            objective.at_step(done)
            for _ in _differentiated(objective, plane, places):
                yield done / experiment.steps
            if clip is not None:
                clip()
            optimizer.step()
            if schedule is not None:
                schedule.step()
            done += 1
        now = _positions(places)
        moved = np.nan_to_num(np.abs(now - before).max(axis=1), nan=0.0, posinf=0.0)
        before = now
        yield done / experiment.steps
    before[moved > NEAR * extent] = np.nan  # on the move to the last: no end
    labels, ends = _gather(before, _known_ends(experiment), NEAR * extent)
    note = f"{resolution} x {resolution} starts, {type(experiment.optimizers[0]).label}, {plural(done, 'step')}."
    return BasinMap(x, y, labels.reshape(resolution, resolution), ends, done, note, (plane.axes[0], plane.axes[1]))


def _objective(experiment: Experiment) -> Objective:
    device, _ = resolve_device(experiment.device, experiment.dtype)
    with torch.random.fork_rng([]):  # the run's own numbers stay as they are
        objective = build_objective(experiment, device)
    if len(objective.numbers) != 2:
        raise EngineError("Basins need an objective of two numbers, such as a test function of x and y, or a line.")
    optimizer = experiment.optimizers[0]
    if not optimizer.elementwise:
        raise EngineError(f"{type(optimizer).label} looks at all starts together, so it has no map of basins.")
    if optimizer.clipping.of_all:
        raise EngineError("Clipping by norm looks at all numbers together, so it has no map of basins: clip by value.")
    if any(not learning.is_usual for learning in objective.learnings.values() if not learning.is_frozen):
        raise EngineError("The map of basins has one rate for all parameters: let the layer learn as the optimiser.")
    if optimizer.schedule.needs_loss:
        raise EngineError(f"{optimizer.schedule.label} follows one loss, so it has no map of basins: choose another.")
    if optimizer.mistake.changes_loop:
        raise EngineError("The map of basins is of a loop without mistakes: take the mistake out of the optimiser.")
    return objective


def _differentiated(objective: Objective, plane: Plane, places: list[torch.nn.Parameter]) -> Iterator[None]:
    """The gradient at every start, a part of them at a time; the sum of losses has for each start its own."""
    for place in places:
        place.grad = None
    count, size = len(places[0]), max(1, CHUNK // objective.loss_numbers)
    for begin in range(0, count, size):
        if size < count:
            yield
        some = places if size >= count else [place[begin : begin + size] for place in places]
        _losses(objective, plane, some).sum().backward()  # type: ignore[no-untyped-call]


def _losses(objective: Objective, plane: Plane, places: Sequence[Tensor]) -> Tensor:
    if objective.is_elementwise:
        return objective.loss_at(dict(zip(plane.names, places, strict=True)))

    def at(place: Tensor) -> Tensor:
        return objective.loss_at(plane.parameters(place))

    losses: Tensor = vmap(at, randomness="same")(torch.stack(tuple(places), dim=1))
    return losses


def _positions(places: list[torch.nn.Parameter]) -> Floats:
    return np.column_stack([place.detach().double().cpu().numpy() for place in places])


def _known_ends(experiment: Experiment) -> Floats:
    declared = experiment.objective
    minima = declared.function.minima if isinstance(declared, TestFunctionObjective) else ()
    return np.array(minima, dtype=np.float64).reshape(-1, 2)


def _gather(ends: Floats, known: Floats, radius: float) -> tuple[NDArray[np.int64], Floats]:
    """The group of every end, -1 of those without one, and the middle of each group; known minima come first."""
    labels = np.full(len(ends), -1, dtype=np.int64)
    middles = list(known)
    for index, middle in enumerate(middles):
        labels[np.hypot(*(ends - middle).T) <= radius] = index
    rest = np.flatnonzero((labels < 0) & np.isfinite(ends).all(axis=1))
    while rest.size and len(middles) < len(known) + 12:
        distances = np.hypot(*(ends[rest] - ends[rest[0]]).T)
        group = rest[distances <= radius]
        if len(group) >= max(2, len(ends) // 500):
            labels[group] = len(middles)
            middles.append(np.median(ends[group], axis=0))
        rest = rest[distances > radius]
    return labels, np.array(middles).reshape(-1, 2)
