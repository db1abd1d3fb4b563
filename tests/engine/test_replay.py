"""A saved run, run again: matched bit for bit, or the first step that differs."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_support import NEURONS

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.runs.replay import replay
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load

BASE = Experiment(objective=NEURONS, optimizers=(Adam(lr=0.01), SGD(lr=1e-3)), steps=60, seed=6)
RATES = {0: 0.02, 20: 0.005, 45: 0.03}


def saved_run(experiment: Experiment, rates: dict[int, float]) -> tuple[Experiment, RunResult]:
    """The experiment as it stands at the end, and what the application saves of it."""
    trainer = Trainer(experiment)
    losses = [trainer.record.losses]
    while not (trainer.finished or trainer.diverged):
        if trainer.step in rates:
            trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", rates[trainer.step]))
        losses.append(trainer.advance().losses)
    return trainer.experiment, with_losses(trainer.result(RunState.FINISHED), losses)


def with_losses(result: RunResult, losses: Any) -> RunResult:
    table = np.array(losses)
    return replace(result, history=RecordBlock(0, table, np.empty((*table.shape, 0))))


def losses_of(result: RunResult) -> Any:
    assert result.history is not None
    return result.history.losses


@pytest.fixture(scope="module")
def run_with_edits() -> tuple[Experiment, RunResult]:
    return saved_run(BASE, RATES)


def with_loss(result: RunResult, place: Any, value: float) -> RunResult:
    losses = losses_of(result).copy()
    losses[place] = value
    return with_losses(result, losses)


def with_weight(result: RunResult, lane: int, name: str, place: Any, value: float) -> RunResult:
    lanes = copy.deepcopy(result.lanes)
    lanes[lane].weights[name][place] = value
    return replace(result, lanes=lanes)


@pytest.mark.parametrize("rates", [{}, RATES], ids=["no edits", "live edits"])
def test_a_run_matches_itself(rates: dict[int, float]) -> None:
    told = []
    found = replay(*saved_run(BASE, rates), lambda done, whole: told.append((done, whole)))
    assert (found.matched, found.first_difference, found.steps, found.differences) == (True, None, 60, ())
    assert told[0] == (0, 60)
    assert told[-1] == (60, 60)


@pytest.mark.parametrize("step", [0, 1, 21, 60])
@pytest.mark.parametrize("lane", [0, 1])
def test_a_changed_loss_is_found_at_its_step(run_with_edits: Any, step: int, lane: int) -> None:
    experiment, result = run_with_edits
    true = losses_of(result)[step, lane]
    wrong = np.nextafter(true, np.inf)
    found = replay(experiment, with_loss(result, (step, lane), wrong))
    assert (found.matched, found.first_difference, found.expected, found.found) == (False, step, wrong, true)


@pytest.mark.parametrize(("lane", "name"), [(0, "0.weight"), (1, "2.bias")])
def test_a_changed_weight_is_found(run_with_edits: Any, lane: int, name: str) -> None:
    experiment, result = run_with_edits
    weights = result.lanes[lane].weights[name]
    place = (0,) * weights.ndim
    found = replay(experiment, with_weight(result, lane, name, place, np.nextafter(weights[place], np.inf)))
    assert (found.matched, found.first_difference) == (False, 60)


def test_a_forgotten_edit_is_found_one_step_after_it(run_with_edits: Any) -> None:
    experiment, result = run_with_edits
    edits = tuple(edit for edit in result.edits if edit.step != 20)
    assert replay(experiment, replace(result, edits=edits)).first_difference == 21


def test_another_seed_or_rate_is_found(run_with_edits: Any) -> None:
    experiment, result = run_with_edits
    assert replay(experiment.model_copy(update={"seed": 7}), result).first_difference == 0


def test_a_weight_of_a_run_saved_in_its_past_is_compared_there() -> None:
    experiment, result = saved_run(BASE, RATES)
    trainer = Trainer(experiment)
    trainer.edits = list(result.edits)
    trainer = Trainer(BASE)
    trainer.edits = list(result.edits)
    trainer.seek(30)
    past = replace(trainer.result(RunState.PAUSED), edits=result.edits, history=result.history)
    assert replay(experiment, past).matched
    wrong = with_weight(past, 0, "0.bias", (0,), 0.5)
    assert replay(experiment, wrong).first_difference == 30


def test_a_run_saved_in_its_past_goes_on_with_the_settings_of_now_and_matches_its_replay() -> None:
    trainer = Trainer(BASE)
    trainer.seek(45)
    trainer.apply(with_value(BASE, "optimizers.0.lr", 0.03))
    records = [trainer.seek(step) for step in range(31)]
    result = replace(trainer.result(RunState.PAUSED), history=block_of(records, 2))
    assert [edit.step for edit in result.edits] == [0], "what lies ahead is no part of it"
    again = Trainer(trainer.experiment, result)
    records += list(again.steps())
    assert [edit.step for edit in again.edits] == [0, 30]
    assert replay(again.experiment, replace(again.result(RunState.FINISHED), history=block_of(records, 2))).matched


def test_a_run_that_diverged_matches_itself_and_no_longer_one() -> None:
    experiment = Experiment(objective=FitObjective(), optimizers=(SGD(lr=1e-2),), steps=100)
    experiment, result = saved_run(experiment, {})
    losses = losses_of(result)
    assert not np.isfinite(losses[-1, 0])
    assert replay(experiment, result).matched
    found = replay(experiment, with_losses(result, np.concatenate([losses, losses[-1:]])))
    assert (found.matched, found.first_difference) == (False, len(losses))


def test_a_lane_that_diverged_does_not_hide_the_one_that_differs() -> None:
    experiment = Experiment(optimizers=(SGD(lr=1.0), SGD(lr=1e-3)), steps=30)
    experiment, result = saved_run(experiment, {})
    true = losses_of(result)[25, 1]
    assert not np.isfinite(losses_of(result)[25, 0])
    found = replay(experiment, with_loss(result, (25, 1), true + 1))
    assert (found.first_difference, found.expected, found.found) == (25, true + 1, true)


def test_other_versions_and_devices_are_named(run_with_edits: Any) -> None:
    experiment, result = run_with_edits
    elsewhere = replace(result, versions={**result.versions, "torch": "1.0"}, device="cuda:0")
    found = replay(experiment, elsewhere)
    assert found.matched
    assert any(difference.startswith("torch 1.0 then") for difference in found.differences)
    assert any(difference.startswith("device cuda:0 then, cpu now") for difference in found.differences)
    assert len(found.differences) == 2


def test_a_file_without_a_history_is_refused(run_with_edits: Any) -> None:
    experiment, result = run_with_edits
    for without in (replace(result, history=None), with_losses(result, np.empty((0, 2)))):
        with pytest.raises(EngineError, match="no history"):
            replay(experiment, without)


# Imported weights


def imported(**values: float) -> RunResult:
    return RunResult.beginning_with({name: np.array(value, dtype=np.float32) for name, value in values.items()})


def test_a_run_begins_with_imported_weights_in_every_lane_and_goes_back_to_them() -> None:
    experiment = Experiment(optimizers=(SGD(lr=1e-3), Adam(lr=0.01)), steps=40)
    trainer = Trainer(experiment, imported(x=1.0, y=-2.0))
    assert trainer.begins_with_weights
    assert trainer.record.position == (1.0, -2.0, 1.0, -2.0)
    first = [trainer.record, *trainer.steps()]
    assert trainer.seek(0) == first[0]
    assert trainer.seek(40) == first[40]


def test_a_saved_run_from_imported_weights_is_resumed_and_replayed_bit_for_bit() -> None:
    experiment = Experiment(steps=30)
    trainer = Trainer(experiment, imported(x=1.0, y=-2.0))
    records = [trainer.record, *trainer.steps()]
    result = replace(trainer.result(RunState.FINISHED), history=block_of(records, 1))
    assert replay(experiment, result).matched
    longer = Trainer(with_value(experiment, "steps", 60), result)
    assert longer.step == 30
    assert longer.seek(0).position == (1.0, -2.0)
    assert replay(experiment, replace(result, start={})).first_difference == 0


def test_weights_of_another_model_are_left_with_a_notice() -> None:
    for weights in (imported(x=1.0), imported(x=1.0, y=2.0, z=3.0), imported(a=1.0, b=2.0)):
        trainer = Trainer(Experiment(), weights)
        assert not trainer.begins_with_weights
        assert "do not fit" in trainer.notice
        assert len(trainer.notice) <= 300
        assert trainer.record.position == (0.0, 0.0)


def test_imported_weights_that_are_not_finite_do_not_run() -> None:
    trainer = Trainer(Experiment(), imported(x=float("nan"), y=2.0))
    assert trainer.diverged


@pytest.mark.parametrize("name", ["format1.gradviz", "format2.gradviz"])
def test_a_run_of_an_older_gradviz_matches_its_replay_and_goes_on(name: str) -> None:
    saved = load(Path(__file__).parents[1] / "storage" / "files" / name)
    assert saved.result is not None
    found = replay(saved.experiment, saved.result)
    assert found.matched, f"from step {found.first_difference}, {found.differences}"
    trainer = Trainer(with_value(saved.experiment, "steps", 13), saved.result)
    assert [record.step for record in trainer.steps()] == [11, 12, 13]
    assert not trainer.diverged
    assert trainer.seek(6).losses == tuple(losses_of(saved.result)[6])
