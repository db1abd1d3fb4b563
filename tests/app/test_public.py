"""gradviz from Python: the examples of docs/python.md are run, each public name has one, and mistakes are sentences."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import gradviz
from gradviz.app import public
from gradviz.core.document.experiment import with_start, with_value
from gradviz.core.questions.bench import BenchMethod

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


def experiment(name: str = "himmelblau", steps: int = 20) -> gradviz.Experiment:
    return with_value(gradviz.load(name).experiment, "steps", steps)


def test_the_names_are_sorted_and_each_is_there() -> None:
    assert gradviz.__all__ == sorted(set(gradviz.__all__))
    assert set(gradviz.__all__) <= set(dir(gradviz))
    assert all(callable(getattr(gradviz, name)) and getattr(gradviz, name).__doc__ for name in gradviz.__all__)
    assert gradviz.run is public.run


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trains'"):
        gradviz.trains  # noqa: B018 - it is looked up


@pytest.mark.parametrize("name", gradviz.__all__)
def test_every_name_has_its_place_and_an_example_in_the_documentation(name: str) -> None:
    assert re.search(rf"^## `{name}\b", PAGE, re.MULTILINE)
    examples = doctest.DocTestParser().get_examples(PAGE)
    assert any(f"gradviz.{name}" in example.source for example in examples)


def test_the_examples_of_the_documentation_do_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(PAGE, {}, "docs/python.md", "docs/python.md", 0)
    told: list[str] = []
    done = doctest.DocTestRunner().run(test, out=told.append)
    assert done.attempted > 20
    assert not done.failed, "".join(told)


def test_a_document_keeps_its_lesson_and_an_experiment_alone_has_none(tmp_path: Path) -> None:
    saved = gradviz.load("himmelblau")
    gradviz.save(tmp_path / "whole.gradviz", saved.document)
    assert gradviz.load(tmp_path / "whole.gradviz").document == saved.document
    gradviz.save(tmp_path / "alone.gradviz", saved.experiment)
    assert gradviz.load(tmp_path / "alone.gradviz").document.title == "Untitled"
    assert gradviz.load(tmp_path / "alone.gradviz").experiment.digest == saved.experiment.digest
    assert gradviz.script(saved.document).splitlines()[0].startswith('"""Himmelblau with SGD (case E1).')
    assert gradviz.script(saved.experiment).splitlines()[0].startswith('"""Untitled.')


def test_the_lines_of_the_readme_run_as_they_stand(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 6
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Finished: 2,000 steps.")
    assert "True All gradients agree." in done.stdout


def test_a_run_is_that_of_the_loop_written_out() -> None:
    outcome = gradviz.run(experiment())
    x = y = 0.0
    losses = []
    for _ in range(21):
        losses.append((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2)
        d_x = 4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7)
        d_y = 2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7)
        x, y = (x - 0.001 * d_x, y - 0.001 * d_y) if len(losses) < 21 else (x, y)
    assert outcome.losses[:, 0] == pytest.approx(losses, rel=1e-4)
    assert outcome.parameters[0] == pytest.approx({"x": x, "y": y}, rel=1e-4)
    assert outcome.state == "finished"


def test_steps_and_progress_of_a_run() -> None:
    told: list[int] = []
    outcome = gradviz.run(experiment(), steps=30, progress=told.append)
    assert outcome.experiment.steps == 30
    assert len(outcome.losses) == 31
    assert told[-1] == 30


def test_a_race_has_a_column_and_parameters_for_each_optimiser() -> None:
    outcome = gradviz.run(experiment("race-surface"), steps=3)
    assert outcome.losses.shape == (4, 6)
    assert len({parameters["x"] for parameters in outcome.parameters}) > 3


def test_a_run_that_diverges_is_an_outcome() -> None:
    outcome = gradviz.run(gradviz.load("line-too-fast").experiment)
    assert outcome.state == "diverged"
    assert "The learning rate 0.01 is too large" in outcome.message
    (reason,) = outcome.reasons
    assert reason.kind == "rate too large"
    assert dict(reason.figures)["bound"] == pytest.approx(2 / dict(reason.figures)["curvature"])
    mended = with_value(outcome.experiment, reason.edits[0].path, reason.edits[0].value)
    assert gradviz.run(mended, steps=200).state == "finished"


