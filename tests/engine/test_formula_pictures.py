"""What a formula with columns of data fits, against the same in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.fit import CurveFit, Predict, ScatterFit
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

X, Y = (3.0, 1.0, 2.0, 0.0), (7.1, 2.9, 5.2, 1.0)


def experiment(
    text: str, optimizers: int = 1, columns: dict[str, Any] | None = None, **parameters: float
) -> Experiment:
    data = columns or {"x": X, "y": Y}
    tensors = [NamedTensor(name=name, role="constant", value=value) for name, value in data.items()]
    tensors += [NamedTensor(name=name, value=value) for name, value in (parameters or {"w": 0.5, "b": 0.25}).items()]
    objective = FormulaObjective(tensors=tuple(tensors), text=text)
    lanes = tuple(SGD(lr=0.01 * (k + 1)) for k in range(optimizers))
    return Experiment(objective=objective, optimizers=lanes, dtype="float64")


def picture(made: Experiment, steps: int = 0, optimizer: int = 0) -> Any:
    trainer = Trainer(made)
    for _ in range(steps):
        trainer.advance()
    return ask(Predict(optimizer), Moment(trainer)), trainer


def test_a_line_through_its_points_with_its_determination() -> None:
    fit, trainer = picture(experiment("p = w*x + b\nl = mean((p - y)**2)", 2), steps=5)
    assert isinstance(fit, CurveFit)
    assert (fit.inputs.tolist(), fit.targets.tolist()) == (list(X), list(Y))
    assert (fit.score.names.inputs, fit.score.names.targets) == (("x",), ("y",))
    assert min(X) - fit.curve_x[0] == pytest.approx(fit.curve_x[-1] - max(X)), "as far beyond the data on both sides"
    assert fit.curve_x[0] < min(X)
    for lane, curve, score in zip(trainer.lanes, fit.curves, fit.score.values, strict=True):
        w, b = (lane.objective.parameters[name].item() for name in ("w", "b"))
        np.testing.assert_allclose(curve, w * fit.curve_x + b, rtol=1e-12)
        residual = np.array(Y) - (w * np.array(X) + b)
        assert score == pytest.approx(1 - (residual**2).sum() / np.var(Y) / 4)


@pytest.mark.parametrize(
    "text",
    ["l = mean((y - w*x - b)**2)", "l = mean((b - y + w*x)**2)", "l = mean((-(w*x) - b + y)**2)"],
)
def test_however_the_difference_is_written(text: str) -> None:
    fit, _ = picture(experiment(text))
    np.testing.assert_allclose(fit.curves[0], 0.5 * fit.curve_x + 0.25, rtol=1e-12)


def test_a_curve_is_smooth_and_a_probability_has_no_determination() -> None:
    text = "p = sigmoid(w*x + b)\nl = -mean(y*log(p) + (1 - y)*log(1 - p))"
    fit, _ = picture(experiment(text, columns={"x": X, "y": (1.0, 0.0, 1.0, 0.0)}))
    np.testing.assert_allclose(fit.curves[0], 1 / (1 + np.exp(-(0.5 * fit.curve_x + 0.25))), rtol=1e-12)
    assert len(fit.curve_x) == 200
    assert fit.score.values == ()


@pytest.mark.parametrize("text", ["p = w*(x - mean(x)) + b", "p = w*x/sum(x*x) + b"])
def test_rows_that_are_predicted_together_are_joined_where_they_stand(text: str) -> None:
    """Any other x would move the mean, and with it what the data is predicted as."""
    x, start = np.array(X), 0.0
    fit, _ = picture(experiment(f"{text}\nl = mean((p - y)**2)", w=start, b=0.25))
    assert fit.curve_x.tolist() == sorted(X)
    fit, _ = picture(experiment(f"{text}\nl = mean((p - y)**2)", w=2.0, b=0.25))
    want = (2 * x / (x * x).sum() if "/" in text else 2 * (x - x.mean())) + 0.25
    np.testing.assert_allclose(fit.curves[0], want[np.argsort(x)], rtol=1e-12)


def test_columns_of_a_matrix_and_rows_with_weights() -> None:
    fit, _ = picture(
        experiment("l = mean((w*x + b - y)**2)", columns={"x": tuple((v,) for v in X), "y": tuple((v,) for v in Y)})
    )
    np.testing.assert_allclose(fit.curves[0], 0.5 * fit.curve_x + 0.25, rtol=1e-12)
    weighted, _ = picture(
        experiment("p = w*x + b\nl = sum(k*(p - y)**2)", columns={"x": X, "y": Y, "k": (1.0, 2.0, 1.0, 2.0)})
    )
    assert isinstance(weighted, CurveFit)
    np.testing.assert_allclose(weighted.curves[0], 0.5 * weighted.curve_x + 0.25, rtol=1e-12)


def test_two_inputs_are_prediction_against_target() -> None:
    columns = {"x": X, "z": (0.0, 1.0, 0.0, 1.0), "y": Y}
    fit, _ = picture(experiment("l = mean((w*x + b*z - y)**2)", columns=columns))
    assert isinstance(fit, ScatterFit)
    assert fit.targets[:, 0].tolist() == list(Y)
    np.testing.assert_allclose(fit.predictions[:, 0], 0.5 * np.array(X) + 0.25 * np.array(columns["z"]), rtol=1e-12)


def test_without_a_prediction_there_are_the_points_alone() -> None:
    fit, _ = picture(experiment("l = (w - mean(x*y))**2 + b**2"))
    assert fit.curves.shape[0] == 0
    assert fit.targets.tolist() == list(Y)


def test_a_formula_without_data_has_no_fit() -> None:
    with pytest.raises(EngineError, match="fits no data"):
        picture(Experiment(objective=FormulaObjective()))
