"""Formulas as people write them that were refused once: the value and the gradient that are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_support import formula_experiment

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.engine.training.trainer import Trainer

FOLDER = Path(__file__).parents[1] / "app" / "odd_cases"
CASES: dict[str, tuple[float, dict[str, Any]]] = {
    "e01-dim-keyword": (52.0, {"x": [[8.0, 12.0], [8.0, 12.0]]}),
    "e02-name-e": (2.5, {"w": -5.0}),
    "e04-leaky-relu": (4.0001, {"x": [-0.0002, 4.0]}),
    "e06-index": (9.0, {"w": [-12.0, -6.0]}),
}


def first(experiment: Experiment) -> tuple[float, dict[str, Any]]:
    objective = Trainer(experiment).lanes[0].objective
    loss = objective.evaluate()
    return float(loss.detach()), {
        name: one.grad.tolist() for name, one in objective.parameters.items() if one.grad is not None
    }


def shipped(name: str) -> Experiment:
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["experiment"]
    data.pop("title")
    return from_data(data | {"dtype": "float64"})


@pytest.mark.parametrize("name", CASES)
def test_a_formula_that_was_refused_has_its_value_and_its_gradient(name: str) -> None:
    loss, gradients = CASES[name]
    found, slopes = first(shipped(name))
    assert found == pytest.approx(loss, rel=1e-12)
    for parameter, wanted in gradients.items():
        torch.testing.assert_close(torch.tensor(slopes[parameter]), torch.tensor(wanted))


def test_limits_of_pi_are_those_of_pi() -> None:
    loss, gradients = first(shipped("e03-linspace-pi"))
    x = torch.linspace(-torch.pi, torch.pi, 200, dtype=torch.float64)
    assert loss == pytest.approx(float((x.sin() ** 2).mean()), rel=1e-12) == pytest.approx(0.4975)
    assert gradients["b"] == pytest.approx(float((-2 * x.sin() * x).mean()))


def difference(text: str, place: int) -> float:
    """The slope after an element of w by two values of the loss."""
    losses = []
    for step in (1e-6, -1e-6):
        w = [1.0, 0.5, 0.0]
        w[place] += step
        losses.append(first(formula_experiment(text, "float64", w=tuple(w)))[0])
    return (losses[0] - losses[1]) / 2e-6


@pytest.mark.parametrize(
    ("text", "loss", "slope"),
    [
        ("t = w - 1\nl = sum(t**2)", 1.25, [0.0, -1.0, -2.0]),
        ("mean = sum(w)/3\nl = sum((w - mean)**2)", None, None),
        ("pi = sum(w)\nl = pi**2", 2.25, [3.0, 3.0, 3.0]),
        ("l = sum(w[1:]*w[:-1])", 0.5, [0.5, 1.0, 0.5]),
        ("l = sum(softmax(w, dim=-1)*w)", None, None),
        ("l = sum(one_hot(w > 0.2, 2)*w[:, None])", 1.5, [1.0, 1.0, 1.0]),
        ("l = sum(gelu(w)) + sum(silu(w)) + logsumexp(w)", None, None),
        ("tau = 2\ne = tau*w\nl = dot(e, e)", 5.0, [8.0, 4.0, 0.0]),
    ],
)
def test_others_of_their_kind(text: str, loss: float | None, slope: list[float] | None) -> None:
    found, slopes = first(formula_experiment(text, "float64", w=(1.0, 0.5, 0.0)))
    assert loss is None or found == pytest.approx(loss)
    assert slope is None or slopes["w"] == pytest.approx(slope)
    differences = [difference(text, place) for place in range(3)]
    assert slopes["w"] == pytest.approx(differences, abs=1e-6)