def test_a_run_that_cannot_start_is_an_outcome() -> None:
    root = {
        "kind": "formula",
        "text": "f = sqrt(x)",
        "tensors": ({"name": "x", "role": "parameter", "value": 0.0},),
    }
    outcome = gradviz.run(gradviz.Experiment(objective=root))
    assert outcome.state == "failed"
    assert "The derivative of sqrt(x) is inf where x = 0" in outcome.message
    assert len(outcome.losses) == 1


@pytest.mark.parametrize("given_as", ["text", "path", "loaded"])
def test_a_replay_matches_what_was_saved(tmp_path: Path, given_as: str) -> None:
    outcome = gradviz.run(experiment())
    path = tmp_path / "mine.gradviz"
    gradviz.save(path, outcome.experiment, outcome.result)
    given = {"text": str(path), "path": path, "loaded": gradviz.load(path)}[given_as]
    assert gradviz.replay(given).matched


def test_a_replay_tells_a_run_of_another_experiment(tmp_path: Path) -> None:
    outcome = gradviz.run(experiment())
    gradviz.save(tmp_path / "other.gradviz", with_value(outcome.experiment, "objective.x", 0.5), outcome.result)
    found = gradviz.replay(tmp_path / "other.gradviz")
    assert (found.matched, found.first_difference) == (False, 0)


def test_an_experiment_alone_is_saved_and_loaded(tmp_path: Path) -> None:
    gradviz.save(str(tmp_path / "mine.json"), experiment("A1"))
    loaded = gradviz.load(tmp_path / "mine.json")
    assert loaded.experiment == experiment("A1")
    assert loaded.result is None
    with pytest.raises(gradviz.GradvizError, match=r"no run.*Run the experiment"):
        gradviz.replay(loaded)


def test_the_bench_is_at_the_step_that_was_asked_for() -> None:
    asked = experiment()
    outcome = gradviz.run(asked, steps=5)
    report = gradviz.bench(asked, step=5)
    x, y = (outcome.parameters[0][name] for name in "xy")
    by_autograd = {row.parameter: row.values for row in report.rows if row.method is BenchMethod.BACKWARD}
    assert report.step == 5
    assert float(by_autograd["x"]) == pytest.approx(4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7), rel=1e-5)
    assert gradviz.bench(asked, step=25).step == 25, "beyond the experiment's own steps"


def test_a_basin_is_where_a_run_from_its_start_ends() -> None:
    asked = experiment(steps=1000)
    found = gradviz.basins(asked, grid=5)
    assert (found.x[0], found.x[-1], len(found.x)) == (-6.0, 6.0, 5)
    for column, row in ((0, 0), (1, 3), (4, 4)):
        start = with_start(asked, float(found.x[column]), float(found.y[row]))
        assert start is not None
        outcome = gradviz.run(start)
        label = found.labels[row, column]
        if label < 0:
            assert outcome.state == "diverged"
        else:
            ended = [outcome.parameters[0][name] for name in "xy"]
            assert np.allclose(found.ends[label], ended, atol=0.05)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: gradviz.load("no.gradviz"), "no.gradviz: "),
        (lambda: gradviz.run(experiment(), steps=-1), "steps: must be"),
        (lambda: gradviz.bench(experiment(), step=-1), "Step -1 lies before"),
        (lambda: gradviz.script(experiment(), "jax"), "dialect: must be one of numpy, autograd, torch, tensorflow"),
        (lambda: gradviz.basins(experiment("A1")), "Basins need an objective of two numbers"),
        (lambda: gradviz.basins(experiment(), grid=1), "grid: must be from 2 to 1,000, not 1"),
        (lambda: gradviz.save("/nowhere/at/all.gradviz", experiment()), "Its folder does not exist."),
    ],
)
def test_a_mistake_is_a_sentence(call: object, sentence: str) -> None:
    assert callable(call)
    with pytest.raises(gradviz.GradvizError, match=re.escape(sentence)):
        call()


def test_torch_is_as_the_caller_left_it() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    try:
        fit = gradviz.load("line-50").experiment
        gradviz.run(fit, steps=2)
        gradviz.bench(fit)
        gradviz.script(fit)
        gradviz.basins(gradviz.load("himmelblau").experiment, grid=3, steps=2)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), before)
    finally:
        torch.set_num_threads(threads)
