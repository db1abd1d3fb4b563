"""gradviz run TABLE: a line by the import's defaults, told in JSON and in words, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradviz.app.commands.cli import run_command_line

COSTS = "\n".join(
    ["name,age,smoker,cost"]
    + [f"P{k},{20 + k},{'yes' if k % 3 else 'no'},{1000 + 50 * (20 + k) + 9000 * bool(k % 3)}" for k in range(12)]
)


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    status = run_command_line(["run", *arguments, "--json"])
    said = capsys.readouterr()
    return status, json.loads(said.out) if said.out else {}, said.err


@pytest.fixture
def costs(tmp_path: Path) -> str:
    path = tmp_path / "costs.csv"
    path.write_text(COSTS, encoding="utf-8")
    return str(path)


def test_a_line_is_fitted_and_the_table_is_told(capsys: pytest.CaptureFixture[str], costs: str) -> None:
    status, said, _ = ran(capsys, costs)
    assert status == 0
    table = said["table"]
    assert {name: table[name] for name in ("columns", "inputs", "target", "rows", "left_out")} == {
        "columns": ["name", "age", "smoker", "cost"],
        "inputs": ["age", "smoker"],
        "target": "cost",
        "rows": 12,
        "left_out": ["name"],
    }
    assert table["notes"]["smoker"] == "1 for yes, 0 for no"
    assert said["loss"] < 1e-3
    assert said["line"]["intercept"] == pytest.approx(1000, rel=1e-3)
    assert said["line"]["slopes"] == pytest.approx({"age": 50, "smoker = yes": 9000}, rel=1e-3)


def test_the_target_and_marks_of_missing_cells_are_named(capsys: pytest.CaptureFixture[str], costs: str) -> None:
    status, said, _ = ran(capsys, costs, "--target", "smoker", "--steps", "5")
    assert (status, said["table"]["target"], said["table"]["classes"]) == (0, "smoker", ["no", "yes"])
    assert said["line"] is None
    path = Path(costs)
    path.write_text("x,y\n1,2\n2,-999\n3,6\n4,8\n", encoding="utf-8")
    _, said, _ = ran(capsys, costs, "--missing", "-999", "--steps", "5")
    assert (said["table"]["rows"], said["table"]["rows_used"]) == (4, 3)


def test_words_for_a_person_on_stderr(capsys: pytest.CaptureFixture[str], costs: str) -> None:
    assert run_command_line(["run", costs, "--steps", "2000"]) == 0
    said = capsys.readouterr().err
    assert (
        "costs.csv: 12 rows of 4 columns; target cost; inputs age, smoker (1 for yes, 0 for no); "
        "left out name (another text in every row)." in said
    )
    assert "cost = 1000 + 50*age + 9000*[smoker = yes]" in said


def test_other_commands_take_a_table_too(capsys: pytest.CaptureFixture[str], costs: str) -> None:
    assert run_command_line(["script", costs]) == 0
    assert "nn.Linear(2, 1)" in capsys.readouterr().out
    assert run_command_line(["check", costs]) == 0


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ("x,y\n1,2\n3,4\n", ["--target", "z"], "There is no column “z”; there are x, y. Name the target with --target"),
        ("a,b\nu,v\nw,x\nq,r\ns,t\n", [], "No column can be the target by itself. Name the target with --target"),
        ("x,y\n1,2\n3\n", [], "Line 3: it has 1 cell"),
        ("", [], "This file is empty"),
    ],
)
def test_what_is_refused_names_the_file_and_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, arguments: list[str], said: str
) -> None:
    path = tmp_path / "made.csv"
    path.write_text(text, encoding="utf-8")
    assert run_command_line(["run", str(path), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("gradviz: made.csv: ")
    assert said in error
    assert len(error) <= 320


def test_what_is_for_tables_is_refused_for_experiments(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["run", "himmelblau", "--target", "x"]) == 2
    assert "are for tables" in capsys.readouterr().err
