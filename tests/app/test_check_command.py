"""``gradviz check``: what it prints, and the exit status a script asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradviz.app.commands.cli import run_command_line

Captured = pytest.CaptureFixture[str]


def check_json(capsys: Captured, *arguments: str, status: int = 0) -> dict[str, Any]:
    assert run_command_line(["check", *arguments, "--json"]) == status
    found: dict[str, Any] = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    return found


def verdicts(found: dict[str, Any], method: str) -> set[str]:
    return {row["verdict"] for row in found["rows"] if row["method"] == method}


def test_b6_is_a_mismatch_called_by_its_name(capsys: Captured) -> None:
    found = check_json(capsys, "B6", status=1)
    assert found["agrees"] is False
    assert verdicts(found, "by hand") == {"wrong sign"}
    assert "The sign is wrong" in found["summary"]
    assert verdicts(found, "finite difference") == verdicts(found, "symbols") == {"agrees"}


def test_a_right_one_ends_with_0_and_its_figures(capsys: Captured) -> None:
    found = check_json(capsys, "himmelblau")
    assert found["agrees"] is True
    assert found["loss"] == 170.0
    assert {row["parameter"]: row["values"] for row in found["rows"]} == {"x": -14.0, "y": pytest.approx(-22.0)}
    assert {row["method"] for row in found["rows"]} == {
        "autograd backward", "autograd forward", "finite difference", "symbols",
    }  # fmt: skip


def test_steps_and_settings_are_taken(capsys: Captured) -> None:
    found = check_json(capsys, "himmelblau", "--steps", "12", "--set", "hand_gradient=d_x = 0*x", status=1)
    assert found["step"] == 12
    assert found["loss"] < 170
    assert verdicts(found, "by hand") == {"zero"}


def test_the_table_is_readable(capsys: Captured) -> None:
    assert run_command_line(["check", "B6"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Step 0, loss 80.36434. w, by hand: The sign is wrong")
    assert lines[2].split()[:3] == ["Parameter", "Method", "Verdict"]
    assert any(line.startswith("w") and "by hand" in line and "✗ wrong sign" in line for line in lines)
    assert "∂loss/∂b = 2*b + 10.36*w - 21" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing-of-this-name"], "no gallery experiment"),
        (["himmelblau", "--set", "objective.z=1"], "objective.z"),
        (
            ["himmelblau", "--set", "optimizers.0.lr=9", "--set", "dtype=float64", "--steps", "50"],
            "no gradient to compare",
        ),
    ],
)
def test_a_mistake_is_one_sentence_and_2(capsys: Captured, arguments: list[str], words: str) -> None:
    assert run_command_line(["check", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert "Traceback" not in captured.err


def test_a_line_by_hand_that_cannot_be_read_is_a_mistake(capsys: Captured) -> None:
    found = check_json(capsys, "himmelblau", "--set", "hand_gradient=d_x = 2*q", status=2)
    assert "line 1, column 9: q is not known here" in found["fault"]


def test_a_file_is_checked_too(capsys: Captured, tmp_path: Path) -> None:
    from gradviz.storage.shipped.gallery import gallery

    file = tmp_path / "mine.json"
    source = next(entry for entry in gallery() if entry.name == "neurons")
    data = {"format": 2, "experiment": source.experiment.model_dump(mode="json")}
    data["experiment"]["hand_gradient"] = "d_layer2_bias = 2*sum(sign(prediction - targets))"
    file.write_text(json.dumps(data), encoding="utf-8")
    found = check_json(capsys, str(file), status=1)
    assert verdicts(found, "by hand") == {"wrong factor"}
