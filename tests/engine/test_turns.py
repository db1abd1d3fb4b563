"""Trainers that live at once find torch's generator and threads as they left them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import CrossEntropy
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.runs.state import RunState
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

DROPPING = FitObjective(
    data=TwoMoons(points=20), model=(LinearLayer(features=4), Dropout(), LinearLayer(features=2)), loss=CrossEntropy()
)


@pytest.fixture(autouse=True)
def threads_kept() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def experiment(seed: int) -> Experiment:
    return Experiment(objective=DROPPING, optimizers=(SGD(lr=0.1),), steps=40, seed=seed)


def random_of(trainer: Trainer) -> bytes:
    random = trainer.result(RunState.PAUSED).random
    assert random is not None
    return random.tobytes()


def alone(seed: int) -> tuple[list[float], list[bytes]]:
    trainer = Trainer(experiment(seed))
    losses, states = [trainer.record.losses[0]], [random_of(trainer)]
    for record in trainer.steps():
        losses.append(record.losses[0])
        states.append(random_of(trainer))
    return losses, states


def test_two_trainers_in_turn_are_each_what_they_are_alone() -> None:
    expected = {seed: alone(seed) for seed in (1, 2)}
    assert expected[1][1][5] != expected[2][1][5], "both would be right by chance"
    trainers = {seed: Trainer(experiment(seed)) for seed in expected}
    for step in range(1, 41):
        for seed, trainer in trainers.items():
            assert trainer.advance().losses[0] == expected[seed][0][step]
        for seed, trainer in trainers.items():
            assert random_of(trainer) == expected[seed][1][step], f"seed {seed}, step {step}"
    trainers[1].seek(7)
    assert random_of(trainers[2]) == expected[2][1][40]
    assert random_of(trainers[1]) == expected[1][1][7]


def test_a_trainer_that_cannot_be_built_leaves_the_others_what_they_had() -> None:
    _, states = alone(1)
    trainer = Trainer(experiment(1))
    trainer.seek(9)
    result = trainer.result(RunState.PAUSED)
    with pytest.raises(EngineError):
        Trainer(Experiment(seed=5), result)
    assert random_of(trainer) == states[9]


def test_a_draw_goes_on_where_the_trainer_left_the_generator() -> None:
    """What no seed of a step begins, such as noise of one's own, is drawn as if nobody else were there."""
    first = Trainer(experiment(1))
    expected = torch.rand(4)
    again = Trainer(experiment(1))
    Trainer(experiment(2)).advance()
    again.result(RunState.PAUSED)
    np.testing.assert_array_equal(torch.rand(4), expected)
    assert first.step == 0


def test_a_small_model_beside_a_large_one_keeps_its_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr("gradviz.engine.training.trainer.LARGE_MODEL", DROPPING.parameter_count)
    wide = DROPPING.model_copy(update={"model": (LinearLayer(features=40), LinearLayer(features=2))})
    small, large = Trainer(experiment(1)), Trainer(Experiment(objective=wide))
    for trainer, threads in ((small, 1), (large, 3), (small, 1)):
        trainer.advance()
        assert torch.get_num_threads() == threads
