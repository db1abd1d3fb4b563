"""Indices, kept dimensions, names of one's own and epochs: every dialect writes them, and ends where gradviz ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from in_process import executed
from script_runs import ForkServer, deviation, ended, parameter_deviation, trained, written

from gradviz.core.document.experiment import Experiment, from_data, with_value
from gradviz.core.runs.state import RunState
from gradviz.engine.objectives.initial_values import start_of
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError

M = ((0.1, 0.2), (0.3, 0.4), (0.5, 0.7))
W = (1.0, 0.5, -0.3)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "elements": ("l = (w[0]*x + w[1] - 5)**2", {"w": (1.0, 0.0), "x": 2.0}),
    "one element": ("l = w[1]", {"w": W}),
    "slices": ("l = sum(m[:, 1]*m[:, 0]) + sum(m[0]*m[-1]) + sum(m[::2]**2) + m[1, 1]", {"m": M}),
    "new dimensions": ("a = w[:, None]*w\nl = sum(a[..., 0]) + sum(a[1:, :2]**2)", {"w": W}),
    "kept": ("l = sum((m - mean(m, dim=1, keepdim=True))**2*exp(m)) + sum(m/sum(m, 0, keepdim=True))", {"m": M}),
    "along rows": (
        "l = sum(amax(m, 1)*w) + sum(var(m, 1, correction=0)*w) + sum(logsumexp(m, dim=1))",
        {"m": M, "w": W},
    ),
    "names": ("e = w*x - 1\nt = e**2\nsum = t*pi\nloss = mean(sum*e) + var(x*w)", {"w": 2.0, "x": (1.0, 2.0, 3.0)}),
    "names of helpers": (
        "sigmoid = w**2\nplaced = sigmoid(sigmoid)\nvariance = var(w)\nloss = mean(placed*w)*variance + sigmoid[0]",
        {"w": W},
    ),
    "settings": ("l = sum(elu(w, 0.5)*w) + sum(leaky_relu(w, negative_slope=0.2)) + sum(clamp(w, min=0.1))", {"w": W}),
    "constants": ("l = sum(w*x*e) + mean((tau*w)**2)", {"w": W, "x": "linspace(-pi, pi, 3)"}),
}


def experiment_of(name: str, dtype: str = "float64") -> Experiment:
    text, values = CASES[name]
    tensors = [{"name": key, "role": "parameter", "value": value} for key, value in values.items()]
    objective = {"kind": "formula", "tensors": tensors, "text": text}
    optimizers = [{"kind": "sgd", "lr": 0.01}]
    return from_data({"objective": objective, "optimizers": optimizers, "dtype": dtype, "steps": 3})


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", CASES)
def test_a_dialect_ends_where_the_run_ends(name: str, dialect: Any, server_of: Callable[[str], ForkServer]) -> None:
    experiment = experiment_of(name)
    found, wanted = server_of(dialect).run(written(experiment, dialect)), trained(experiment)
    assert deviation(found.loss, wanted.loss) <= 1e-12
    assert parameter_deviation(found, wanted) <= 1e-12


def test_the_gradient_of_an_element_has_the_precision_of_the_run(torch_server: ForkServer) -> None:
    experiment = experiment_of("one element", "float32")
    found, wanted = torch_server.run(written(experiment, "numpy")), trained(experiment)
    assert found.parameters == wanted.parameters


def fit(lr_lambda: str) -> Experiment:
    objective = {"kind": "fit", "data": {"kind": "line", "points": 10}, "model": [{"kind": "line"}],
                 "batch": {"kind": "mini", "size": 5, "shuffle": True}}  # fmt: skip
    optimizers = [{"kind": "sgd", "lr": 0.001, "schedule": {"kind": "lambda", "lr_lambda": lr_lambda}}]
    return from_data({"objective": objective, "optimizers": optimizers, "dtype": "float64", "steps": 9})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_epoch_of_a_schedule_is_as_many_steps_as_there_are_batches(
    dialect: Any, server_of: Callable[[str], ForkServer]
) -> None:
    experiment = fit("0.5**epoch/(1 + 0.01*step)")
    assert experiment.objective.steps_per_epoch == 2
    text = written(experiment, dialect)
    assert "floor(" in text
    found, wanted = server_of(dialect).run(text), trained(experiment)
    assert deviation(found.loss, wanted.loss) <= 1e-12


def test_an_edited_run_has_epochs_too() -> None:
    trainer = Trainer(fit("0.5**epoch/(1 + 0.01*step)"))
    trainer.seek(3)
    trainer.apply(with_value(trainer.experiment, "optimizers.0.momentum", 0.5))
    for _ in trainer.steps():
        pass
    edits = trainer.result(RunState.FINISHED).edits
    text = script(trainer.experiment, "torch", start_of(trainer.experiment, edits))
    assert "changes = {" in text
    found, wanted = executed(text), ended(trainer)
    assert (found.loss, found.parameters, found.gradients) == (wanted.loss, wanted.parameters, wanted.gradients)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_epoch_without_a_finite_rate_is_refused_by_its_step(dialect: Any) -> None:
    with pytest.raises(ScriptError, match="no finite learning rate at step 6,"):
        written(fit("1/(3 - epoch)"), dialect)


def test_what_numpy_cannot_say_by_hand_is_refused_by_its_name() -> None:
    experiment = from_data(
        {
            "objective": {
                "kind": "formula",
                "text": "l = softmax(w, dim=0)[0]",
                "tensors": [{"name": "w", "value": W}],
            },
            "optimizers": [{"kind": "sgd", "lr": 0.1}],
        }
    )
    with pytest.raises(ScriptError, match=r"gradient of softmax\(\) by hand is not known"):
        written(experiment, "numpy")
