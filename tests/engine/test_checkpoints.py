"""How far apart checkpoints lie, and that they hold no more than the estimate of memory says."""

from __future__ import annotations

from typing import Any

import pytest
from fits import fit_with
from plain_loops import RULES

from gradviz.core.document.experiment import Experiment
from gradviz.core.document.memory import memory_of
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.optimizers.catalogue import SGD, Adam, Muon
from gradviz.core.optimizers.mistakes import NoZeroGrad
from gradviz.engine.training import checkpoints
from gradviz.engine.training.checkpoints import Checkpoints
from gradviz.engine.training.trainer import Trainer

STEPS = 12


class Clock:
    """Stands in for the time module: what copies cost is said, not measured."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


def spread(monkeypatch: pytest.MonkeyPatch, step_s: float, copy_s: float, slow_copies: tuple[int, ...] = ()) -> Any:
    """The checkpoints of 20,000 steps of these costs; the copies with these numbers are interrupted for 5 s."""
    clock, copies = Clock(), [0]
    trainer = Trainer(Experiment())
    plain = checkpoints.Moment.of

    def copied(*arguments: Any) -> Any:
        clock.now += 5.0 if copies[0] in slow_copies else copy_s
        copies[0] += 1
        return plain(*arguments)

    monkeypatch.setattr(checkpoints, "time", clock)
    monkeypatch.setattr(checkpoints.Moment, "of", staticmethod(copied))
    kept = Checkpoints()
    for step in range(20_000):
        if step % kept.stride == 0:
            kept.keep(step, trainer.lanes)
            kept.pace(step_s)
    return kept


@pytest.mark.parametrize(
    ("step_s", "copy_s", "stride"),
    [(1e-4, 1e-5, 256), (2e-5, 1e-5, 1024), (1e-4, 1e-3, 1024), (5e-3, 1e-5, 32), (0.3, 1e-3, 32)],
)
def test_checkpoints_lie_a_little_training_apart(
    step_s: float, copy_s: float, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 ms, or a hundred copies; or as many steps as leave at most 1,024 of them."""
    assert spread(monkeypatch, step_s, copy_s).stride == stride


def test_a_copy_that_was_interrupted_spreads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spread(monkeypatch, 1e-4, 1e-5, slow_copies=(0, 4, 9, 30)).stride == 256


def test_thinning_leaves_them_even(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = spread(monkeypatch, 0.3, 1e-3)
    assert list(kept._moments) == list(range(0, 20_000, kept.stride))


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_a_model_keeps_no_more_tensors_than_its_layers_say(layer: Any) -> None:
    declared = fit_with(layer)
    objective = Trainer(Experiment(objective=declared)).lanes[0].objective
    assert len(objective.parameters) + len(objective.buffers) <= declared.most_tensors


def held_and_estimated(experiment: Experiment) -> tuple[int, int]:
    """Bytes of the checkpoints of every step, and what the estimate says."""
    trainer = Trainer(experiment)
    kept = Checkpoints()
    for _ in range(STEPS + 1):
        kept.keep(trainer.step, trainer.lanes)
        if not trainer.finished:
            trainer.advance()
    estimate = memory_of(experiment)
    assert estimate is not None
    assert len(kept._moments) == STEPS + 1
    return kept.bytes, estimate.checkpoints


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.__name__)
def test_checkpoints_of_any_layer_hold_no_more_than_is_estimated(layer: Any) -> None:
    optimizers = (Adam(lr=1e-5, amsgrad=True), SGD(lr=1e-6, mistake=NoZeroGrad()))
    held, estimated = held_and_estimated(Experiment(objective=fit_with(layer), optimizers=optimizers, steps=STEPS))
    assert held <= estimated


@pytest.mark.parametrize("name", [name for name, (declared, _) in RULES.items() if not isinstance(declared, Muon)])
def test_checkpoints_of_any_optimiser_hold_no_more_than_is_estimated(name: str) -> None:
    experiment = Experiment(objective=fit_with(LAYERS[1]), optimizers=(RULES[name][0],), dtype="float64", steps=STEPS)
    held, estimated = held_and_estimated(experiment)
    assert held <= estimated
