"""README and docs tell the truth: keys, functions, commands, tensors of a file, links, paths and pictures."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import gradviz
from gradviz.app.commands.cli import cli
from gradviz.app.public import Outcome
from gradviz.core.declaration import alternatives
from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import AnyObjective
from gradviz.storage.experiments.result_tensors import tensors_of

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
README = PAGES[0].read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(cli).commands
MOST_LINES = 200


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("writer", ["reference.py", "wings.py"])
def test_what_is_written_from_the_code_is_true(writer: str) -> None:
    """The keys, the functions; the modules of every wing. Without --check the same programs write them anew."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / writer), "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, f"run: .venv/bin/python packaging/{writer}"


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert len(PAGES) > 8
    assert set(re.findall(r"\]\((docs/[^)#]+)\)", README)) == {f"docs/{path.name}" for path in PAGES[1:]}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    inside = [link.partition("#")[0] for link in links if not link.startswith("https://")]
    assert [link for link in inside if not (path.parent / link).is_file()] == []


def test_the_readme_shows_the_window() -> None:
    assert len(re.findall(r"!\[[^]]{40,}\]\(assets/screenshots/[^)]+\.png\)", README)) == 1


def test_every_path_in_backquotes_exists() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    paths = set(re.findall(r"`((?:gradviz|packaging|tests|docs|assets|\.github)/[\w/.*-]+)`", text))
    named = {path for path in paths if "NAME" not in path}
    assert len(named) > 15
    assert sorted(path for path in named if not list(ROOT.glob(path))) == []


def test_every_module_and_name_in_backquotes_exists() -> None:
    for dotted in re.findall(r"`(gradviz(?:\.\w+){2,})`", "\n".join(path.read_text("utf-8") for path in PAGES)):
        module, _, name = dotted.rpartition(".")
        found = __import__(module, fromlist=[name])
        assert hasattr(found, name), dotted


@pytest.mark.parametrize("make", sorted(set(re.findall(r"`make (\w+)`", "".join(p.read_text("utf-8") for p in PAGES)))))
def test_every_target_of_make_is_there(make: str) -> None:
    assert re.search(rf"^{make}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_documented_with_its_options(command: str) -> None:
    entry = re.search(rf"^    gradviz {command}\b.*(?:\n {{6,}}.*)*", page("command-line.md"), re.MULTILINE)
    assert entry is not None
    options = {max(one.opts, key=len) for one in COMMANDS[command].params if one.param_type_name == "option"}
    assert set(re.findall(r"--[\w-]+", entry[0])) == options


def test_what_a_run_says_as_json_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from gradviz.app.commands.cli import run_command_line

    assert run_command_line(["run", "race-surface", "--steps", "1", "--json"]) == 0
    table = page("command-line.md").partition("| entry |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == set(json.loads(capsys.readouterr().out))


def test_every_tensor_of_a_file_is_documented() -> None:
    outcomes = [
        gradviz.run(gradviz.load(name).experiment, steps=2)
        for name in ("forgotten-zero", "schedules", "himmelblau-adam")
    ]
    model = {
        "kind": "fit",
        "data": {"kind": "blobs", "validation": {"kind": "share"}},
        "model": ({"kind": "linear", "features": 2}, {"kind": "batch_norm1d"}, {"kind": "linear", "features": 3}),
        "loss": {"kind": "cross_entropy"},
        "stopping": {"kind": "early"},
        "autocast": {"kind": "float16"},
    }
    outcomes.append(gradviz.run(Experiment(objective=model, steps=2)))
    found = {name.split("/")[0] for outcome in outcomes for name in tensors_of(outcome.result)}
    rows = [row.split("|")[1] for row in page("file-format.md").splitlines() if row.startswith("| `")]
    told = set(re.findall(r"`(\w+)/[\w/.]+`", "".join(rows)))
    assert told == found | {"start", "data"}, "imported weights and large tables have files of their own"


def test_every_objective_is_documented() -> None:
    assert all(f"| {kind.label} |" in page("experiments.md") for kind in alternatives(AnyObjective))


def test_every_function_of_python_is_documented_with_its_arguments() -> None:
    for name in ("load", "run", "save", "replay", "bench", "script", "basins"):
        (told,) = re.findall(rf"^## `{name}\((.*)\)`$", page("python.md"), re.MULTILINE)
        arguments = inspect.signature(getattr(gradviz, name)).parameters.values()
        shown = [one.name if one.default is one.empty else f"{one.name}={one.default!r}" for one in arguments]
        assert told.replace('"', "'") == ", ".join(shown)
    table = page("python.md").partition("| of an outcome |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == set(
        Outcome.__dataclass_fields__
    )
