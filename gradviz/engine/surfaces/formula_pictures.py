"""What a formula with columns of data fits: the points, and what it predicts of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gradviz.core.formulas.fitted_columns import FittedColumns, Prediction
from gradviz.core.questions.fit import CurveFit, FitNames, FitScore, ScatterFit
from gradviz.engine.objectives.formula_descent import FormulaDescent
from gradviz.engine.objectives.scores import determination
from gradviz.engine.surfaces.fit_pictures import CURVE_POINTS, MOST_ROWS, array, axis

MARGIN = 0.05
ELSEWHERE = 0.37
"""How far from where the parameters are it is tried whether each row is predicted by itself: at 0 any line is."""


class _Predictor(NamedTuple):
    """A prediction that torch gives one number a row of. `is_rowwise` is whether a row's is made of that row alone."""

    prediction: Prediction
    evaluate: Callable[[Mapping[str, Tensor]], Tensor]
    is_rowwise: bool


class FormulaPictures:
    """Pictures of the formulas of a race, which have one text and one data."""

    def __init__(self, objectives: Sequence[FormulaDescent]) -> None:
        self._objectives = objectives
        self._fitted = objectives[0].fitted
        self._predictor = None if self._fitted is None else _predictor(objectives[0], self._fitted)

    @torch.no_grad()
    def picture(self, optimizer: int) -> CurveFit | ScatterFit | None:
        """Data and prediction; None where the formula has no columns. Without a prediction there are the points."""
        if self._fitted is None:
            return None
        if self._predictor is None or len(self._predictor.prediction.inputs) == 1:
            return self._curve(self._fitted, self._predictor)
        return self._scatter(self._fitted, self._predictor, optimizer)

    def _curve(self, fitted: FittedColumns, predictor: _Predictor | None) -> CurveFit:
        across = fitted.inputs[0] if predictor is None else predictor.prediction.inputs[0]
        x, given = (self._objectives[0].tensors[name] for name in (across, fitted.target))
        at, order = x, torch.argsort(x.reshape(-1), stable=True)
        if predictor is not None and predictor.is_rowwise:
            at = axis(x.reshape(-1), CURVE_POINTS, MARGIN).reshape(-1, *x.shape[1:])
            order = torch.arange(len(at), device=x.device)
        curves: list[Tensor] = []
        if predictor is not None:
            values = (predictor.evaluate(objective.tensors | {across: at}) for objective in self._objectives)
            curves = [value.reshape(-1)[order] for value in values]
        every = self._every(given)
        return CurveFit(
            array(x.reshape(-1)[::every]),
            array(given.reshape(-1)[::every]),
            array(at.reshape(-1)[order]),
            np.stack([array(curve) for curve in curves]) if curves else np.empty((0, len(order))),
            self._score(fitted, predictor, (across,)),
        )

    def _scatter(self, fitted: FittedColumns, predictor: _Predictor, optimizer: int) -> ScatterFit:
        objective = self._objectives[optimizer]
        given, found = objective.tensors[fitted.target].reshape(-1), predictor.evaluate(objective.tensors).reshape(-1)
        every = self._every(given)
        score = self._score(fitted, predictor, predictor.prediction.inputs)
        return ScatterFit(array(given[::every])[:, None], array(found[::every])[:, None], optimizer, score)

    @staticmethod
    def _every(given: Tensor) -> int:
        return -(-given.numel() // MOST_ROWS)

    def _score(self, fitted: FittedColumns, predictor: _Predictor | None, inputs: tuple[str, ...]) -> FitScore:
        """R² where the prediction is of the target's kind; a probability beside a class, say, is not."""
        given = self._objectives[0].tensors[fitted.target].reshape(-1, 1)
        values: tuple[float, ...] = ()
        if predictor is not None and predictor.prediction.is_compared:
            found = [predictor.evaluate(objective.tensors).reshape(-1, 1) for objective in self._objectives]
            values = tuple(determination(given, prediction) for prediction in found)
        rows = len(given)
        return FitScore(rows, -(-rows // self._every(given)), 0, values, FitNames(inputs, (fitted.target,)))


@torch.no_grad()
def _predictor(objective: FormulaDescent, fitted: FittedColumns) -> _Predictor | None:
    """The first prediction that has a number for each row."""
    rows = objective.tensors[fitted.target].numel()
    for prediction in fitted.predictions:
        evaluate = objective.program.evaluator(prediction.expression)
        if evaluate(objective.tensors).numel() == rows:
            return _Predictor(prediction, evaluate, _is_rowwise(objective, prediction, evaluate))
    return None


def _is_rowwise(
    objective: FormulaDescent, prediction: Prediction, evaluate: Callable[[Mapping[str, Tensor]], Tensor]
) -> bool:
    """Whether the first and the last row by themselves are predicted as among all: then any x has its prediction."""
    if len(prediction.inputs) > 1:
        return False
    moved = {name: value + ELSEWHERE for name, value in objective.parameters.items()}
    tensors, across = {**objective.tensors, **moved}, prediction.inputs[0]
    whole, column = evaluate(tensors).reshape(-1), tensors[across]
    for row in (0, len(column) - 1):
        try:
            alone = evaluate({**tensors, across: column[row : row + 1]})
        except RuntimeError:
            return False  # there is another tensor of as many rows
        if alone.numel() != 1 or not torch.allclose(alone.reshape(()), whole[row], rtol=1e-3, equal_nan=True):
            return False
    return True
