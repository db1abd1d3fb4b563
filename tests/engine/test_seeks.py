"""Seeks in either direction: whatever the way, all that a run is at a step is that of a run made straight."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU
from fits import SMALL, fit_with
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from plain_loops import MATRIX

from gradviz.core.data.batches import MiniBatch
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.data.validation import StratifiedValidation
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import BatchNorm1d, Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import CrossEntropy
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.core.optimizers.catalogue import LBFGS, SGD, Adam, Adamax, Optimizer, RMSprop
from gradviz.core.optimizers.mistakes import Cycle, NoZeroGrad
from gradviz.core.optimizers.schedule_catalogue import (
    Cyclic,
    Exponential,
    Lambda,
    Multiplicative,
    OneCycle,
    ReduceOnPlateau,
)
from gradviz.core.runs.state import RunState
from gradviz.engine.training.checkpoints import held_by
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.result_tensors import tensors_of

pytestmark = pytest.mark.usefixtures("frequent_checkpoints")
LENGTH = 60
NORMED = FitObjective(
    data=SMALL, model=(LinearLayer(features=4), BatchNorm1d(), Dropout(p=0.3), LinearLayer()), batch=MiniBatch(size=5)
)
HELD = FitObjective(
    data=TwoMoons(points=30, noise=0.5, validation=StratifiedValidation(share=0.3)),
    model=(LinearLayer(features=6), BatchNorm1d(), Dropout(p=0.3), LinearLayer(features=2)),
    loss=CrossEntropy(),
    batch=MiniBatch(size=7),
)
FAILING = SGD(lr=1e-3, schedule=Lambda(lr_lambda="1 / (23 - step)"), mistake=NoZeroGrad())
RACES: dict[str, tuple[Any, tuple[Optimizer, ...], str]] = {
    "momentum, Adam, a plateau": (
        NORMED,
        (SGD(lr=1e-3, momentum=0.9), Adam(lr=0.01, schedule=ReduceOnPlateau(patience=1, threshold=0.05)), Adamax()),
        "float32",
    ),
    "LBFGS and a schedule": (
        NORMED,
        (LBFGS(lr=0.1, max_iter=3, history_size=3, schedule=Exponential(gamma=0.95)), SGD(lr=1e-3)),
        "float64",
    ),
    "moved momentum": (
        MATRIX,
        (
            SGD(lr=0.01, momentum=0.5, schedule=OneCycle(max_lr=0.05, cycle_momentum=True)),
            RMSprop(lr=0.01, momentum=0.5, schedule=Cyclic(base_lr=1e-3, max_lr=0.02, step_size_up=5)),
        ),
        "float64",
    ),
    "gradients that add up": (
        NORMED,
        (SGD(lr=1e-4, mistake=NoZeroGrad()), Adam(lr=1e-3, mistake=Cycle(actions=("backward", "backward", "zero")))),
        "float32",
    ),
    "one stops by its schedule": (NORMED, (FAILING, Adam(lr=1e-3)), "float64"),
    "one stops in its update": (
        MATRIX, (SGD(schedule=Multiplicative(lr_lambda="where(step < 20, 1, 1e200)")), Adam(lr=1e-3)), "float32",
    ),
    "one stops early, two go on": (
        HELD.model_copy(update={"stopping": EarlyStopping(patience=3, least=0.01)}),
        (SGD(lr=0.2), Adam(lr=0.01), Adam(lr=0.3)),
        "float32",
    ),
    "all stop early": (
        HELD.model_copy(update={"stopping": EarlyStopping(patience=2, weights="last"), "evaluate_every": 3}),
        (SGD(lr=0.2, mistake=NoZeroGrad()), Adam(lr=0.3, schedule=Exponential(gamma=0.95))),
        "float64",
    ),
    "one diverges": (MATRIX, (SGD(lr=8.0), Adam(lr=1e-3)), "float32"),
    "all diverge": (MATRIX, (SGD(lr=8.0),), "float64"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def everything(trainer: Trainer) -> dict[str, Any]:
    """All that a trainer is at its step, by name: what a file holds, and what it does not."""
    found: dict[str, Any] = dict(tensors_of(trainer.result(RunState.PAUSED)))
    record = trainer.record
    found["record"] = (record.step, *record.losses, *record.position, *record.figures)
    found["rates"], found["faults"] = trainer.rates, trainer.faults
    found["stands"] = (trainer.step, trainer.finished, trainer.diverged, trainer.is_over, str(trainer.early_stop()))
    for index, lane in enumerate(trainer.lanes):
        for name, parameter in lane.objective.parameters.items():
            found[f"grad/{index}/{name}"] = None if parameter.grad is None else parameter.grad.numpy().copy()
    return found


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


class BrokenOffError(Exception):
    """What is no error of the arithmetic, which stops a lane as a run's own."""


