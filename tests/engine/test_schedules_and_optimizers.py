"""Every optimiser and every schedule against a plain PyTorch loop, bit for bit; seeks, edits, files and replays too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, NEURONS
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from plain_loops import MATRIX, MOVING, PLANS, RULES, STEPS, plain_run

from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import LBFGS, OPTIMIZERS, SGD, HandDescent, Muon, Optimizer
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES, Cyclic, Exponential, Lambda, Multiplicative, OneCycle
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import KeptList
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save

pytestmark = pytest.mark.usefixtures("frequent_checkpoints")
SOME_PLANS = ("none", "step", "one cycle", "plateau", "sequential")


def planned(optimizer: Optimizer, schedule: Any) -> Optimizer:
    return type(optimizer).model_validate({**optimizer.model_dump(), "schedule": schedule.model_dump()})


def experiment_of(*optimizers: Optimizer, dtype: Any = "float64", steps: int = STEPS) -> Experiment:
    return Experiment(objective=MATRIX, optimizers=optimizers, dtype=dtype, steps=steps)


def seen(trainer: Trainer, lane: int = 0) -> tuple[float, list[Any], float]:
    """What a plain loop tells of its step."""
    (parameter,) = trainer.lanes[lane].objective.parameters.values()
    return trainer.record.losses[lane], parameter.detach().tolist(), trainer.rates[lane]


def whole(trainer: Trainer) -> list[tuple[float, list[Any], float]]:
    return [seen(trainer), *(seen(trainer) for _ in trainer.steps())]


def test_the_plain_loops_are_of_all_optimisers_and_schedules() -> None:
    assert {type(declared) for declared, _ in RULES.values()} | {HandDescent} == set(OPTIMIZERS)
    assert {type(declared) for declared, _ in PLANS.values()} == set(SCHEDULES)


@pytest.mark.parametrize("plan", SOME_PLANS)
@pytest.mark.parametrize("name", RULES)
def test_an_optimiser_is_that_of_torch_bit_for_bit(name: str, plan: str) -> None:
    declared, build = RULES[name]
    schedule, plain = PLANS[plan]
    for dtype in ("float32", "float64"):
        expected = plain_run(build, plain, getattr(torch, dtype))
        assert whole(Trainer(experiment_of(planned(declared, schedule), dtype=dtype))) == expected


@pytest.mark.parametrize("plan", {**PLANS, **MOVING})
@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop"])
def test_a_schedule_is_that_of_torch_bit_for_bit(name: str, plan: str) -> None:
    declared, build = RULES[name]
    schedule, plain = {**PLANS, **MOVING}[plan]
    expected = plain_run(build, plain, torch.float64)
    trainer = Trainer(experiment_of(planned(declared, schedule)))
    assert whole(trainer) == expected
    assert len({rate for _, _, rate in expected}) > 1 or plan == "none"


def test_e4_the_update_by_hand_walks_the_path_of_sgd_bit_for_bit() -> None:
    """In the other dtype, for 30,000 steps of float32 are the row itself, in tests/test_cases.py."""
    steps = 3000
    trainer = Trainer(Experiment(optimizers=(SGD(), HandDescent()), steps=steps, dtype="float64"))
    for record in trainer.steps():
        assert record.losses[0] == record.losses[1]
        assert record.position[:2] == record.position[2:]
    assert trainer.step == steps


def test_rounding_twice_is_what_a_learner_writes_and_differs_in_the_last_bit_alone() -> None:
    twice = Trainer(Experiment(optimizers=(HandDescent(rounding="twice"), SGD()), steps=2000))
    x, y = (torch.tensor(0.0, requires_grad=True) for _ in range(2))
    different = 0
    for record in (twice.record, *twice.steps()):
        assert record.position[:2] == (x.item(), y.item())
        different += record.position[:2] != record.position[2:]
        assert record.position[:2] == pytest.approx(record.position[2:], rel=1e-6)
        x.grad = y.grad = None
        ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2).backward()
        with torch.no_grad():
            x -= 1e-3 * x.grad
            y -= 1e-3 * y.grad
    assert 0 < different < 200


@pytest.mark.parametrize("plan", ["none", "plateau", "sequential", "cyclic momentum"])
@pytest.mark.parametrize("name", RULES)
def test_a_run_goes_on_from_its_file_and_matches_its_replay(name: str, plan: str) -> None:
    schedule = {**PLANS, **MOVING}[plan][0]
    if plan in MOVING and not {"momentum", "betas"} & set(type(RULES[name][0]).model_fields):
        pytest.skip("has no momentum that a schedule could move")
    experiment = experiment_of(planned(RULES[name][0], schedule), SGD(lr=0.01))
    straight = Trainer(experiment)
    expected = [straight.record.losses, *(record.losses for record in straight.steps())]
    rates = straight.rates
    part = Trainer(experiment)
    part.seek(17)
    result = part.result(RunState.PAUSED)
    again = Trainer(experiment, result)
    assert again.rates == part.rates
    assert again.record.losses == expected[17]
    assert [record.losses for record in again.steps()] == expected[18:]
    assert again.rates == rates
    for step in (19, 3, 40, 0, 18):
        assert again.seek(step).losses == expected[step]
    history = RecordBlock(0, np.array(expected), np.empty((len(expected), 2, 0)))
    assert replay(experiment, replace(again.result(RunState.PAUSED), history=history)).matched


def test_a_result_names_group_and_schedule() -> None:
    experiment = experiment_of(planned(RULES["lbfgs"][0], PLANS["sequential"][0]), SGD())
    trainer = Trainer(experiment)
    trainer.seek(12)
    planned_lane, plain = trainer.result(RunState.PAUSED).lanes
    assert planned_lane.group["lr"] == trainer.rates[0]
    assert planned_lane.schedule is not None
    assert planned_lane.schedule.numbers["last_epoch"] == 12
    assert planned_lane.schedule.inner[1].numbers["last_epoch"] == 6
    state = planned_lane.optimizer["w"]
    assert isinstance(state["n_iter"], int)
    assert state["n_iter"] > 12
    assert isinstance(state["old_dirs"], KeptList)
    assert state["old_dirs"].filled is not None
    assert (state["old_dirs"].places, state["old_dirs"].filled.shape) == (3, (3, 6))
    assert (plain.group, plain.schedule) == ({}, None)


class Journey(RuleBasedStateMachine):
    """Steps, seeks and live edits in any order give what a straight run with the same edits gives."""

    @initialize(
        name=st.sampled_from(sorted(RULES)), plan=st.sampled_from(sorted(PLANS)), other=st.sampled_from(sorted(RULES))
    )
    def begin(self, name: str, plan: str, other: str) -> None:
        first = planned(RULES[name][0], PLANS[plan][0])
        self.experiment = experiment_of(first, RULES[other][0])
        self.trainer = Trainer(self.experiment)
        self.edits: dict[int, Experiment] = {}

    @rule(count=st.integers(1, 15))
    def step(self, count: int) -> None:
        for _ in range(count):
            if not self.trainer.finished:
                self.trainer.advance()

    @rule(step=st.integers(0, STEPS))
    def seek(self, step: int) -> None:
        self.trainer.seek(min(step, self.trainer.known))

    @rule(factor=st.sampled_from([0.5, 0.9, 1.2]))
    def edit(self, factor: float) -> None:
        """A live edit of the second optimiser, and of a live number of the first."""
        experiment = self.trainer.experiment
        second = experiment.optimizers[1]
        if "lr" in second.live:
            experiment = with_value(experiment, "optimizers.1.lr", second.keywords["lr"] * factor)
        first = experiment.optimizers[0]
        if "weight_decay" in first.live:
            experiment = with_value(experiment, "optimizers.0.weight_decay", 0.01 * factor)
        if experiment == self.trainer.experiment:
            return  # nothing was edited, here or anywhere
        self.trainer.apply(experiment)
        self.edits = {step: edit for step, edit in self.edits.items() if step < self.trainer.step}
        self.edits[self.trainer.step] = experiment

    @invariant()
    def is_what_the_straight_run_is(self) -> None:
        if not hasattr(self, "trainer"):
            return
        straight = Trainer(self.experiment)
        for step in range(self.trainer.step):
            if step in self.edits:
                straight.apply(self.edits[step])
            straight.advance()
        assert straight.record == self.trainer.record
        if self.trainer.step not in self.edits:
            assert straight.rates == self.trainer.rates


def test_any_journey_gives_the_records_of_the_straight_run() -> None:
    run_state_machine_as_test(Journey, settings=settings(max_examples=30, stateful_step_count=8, deadline=None))


@pytest.mark.parametrize("name", RULES)
def test_a_live_edit_of_all_that_is_live_is_that_of_torchs_groups(name: str) -> None:
    """As if a person wrote the same into param_groups at that step."""
    declared, build = RULES[name]
    plain = type(declared)()
    changed = declared.model_copy(update={setting: getattr(plain, setting) for setting in declared.live})
    trainer = Trainer(experiment_of(declared))
    found = [seen(trainer)]
    for step in range(15):
        if step == 5:
            trainer.apply(trainer.experiment.with_optimizers((changed,)))
        trainer.advance()
        found.append(seen(trainer))
    expected = plain_run(build, lambda _: None, torch.float64, 15, edit=(5, changed.live_keywords))
    assert [(loss, w) for loss, w, _ in found] == [(loss, w) for loss, w, _ in expected]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Lambda(lr_lambda="1 / (3 - step)"), "learning rate nan"),
        (Multiplicative(lr_lambda="1e200"), "larger than this precision"),
        (Multiplicative(lr_lambda="exp(step * 1000)"), "learning rate nan"),
        (Cyclic(scale_fn="1 / (2 - x)", step_size_up=2, step_size_down=1), "learning rate nan"),
        (Cyclic(mode="triangular2", step_size_up=1, step_size_down=1), "fails here"),
    ],
)
def test_a_schedule_without_a_rate_stops_its_lane_with_a_sentence(schedule: Any, words: str) -> None:
    steps = 2100
    experiment = Experiment(optimizers=(SGD(schedule=schedule), SGD(lr=1e-3)), steps=steps)
    trainer = Trainer(experiment)
    losses = [trainer.record.losses, *(record.losses for record in trainer.steps())]
    assert len(losses) == steps + 1
    fault = trainer.lanes[0].fault
    assert fault is not None
    assert words in fault.explanation
    told = trainer.untold_faults()
    assert told == fault.sentence(f"SGD, {schedule.label}")
    assert trainer.untold_faults() == ""
    assert len({loss for loss, _ in losses[fault.step :]}) == 1
    for step in (fault.step - 1, fault.step, steps, 0):
        assert trainer.seek(step).losses == losses[step]
    assert not trainer.diverged
    assert not trainer.failure


def test_a_run_whose_only_schedule_fails_ends_as_failed() -> None:
    trainer = Trainer(Experiment(optimizers=(SGD(schedule=Lambda(lr_lambda="1 / (3 - step)")),), steps=50))
    assert [record.step for record in trainer.steps()][-1] == 3
    assert trainer.failure == trainer.divergence()
    assert trainer.failure.startswith("SGD stopped at step 3. The schedule gives the learning rate nan")


def test_muon_refuses_what_is_no_matrix_with_its_name() -> None:
    with pytest.raises(EngineError, match=r"0\.bias has the shape \(2\)"):
        Trainer(Experiment(objective=NEURONS, optimizers=(Muon(),)))
    with pytest.raises(EngineError, match=r"x has the shape \(\)"):
        Trainer(Experiment(objective=HIMMELBLAU, optimizers=(SGD(), Muon())))


def test_a_snapshot_has_the_rates_and_what_lbfgs_keeps() -> None:
    experiment = experiment_of(LBFGS(lr=0.3, max_iter=4), SGD(lr=0.5, schedule=Exponential(gamma=0.5)))
    trainer = Trainer(experiment)
    trainer.seek(3)
    table = ask(ReadParameters(), Moment(trainer))
    assert table.rates == (0.3, 0.5 * 0.5**3) == trainer.rates
    state = dict(table.rows[0].state)
    assert state["n_iter"].values == trainer.lanes[0].optimizer.state_dict()["state"][0]["n_iter"]
    kept = next(name for name in state if name.startswith("old_dirs"))
    assert state[kept].shape == (int(kept.removeprefix("old_dirs ×")), 6)
    muon = Trainer(Experiment(objective=FitObjective(model=(LinearLayer(bias=False),)), optimizers=(Muon(),)))
    muon.advance()
    assert dict(ask(ReadParameters(), Moment(muon)).rows[0].state)["momentum_buffer"].shape == (1, 1)


def test_a_schedule_survives_a_live_edit_of_something_else() -> None:
    """The group's rate is the schedule's, not the setting's."""
    experiment = experiment_of(SGD(lr=0.1, schedule=Exponential(gamma=0.9)))
    trainer = Trainer(experiment)
    trainer.seek(10)
    before = trainer.rates
    trainer.apply(with_value(experiment, "optimizers.0.momentum", 0.5))
    assert trainer.rates == before
    trainer.advance()
    assert trainer.rates[0] == pytest.approx(before[0] * 0.9)


