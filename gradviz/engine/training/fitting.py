"""Whether a result fits the lanes that its experiment gives: asked of every part before anything is restored.

What torch keeps is learned from torch: an optimiser of the same settings makes one step with a gradient of zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch

from gradviz.core.document.experiment import Experiment
from gradviz.core.document.misfit import misfit
from gradviz.core.runs.result import Array, LaneResult, RunResult
from gradviz.engine.problems import EngineError
from gradviz.engine.training.explanations import LIMIT
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.optimizer_fitting import optimizer_misfits
from gradviz.engine.training.schedule_fitting import schedule_misfits

Kind = tuple[str, tuple[int, ...]]
"""Dtype and shape."""
_NEXT = "Press Reset to start from the seed."


def check_fit(experiment: Experiment, lanes: list[Lane], result: RunResult) -> None:
    """EngineError with the name of what does not fit; a result that passes can be restored and goes on."""
    clause = misfit(experiment, result) or next(_misfits(experiment, lanes, result), "")
    if clause:
        room = LIMIT - len(_NEXT) - len("The result in this file does not fit: . ")
        raise EngineError(f"The result in this file does not fit: {clause[:room]}. {_NEXT}")


def _misfits(experiment: Experiment, lanes: list[Lane], result: RunResult) -> Iterator[str]:
    yield from _random_misfits(result.random)
    if result.start:
        wanted = {name: _kind(parameter) for name, parameter in lanes[0].objective.parameters.items()}
        yield from _array_misfits("start", wanted, result.start, any_dtype=True)
    yield from _path_misfits(lanes[0], result)
    for index, (lane, saved) in enumerate(zip(lanes, result.lanes, strict=True)):
        where = f" of optimiser {index + 1}" if len(lanes) > 1 else ""
        yield from (f"{clause}{where}" for clause in _lane_misfits(experiment, index, lane, saved, result))


def _path_misfits(lane: Lane, result: RunResult) -> Iterator[str]:
    """Of two scalars there were positions from the first version on, of two numbers in other shapes since 0.4."""
    objective = lane.objective
    if result.history is None:
        return
    if (result.history.figures is not None) != (lane.watch is not None):
        held = "tells of rows held out, of which there are none"
        yield f"its history {'lacks the figures of the rows held out' if lane.watch is not None else held}"
    found, wanted = result.history.positions.shape[2], len(objective.numbers)
    always = wanted == 2 and all(parameter.dim() == 0 for parameter in objective.parameters.values())
    if found not in (0, wanted):
        yield "its history has positions that no parameters have"
    elif always and not found:
        yield "its history has no positions"


def _random_misfits(random: Array | None) -> Iterator[str]:
    if random is None:
        yield "it has no random state"
        return
    is_right = random.dtype == np.uint8 and random.shape == tuple(torch.get_rng_state().shape)
    try:
        if is_right:  # what is larger is not even copied
            torch.Generator().set_state(torch.from_numpy(random.copy()))
    except (RuntimeError, TypeError):
        is_right = False
    if not is_right:
        yield f"its random state is none of torch's ({random.dtype} of {random.size:,})"


def _lane_misfits(
    experiment: Experiment, index: int, lane: Lane, saved: LaneResult, result: RunResult
) -> Iterator[str]:
    parameters = {name: _kind(parameter) for name, parameter in lane.objective.parameters.items()}
    buffers = {name: _kind(buffer) for name, buffer in lane.objective.buffers.items()}
    yield from _array_misfits("weights", parameters, saved.weights)
    yield from _array_misfits("buffers", buffers, saved.buffers)
    carried = {name: kind for name, kind in parameters.items() if name in saved.gradients and lane.carries}
    yield from _array_misfits("gradient", carried, saved.gradients)
    yield from _scaling_misfits(lane, saved)
    yield from _watch_misfits(lane, saved, result.step, parameters, buffers)
    declared = experiment.optimizers[index]
    yield from optimizer_misfits(declared, lane, saved, result.step)
    is_same_torch = result.versions.get("torch") == torch.__version__
    yield from schedule_misfits(declared, lane, saved, result.step, is_same_torch)


def _scaling_misfits(lane: Lane, saved: LaneResult) -> Iterator[str]:
    """The scale of a loss in float16 is a number above 0, and the steps since it grew are counted."""
    wanted = {} if lane.scaling is None else lane.scaling.moving
    if saved.scaling.keys() != wanted.keys():
        yield "it has no scale of its loss" if wanted else "it has the scale of a loss that is not scaled"
        return
    for name, value in saved.scaling.items():
        is_count = isinstance(wanted[name], int)
        if not math.isfinite(value) or not (isinstance(value, int) and value >= 0 if is_count else value > 0):
            yield f"scaling/{name} is {value:g}, which no scaler has"


def _watch_misfits(
    lane: Lane, saved: LaneResult, step: int, parameters: Mapping[str, Kind], buffers: Mapping[str, Kind]
) -> Iterator[str]:
    """What of early stopping does not fit."""
    is_watched, watch = lane.watch is not None and lane.watch.stopping is not None, saved.watch
    if watch is None:
        if is_watched:
            yield "it does not tell where its early stopping stands"
        return
    if not is_watched:
        yield "it tells of early stopping, which is off"
        return
    steps = (watch.step, watch.stop, watch.end)
    if any(known is not None and known > step for known in steps) or (watch.end is not None and watch.stop is None):
        yield "its early stopping lies ahead of its run"
    if watch.stop is not None and watch.end is None and watch.step is None:
        yield "its early stopping has no weights to put back"
    known = watch.step is not None
    yield from _array_misfits("best", parameters if known else {}, watch.weights)
    yield from _array_misfits("best_buffers", buffers if known else {}, watch.buffers)


def _kind(tensor: torch.Tensor) -> Kind:
    return str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape)


def _array_misfits(
    what: str, wanted: Mapping[str, Kind], saved: Mapping[str, Array], any_dtype: bool = False
) -> Iterator[str]:
    """What is missing, too much, or of another shape or dtype."""
    for name, (dtype, shape) in wanted.items():
        found = saved.get(name)
        if found is None:
            yield f"it has no {what}/{name[:60]}"
        elif found.shape != shape:
            yield f"{what}/{name[:60]} has the shape {found.shape} and not {shape}"
        elif found.dtype.name != dtype and not any_dtype:
            yield f"{what}/{name[:60]} is of {found.dtype} and not of {dtype}"
    for name in saved:
        if name not in wanted:
            yield f"{what}/{name[:60]} belongs to nothing"
