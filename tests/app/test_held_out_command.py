"""Rows held out and early stopping on the command line: the JSON, the sentences, the CSV, a replay."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradviz
from gradviz.app.commands.cli import run_command_line

Captured = pytest.CaptureFixture[str]
HELD = (
    "--set",
    'objective.data.validation={"kind": "stratified", "share": 0.3}',
    "--set",
    "objective.data.points=60",
    "--set",
    "objective.data.noise=0.4",
)
EARLY = (*HELD, "--set", 'objective.stopping={"kind": "early", "patience": 8}')


def run_json(capsys: Captured, *arguments: str, status: int = 0) -> dict[str, Any]:
    assert run_command_line([*arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def test_json_has_the_figures_the_best_of_them_and_where_it_stopped(capsys: Captured) -> None:
    found = run_json(capsys, "run", "moons", *EARLY)
    stopped, held = found["stopped_early"], found["validation"]
    assert stopped["step"] == stopped["best_step"] + 8
    assert (found["steps"], stopped["weights_back_at"]) == (stopped["step"] + 1,) * 2
    assert found["state"] == "finished"
    assert found["message"].startswith(f"Stopped early at step {stopped['step']}: the validation loss has not improved")
    assert held["step"] == found["steps"]
    assert held["validation_loss"] == stopped["best_validation_loss"] == held["best"]["validation_loss"]
    assert held["best"]["step"] == stopped["best_step"]
    assert set(held) == {"step", "best", "validation_loss", "training_accuracy", "validation_accuracy"}


def test_without_rows_held_out_there_is_null_and_a_race_has_its_own_of_each(capsys: Captured) -> None:
    plain = run_json(capsys, "run", "moons", "--steps", "3")
    assert (plain["validation"], plain["stopped_early"]) == (None, None)
    race = '[{"kind": "adam", "lr": 0.05}, {"kind": "sgd", "lr": 0.01}]'
    found = run_json(capsys, "run", "moons", *EARLY, "--set", f"optimizers={race}", "--steps", "60")
    adam, sgd = found["optimizers"]
    assert adam["stopped_early"]["best_step"] < 60
    assert sgd["stopped_early"] is None
    assert sgd["validation"]["step"] == 60


def test_the_report_tells_the_figures_and_replays(capsys: Captured, tmp_path: Path) -> None:
    assert run_command_line(["run", "moons", *EARLY, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "Stopped early at step" in said
    assert "validation loss 0." in said
    assert "% right, of the rows trained on" in said
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as stream:
        names, *rows = csv.reader(stream)
    assert names == ["step", "loss", "validation_loss", "training_accuracy", "validation_accuracy"]
    saved = gradviz.load(tmp_path / "experiment.gradviz")
    assert saved.result is not None
    assert saved.result.history is not None
    table = np.array([[float(cell) for cell in row[2:]] for row in rows])
    assert np.array_equal(table, saved.result.history.figures[:, 0])
    assert run_command_line(["replay", str(tmp_path / "experiment.gradviz")]) == 0


def test_an_outcome_has_the_figures_by_step(capsys: Captured) -> None:
    plain = gradviz.run(gradviz.load("moons").experiment, steps=2)
    assert plain.figures.shape == (0, 1, 3)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ('objective.stopping={"kind": "early"}', "no rows are held out"),
        ("objective.data.validation.kind=column", "no table"),
        ('objective.data.validation={"kind": "share", "share": 0.001}', "would hold out no row"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(capsys: Captured, edit: str, told: str) -> None:
    assert run_command_line(["run", "moons", "--set", edit]) == 2
    assert told in capsys.readouterr().err
    assert run_command_line(["run", "himmelblau", "--set", "objective.stopping.kind=early"]) == 2
    assert "this objective has none" in capsys.readouterr().err


def test_a_column_of_two_words_holds_rows_out_of_a_table_and_the_line_is_that_of_the_others(
    capsys: Captured, tmp_path: Path
) -> None:
    cells = [(k, 1000 + 50 * k + 7 * (k % 3 == 1), "test" if k % 3 == 1 else "train") for k in range(1, 13)]
    path = tmp_path / "ages.csv"
    path.write_text("age,cost,set\n" + "".join(f"{age},{cost},{part}\n" for age, cost, part in cells))
    held = ("--set", 'objective.data.validation={"kind": "column"}')
    found = run_json(capsys, "run", str(path), "--target", "cost", *held, "--set", "steps=6000")
    assert found["line"]["slopes"] == pytest.approx({"age": 50}, rel=1e-3)
    assert found["line"]["intercept"] == pytest.approx(1000, rel=1e-3)
    assert found["validation"]["validation_loss"] == pytest.approx(49, rel=0.05), "seven beside the line, squared"
    assert found["table"]["input_columns"] == ["age"]