@pytest.mark.parametrize("name", ["sgd", "lbfgs"])
def test_the_objective_is_told_its_step_before_every_evaluation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is chosen by it, and LBFGS evaluates several times on one."""
    trainer = Trainer(experiment_of(RULES[name][0]))
    objective = trainer.lanes[0].objective
    told = [0]  # before this test could listen
    evaluated: list[int] = []
    healthy = objective.evaluate
    monkeypatch.setattr(objective, "at_step", told.append)
    monkeypatch.setattr(objective, "evaluate", lambda: (evaluated.append(told[-1]), healthy())[1])
    for _ in trainer.steps():
        pass
    trainer.seek(20)
    assert told[: STEPS + 1] == list(range(STEPS + 1))
    assert told[STEPS + 1] < 20, "the checkpoint before the step sought"
    assert told[-1] == 20
    assert set(evaluated) | {0} == set(told)
    assert (len(evaluated) > len(told)) == (name == "lbfgs")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.parametrize("name", RULES)
def test_on_a_gpu_a_run_goes_on_from_its_file_and_seeks_as_on_the_cpu(name: str) -> None:
    experiment = experiment_of(planned(RULES[name][0], PLANS["sequential"][0])).model_copy(update={"device": "cuda:0"})
    trainer = Trainer(experiment)
    expected = [trainer.record.losses, *(record.losses for record in trainer.steps())]
    part = Trainer(experiment)
    part.seek(17)
    again = Trainer(experiment, part.result(RunState.PAUSED))
    assert [record.losses for record in again.steps()] == expected[18:]
    for step in (19, 3, 40, 0):
        assert again.seek(step).losses == expected[step]


@pytest.mark.parametrize("name", ["lbfgs", "lbfgs searching", "nadam", "adam fused", "asgd", "rmsprop"])
def test_a_saved_file_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    """A cycle that is no longer than the run, and one live edit: both stand in the file."""
    first = planned(RULES[name][0], OneCycle(max_lr=0.02, total_steps=STEPS))
    trainer = Trainer(experiment_of(first, planned(SGD(lr=0.1), PLANS["chained"][0])))
    losses = [trainer.seek(step).losses for step in range(10)]
    trainer.apply(with_value(trainer.experiment, "optimizers.1.momentum", 0.5))
    losses += [trainer.seek(step).losses for step in range(10, 18)]
    history = RecordBlock(0, np.array(losses), np.empty((18, 2, 0)))
    save(tmp_path / "run.gradviz", trainer.experiment, replace(trainer.result(RunState.PAUSED), history=history))
    expected = [record.losses for record in trainer.steps()]
    loaded = load(tmp_path / "run.gradviz")
    assert loaded.result is not None
    again = Trainer(loaded.experiment, loaded.result)
    assert [record.losses for record in again.steps()] == expected


def test_schedules_survive_the_file_format() -> None:
    for schedule, _ in {**PLANS, **MOVING}.values():
        experiment = experiment_of(planned(SGD(), schedule))
        assert from_data(to_data(experiment)) == experiment
