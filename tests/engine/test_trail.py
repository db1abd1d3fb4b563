"""The recorded way over a slice: that of a plain run, however it was sought through, edited, or opened from a file."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import LINE, NEURONS, formula_experiment
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.place import Locate
from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.runs.mailbox import block_of
from gradviz.engine.training.trail import Trail, flat_numbers
from gradviz.engine.training.trainer import Trainer

RACE = Experiment(objective=NEURONS, optimizers=(SGD(lr=1e-3), Adam(lr=0.02)), steps=700, seed=3)


@cache
def plain_numbers(steps: int = 450) -> np.ndarray:
    """All numbers (steps, lanes, n) of a run that nobody looks at."""
    trainer, found = Trainer(RACE), []
    for step in range(steps + 1):
        trainer.seek(step)
        found.append(torch.stack([flat_numbers(lane.objective) for lane in trainer.lanes]).numpy())
    return np.array(found)


def expected_paths(moment: Moment, steps: list[int]) -> np.ndarray:
    plane = moment.plane
    offsets = plain_numbers()[steps].astype(np.float64) - plane.origin.double().numpy()
    return (offsets @ plane.basis.double().numpy().T).transpose(1, 0, 2)


def kept_steps(last: int) -> list[int]:
    """Each step of the first 128, each second of the next, each fourth of those that follow; and the last."""
    kept = [s for s in range(last + 1) if s < 128 or (s < 256 and s % 2 == 0) or s % 4 == 0]
    return sorted({*kept, last})


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 450), min_size=1, max_size=5))
def test_the_path_is_that_of_a_plain_run_wherever_one_seeks(visits: list[int]) -> None:
    moment = Moment(Trainer(RACE))
    for step in (450, *visits):
        moment.trainer.seek(step)
        found = ask(Locate(), moment)
        assert found.paths is not None
        assert found.since == 0
        np.testing.assert_allclose(found.paths, expected_paths(moment, kept_steps(step)), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.paths[:, -1], found.position, rtol=1e-9, atol=1e-12)


def test_a_slice_that_is_laid_anew_shows_the_same_way_in_its_own_plane() -> None:
    moment = Moment(Trainer(RACE))
    moment.trainer.seek(300)
    ask(Survey(8), moment)
    first = ask(Locate(), moment)
    moment.trainer.seek(200)
    grid = ask(Survey(8, cut=1), moment)
    found = ask(Locate(), moment)
    assert isinstance(grid, SurfaceGrid)
    assert (first.cut, grid.cut, found.cut) == (0, 1, 1)
    np.testing.assert_allclose(found.paths, expected_paths(moment, kept_steps(200)), atol=1e-12)
    np.testing.assert_allclose(found.position[0], [0, 0], atol=1e-12)
    assert found.distances[0] == 0.0 < found.distances[1]
    for places in found.paths[:1]:
        assert (places[:, 0] >= grid.x[0]).all()
        assert (places[:, 0] <= grid.x[-1]).all()
        assert (places[:, 1] >= grid.y[0]).all()
        assert (places[:, 1] <= grid.y[-1]).all()


def test_the_mark_of_a_slice_is_told_with_both_losses_and_how_far_off_it_is() -> None:
    moment = Moment(Trainer(RACE))
    ask(Survey(8), moment)
    for step in (0, 1, 60):
        moment.trainer.seek(step)
        found = ask(Locate(), moment)
        plane = moment.plane
        for lane, objective in enumerate(one.objective for one in moment.trainer.lanes):
            assert found.losses[lane] == pytest.approx(moment.trainer.record.losses[lane], rel=1e-6)
            flat = flat_numbers(objective).double()
            below = plane.origin + torch.from_numpy(found.position[lane]).to(plane.origin) @ plane.basis
            away = float((flat - below.double()).norm())
            assert found.distances[lane] == pytest.approx(away, rel=1e-3, abs=1e-5)
            loss = float(objective.landscape_at(plane.parameters(below)))
            assert found.feet[lane] == pytest.approx(loss, rel=1e-5)
        assert (found.distances == (0.0, 0.0)) == (step == 0)


def test_other_settings_make_another_way_from_there_on() -> None:
    moment = Moment(Trainer(RACE))
    trainer = moment.trainer
    trainer.seek(200)
    ask(Locate(), moment)
    trainer.seek(50)
    faster = RACE.with_optimizers((SGD(lr=5e-3), Adam(lr=0.02)))
    trainer.apply(faster)
    trainer.seek(90)
    found = ask(Locate(), moment)
    assert found.paths is not None
    assert found.paths.shape[1] == 91
    np.testing.assert_allclose(found.paths[:, :51], expected_paths(moment, list(range(51))), atol=1e-12)
    np.testing.assert_allclose(found.paths[1], expected_paths(moment, list(range(91)))[1], atol=1e-12)
    assert np.abs(found.paths[0, 60:] - expected_paths(moment, list(range(91)))[0, 60:]).max() > 1e-4


def test_a_run_from_a_file_knows_its_way_from_there_on_and_makes_up_none() -> None:
    before = Trainer(RACE)
    records = [before.seek(step) for step in range(301)]
    saved = replace(before.result(RunState.PAUSED), history=block_of(records, 2))
    moment = Moment(Trainer(RACE, saved))
    found = ask(Locate(), moment)
    assert (found.since, found.paths.shape if found.paths is not None else None) == (300, (2, 1, 2))
    moment.trainer.seek(340)
    found = ask(Locate(), moment)
    assert found.since == 300
    np.testing.assert_allclose(found.paths, expected_paths(moment, list(range(300, 341, 4))), atol=1e-12)
    moment.trainer.seek(20)
    assert ask(Locate(), moment).since == 0, "going back repeats the steps, which are known then"


@pytest.mark.parametrize(
    "experiment", [Experiment(objective=LINE), formula_experiment("loss = sum(w*w)", w=(1.0, 2.0))]
)
def test_of_two_numbers_no_copy_is_kept_for_the_records_have_them(experiment: Experiment) -> None:
    trainer = Trainer(experiment)
    trainer.seek(40)
    assert trainer.trail.steps_to(40) == []
    assert trainer.record.position != ()


def test_copies_grow_with_the_logarithm_of_the_steps_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(RACE)
    trail, keeps = Trail(trainer.lanes), 0
    for step in range(100_000):
        if step >= trail.due:
            trail.keep(step, trainer.lanes)
            keeps += 1
    assert keeps == len(trail.steps_to(99_999)) < 64 * 12 + 64
    size = len(flat_numbers(trainer.lanes[0].objective)) * 2 * 4
    monkeypatch.setattr("gradviz.engine.training.trail.TRAIL_BYTES", 30 * size * 8)
    assert Trail(trainer.lanes).of_octave == 8
    monkeypatch.setattr("gradviz.engine.training.trail.TRAIL_BYTES", size)
    none: Any = Trail(trainer.lanes)
    assert (none.of_octave, none.due, none.steps_to(9)) == (0, float("inf"), [])
    none.go_to(5)
    none.forget_beyond(5)
    assert none.due == float("inf")
