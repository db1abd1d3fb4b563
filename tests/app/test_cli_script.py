"""`gradviz script`: on stdout, in a file, with settings, and what is refused."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from gradviz.app.commands.cli import run_command_line

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("dialect", ["numpy", "autograd", "torch", "tensorflow"])
def test_a_script_is_printed(capsys: Captured, dialect: str) -> None:
    assert run_command_line(["script", "himmelblau", "--dialect", dialect, "--set", "steps=7"]) == 0
    printed = capsys.readouterr()
    assert "steps = 7\n" in printed.out
    assert "case E1" in str(ast.get_docstring(ast.parse(printed.out)))
    assert not printed.err


def test_a_script_bears_the_title_that_is_set(capsys: Captured) -> None:
    assert run_command_line(["script", "himmelblau", "--set", "title=Mine, all mine", "--set", "steps=7"]) == 0
    assert str(ast.get_docstring(ast.parse(capsys.readouterr().out))).startswith("Mine, all mine (case E1).\n")
    assert run_command_line(["script", "himmelblau", "--set", f"title={'x' * 121}"]) == 2
    assert "title: " in capsys.readouterr().err


def test_a_script_is_written(capsys: Captured, tmp_path: Path) -> None:
    target = tmp_path / "mine.py"
    assert run_command_line(["script", "E1", "--dialect", "numpy", "-o", str(target)]) == 0
    assert run_command_line(["script", "E1", "--dialect", "numpy"]) == 0
    assert target.read_text(encoding="utf-8") == capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["himmelblau", "--dialect", "jax"], "numpy, autograd, torch, tensorflow"),
        (["race-surface", "--dialect", "numpy"], "NumPy: optimisers race here"),
        (["nowhere", "--dialect", "numpy"], "no gallery experiment named"),
        (["himmelblau", "--set", "steps=-1"], "steps"),
        (["himmelblau", "-o", "/nowhere/mine.py"], "folder does not exist"),
    ],
)
def test_a_mistake_is_a_sentence(capsys: Captured, arguments: list[str], words: str) -> None:
    assert run_command_line(["script", *arguments]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert not printed.out


def test_a_parameter_to_which_no_gradient_flows_has_one_of_zero_in_the_script(capsys: Any, tmp_path: Path) -> None:
    path = tmp_path / "ceil.json"
    tensors = [{"name": "x", "value": 1.5}, {"name": "y", "value": 2.5}]
    objective = {"kind": "formula", "tensors": tensors, "text": "loss = ceil(y)"}
    path.write_text(json.dumps({"format": 3, "experiment": {"objective": objective}}))
    assert run_command_line(["script", str(path), "--dialect", "numpy"]) == 0
    assert "d_y = np.array(0, dtype=np.float32)" in capsys.readouterr().out
