"""What a fit shows of a step, against numpy on the same arrays and the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fits import fit_with_loss
from torch.nn import functional

from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.class_datasets import Blobs, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Parabola, Regression
from gradviz.core.data.shaped_datasets import BarImages
from gradviz.core.data.validation import ShareValidation, StratifiedValidation
from gradviz.core.declaration import kind_of
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.objectives.losses import LOSSES, CrossEntropy
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.fit import CurveFit, HeldPoints, PlaneFit, Predict, ScatterFit, TableFit
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.surfaces.fit_pictures import MOST_ROWS, fit_picture
from gradviz.engine.training.trainer import Trainer

KINDS = {
    "temperatures": CurveFit,
    "parabola": CurveFit,
    "line": CurveFit,
    "regression": ScatterFit,
    "blobs": PlaneFit,
    "moons": PlaneFit,
    "spirals": PlaneFit,
    "circles": PlaneFit,
    "sine_sequence": ScatterFit,
    "tokens": TableFit,
    "bars": TableFit,
    "table": CurveFit,
}


def looked(declared: FitObjective, *rules: Any, steps: int = 3, optimizer: int = 0) -> tuple[Any, Trainer]:
    trainer = Trainer(Experiment(objective=declared, optimizers=rules or (Adam(lr=0.05),), dtype="float64"))
    for _ in range(steps):
        trainer.advance()
    return ask(Predict(optimizer=optimizer), Moment(trainer)), trainer


def model_of(trainer: Trainer, lane: int = 0) -> FitDescent:
    objective = trainer.lanes[lane].objective
    assert isinstance(objective, FitDescent)
    return objective


def test_every_dataset_has_its_picture() -> None:
    assert {kind_of(entry) for entry in DATASETS} == set(KINDS)


@pytest.mark.parametrize("entry", DATASETS, ids=kind_of)
def test_the_picture_of_a_dataset_and_its_score(entry: Any) -> None:
    fit, trainer = looked(starter(entry()))
    assert type(fit) is KINDS[kind_of(entry)]
    objective = model_of(trainer)
    every = -(-len(objective.data.inputs) // MOST_ROWS)
    prediction = objective.predict(objective.data.inputs[::every]).numpy()
    given = objective.data.given[::every].numpy()
    if objective.classes:
        expected = (prediction.argmax(axis=1) == given).mean()
    else:
        expected = 1 - ((given - prediction) ** 2).sum() / ((given - given.mean(axis=0)) ** 2).sum()
    assert fit.score.values[0] == pytest.approx(expected)
    assert fit.score.classes == objective.classes
    assert fit.score.rows == len(objective.data.inputs)


def test_the_field_of_a_plane_is_the_models_answer_at_its_places() -> None:
    fit, trainer = looked(starter(Blobs(classes=3)), SGD(lr=0.1), Adam(lr=0.1), optimizer=1)
    assert isinstance(fit, PlaneFit)
    assert fit.optimizer == 1
    assert len(fit.score.values) == 2
    objective = model_of(trainer, 1)
    for row, column in ((0, 0), (10, 70), (90, 5), (95, 95)):
        place = torch.tensor([[fit.x[column], fit.y[row]]], dtype=torch.float64)
        shares = functional.softmax(objective.predict(place), dim=1)[0]
        assert fit.field[row, column] == shares.argmax().item()
        assert fit.certainty[row, column] == pytest.approx(shares.max().item())
    x, _ = Blobs(classes=3).arrays(0)
    assert fit.x[0] < x[:, 0].min() < x[:, 0].max() < fit.x[-1]


def test_values_over_a_plane() -> None:
    declared = FitObjective(data=Regression(points=40, inputs=2, targets=1), model=(LinearLayer(),))
    fit, trainer = looked(declared)
    assert isinstance(fit, PlaneFit)
    weights = model_of(trainer).parameters
    w, b = weights["weight"].detach().numpy()[0], weights["bias"].item()
    grid_x, grid_y = np.meshgrid(fit.x, fit.y)
    np.testing.assert_allclose(fit.field, w[0] * grid_x + w[1] * grid_y + b, rtol=1e-12)
    two_targets = FitObjective(data=Regression(points=40, inputs=2, targets=2), model=(LinearLayer(features=2),))
    assert isinstance(looked(two_targets)[0], ScatterFit), "two values have no one colour"


@pytest.mark.parametrize("entry", [loss for loss in LOSSES if loss.wants != "values"], ids=kind_of)
def test_probabilities_are_as_the_loss_reads_a_prediction(entry: Any) -> None:
    objective = model_of(looked(fit_with_loss(entry()), steps=0)[1])
    raw = objective.predict(objective.data.inputs)
    if kind_of(entry) == "nll":
        raw = functional.log_softmax(raw, dim=1)
    shares = objective.probabilities(raw)
    assert shares.shape == (20, 2)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(20, dtype=torch.float64))
    loss = entry().build()(raw, objective.data.targets)
    told = -shares[torch.arange(20), objective.data.given].log().mean()
    assert loss.item() == pytest.approx(told.item())


def test_the_table_counts_every_row_once() -> None:
    fit, trainer = looked(starter(BarImages()))
    assert isinstance(fit, TableFit)
    given = model_of(trainer).data.given.numpy()
    assert fit.counts.sum(axis=1).tolist() == np.bincount(given).tolist()
    assert np.trace(fit.counts) / fit.counts.sum() == pytest.approx(fit.score.values[0])


def test_a_prediction_that_is_not_finite_has_no_answer() -> None:
    declared = FitObjective(data=TwoMoons(), model=(LinearLayer(features=2),), loss=CrossEntropy())
    _, trainer = looked(declared)
    with torch.no_grad():
        model_of(trainer).parameters["weight"].fill_(torch.nan)
    fit = fit_picture(trainer.lanes, 0)
    assert isinstance(fit, PlaneFit)
    assert np.isnan(fit.field).all()
    assert fit.score.values == (0.0,)


def test_a_large_dataset_is_thinned_and_says_so() -> None:
    fit, _ = looked(FitObjective(data=NoisyLine(points=10_001)), steps=0)
    assert (fit.score.rows, fit.score.shown) == (10_001, 1667)
    assert isinstance(fit, CurveFit)
    assert len(fit.inputs) == 1667
    x, _ = NoisyLine(points=10_001).arrays(0)
    np.testing.assert_array_equal(fit.inputs, x[::6, 0])


def test_one_value_of_which_all_targets_are_alike_has_no_score() -> None:
    fit, _ = looked(FitObjective(data=Parabola(a=0.0, b=0.0)), steps=0)
    assert np.isnan(fit.score.values[0])


def test_rows_held_out_lie_where_the_data_has_them_and_the_picture_has_room_for_each() -> None:
    data = NoisyLine(points=40, validation=ShareValidation(share=0.25))
    fit, _ = looked(FitObjective(data=data))
    x, y = data.arrays(0)
    held = data.held_out(None)
    assert isinstance(fit, CurveFit)
    assert isinstance(fit.held, HeldPoints)
    np.testing.assert_allclose(fit.held.points, np.column_stack((x[held, 0], y[held, 0])), rtol=1e-6)
    np.testing.assert_allclose(fit.inputs, x[~held, 0], rtol=1e-6)
    assert (fit.held.rows, fit.score.rows) == (10, 30)
    assert fit.curve_x[0] < x.min()
    assert fit.curve_x[-1] > x.max()
    assert looked(FitObjective(data=NoisyLine(points=40)))[0].held is None


def test_rows_held_out_of_classes_keep_their_class_and_of_many_inputs_their_prediction() -> None:
    moons = TwoMoons(validation=StratifiedValidation(share=0.3))
    fit, trainer = looked(FitObjective(data=moons, model=(LinearLayer(features=2),), loss=CrossEntropy()))
    inputs, labels = moons.arrays(0)
    held = moons.held_out(labels)
    assert isinstance(fit, PlaneFit)
    np.testing.assert_allclose(fit.held.points, inputs[held], rtol=1e-6)
    assert fit.held.kinds.tolist() == labels[held].tolist()
    wide = Regression(points=40, inputs=3, targets=2, validation=ShareValidation(share=0.25))
    fit, trainer = looked(FitObjective(data=wide, model=(LinearLayer(features=2),)))
    assert isinstance(fit, ScatterFit)
    rows = model_of(trainer).data.held
    predicted = model_of(trainer).predict(rows.inputs).detach().numpy()
    np.testing.assert_array_equal(fit.held.points, np.column_stack((rows.given.numpy().ravel(), predicted.ravel())))
    assert fit.held.kinds.tolist() == [0.0, 1.0] * 10
    assert fit.held.rows == 10
