"""Scripts of fits with rows held out and early stopping end on the run's own figures, or are refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from in_process import executed
from script_runs import ended, parameter_deviation, written

from gradviz.core.document.experiment import Experiment, figure_names, from_data
from gradviz.core.runs.figures import NOT_EVALUATED
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.problems import ScriptError

MOONS = {
    "kind": "moons",
    "points": 60,
    "noise": 0.4,
    "validation": {"kind": "stratified", "share": 0.3},
}
LAYERS = [{"kind": "linear", "features": 8}, {"kind": "tanh"}, {"kind": "linear", "features": 2}]
NORMED = [
    {"kind": "linear", "features": 8},
    {"kind": "batch_norm1d"},
    {"kind": "dropout", "p": 0.3},
    {"kind": "linear", "features": 2},
]
TABLE = {
    "kind": "table",
    "table": {
        "columns": ["a", "b", "split", "y"],
        "rows": [[k * 0.3, (k * 7) % 5, int(k % 4 == 1), 2 * k * 0.3 - (k * 7) % 5 + 0.3 * ((k * 5) % 3)]
                 for k in range(24)],
    },
    "scaling": {"kind": "standardise"},
    "target": {"kind": "values", "scaling": {"kind": "min_max"}},
    "validation": {"kind": "column"},
}  # fmt: skip
LINE = {"kind": "line", "points": 30, "validation": {"kind": "share", "share": 0.25, "seed": 9}}


def fit(data: Any, model: Any, loss: str, **settings: Any) -> dict[str, Any]:
    return {"kind": "fit", "data": data, "model": model, "loss": {"kind": loss}, **settings}


def early(patience: int, weights: str = "best", least: float = 0.0) -> dict[str, Any]:
    return {"kind": "early", "patience": patience, "weights": weights, "least": least}


ADAM, SGD = {"kind": "adam", "lr": 0.05}, {"kind": "sgd", "lr": 0.1}
BATCH = {"kind": "mini", "size": 7}
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], int]] = {
    "classes": (fit(MOONS, LAYERS, "cross_entropy", evaluate_every=4), [ADAM], 30),
    "stops, best": (fit(MOONS, LAYERS, "cross_entropy", stopping=early(5)), [ADAM], 300),
    "stops, last, by sgd": (fit(MOONS, LAYERS, "cross_entropy", stopping=early(3, "last", 0.01)), [SGD], 300),
    "one score, batches": (
        fit(MOONS, [*LAYERS[:2], {"kind": "linear", "features": 1}], "bce_with_logits", batch=BATCH,
            evaluate_every=3, stopping=early(3)), [ADAM], 300,
    ),
    "normed": (fit(MOONS, NORMED, "cross_entropy", batch=BATCH, stopping=early(6)), [ADAM], 300),
    "one-hot": (fit(MOONS, LAYERS, "mse", evaluate_every=2), [SGD], 20),
    "a table": (fit(TABLE, [{"kind": "linear", "features": 1}], "mse", stopping=early(8)), [SGD], 300),
    "a line": (fit(LINE, [{"kind": "line"}], "l1", stopping=early(2)), [{"kind": "sgd", "lr": 0.2}], 300),
    "lbfgs": (
        fit(MOONS, NORMED, "cross_entropy", stopping=early(4)), [{"kind": "lbfgs", "lr": 0.3, "max_iter": 3}], 90,
    ),
    "gradients add up": (
        fit(MOONS, LAYERS, "cross_entropy", stopping=early(4)),
        [{"kind": "sgd", "lr": 0.1, "mistake": {"kind": "no_zero_grad"}}], 200,
    ),
    "a schedule": (
        fit(MOONS, LAYERS, "cross_entropy", stopping=early(9)),
        [{**ADAM, "schedule": {"kind": "exponential", "gamma": 0.95}}], 400,
    ),
}  # fmt: skip
RACE = (fit(MOONS, NORMED, "cross_entropy", batch=BATCH, stopping=early(6)), [ADAM, SGD], 300)
BY_HAND = [name for name, (_, (optimizer, *_), _) in CASES.items() if not {"mistake", "schedule"} & optimizer.keys()]


def experiment_of(objective: dict[str, Any], optimizers: list[dict[str, Any]], steps: int, dtype: str) -> Experiment:
    return from_data({"objective": objective, "optimizers": optimizers, "steps": steps, "dtype": dtype, "seed": 3})


def run_to_its_end(experiment: Experiment) -> tuple[Trainer, list[dict[str, float]]]:
    """The trainer at its end, and of each optimiser the figures of its last evaluation by their names."""
    trainer, names = Trainer(experiment), figure_names(experiment)
    lanes = len(experiment.optimizers)
    last = [NOT_EVALUATED] * lanes
    for record in (trainer.record, *trainer.steps()):
        for lane in range(lanes):
            figures = record.figures[3 * lane : 3 * lane + 3]
            last[lane] = figures if figures[0] == figures[0] else last[lane]
    return trainer, [dict(zip(names, figures, strict=True)) for figures in last]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_a_script_of_torch_ends_bit_for_bit_on_the_runs_figures(name: str, dtype: str, ruff_clean: Any) -> None:
    experiment = experiment_of(*CASES[name], dtype)
    trainer, (figures,) = run_to_its_end(experiment)
    text = written(experiment, "torch")
    found, wanted = executed(text), ended(trainer)
    assert (found.loss, found.parameters, found.gradients) == (wanted.loss, wanted.parameters, wanted.gradients)
    assert {key: json.loads(found.printed[-1])[key] for key in figures} == figures
    if experiment.objective.stopping.is_early:  # type: ignore[union-attr]
        assert trainer.is_over
        assert trainer.step < experiment.steps
    ruff_clean(text)


@pytest.mark.parametrize("dialect", ["autograd", "numpy"])
@pytest.mark.parametrize("name", BY_HAND)
def test_an_update_by_hand_ends_on_the_same_figures(name: str, dialect: Any, ruff_clean: Callable[..., None]) -> None:
    experiment = experiment_of(*CASES[name], "float64")
    if name == "lbfgs" or (dialect, name) == ("numpy", "normed"):
        with pytest.raises(ScriptError):  # as without rows held out
            written(experiment, dialect)
        return
    text = written(experiment, dialect)
    trainer, (figures,) = run_to_its_end(experiment)
    found = executed(text)
    assert parameter_deviation(found, ended(trainer)) < 1e-7  # BatchNorm multiplies what Adam rounds otherwise
    assert {key: json.loads(found.printed[-1])[key] for key in figures} == pytest.approx(figures, rel=1e-7)
    ruff_clean(text)


def test_each_of_a_race_stops_by_itself(ruff_clean: Callable[..., None]) -> None:
    experiment = experiment_of(*RACE, "float32")
    trainer, figures = run_to_its_end(experiment)
    text = written(experiment, "torch")
    found = json.loads(executed(text).printed[-1])["optimizers"]
    for lane, one in enumerate(found.values()):
        wanted = ended(trainer, lane)
        assert (one["loss"], one["parameters"]) == (wanted.loss, wanted.parameters)
        assert {key: one[key] for key in figures[lane]} == figures[lane]
    ruff_clean(text)


@pytest.mark.parametrize("name", [name for name in BY_HAND if name not in ("lbfgs", "normed")])
def test_tensorflow_looks_between_two_stretches_of_its_graph(
    name: str, server_of: Any, ruff_clean: Callable[..., None]
) -> None:
    experiment = experiment_of(*CASES[name], "float64")
    trainer, (figures,) = run_to_its_end(experiment)
    text = written(experiment, "tensorflow")
    ruff_clean(text)
    found = server_of("tensorflow").run(text)
    assert parameter_deviation(found, ended(trainer)) < 1e-7
    assert found.loss == pytest.approx(ended(trainer).loss, rel=1e-7)
    assert {key: json.loads(found.printed[-1])[key] for key in figures} == pytest.approx(figures, rel=1e-7)


def test_a_script_without_rows_held_out_is_as_it_was() -> None:
    plain = {**MOONS, "validation": {"kind": "none"}}
    text = written(experiment_of(fit(plain, LAYERS, "cross_entropy"), [ADAM], 10, "float32"), "torch")
    assert "held" not in text
    assert "figures" not in text
