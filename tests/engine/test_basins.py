"""The map of basins: each of its points against a run of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, formula_experiment

from gradviz.core.data.batches import MiniBatch
from gradviz.core.data.curve_datasets import NoisyLine as Line
from gradviz.core.document.experiment import Experiment, with_start
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.basins import BasinMap
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.basins import basins
from gradviz.engine.training.trainer import Trainer

BOX = ((-6.0, 6.0), (-6.0, 6.0))


def map_of(experiment: Experiment, resolution: int = 24, box: Any = BOX) -> BasinMap:
    work = basins(experiment, box, resolution)
    shares = []
    while True:
        try:
            shares.append(next(work))
        except StopIteration as ended:
            assert shares == sorted(shares)
            assert 0 < shares[-1] <= 1
            return ended.value


def end_of(experiment: Experiment, x: float, y: float) -> np.ndarray:
    started = with_start(experiment, x, y)
    assert started is not None
    trainer = Trainer(started)
    for _ in trainer.steps():
        pass
    return np.array(trainer.record.position) if not trainer.diverged else np.full(2, np.nan)


@pytest.mark.parametrize("optimizer", [SGD(lr=1e-3), SGD(lr=1e-3, momentum=0.8), Adam(lr=0.02)], ids=lambda o: o.kind)
def test_every_start_of_a_sample_ends_where_its_own_run_ends(optimizer: Any) -> None:
    experiment = Experiment(objective=HIMMELBLAU, optimizers=(optimizer,), steps=2000)
    found = map_of(experiment)
    assert set(np.unique(found.labels)) >= {0, 1, 2, 3}
    for row, column in np.random.default_rng(3).integers(0, 24, (12, 2)):
        label = found.labels[row, column]
        end = end_of(experiment, found.x[column], found.y[row])
        if label < 0:
            assert np.hypot(*(found.ends - end).T).min() > 0.1 or not np.isfinite(end).all()
        else:
            np.testing.assert_allclose(end, found.ends[label], atol=0.05)


def test_runs_that_diverge_belong_to_no_basin() -> None:
    experiment = Experiment(objective=HIMMELBLAU, optimizers=(SGD(lr=0.02),), steps=300)
    found = map_of(experiment)
    assert (found.labels >= 0).any()
    corners = [(row, column) for row in (0, 23) for column in (0, 23)]
    wild = [at for at in corners if not np.isfinite(end_of(experiment, found.x[at[1]], found.y[at[0]])).all()]
    assert len(wild) >= 2
    assert all(found.labels[at] == -1 for at in wild)


def test_what_moves_to_the_last_has_no_end() -> None:
    found = map_of(Experiment(objective=HIMMELBLAU, optimizers=(SGD(lr=1e-5),), steps=60))
    assert (found.labels == -1).mean() > 0.3


def test_the_ends_of_a_formula_are_found_without_being_known() -> None:
    experiment = formula_experiment("loss = (x**2 - 1)**2 + mean(v*y)**2", constants=("v",), x=0.5, y=0.5, v=(1.0, 3.0))
    found = map_of(experiment.model_copy(update={"steps": 3000}), box=((-2.0, 2.0), (-2.0, 2.0)))
    assert sorted(np.round(found.ends).tolist()) == [[-1.0, 0.0], [1.0, 0.0]]
    left = found.labels[:, :12]
    assert (left == left[0, 0]).all()
    assert (found.labels[:, 12:] == 1 - left[0, 0]).all()


def test_it_stops_when_nothing_moves_any_more() -> None:
    found = map_of(Experiment(objective=HIMMELBLAU, optimizers=(SGD(lr=1e-3),), steps=10**6))
    assert found.steps < 20_000


def test_what_has_no_map_says_why() -> None:
    with pytest.raises(EngineError, match="two numbers"):
        map_of(formula_experiment("loss = x*x", x=1.0))
    with pytest.raises(EngineError, match="two numbers"):
        map_of(formula_experiment("loss = sum(x)", x=(1.0, 2.0, 3.0)))


SHAPES: dict[str, tuple[Any, tuple[str, str]]] = {
    "a vector of two": (formula_experiment("loss = sum((w*w - 1)*(w*w - 1))", w=(0.5, 0.5)), ("w[0]", "w[1]")),
    "a column of two": (
        formula_experiment("loss = sum((w*w - 1)*(w*w - 1))", w=((0.5,), (0.5,))),
        ("w[0, 0]", "w[1, 0]"),
    ),
    "a vector and a matrix of one": (
        formula_experiment("loss = sum((v*v - 1)*(v*v - 1)) + sum((m*m - 1)*(m*m - 1))", v=(0.5,), m=((0.5,),)),
        ("v", "m"),
    ),
    "a layer": (
        Experiment(objective=FitObjective(data=Line(points=8), model=(LinearLayer(),)), optimizers=(SGD(lr=0.05),)),
        ("weight", "bias"),
    ),
    "a layer in batches behind Dropout": (
        Experiment(
            objective=FitObjective(data=Line(points=8), model=(Dropout(), LinearLayer()), batch=MiniBatch(size=3)),
            optimizers=(SGD(lr=0.05),),
        ),
        ("1.weight", "1.bias"),
    ),
}


@pytest.mark.parametrize("chunk", [10**9, 100])
@pytest.mark.parametrize("name", SHAPES)
def test_two_numbers_of_any_shape_have_a_map_and_all_starts_go_where_their_own_runs_go(
    name: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradviz.engine.surfaces.basins.CHUNK", chunk)
    experiment, axes = SHAPES[name]
    experiment = experiment.model_copy(update={"steps": 400})
    found = map_of(experiment, 6, ((-1.7, 2.1), (-1.9, 1.6)))
    assert found.names == axes
    assert (found.labels >= 0).any() or "batches" in name
    for row, column in ((0, 0), (2, 4), (5, 1), (4, 5)):
        trainer = Trainer(experiment)
        flat, begin = [found.x[column], found.y[row]], 0
        with torch.no_grad():
            for parameter in trainer.lanes[0].objective.parameters.values():
                part = torch.tensor(flat[begin : begin + parameter.numel()], dtype=parameter.dtype)
                parameter.copy_(part.reshape(parameter.shape))
                begin += parameter.numel()
        trainer.record = trainer._evaluate()
        for _ in trainer.steps():
            pass
        label = found.labels[row, column]
        if label >= 0:
            np.testing.assert_allclose(trainer.record.position, found.ends[label], atol=0.12)
