"""The table of parameters of the current step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from gradviz.core.questions.parameters import ParameterRow, ParameterTable, ReadParameters
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.summaries import summarise
from gradviz.engine.training.lanes import Lane


@answers_at_once(ReadParameters)
def parameters(_question: ReadParameters, moment: Moment) -> ParameterTable:
    """Every parameter of every optimiser."""
    trainer = moment.trainer
    rows = tuple(row for index, lane in enumerate(trainer.lanes) for row in _rows(index, lane))
    parts = tuple(tuple(lane.objective.parts().items()) for lane in trainer.lanes)
    scales = tuple(lane.scaling.scale for lane in trainer.lanes if lane.scaling is not None)
    return ParameterTable(rows, trainer.rates, parts if any(parts) else (), scales)


def _rows(index: int, lane: Lane) -> list[ParameterRow]:
    rows = []
    groups = lane.optimizer.param_groups if len(lane.optimizer.param_groups) > 1 else []
    rates = {id(parameter): float(group["lr"]) for group in groups for parameter in group["params"]}
    for name, parameter in lane.objective.parameters.items():
        gradient = None if parameter.grad is None else summarise(parameter.grad)
        kept = lane.optimizer.state.get(parameter, {})
        state = tuple((key, summarise(tensor)) for key, tensor in _tensors(kept))
        rate, is_frozen = rates.get(id(parameter)), not parameter.requires_grad
        rows.append(ParameterRow(index, name, summarise(parameter), gradient, state, rate, is_frozen))
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
