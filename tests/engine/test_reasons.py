"""A run that stops, or stands still, says why; and what it advises is tried here: it mends the run.

The ways of failing are those of `ways_to_fail`. On runs that are well nothing is said: the whole gallery is run.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from ways_to_fail import Way, formula, function, made, sgd, ways

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.explanation import LONGEST, Explain, Explanation, Reason
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import Job, ask
from gradviz.engine.answers.explanation import causes
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.whole_run import WholeRun
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.gallery import gallery

WAYS = ways()
ABOUT_A_FAILURE = {
    "line-too-fast": "rate too large",
    "rank-one-overflow": "rate too large",
    "line-wrong-sign": "gradient by hand",
    "line-slow": "not there yet",
    "tracking-begins": "unused parameter",
}
"""The lessons of the gallery that are about exactly what is said of them."""


LONG = 10_000
"""Runs of more steps are for the soak."""
FOR_THE_SOAK = (
    pytest.mark.soak,
    pytest.mark.skipif("GRADVIZ_SOAK_SECONDS" not in os.environ, reason="make soak runs all of them"),
)
FIRST_OF_ITS_KIND = {way.kind: name for name, way in reversed(WAYS.items())}
SOME_WAYS = [
    pytest.param(name, marks=() if FIRST_OF_ITS_KIND[way.kind] == name else FOR_THE_SOAK) for name, way in WAYS.items()
]
"""One way for each kind, and for the soak all."""


def ended(experiment: Experiment) -> WholeRun:
    whole = WholeRun(experiment)
    whole.train(lambda _step: None)
    return whole


@cache
def way_ended(name: str) -> tuple[WholeRun, Explanation]:
    whole = ended(WAYS[name].experiment)
    answer = whole.answer(Explain(whole.state, whole.trainer.step))
    assert isinstance(answer.value, Explanation), answer.value
    return whole, answer.value


def advised(way: Way, reason: Reason) -> Experiment:
    """The experiment after the advice: its edits, or what its words say."""
    experiment = way.experiment
    for path, value in [(edit.path, edit.value) for edit in reason.edits] or way.by_hand:
        experiment = with_value(experiment, path, value)
    return experiment


def test_there_are_as_many_ways_and_kinds_as_are_asked_for() -> None:
    assert len(WAYS) >= 60
    assert len({way.kind for way in WAYS.values()}) >= 25
    assert len({one.kind for one in causes()}) == len(causes())
    assert len({one.rank for one in causes()}) == len(causes()), "two causes of one rank: which is asked first?"


@pytest.mark.parametrize("name", SOME_WAYS)
def test_the_cause_is_named_with_its_element_and_its_figure(name: str) -> None:
    way, (_, explanation) = WAYS[name], way_ended(name)
    assert [reason.kind for reason in explanation.reasons] == [way.kind]
    (reason,) = explanation.reasons
    sentence = str(reason.words)
    for part in way.said:
        assert part in sentence
    assert len(sentence) <= LONGEST
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert reason.figures
    assert bool(reason.action) == bool(reason.edits)


@pytest.mark.parametrize("name", SOME_WAYS)
def test_what_is_advised_mends_it(name: str) -> None:
    way, (before, explanation) = WAYS[name], way_ended(name)
    (reason,) = explanation.reasons
    experiment = advised(way, reason)
    assert experiment != way.experiment, "there is no advice to follow"
    after = ended(experiment)
    assert after.state is RunState.FINISHED
    assert way.kind not in [reason.kind for reason in after.explanation.reasons]
    if before.state is RunState.FINISHED and reason.kind in (
        "dead neurons",
        "rate too small",
        "swings",
        "weight decay",
    ):
        assert after.trainer.lanes[0].loss < before.trainer.lanes[0].loss


@pytest.mark.parametrize(
    "name",
    [pytest.param(entry.name, marks=FOR_THE_SOAK if entry.experiment.steps > LONG else ()) for entry in gallery()],
)
def test_nothing_is_said_of_the_gallery_but_what_its_lessons_are_about(name: str) -> None:
    entry = next(entry for entry in gallery() if entry.name == name)
    whole = ended(entry.experiment)
    expected = [ABOUT_A_FAILURE[name]] if name in ABOUT_A_FAILURE else []
    assert [reason.kind for reason in whole.explanation.reasons] == expected


def test_the_curvature_of_a_bowl_is_known_and_so_is_the_bound_of_the_rate() -> None:
    """The quadratic bowl has curvatures 1 and `condition`: 2/curvature is exact."""
    whole = ended(made(function("quadratic", 1.0, 1.0, condition=40.0), sgd(0.06), steps=5000))
    (reason,) = whole.explanation.reasons
    figures = dict(reason.figures)
    assert figures["curvature"] == pytest.approx(40.0, rel=1e-9)
    assert figures["bound"] == pytest.approx(0.05, rel=1e-9)


def test_every_optimiser_that_failed_in_a_race_is_named() -> None:
    race = Experiment(optimizers=(SGD(lr=1.0), SGD(lr=1e-3), SGD(lr=0.1)), steps=50)
    whole = ended(race)
    told = [(reason.optimizer, str(reason.words)) for reason in whole.explanation.reasons]
    assert [index for index, _ in told] == [0, 2]
    assert told[0][1].startswith("SGD lr 1 diverged at step ")
    stopped = int(np.flatnonzero(~np.isfinite(whole.history.losses[:, 2]))[0])
    assert told[1][1].startswith(f"SGD lr 0.1 diverged at step {stopped}. ")
    assert "1 more" in str(whole.explanation.words)
    assert whole.message.startswith("Finished: 50 steps. SGD lr 1 diverged")
    for reason in whole.explanation.reasons:
        assert reason.edits[0].path == f"optimizers.{reason.optimizer}.lr"
        race = with_value(race, reason.edits[0].path, reason.edits[0].value)
    assert not ended(race).explanation.reasons


def test_what_two_have_in_common_is_told_once() -> None:
    pairs = WAYS["a column less a row"].experiment
    whole = ended(pairs.with_optimizers((SGD(lr=0.05), SGD(lr=0.01))))
    assert [reason.kind for reason in whole.explanation.reasons] == ["broadcasting"]


def test_the_run_knows_nothing_of_it_and_goes_on_as_if_nobody_had_asked() -> None:
    experiment = WAYS["a millionth"].experiment
    asked, alone = Trainer(experiment), Trainer(experiment)
    for trainer in (asked, alone):
        trainer.seek(50)
    random = torch.get_rng_state()
    ask(Explain(), Moment(asked))
    assert torch.equal(torch.get_rng_state(), random)
    assert asked.step == 50
    assert [record.losses for record in asked.steps()] == [record.losses for record in alone.steps()]
    assert asked.seek(20).losses == alone.seek(20).losses


def test_it_is_answered_in_slices_so_that_a_command_can_come_between() -> None:
    trainer = Trainer(WAYS["x squared"].experiment)
    trainer.seek(100)
    job, slices = Job(Explain(), Moment(trainer)), 0
    while not job.advance(0.0):
        slices += 1
    assert slices > 10
    assert job.answer.value.reasons


def test_a_run_that_was_paused_on_its_way_is_no_failure() -> None:
    for name in ("himmelblau", "line", "moons", "batch-stochastic"):
        entry = next(entry for entry in gallery() if entry.name == name)
        trainer = Trainer(entry.experiment)
        trainer.seek(entry.experiment.steps // 50)
        assert ask(Explain(), Moment(trainer)) == Explanation()


def test_none_and_zero_are_two_things() -> None:
    none = ended(made(formula("f = (x - 1)**2", x=0.0, y=1.0), steps=20)).explanation
    zero = ended(made(formula("f = (x - 1)**2 + 0*y", x=0.0, y=1.0), steps=20)).explanation
    assert "y.grad is None" in str(none.words)
    assert not zero.reasons
    root = ended(made(formula("f = sqrt(x)", x=0.0), steps=2)).explanation
    assert "is inf where x = 0" in str(root.words)


def test_a_run_of_weights_that_are_not_finite_does_not_hang() -> None:
    start = Trainer(Experiment(steps=5)).result(RunState.PAUSED)
    start.lanes[0].weights["x"][...] = math.nan
    assert isinstance(ask(Explain(), Moment(Trainer(Experiment(steps=5), start))), Explanation)


def test_a_model_that_is_too_large_to_be_copied_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradviz.engine.evidence.evidence.MOST_PARAMETERS", 1)
    whole = ended(WAYS["bowl"].experiment)
    assert not whole.explanation.reasons
    assert whole.message.startswith("Diverged at step ")
    assert "too large to be run a second time" in str(whole.answer(Explain()).value.why)


def test_a_run_from_a_file_is_repeated_for_its_reason_as_long_as_that_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory there are checkpoints on the way; a file has the end alone."""
    experiment = made(formula("f = (x - 1)**2", x=0.0, y=1.0), sgd(0.01), steps=600)
    whole = WholeRun(experiment)
    whole.train(lambda _step: None)
    alive = whole.answer(Explain()).value
    assert isinstance(alive, Explanation)
    assert alive.reasons
    opened = Trainer(experiment, replace(whole.trainer.result(RunState.FINISHED), history=whole.history.block(600)))
    assert ask(Explain(), Moment(opened)) == alive
    monkeypatch.setattr("gradviz.engine.evidence.evidence.REPEATED_S", 0.0)
    with pytest.raises(EngineError, match="too long to be repeated"):
        ask(Explain(), Moment(opened))
    assert opened.step == 600
