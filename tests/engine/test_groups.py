"""Parameter groups and frozen layers against plain loops of torch, bit for bit; files, seeks, bench and reasons too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.layers.activations import Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.learning import FrozenLearning, Learning, OwnLearning, ScaledLearning, UsualLearning
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import SGD, Adam, HandDescent, Muon, Optimizer
from gradviz.core.optimizers.mistakes import RateTimesTen
from gradviz.core.optimizers.schedule_catalogue import Cyclic, Exponential, NoSchedule, OneCycle, Schedule
from gradviz.core.questions.bench import CheckGradient
from gradviz.core.questions.explanation import Explain
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 20
USUAL, FROZEN = UsualLearning(), FrozenLearning()
SHARE, OWN = ScaledLearning(rate_factor=0.1, decay_factor=0.0), OwnLearning(lr=0.003, weight_decay=0.2)
PLANS: dict[str, tuple[Schedule, Any]] = {
    "none": (NoSchedule(), None),
    "exponential": (Exponential(gamma=0.9), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9)),
    "one cycle": (
        OneCycle(max_lr=0.05),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.05, STEPS, cycle_momentum=False),
    ),
    "cyclic": (
        Cyclic(base_lr=1e-3, max_lr=0.02, step_size_up=3),
        lambda o: torch.optim.lr_scheduler.CyclicLR(o, 1e-3, 0.02, 3, cycle_momentum=False),
    ),
}


def experiment_of(*learnings: Learning, optimizer: Optimizer | None = None) -> Experiment:
    first, second, third = learnings
    model = (
        LinearLayer(features=4, learning=first),
        Tanh(),
        LinearLayer(features=3, learning=second),
        LinearLayer(learning=third),
    )
    declared = optimizer or Adam(lr=0.02, weight_decay=0.1)
    return Experiment(objective=FitObjective(data=SMALL, model=model), optimizers=(declared,), steps=STEPS)


def plain_run(groups: list[dict[str, Any]], frozen: tuple[int, ...], plan: Any, build: Any) -> list[Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3), nn.Linear(3, 1))
    for index in frozen:
        model[index].requires_grad_(False)
    x, y = SMALL.build(0, torch.float32)
    dealt = [{**group, "params": [p for k in group["layers"] for p in model[k].parameters()]} for group in groups]
    optimizer = build([{k: v for k, v in group.items() if k != "layers"} for group in dealt])
    scheduler = plan(optimizer) if plan else None
    found = []
    for step in range(STEPS + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        gradients = [None if p.grad is None else p.grad.tolist() for p in model.parameters()]
        rates = [group["lr"] for group in optimizer.param_groups]
        found.append((loss.item(), [p.tolist() for p in model.parameters()], gradients, rates))
        if step < STEPS:
            optimizer.step()
            if scheduler:
                scheduler.step()
    return found


def here(trainer: Trainer) -> Any:
    lane = trainer.lanes[0]
    parameters = lane.objective.parameters.values()
    gradients = [None if p.grad is None else p.grad.tolist() for p in parameters]
    rates = [group["lr"] for group in lane.optimizer.param_groups]
    return trainer.record.losses[0], [p.tolist() for p in parameters], gradients, rates


def adam(groups: Any) -> Any:
    return torch.optim.Adam(groups, lr=0.02, weight_decay=0.1)


@pytest.mark.parametrize("plan", PLANS)
def test_groups_and_frozen_layers_are_those_of_torch_in_run_seek_file_and_replay(plan: str, tmp_path: Path) -> None:
    schedule, scheduler = PLANS[plan]
    declared = Adam(lr=0.02, weight_decay=0.1, schedule=schedule)
    groups = [{"layers": [2]}, {"layers": [0], "lr": 0.02 * 0.1, "weight_decay": 0.0}]
    for learnings, dealt, frozen in (
        ((SHARE, USUAL, FROZEN), groups, (3,)),
        ((FROZEN, OWN, USUAL), [{"layers": [3]}, {"layers": [2], "lr": 0.003, "weight_decay": 0.2}], (0,)),
        ((OWN, OWN, OWN), [{"layers": [0, 2, 3], "lr": 0.003, "weight_decay": 0.2}], ()),
    ):
        expected = plain_run(dealt, frozen, scheduler, adam)
        experiment = experiment_of(*learnings, optimizer=declared)
        trainer = Trainer(experiment)
        assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
        for step in (3, 17, 0, 9):
            trainer.seek(step)
            assert here(trainer) == expected[step]
            path = tmp_path / "run.gradviz"
            losses = np.array([[one[0]] for one in expected[: step + 1]])
            history = RecordBlock(0, losses, np.empty((step + 1, 1, 0)))
            save(path, Document(experiment=experiment), replace(trainer.result(RunState.PAUSED), history=history))
            assert replay(experiment, load(path).result).matched
            again = Trainer(experiment, load(path).result)
            assert here(again) == expected[step]
            assert [here(again) for _ in again.steps()] == expected[step + 1 :]


def test_a_live_rate_is_followed_by_a_share_of_it_and_not_by_a_rate_of_its_own() -> None:
    trainer = Trainer(experiment_of(USUAL, SHARE, OWN, optimizer=SGD(lr=0.01, weight_decay=0.1)))
    trainer.seek(5)
    trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", 0.002))
    groups = trainer.lanes[0].optimizer.param_groups
    told = [(group["lr"], group["weight_decay"]) for group in groups]
    assert told == [(0.002, 0.1), (0.002 * 0.1, 0.0), (0.003, 0.2)]
    after = here(trainer)
    trainer.seek(9)
    trainer.seek(5)
    assert here(trainer) == after


def test_ten_times_the_rate_is_ten_times_every_rate() -> None:
    declared = SGD(lr=0.01, mistake=RateTimesTen())
    groups = Trainer(experiment_of(USUAL, SHARE, OWN, optimizer=declared)).lanes[0].optimizer.param_groups
    assert [group["lr"] for group in groups] == pytest.approx([0.1, 0.01, 0.03])


def test_the_update_by_hand_has_groups_as_sgd_has() -> None:
    race = (SGD(lr=0.01), HandDescent(lr=0.01))
    declared = experiment_of(SHARE, USUAL, FROZEN).model_copy(update={"optimizers": race})
    assert all(record.losses[0] == record.losses[1] for record in Trainer(declared).steps())


def test_the_table_has_the_rate_of_each_group_and_tells_what_is_frozen() -> None:
    table: Any = ask(ReadParameters(), Moment(Trainer(experiment_of(SHARE, USUAL, FROZEN))))
    told = {row.name: (row.rate, row.is_frozen, row.gradient is None) for row in table.rows}
    assert told["0.weight"] == (pytest.approx(0.002), False, False)
    assert told["2.bias"] == (0.02, False, False)
    assert told["3.weight"] == (None, True, True)
    plain: Any = ask(ReadParameters(), Moment(Trainer(experiment_of(USUAL, USUAL, USUAL))))
    assert all(row.rate is None and not row.is_frozen for row in plain.rows)


def test_a_model_without_anything_to_learn_is_refused_and_no_layer_is_added_for_it() -> None:
    experiment = experiment_of(FROZEN, FROZEN, USUAL)
    with pytest.raises(SettingError, match=r"objective\.model\.3\.learning\.kind: every layer .* is frozen"):
        with_value(experiment, "objective.model.3.learning.kind", "frozen")


@pytest.mark.parametrize("kind", ["rprop", "adagrad", "by_hand"])
def test_a_decay_of_its_own_needs_an_optimiser_with_decay(kind: str) -> None:
    data = to_data(experiment_of(USUAL, OWN, USUAL)) | {"optimizers": [{"kind": kind}]}
    if kind == "adagrad":
        assert from_data(data)
        return
    with pytest.raises(SettingError, match=r"learning\.weight_decay: .* has no weight decay"):
        from_data(data)


def test_lbfgs_has_no_groups_but_leaves_a_frozen_layer_alone() -> None:
    lbfgs = {"optimizers": [{"kind": "lbfgs", "max_iter": 3}]}
    with pytest.raises(SettingError, match="LBFGS has one rate for all parameters"):
        from_data(to_data(experiment_of(SHARE, USUAL, USUAL)) | lbfgs)
    experiment = from_data(to_data(experiment_of(USUAL, FROZEN, USUAL)) | lbfgs)
    trainer = Trainer(experiment)
    before = trainer.lanes[0].objective.parameters["2.weight"].tolist()
    trainer.seek(6)
    expected = here(trainer)
    assert expected[1][2] == before
    assert expected[0] < 1e6
    again = Trainer(experiment, trainer.result(RunState.PAUSED))
    assert here(again) == expected
    assert again.seek(9).losses == trainer.seek(9).losses


def test_muon_is_asked_about_what_it_trains_alone() -> None:
    model = (LinearLayer(features=4, learning=FROZEN), LinearLayer(bias=False))
    experiment = Experiment(objective=FitObjective(data=SMALL, model=model), optimizers=(Muon(),), steps=3)
    assert Trainer(experiment).seek(3).step == 3
    with pytest.raises(EngineError, match="Muon trains matrices alone"):
        Trainer(with_value(experiment, "objective.model.0.learning.kind", "usual"))


def test_a_frozen_layer_is_no_unused_parameter_and_the_bench_says_that_it_is_frozen() -> None:
    experiment = experiment_of(FROZEN, USUAL, USUAL, optimizer=SGD(lr=1e-9))
    trainer = Trainer(experiment)
    trainer.seek(STEPS)
    found: Any = ask(Explain(RunState.FINISHED, STEPS), Moment(trainer))
    assert all(reason.kind != "unused parameter" for reason in found.reasons)
    report: Any = ask(CheckGradient(0), Moment(trainer))
    assert report.agrees
    assert {row.parameter for row in report.rows} == {"2.weight", "2.bias", "3.weight", "3.bias"}
    assert "Frozen, and so without a gradient: 0.weight, 0.bias." in report.notes


def test_the_last_two_numbers_of_a_frozen_model_are_the_axes_of_its_surface() -> None:
    model = (LinearLayer(features=1, learning=FROZEN), LinearLayer())
    trainer = Trainer(Experiment(objective=FitObjective(data=SMALL, model=model), steps=5))
    assert trainer.names == ("1.weight", "1.bias")
    assert len(trainer.seek(3).position) == 2


def test_a_rate_of_its_own_that_is_too_large_is_blamed_by_its_layer() -> None:
    wild = OwnLearning(lr=1e4)
    trainer = Trainer(experiment_of(USUAL, USUAL, wild, optimizer=SGD(lr=1e-4)))
    for _ in trainer.steps():
        pass
    assert trainer.diverged
    found: Any = ask(Explain(RunState.DIVERGED, trainer.step), Moment(trainer))
    (reason,) = found.reasons
    assert reason.kind == "rate of a layer"
    assert "Layer 3 (Linear) learns at the rate 1e4 of its own" in str(reason.words)
    assert reason.edits[0].path == "objective.model.3.learning.kind"
