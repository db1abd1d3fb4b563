"""Snapshots of a trainer: what graph, parameter table and fit show of the current step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.numbers import Floats
from gradviz.core.questions.snapshot import ParameterRow, Snapshot
from gradviz.engine.graph.capture import GraphCapture
from gradviz.engine.runs.commands import Wanted
from gradviz.engine.summaries import summarise
from gradviz.engine.surfaces.fit_pictures import fit_picture
from gradviz.engine.surfaces.survey import Plane, plane_of
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.trainer import Trainer


class Observer:
    """Looks at a trainer between two steps and leaves it as it was: gradients and random state included."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._captures: dict[int, GraphCapture] = {}
        self.plane: Plane = plane_of(trainer.lanes[0].objective, trainer.experiment.seed)

    def recentre(self) -> None:
        """Lay the plane of a slice through the current parameters."""
        self.plane = plane_of(self._trainer.lanes[0].objective, self._trainer.experiment.seed)

    def look(self, wanted: Wanted) -> Snapshot:
        """A snapshot of the current step with the parts that are wanted."""
        begin = time.perf_counter()
        lanes = self._trainer.lanes
        index = min(wanted.optimizer, len(lanes) - 1)
        graph = self._graph(index) if wanted.graph else None
        rows = tuple(row for k in range(len(lanes)) for row in _rows(k, lanes[k])) if wanted.parameters else ()
        fit = fit_picture(lanes, index) if wanted.fit else None
        position = self._position()
        seconds = time.perf_counter() - begin
        rates, no_loss = self._trainer.rates, _no_loss(lanes[0])
        return Snapshot(self._trainer.step, graph, rows, fit, position, seconds, rates, no_loss)

    def _graph(self, index: int) -> GraphSnapshot:
        lane = self._trainer.lanes[index]
        capture = self._captures.setdefault(index, GraphCapture(lane.objective))
        random = torch.get_rng_state()
        parameters = list(lane.objective.parameters.values())
        gradients = [parameter.grad for parameter in parameters]
        try:
            return capture.capture(dict(zip(map(id, parameters), gradients, strict=True)))
        finally:
            torch.set_rng_state(random)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient

    def _position(self) -> Floats:
        lanes = self._trainer.lanes
        if self.plane.exact:
            places = [tuple(p.item() for p in lane.objective.parameters.values()) for lane in lanes]
        else:
            places = [self.plane.project(lane.objective) for lane in lanes]
        return np.array(places, dtype=np.float64)


def _no_loss(lane: Lane) -> str:
    """Why there is no loss, with PyTorch's own words where it has refused."""
    what = lane.objective.no_number
    if not what:
        return ""
    said = f" PyTorch: “{lane.fault.words}”." if lane.fault is not None and lane.fault.words else ""
    return f"{what}, and a loss is one.{said} Take their sum or mean in the last line, or give an upstream gradient."


def _rows(index: int, lane: Lane) -> list[ParameterRow]:
    rows = []
    for name, parameter in lane.objective.parameters.items():
        gradient = None if parameter.grad is None else summarise(parameter.grad)
        kept = lane.optimizer.state.get(parameter, {})
        state = tuple((key, summarise(tensor)) for key, tensor in _tensors(kept))
        rows.append(ParameterRow(index, name, summarise(parameter), gradient, state))
    for name, value in lane.objective.retained():
        gradient = None if value.grad is None else summarise(value.grad)
        rows.append(ParameterRow(index, name, summarise(value), gradient, ()))
    return rows


def _tensors(state: dict[str, Any]) -> Iterator[tuple[str, torch.Tensor]]:
    """What an optimiser keeps, numbers and lists as well: LBFGS keeps its history as lists, with empty places."""
    for key, value in state.items():
        if isinstance(value, list):
            kept = [torch.as_tensor(item) for item in value if item is not None]
            if kept:
                yield f"{key} ×{len(kept)}", torch.stack(kept)
        elif value is not None:
            yield key, torch.as_tensor(value)