def broken_off() -> None:
    raise BrokenOffError


class Wander(RuleBasedStateMachine):
    """Steps, live edits, seeks anywhere, seeks left on the way, and steps that fail half-way."""

    @initialize(name=st.sampled_from(sorted(RACES)))
    def begin(self, name: str) -> None:
        objective, optimizers, dtype = RACES[name]
        data = {"objective": objective, "optimizers": optimizers, "dtype": dtype, "steps": LENGTH, "seed": 3}
        self.experiment = Experiment(**data)
        self.trainer = Trainer(self.experiment)
        self.edits: dict[int, Experiment] = {}

    @rule(count=st.integers(1, 25))
    def step(self, count: int) -> None:
        for _, _ in zip(range(count), self.trainer.steps(), strict=False):
            pass

    @rule(step=st.integers(0, LENGTH))
    def seek(self, step: int) -> None:
        self.trainer.seek(step)
        assert self.trainer.step == step or self.trainer.diverged or self.trainer.is_over

    @rule(step=st.integers(0, LENGTH), updates=st.integers(0, 6))
    def seek_and_leave_on_the_way(self, step: int, updates: int) -> None:
        way = self.trainer.towards(step)
        for _, _ in zip(range(updates), way, strict=False):
            pass
        way.close()

    @rule(lane=st.integers(0, 2), part=st.sampled_from(["update", "evaluate"]), step=st.integers(0, LENGTH))
    def fail_and_seek(self, lane: int, part: str, step: int) -> None:
        """A step that ends between two lanes, or between update and evaluation, is made anew."""
        if self.trainer.finished or self.trainer.diverged:
            return
        broken = self.trainer.lanes[min(lane, len(self.trainer.lanes) - 1)]
        owner = broken if part == "update" else broken.objective
        healthy = getattr(owner, part)
        setattr(owner, part, broken_off)
        try:
            self.trainer.advance()
        except BrokenOffError:
            pass
        finally:
            setattr(owner, part, healthy)
        self.seek(step)

    @rule(step=st.integers(0, LENGTH), factor=st.sampled_from([0.5, 0.9, 1.2]), decay=st.floats(0.001, 0.1))
    def edit(self, step: int, factor: float, decay: float) -> None:
        """A live edit of the last optimiser's rate, and of the first's decay, here or elsewhere."""
        self.trainer.seek(step)
        experiment = self.trainer.experiment
        last, first = experiment.optimizers[-1], experiment.optimizers[0]
        if "lr" in last.live:
            path = f"optimizers.{len(experiment.optimizers) - 1}.lr"
            experiment = with_value(experiment, path, last.keywords["lr"] * factor)
        if "weight_decay" in first.live:
            experiment = with_value(experiment, "optimizers.0.weight_decay", decay)
        if experiment == self.trainer.experiment:
            return  # nothing was edited, here or anywhere
        self.trainer.apply(experiment)
        self.edits = {step: edit for step, edit in self.edits.items() if step < self.trainer.step}
        self.edits[self.trainer.step] = experiment

    @invariant()
    def is_what_the_straight_run_is(self) -> None:
        if not hasattr(self, "trainer"):
            return
        found = everything(self.trainer)
        generator = torch.get_rng_state()
        straight = Trainer(self.experiment)
        for step in range(self.trainer.step + 1):
            if step in self.edits:
                straight.apply(self.edits[step])
            if step < self.trainer.step:
                straight.advance()
        expected = everything(straight)
        torch.set_rng_state(generator)
        assert_equal(found, expected)


def test_any_way_through_a_run_leads_to_what_the_straight_run_is() -> None:
    run_state_machine_as_test(Wander, settings=settings(max_examples=50, stateful_step_count=12, deadline=None))


