"""``gradviz step`` as a person calls it, and the JSON that it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gradviz.app.commands.cli import run_command_line

ROOT = Path(__file__).parents[2]
CHAIN = ROOT / "assets" / "scripts" / "a1_chain_of_scalars.py"


def test_json_has_what_the_documents_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["step", str(CHAIN), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").partition("## step")[2].partition("\n## ")[0]
    rows = [row.split("|")[1] for row in page.partition("| entry |")[2].partition("\n\n")[0].splitlines()[2:]]
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == set(data)
    assert set(data["events"][0]) == {"line", "function", "changed", "removed", "graph", "output"}
    backward = next(event for event in data["events"] if event["line"] == 14)
    assert {name: one["grad"] for name, one in backward["changed"].items()} == {"a": 3.0, "b": 24.0, "c": 15.0}
    assert [one["op"] for one in backward["graph"]["freed"]] == ["MulBackward0", "MulBackward0"]
    documented = set(re.findall(r"`(\w+)`", page.partition("A changed variable has")[2].partition("the\nnames")[0]))
    assert set(backward["changed"]["a"]) <= documented
    assert (data["lines_run"], data["recorded"], data["error"]) == (11, 11, None)


def test_a_person_reads_code_and_changes_line_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("import sys\nx = 2.5\nprint(sys.argv[1])\nx.backward()\n", encoding="utf-8")
    assert run_command_line(["step", str(path), "hello"]) == 3
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[1] == ["2", "x", "=", "2.5", "x", "=", "2.5"]
    assert lines[2][-2:] == ["prints", "'hello'"]
    assert "line 4: AttributeError: 'float' object has no attribute 'backward'" in said.err
    assert "not a tensor" in said.err


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.py", None, "cannot be read"),
        ("nul.py", b"x\0", "no text"),
        ("latin.py", b"x = '\xe9'", "no Python text"),
    ],
)
def test_what_is_no_script_is_a_mistake(
    name: str, content: bytes | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert run_command_line(["step", str(path)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_python_that_is_not_there_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text("x = 1\n", encoding="utf-8")
    assert run_command_line(["step", str(path), "--python", str(tmp_path / "python")]) == 2
    assert "no Python at" in capsys.readouterr().err
