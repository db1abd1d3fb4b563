"""A run that was edited, gone back in, saved and gone on with, or raced: its script does the same, or says no."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import executed
from script_runs import Ended, ended

import gradviz
from gradviz.core.document.experiment import Experiment, from_data, with_value
from gradviz.core.questions.start import FindStart
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.initial_values import start_of
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError

NETWORK: dict[str, Any] = {
    "kind": "fit",
    "data": {"kind": "moons", "points": 20},
    "model": [{"kind": "linear", "features": 3}, {"kind": "tanh"}, {"kind": "linear", "features": 1}],
    "loss": {"kind": "bce_with_logits"},
    "batch": {"kind": "mini", "size": 5},
}
EDITS: dict[str, tuple[dict[str, Any], list[tuple[int, str, Any]]]] = {
    "rate": ({"kind": "sgd", "lr": 0.1}, [(3, "lr", 0.02), (7, "lr", 0.5)]),
    "momentum begins": ({"kind": "sgd", "lr": 0.1}, [(2, "momentum", 0.9), (6, "nesterov", True)]),
    "betas and decay": ({"kind": "adam", "lr": 0.05}, [(4, "betas", [0.5, 0.6]), (5, "weight_decay", 0.1)]),
    "climbs": ({"kind": "adamw", "lr": 0.05}, [(3, "maximize", True), (6, "maximize", False)]),
    "rate of ASGD": ({"kind": "asgd", "lr": 0.05}, [(3, "lr", 0.2), (4, "lambd", 0.1)]),
    "with a schedule": ({"kind": "nadam", "lr": 0.05, "schedule": {"kind": "exponential", "gamma": 0.9}},
                        [(3, "momentum_decay", 0.2)]),
    "LBFGS": ({"kind": "lbfgs", "lr": 0.3, "max_iter": 3}, [(2, "max_iter", 2), (4, "line_search_fn", "strong_wolfe")]),
    "with a mistake": ({"kind": "sgd", "lr": 0.01, "mistake": {"kind": "rate_times_ten"}}, [(3, "lr", 0.02)]),
    "at step 0": ({"kind": "sgd", "lr": 0.1}, [(0, "lr", 0.02)]),
    "undone": ({"kind": "sgd", "lr": 0.1}, [(3, "lr", 0.02), (3, "lr", 0.1)]),
}  # fmt: skip


def experiment_of(*optimizers: dict[str, Any], steps: int = 10) -> Experiment:
    return from_data({"objective": NETWORK, "optimizers": list(optimizers), "steps": steps, "dtype": "float64"})


def edited(experiment: Experiment, edits: list[tuple[int, str, Any]], lane: int = 0) -> Trainer:
    """A trainer at the end of a run, with these edits on the way."""
    trainer = Trainer(experiment)
    for step, name, value in edits:
        while trainer.step < step:
            trainer.advance()
        trainer.apply(with_value(trainer.experiment, f"optimizers.{lane}.{name}", value))
    for _ in trainer.steps():
        pass
    return trainer


def script_of(trainer: Trainer, dialect: Any = "torch") -> str:
    """As the window has it: the settings as they are now, and what the engine knows of the run."""
    return script(trainer.experiment, dialect, ask(FindStart(), Moment(trainer)))


def finished(trainer: Trainer) -> RunResult:
    """What is saved of a run, with a history of losses that nobody looks at here."""
    history = RecordBlock(0, np.ones((trainer.step + 1, 1)), np.empty((trainer.step + 1, 1, 0)))
    return replace(trainer.result(RunState.FINISHED), history=history)


def same(found: Ended, wanted: Ended) -> bool:
    return json.dumps([found.loss, found.parameters]) == json.dumps([wanted.loss, wanted.parameters])


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_made_again_at_its_step(name: str) -> None:
    optimizer, edits = EDITS[name]
    trainer = edited(experiment_of(optimizer), edits)
    assert same(executed(script_of(trainer)), ended(trainer))


@pytest.mark.parametrize("dialect", ["numpy", "autograd", "tensorflow"])
def test_an_update_by_hand_refuses_an_edit_and_says_what_to_do(dialect: Any) -> None:
    trainer = edited(experiment_of({"kind": "sgd", "lr": 0.1}), [(3, "lr", 0.02)])
    with pytest.raises(ScriptError, match=r"changed at step 3, .* Reset"):
        script_of(trainer, dialect)
    anew = Trainer(trainer.experiment)  # what Reset does
    for _ in anew.steps():
        pass
    if dialect != "tensorflow":
        found = executed(script_of(anew, dialect))
        assert found.loss == pytest.approx(ended(anew).loss, rel=1e-12)


def test_an_edit_that_was_taken_back_or_came_at_the_end_is_none() -> None:
    undone = edited(experiment_of({"kind": "sgd", "lr": 0.1}), EDITS["undone"][1])
    late = edited(experiment_of({"kind": "sgd", "lr": 0.1}), [(10, "lr", 0.5)])
    for trainer in (undone, late):
        for dialect in ("torch", "autograd", "numpy"):
            assert "changes" not in script_of(trainer, dialect)


def test_a_run_that_went_back_and_on_has_the_edits_of_its_path() -> None:
    trainer = edited(experiment_of({"kind": "sgd", "lr": 0.1}), [(3, "lr", 0.02), (7, "lr", 0.5)])
    trainer.seek(5)
    trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", 0.3))
    for _ in trainer.steps():
        pass
    text = script_of(trainer)
    assert "5: " in text
    assert "7: " not in text
    assert same(executed(text), ended(trainer))


def test_a_run_that_went_back_and_on_has_the_edits_that_it_did_again() -> None:
    trainer = edited(experiment_of({"kind": "sgd", "lr": 0.1}), [(6, "lr", 0.02)])
    trainer.seek(4)
    for _ in trainer.steps():
        pass
    text = script_of(trainer)
    assert "4: " not in text
    assert "6: " in text
    assert same(executed(text), ended(trainer))


@pytest.mark.parametrize("second", ["adam", "lbfgs", "nadam"])
def test_an_edit_in_a_race_is_that_of_its_optimiser(second: str) -> None:
    race = experiment_of({"kind": "sgd", "lr": 0.1}, {"kind": second, "lr": 0.05})
    trainer = edited(race, [(4, "lr", 0.3)], lane=1)
    printed = executed(script_of(trainer)).printed
    results = json.loads(printed[-1])["optimizers"]
    for lane, found in enumerate(results.values()):
        assert (found["loss"], found["parameters"]) == (ended(trainer, lane).loss, ended(trainer, lane).parameters)


@pytest.mark.parametrize("mistake", ["no_zero_grad", "rate_times_ten"])
@pytest.mark.parametrize("optimizer", ["lbfgs", "nadam", "adam"])
def test_a_mistake_in_a_race_is_that_of_its_optimiser(optimizer: str, mistake: str) -> None:
    kinds = [{"kind": "lbfgs", "lr": 0.1, "max_iter": 3}, {"kind": optimizer, "lr": 0.02}, {"kind": "nadam"}]
    kinds[1]["mistake"] = {"kind": mistake}
    model = [*NETWORK["model"][:1], {"kind": "batch_norm1d"}, {"kind": "dropout"}, *NETWORK["model"][1:]]
    race = from_data({"objective": NETWORK | {"model": model}, "optimizers": kinds, "steps": 6, "dtype": "float64"})
    trainer = Trainer(race)
    for _ in trainer.steps():
        pass
    results = json.loads(executed(script_of(trainer)).printed[-1])["optimizers"]
    for lane, found in enumerate(results.values()):
        assert (found["loss"], found["parameters"]) == (ended(trainer, lane).loss, ended(trainer, lane).parameters)


def test_a_saved_run_keeps_its_edits_and_goes_on_with_them(tmp_path: Path) -> None:
    trainer = edited(experiment_of({"kind": "sgd", "lr": 0.1}, steps=8), [(3, "lr", 0.02)])
    path = tmp_path / "run.gradviz"
    gradviz.save(path, trainer.experiment, finished(trainer))
    saved = gradviz.load(path)
    assert same(executed(gradviz.script(saved)), ended(trainer))
    with pytest.raises(ScriptError, match="changed at step 3"):
        gradviz.script(saved, "numpy")
    assert "changes" not in gradviz.script(saved.document), "an experiment by itself has no run"
    longer = Trainer(with_value(saved.experiment, "steps", 14), saved.result)
    for _ in longer.steps():
        pass
    assert same(executed(script_of(longer)), ended(longer))


def test_the_command_line_has_the_edits_of_the_run_in_the_file(tmp_path: Path, capfdbinary: Any) -> None:
    from gradviz.app.commands.cli import run_command_line

    trainer = edited(experiment_of({"kind": "sgd", "lr": 0.1}), [(3, "lr", 0.02)])
    path = tmp_path / "run.gradviz"
    gradviz.save(path, trainer.experiment, finished(trainer))
    assert run_command_line(["script", str(path)]) == 0
    assert same(executed(capfdbinary.readouterr().out.decode()), ended(trainer))
    assert run_command_line(["script", str(path), "--set", "optimizers.0.lr=0.4"]) == 0
    assert b"changes" not in capfdbinary.readouterr().out


@pytest.mark.parametrize("dialect", DIALECTS)
def test_imported_weights_are_refused(dialect: Any) -> None:
    experiment = experiment_of({"kind": "sgd", "lr": 0.1})
    weights = {name: np.zeros(tuple(p.shape)) for name, p in Trainer(experiment).lanes[0].objective.parameters.items()}
    trainer = Trainer(experiment, RunResult.beginning_with(weights))
    with pytest.raises(ScriptError, match=r"imported weights.*\. Open"):
        script_of(trainer, dialect)
    other = Trainer(experiment, RunResult.beginning_with({"other": np.zeros(3)}))  # do not fit: it starts from its seed
    assert script_of(other, dialect)


def test_a_start_without_a_run_has_no_edits() -> None:
    assert start_of(experiment_of({"kind": "sgd"})).edits == ()