def test_a_setting_made_at_the_last_known_step_is_made_again_on_the_way_through_it() -> None:
    data = {"objective": MATRIX, "optimizers": (SGD(lr=1e-3),), "dtype": "float64", "steps": LENGTH}
    trainer = Trainer(Experiment(**data))
    trainer.seek(47)
    trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", 5e-4))
    trainer.seek(46)
    trainer.advance()
    assert trainer.rates == (5e-4,)
    trainer.advance()
    assert trainer.rates == (5e-4,)


def counted_updates(trainer: Trainer) -> list[int]:
    """The steps at which the first lane is updated from here on."""
    lane, made = trainer.lanes[0], []
    healthy = lane.update

    def update() -> None:
        made.append(trainer.step)
        healthy()

    lane.update = update
    return made


def test_a_seek_over_known_steps_makes_fewer_updates_than_the_stride() -> None:
    trainer = Trainer(Experiment(objective=HIMMELBLAU, optimizers=(Adam(lr=0.01),), steps=700))
    losses = [trainer.record.losses, *(record.losses for record in trainer.steps())]
    made = counted_updates(trainer)
    assert trainer._checkpoints.stride < 256
    draw = random.Random(1)
    for goal in (0, 700, *(draw.randrange(701) for _ in range(60))):
        before = trainer.step
        made.clear()
        assert trainer.seek(goal).losses == losses[goal]
        assert len(made) < trainer._checkpoints.stride
        assert len(made) <= goal - before or goal < before, "a seek forwards makes no more than the steps between"


def test_a_restored_run_goes_back_and_forth_to_its_file_without_training_again() -> None:
    experiment = Experiment(objective=NORMED, optimizers=(Adam(lr=0.01),), dtype="float64", steps=200)
    whole = Trainer(experiment)
    whole.seek(133)
    restored = Trainer(experiment, whole.result(RunState.PAUSED))
    expected = everything(restored)
    restored.seek(0)
    made = counted_updates(restored)
    restored.seek(133)
    assert made == []
    assert_equal(everything(restored), expected)
    restored.seek(135)
    assert made == [133, 134]


def test_a_seek_past_the_known_steps_begins_at_the_last_of_them() -> None:
    trainer = Trainer(Experiment(objective=fit_with(LinearLayer), steps=500))
    trainer.seek(100)
    trainer.seek(3)
    made = counted_updates(trainer)
    trainer.seek(120)
    assert made == list(range(100 - 100 % trainer._checkpoints.stride, 120))


def test_the_random_state_is_that_of_the_moment_and_kept_once_while_nobody_draws() -> None:
    torch.manual_seed(7)
    trainer = Trainer(Experiment(objective=HIMMELBLAU, steps=100))
    trainer.seek(40)
    first = torch.get_rng_state()
    torch.rand(5)
    second = torch.get_rng_state()
    trainer.seek(100)
    moments = trainer._checkpoints._moments
    assert len({id(moment.random) for moment in moments.values()}) == 2 < len(moments)
    held = {id(moment.random): held_by(moment.random) for moment in moments.values()}
    assert trainer._checkpoints.bytes == sum(moment.bytes for moment in moments.values()) + sum(held.values())
    for goal, expected in ((10, first), (90, second)):
        torch.rand(3)
        trainer.seek(goal)
        assert torch.equal(torch.get_rng_state(), expected)


@pytest.mark.parametrize(
    "name", ["gradients that add up", "one diverges", "one stops early, two go on", "all stop early"]
)
def test_a_branch_goes_on_otherwise_and_goes_back_by_the_checkpoints_of_the_run_before(name: str) -> None:
    objective, optimizers, dtype = RACES[name]
    experiment = Experiment(objective=objective, optimizers=optimizers, dtype=dtype, steps=LENGTH, seed=3)
    before = Trainer(experiment)
    whole = [before.record, *before.steps()]
    stood = len(whole) // 2
    before.seek(stood)
    branch = before.twin()
    assert_equal(everything(branch), everything(before))
    updates = counted_updates(branch)
    back = branch.seek(stood - 3)
    assert back.losses == whole[stood - 3].losses
    assert len(updates) < stood, "it went by a checkpoint"
    for record in whole[stood - 2 :]:
        np.testing.assert_array_equal(branch.advance().losses, record.losses)
    np.testing.assert_array_equal(before.seek(len(whole) - 1).losses, whole[-1].losses)
