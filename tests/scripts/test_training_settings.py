"""Scripts of what an update or a loss is besides its rule: they end on the run's own figures, or are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import executed
from rounding import assert_to_rounding
from script_runs import Ended, trained, written

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.problems import ScriptError

REGRESSION = {"kind": "regression", "points": 20, "inputs": 3, "targets": 1, "noise": 0.5}
MODEL: list[dict[str, Any]] = [{"kind": "linear", "features": 4}, {"kind": "tanh"}, {"kind": "linear"}]
MINI = {"kind": "mini", "size": 6}


def experiment_of(*optimizers: dict[str, Any], dtype: str = "float64", steps: int = 9, **fit: Any) -> Experiment:
    objective = {"kind": "fit", "data": REGRESSION, "model": MODEL, **fit}
    one = {"kind": "sgd", "lr": 0.1, "momentum": 0.9}
    return from_data({"objective": objective, "optimizers": list(optimizers) or [one], "dtype": dtype, "steps": steps})


def text_of(end: Ended) -> str:
    return json.dumps([end.loss, end.parameters, end.gradients])


def assert_ends_as_the_run(experiment: Experiment, *rounded: str) -> None:
    """torch bit for bit, and the dialects named besides to rounding."""
    assert text_of(executed(written(experiment, "torch"))) == text_of(trained(experiment))
    for dialect in rounded:
        assert_to_rounding(executed(written(experiment, dialect)), trained(experiment), experiment)


def assert_refused(experiment: Experiment, *dialects: str) -> None:
    for dialect in dialects:
        with pytest.raises(ScriptError) as refused:
            written(experiment, dialect)
        assert len(str(refused.value)) <= 300


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_race_of_clipped_and_unclipped_optimisers(dtype: str) -> None:
    clipped = {"kind": "norm", "max_norm": 0.1}
    experiment = experiment_of(
        {"kind": "sgd", "lr": 0.1},
        {"kind": "sgd", "lr": 0.1, "clipping": clipped},
        {"kind": "by_hand", "lr": 0.1, "clipping": {"kind": "value", "clip_value": 0.01}},
        dtype=dtype,
    )
    text = written(experiment, "torch")
    printed = json.loads(executed(text).printed[-1])
    assert len(printed["optimizers"]) == 3
    for lane, end in enumerate(printed["optimizers"].values()):
        assert text_of(Ended(end["loss"], end["parameters"], end["gradients"])) == text_of(trained(experiment, lane))
    assert "clip=lambda parameters: torch.nn.utils.clip_grad_norm_(parameters, max_norm=0.1)" in text


def test_a_race_by_hand_of_clipped_and_unclipped_ones_is_refused() -> None:
    assert_refused(experiment_of({"kind": "sgd"}, {"kind": "sgd", "clipping": {"kind": "norm"}}), "numpy", "autograd")


@pytest.mark.parametrize("clipping", [{"kind": "norm", "max_norm": 0.2}, {"kind": "value", "clip_value": 0.02}])
def test_a_clipped_fit_in_every_dialect_of_arrays(clipping: dict[str, Any]) -> None:
    optimizer = {"kind": "adam", "lr": 0.05, "clipping": clipping}
    assert_ends_as_the_run(experiment_of(optimizer, batch=MINI), "autograd", "numpy")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [{"kind": "sgd", "lr": 0.1}, {"kind": "lbfgs", "lr": 0.1, "max_iter": 3}])
def test_several_batches_a_step(optimizer: dict[str, Any], dtype: str) -> None:
    model = [MODEL[0], {"kind": "batch_norm1d"}, {"kind": "dropout", "p": 0.2}, MODEL[2]]
    batch = {"kind": "mini", "size": 3, "accumulate": 3}
    experiment = experiment_of(optimizer, model=model, batch=batch, dtype=dtype)
    assert_ends_as_the_run(experiment, *(["autograd"] if optimizer["kind"] == "sgd" else []))
    assert_refused(experiment, "numpy", "tensorflow")
    race = experiment_of(optimizer, {"kind": "adam"}, model=model, batch=batch, dtype=dtype)
    assert text_of(executed(written(race, "torch"))) == text_of(trained(race))


def test_several_batches_a_step_with_mistakes() -> None:
    batch = {"kind": "mini", "size": 4, "shuffle": False, "accumulate": 2}
    for mistake in ({"kind": "no_zero_grad"}, {"kind": "detach", "name": "0"}):
        assert_ends_as_the_run(experiment_of({"kind": "sgd", "lr": 0.01, "mistake": mistake}, batch=batch))
    assert_refused(experiment_of({"kind": "sgd", "mistake": {"kind": "cycle"}}, batch=batch), "torch")


def with_learning(*learnings: dict[str, Any]) -> list[dict[str, Any]]:
    linear = [{"kind": "linear", "features": n, "learning": one} for n, one in zip((4, 3, 1), learnings, strict=True)]
    return [linear[0], {"kind": "tanh"}, *linear[1:]]


USUAL, FROZEN = {"kind": "usual"}, {"kind": "frozen"}
SHARE, OWN = {"kind": "scaled", "rate_factor": 0.3}, {"kind": "own", "lr": 0.02, "weight_decay": 0.1}


def test_frozen_layers() -> None:
    for start in ({"kind": "default"}, {"kind": "xavier_normal"}):
        model = with_learning(FROZEN, USUAL, FROZEN)
        model[3]["init"] = start
        experiment = experiment_of({"kind": "adam", "clipping": {"kind": "norm"}}, model=model, batch=MINI)
        assert_ends_as_the_run(experiment, "autograd")
        assert_refused(experiment, "numpy", "tensorflow")
    race = experiment_of({"kind": "sgd", "lr": 0.01}, {"kind": "adam"}, model=model)
    assert text_of(executed(written(race, "torch"))) == text_of(trained(race))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameter_groups(dtype: str) -> None:
    schedule = {"kind": "exponential", "gamma": 0.9}
    for model in (with_learning(SHARE, OWN, SHARE), with_learning(USUAL, FROZEN, OWN), with_learning(OWN, OWN, OWN)):
        adam = {"kind": "adam", "lr": 0.01, "weight_decay": 0.05, "schedule": schedule}
        experiment = experiment_of(adam, model=model, dtype=dtype)
        assert_ends_as_the_run(experiment)
        assert_refused(experiment, "autograd", "numpy", "tensorflow")
        assert_refused(experiment_of(adam, {"kind": "sgd"}, model=model), "torch")
    line = {"model": [{"kind": "line", "learning": OWN}], "data": {"kind": "temperatures", "scale": 0.02}}
    assert_ends_as_the_run(experiment_of(**line))
    alone = {"model": [{"kind": "linear", "learning": SHARE}]}
    assert_ends_as_the_run(experiment_of(**alone))


PENALTY = {"kind": "weights", "l1": 0.01, "l2": 0.003}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("more", [{}, {"l1": 0.0}, {"l2": 0.0, "biases": True}])
def test_penalties_in_every_dialect_of_arrays(more: dict[str, Any], dtype: str) -> None:
    loss = {"kind": "mse", "penalty": PENALTY | more}
    optimizer = {"kind": "sgd", "lr": 0.01, "momentum": 0.5}
    assert_ends_as_the_run(experiment_of(optimizer, loss=loss, dtype=dtype, batch=MINI), "autograd", "numpy")
    line = {"model": [{"kind": "line"}], "data": {"kind": "temperatures", "scale": 0.02}, "loss": loss}
    assert_ends_as_the_run(experiment_of(optimizer, dtype=dtype, **line), "autograd", "numpy")


def test_penalties_of_frozen_layers_several_batches_and_a_race() -> None:
    loss = {"kind": "huber", "penalty": PENALTY | {"biases": False}}
    batch = {"kind": "mini", "size": 4, "accumulate": 3}
    fit = {"model": with_learning(FROZEN, USUAL, SHARE), "loss": loss, "batch": batch}
    assert_ends_as_the_run(experiment_of(**fit))
    gru = [{"kind": "reshape", "shape": [1, 3]}, {"kind": "gru", "features": 3}, {"kind": "linear"}]
    race = experiment_of({"kind": "sgd", "lr": 0.01}, {"kind": "lbfgs", "max_iter": 3}, model=gru, loss=loss)
    assert text_of(executed(written(race, "torch"))) == text_of(trained(race))
    lines = [{"kind": "linear"}, {"kind": "line"}]
    assert_ends_as_the_run(experiment_of({"kind": "sgd", "lr": 1e-4}, model=lines, loss=loss))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bce_of_probabilities_in_every_dialect_of_arrays(dtype: str) -> None:
    model = [{"kind": "linear", "features": 4}, {"kind": "tanh"}, {"kind": "linear"}, {"kind": "sigmoid"}]
    fit = {"data": {"kind": "moons", "points": 20}, "model": model, "loss": {"kind": "bce"}}
    assert_ends_as_the_run(experiment_of({"kind": "sgd", "lr": 0.1}, dtype=dtype, **fit), "autograd", "numpy")


def test_autocast() -> None:
    model = [{"kind": "linear", "features": 8}, {"kind": "dropout", "p": 0.2}, {"kind": "linear"}]
    fit = {"model": model, "autocast": {"kind": "bfloat16"}, "dtype": "float32"}
    for batch in (MINI, {"kind": "mini", "size": 4, "accumulate": 2}):
        experiment = experiment_of(
            {"kind": "sgd", "lr": 1e-3}, batch=batch, loss={"kind": "mse", "penalty": PENALTY}, **fit
        )
        assert_ends_as_the_run(experiment, "autograd")
        assert_refused(experiment, "numpy", "tensorflow")
    said = executed(written(experiment, "torch")).printed
    run = Trainer(experiment)
    run.seek(experiment.steps)
    objective = run.lanes[0].objective
    assert isinstance(objective, FitDescent)
    first = objective.predict(objective.data.inputs[:1]).squeeze().tolist()
    assert f"prediction of the first row {first}" in said


@pytest.mark.parametrize("more", [{}, {"init_scale": 2.0**30, "growth_interval": 4}])
def test_autocast_in_float16_with_its_scaler(more: dict[str, Any]) -> None:
    fit = {"autocast": {"kind": "float16"} | more, "dtype": "float32"}
    clipped = {"kind": "adam", "lr": 0.01, "clipping": {"kind": "norm"}}
    for batch in ({"kind": "full"}, {"kind": "mini", "size": 4, "accumulate": 2}):
        experiment = experiment_of(clipped, batch=batch, **fit)
        assert_ends_as_the_run(experiment)
        assert_refused(experiment, "autograd", "numpy", "tensorflow")
        assert_refused(experiment_of(clipped, {"kind": "sgd"}, batch=batch, **fit), "torch")
