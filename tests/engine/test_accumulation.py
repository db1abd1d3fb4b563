"""Gradient accumulation against a plain loop of torch, bit for bit, and what is looked at besides."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.data.batches import EpochOrders, MiniBatch
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import BatchNorm1d, Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import LBFGS, SGD
from gradviz.core.optimizers.mistakes import NoZeroGrad
from gradviz.core.questions.bench import CheckGradient
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 14
SIZE, EACH = 2, 4
"""Twelve rows are six batches: a step of four, and one of the two that are left."""
MODEL = (LinearLayer(features=4), BatchNorm1d(), Dropout(p=0.3), LinearLayer())


def experiment_of(optimizer: Any = None, each: int = EACH, size: int = SIZE, **fit: Any) -> Experiment:
    batch = MiniBatch(size=size, accumulate=each)
    objective = FitObjective(data=SMALL, batch=batch, **{"model": MODEL, **fit})
    return Experiment(objective=objective, optimizers=(optimizer or SGD(lr=1e-4, momentum=0.9),), steps=STEPS, seed=5)


def plain_run(zeroes: bool = True) -> list[tuple[float, list[Any], list[Any]]]:
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 1))
    x, y = SMALL.build(5, torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
    orders, found = EpochOrders(12, 5), []
    for step in range(STEPS + 1):
        order = torch.from_numpy(orders.order(step // 2))
        batches = [order[k : k + SIZE] for k in range(0, 12, SIZE)]
        batches = batches[EACH:] if step % 2 else batches[:EACH]
        if zeroes:
            optimizer.zero_grad()
        torch.manual_seed(6 + step)
        total = 0.0
        for rows in batches:
            loss = nn.functional.mse_loss(model(x[rows]), y[rows]) / len(batches)
            loss.backward()
            total = total + loss.detach()
        parameters = list(model.parameters())
        found.append((float(total), [p.tolist() for p in parameters], [p.grad.tolist() for p in parameters]))
        optimizer.step()
    return found


def here(trainer: Trainer) -> tuple[float, list[Any], list[Any]]:
    parameters = trainer.lanes[0].objective.parameters.values()
    gradients = [p.grad.tolist() for p in parameters if p.grad is not None]
    return trainer.record.losses[0], [p.tolist() for p in parameters], gradients


@pytest.mark.parametrize("zeroes", [True, False])
def test_a_step_of_several_batches_is_that_of_torch_and_so_is_every_seek(zeroes: bool) -> None:
    declared = SGD(lr=1e-4, momentum=0.9, **({} if zeroes else {"mistake": NoZeroGrad()}))
    expected = plain_run(zeroes)
    trainer = Trainer(experiment_of(declared))
    assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
    for step in (3, 13, 0, 8, STEPS):
        trainer.seek(step)
        assert here(trainer) == expected[step]
        assert here(Trainer(trainer.experiment, trainer.result(RunState.PAUSED))) == expected[step]


def test_an_epoch_has_so_many_steps_as_it_has_updates() -> None:
    assert experiment_of().objective.steps_per_epoch == 2
    assert experiment_of(each=1).objective.steps_per_epoch == 6
    assert experiment_of(each=100).objective.steps_per_epoch == 1


def test_equal_batches_of_all_rows_have_the_gradient_of_all_rows() -> None:
    plain = {"model": (LinearLayer(features=4), LinearLayer())}
    several, whole = experiment_of(each=6, **plain), experiment_of(each=1, size=12, **plain)
    for a, b in zip(Trainer(several).steps(), Trainer(whole).steps(), strict=True):
        assert a.losses == pytest.approx(b.losses, rel=1e-5)


def test_lbfgs_evaluates_all_batches_of_its_step() -> None:
    trainer = Trainer(experiment_of(LBFGS(max_iter=4), model=(LinearLayer(),)))
    losses = [record.losses[0] for record in trainer.steps()]
    assert losses[-1] < losses[0]


def test_what_is_looked_at_is_the_mean_of_the_batches_and_leaves_the_run_alone() -> None:
    experiment = experiment_of(model=(LinearLayer(features=4), LinearLayer()))
    trainer = Trainer(experiment)
    trainer.seek(4)
    before = here(trainer)
    snapshot: Any = ask(TraceGraph(0), Moment(trainer))
    multiplied = [op for op in snapshot.structure.ops if op == "AddmmBackward0"]
    assert len(multiplied) == 2 * EACH, "the graph has every batch"
    report: Any = ask(CheckGradient(0), Moment(trainer))
    assert report.loss == pytest.approx(before[0], rel=1e-6)
    assert report.rows
    assert report.agrees
    assert here(trainer) == before
    objective = trainer.lanes[0].objective
    assert objective.loss().item() == pytest.approx(before[0], rel=1e-6)
    assert objective.loss_at(dict(objective.parameters)).item() == pytest.approx(before[0], rel=1e-6)


def test_a_step_of_one_batch_is_evaluated_as_ever() -> None:
    made = build_objective(experiment_of(each=1), torch.device("cpu"))
    assert type(made).__name__ == "FitDescent"
