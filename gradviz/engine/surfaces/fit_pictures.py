"""What a fit shows of the current step, small enough to be looked at many times a second."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gradviz.core.numbers import Floats
from gradviz.core.questions.fit import (
    CurveFit,
    FitNames,
    FitScore,
    FitSnapshot,
    HeldPoints,
    PlaneFit,
    ScatterFit,
    TableFit,
)
from gradviz.engine.objectives.fit_data import FitData
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.scores import determination
from gradviz.engine.training.lanes import Lane

MOST_ROWS = 2000
CURVE_POINTS = 200
FIELD_POINTS = 96
COARSE_FIELD_POINTS = 48
LARGE_MODEL = 2000
"""Numbers of a row's evaluation above which the plane is drawn coarser."""


def fit_picture(lanes: list[Lane], optimizer: int) -> FitSnapshot | None:
    """Data and prediction; None where the objective fits no data. `optimizer` is the one whose plane is shown."""
    objectives = [lane.objective for lane in lanes if isinstance(lane.objective, FitDescent)]
    if not objectives:
        return None
    first = objectives[0]
    inputs, given = _thinned(first.data)
    predictions = [objective.predict(inputs) for objective in objectives]
    score = _score(first, given, predictions)
    shape = tuple(inputs.shape[1:])
    has_one_target = first.classes > 0 or given.shape[1] == 1
    is_continuous = inputs.is_floating_point() and has_one_target
    if shape == (1,) and is_continuous:
        return _curve(objectives, inputs, given, score)
    if shape == (2,) and is_continuous:
        return _plane(objectives[optimizer], inputs, given, optimizer, score)
    if first.classes:
        return TableFit(_counts(first, given, predictions[optimizer]), optimizer, score)
    held = _held_predictions(objectives[optimizer])
    return ScatterFit(array(given), array(predictions[optimizer]), optimizer, score, held)


def _thinned(data: FitData) -> tuple[Tensor, Tensor]:
    """Inputs and what the data gives for them, of at most `MOST_ROWS` rows."""
    every = -(-len(data.inputs) // MOST_ROWS)
    return data.inputs[::every], data.given[::every]


def _held_points(data: FitData) -> HeldPoints | None:
    """The rows held out, of one input over the target, of two over each other."""
    if data.held is None:
        return None
    inputs, given = _thinned(data.held)
    targets = array(given.reshape(-1))
    points = array(inputs) if inputs.shape[1] == 2 else np.column_stack((array(inputs[:, 0]), targets))
    return HeldPoints(points, targets, len(data.held.inputs))


def _held_predictions(objective: FitDescent) -> HeldPoints | None:
    """The same over the target: its outputs one after another, those that are finite."""
    held = objective.data.held
    if held is None:
        return None
    inputs, given = _thinned(held)
    targets, predictions = array(given), array(objective.predict(inputs))
    finite, outputs = np.isfinite(predictions), np.broadcast_to(np.arange(targets.shape[1]), targets.shape)
    points = np.column_stack((targets[finite], predictions[finite]))
    return HeldPoints(points, outputs[finite].astype(np.float64), len(held.inputs))


def _known_inputs(data: FitData, column: int) -> Tensor:
    """A column of all rows, those held out among them: the picture has room for each."""
    parts = [data.inputs] if data.held is None else [data.inputs, data.held.inputs]
    return torch.cat([part[:, column] for part in parts])


def _curve(objectives: list[FitDescent], inputs: Tensor, given: Tensor, score: FitScore) -> CurveFit:
    data = objectives[0].data
    x = axis(_known_inputs(data, 0), CURVE_POINTS, 0.05)
    curves = []
    for objective in objectives:
        answer = objective.predict(x.unsqueeze(1))
        if objective.classes:
            shares = objective.probabilities(answer)
            answer = shares[:, 1] if objective.classes == 2 else _classes(shares)
        curves.append(array(answer.reshape(-1)))
    known = array(inputs[:, 0]), array(given.reshape(-1))
    return CurveFit(*known, array(x), np.stack(curves), score, _held_points(data))


def _plane(objective: FitDescent, inputs: Tensor, given: Tensor, optimizer: int, score: FitScore) -> PlaneFit:
    count = FIELD_POINTS if objective.activations <= LARGE_MODEL else COARSE_FIELD_POINTS
    x, y = (axis(_known_inputs(objective.data, column), count, 0.08) for column in range(2))
    grid = torch.cartesian_prod(y, x).flip(1)
    answer = objective.predict(grid)
    if objective.classes:
        shares = objective.probabilities(answer)
        field, certainty = _classes(shares), shares.max(dim=1).values
    else:
        field, certainty = answer[:, 0], torch.ones_like(answer[:, 0])
    return PlaneFit(
        points=array(inputs),
        targets=array(given.reshape(-1)),
        x=array(x),
        y=array(y),
        field=array(field.reshape(count, count)),
        certainty=array(certainty.reshape(count, count)),
        optimizer=optimizer,
        score=score,
        held=_held_points(objective.data),
    )


def axis(column: Tensor, count: int, margin: float) -> Tensor:
    """Equidistant values over the range of a column and a little beyond."""
    low, high = float(column.min()), float(column.max())
    room = margin * (high - low) or 0.5
    return torch.linspace(low - room, high + room, count, dtype=column.dtype, device=column.device)


def _classes(shares: Tensor) -> Tensor:
    """The most probable class of each row as a float; NaN where a probability is not finite."""
    chosen = shares.argmax(dim=1).to(shares.dtype)
    return torch.where(torch.isfinite(shares).all(dim=1), chosen, torch.nan)


def _score(first: FitDescent, given: Tensor, predictions: list[Tensor]) -> FitScore:
    values = []
    for prediction in predictions:
        if first.classes:
            right = _classes(first.probabilities(prediction)) == given
            values.append(float(right.double().mean()))
        else:
            values.append(determination(given, prediction))
    return FitScore(len(first.data.inputs), len(given), first.classes, tuple(values), FitNames(*first.names))


def _counts(
    objective: FitDescent, given: Tensor, prediction: Tensor
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    answers = array(_classes(objective.probabilities(prediction)))
    known = np.isfinite(answers)
    counts = np.zeros((objective.classes, objective.classes), dtype=np.int64)
    np.add.at(counts, (given.cpu().numpy()[known], answers[known].astype(np.int64)), 1)
    return counts


def array(tensor: Tensor) -> Floats:
    array: Floats = tensor.detach().double().cpu().numpy().copy()
    array.flags.writeable = False
    return array
