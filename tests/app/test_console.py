"""Fault 40: nothing breaks where standard streams, a home or the current folder are missing."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from program import HOMELESS, ROOT, WITHOUT_CONSOLE, Program, environment

from gradviz.app.commands.cli import cli
from gradviz.app.commands.names import COMMANDS
from gradviz.app.process import console

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc, and needs a shell")
STARTED = str(Path(__file__).with_name("started.py"))


def test_the_commands_are_one_list() -> None:
    assert {command.name for command in cli.registered_commands} == COMMANDS


def test_streams_that_are_none_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
        monkeypatch.setattr(sys, f"__{name}__", None)
    assert not console.ensure_streams()
    assert sys.stdout is not None
    assert sys.stdout.encoding == "utf-8"
    assert isinstance(sys.stderr, io.TextIOWrapper)
    assert sys.stdin.readable()


def test_streams_that_are_there_stay() -> None:
    before = sys.stdin, sys.stdout, sys.stderr
    assert console.ensure_streams()
    assert (sys.stdin, sys.stdout, sys.stderr) == before


def test_children_of_a_packaged_program_get_the_libraries_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/program/_internal")
    console.give_children_their_libraries()
    assert os.environ["LD_LIBRARY_PATH"] == "/program/_internal"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/mine")
    console.give_children_their_libraries()
    assert os.environ["LD_LIBRARY_PATH"] == "/mine"
    console.give_children_their_libraries()
    assert "LD_LIBRARY_PATH" not in os.environ


def command_line(
    tmp_path: Path, *arguments: str, streams: str = "", before: str = ""
) -> subprocess.CompletedProcess[str]:
    code = f"{before}exec {sys.executable} -m gradviz {' '.join(arguments)} {streams}"
    return subprocess.run(
        ["/bin/sh", "-c", code],
        env=environment(GRADVIZ_CONFIG=str(tmp_path / "config")),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def logs(tmp_path: Path) -> list[str]:
    return [path.read_text() for path in (tmp_path / "config" / "data" / "crash-logs").glob("*.log")]


@LINUX
def test_a_command_without_a_console_does_its_work_and_leaves_no_log(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command_line(tmp_path, "run", "himmelblau", "--steps", "20", "--out", str(out), streams=WITHOUT_CONSOLE)
    assert done.returncode == 0
    assert (out / "history.csv").read_text().count("\n") == 22
    assert logs(tmp_path) == []


@LINUX
@pytest.mark.parametrize("arguments", [["gallery", "--json"], ["--help"], ["script", "himmelblau"], ["--version"]])
def test_printing_onto_nothing_is_no_fault(tmp_path: Path, arguments: list[str]) -> None:
    assert command_line(tmp_path, *arguments, streams=WITHOUT_CONSOLE).returncode == 0
    assert logs(tmp_path) == []


@LINUX
def test_what_a_command_without_a_console_would_have_said_is_in_the_log(tmp_path: Path) -> None:
    done = command_line(tmp_path, "run", "nothing-of-that-name", streams=WITHOUT_CONSOLE)
    assert done.returncode == 2
    (log,) = logs(tmp_path)
    assert "no gallery experiment named 'nothing-of-that-name'" in log
    assert "Ended with status 2" in log


@LINUX
def test_a_closed_stdout_alone_leaves_stderr_alone(tmp_path: Path) -> None:
    done = command_line(tmp_path, "run", "nothing-of-that-name", "--json", streams="1>&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing-of-that-name" in done.stderr
    assert logs(tmp_path) == []


@LINUX
def test_a_command_in_a_folder_that_was_deleted(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    done = command_line(
        tmp_path, "run", "himmelblau", "--steps", "3", "--json", before=f"mkdir {gone}; cd {gone}; rmdir {gone}; "
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 3


@LINUX
def test_a_crash_without_a_console_is_in_the_log_with_what_went_before(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Program(data, streams=WITHOUT_CONSOLE, GRADVIZ_DATA=str(data), GRADVIZ_CONFIG=str(tmp_path)) as program:
        program.wait_ready()
        streams = Path(f"/proc/{program.process.pid}/fd")
        assert [os.readlink(streams / number) for number in "01"] == ["/dev/null", "/dev/null"]
        assert str(data) in os.readlink(streams / "2")
        assert program.end(signal.SIGABRT) == -signal.SIGABRT
        assert "Fatal Python error: Aborted" in program.log
        assert program.said() == ""


def start_and_look(tmp_path: Path, cwd: Path | None = None, **changes: str | None) -> dict[str, object]:
    """What is seen of the window after a step; the program is taken from `cwd` if it lies there."""
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, STARTED, str(out)],
        env=environment(**changes),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, object] = json.loads(out.read_text())
    return seen


@LINUX
def test_without_a_home_the_window_opens_and_remembers_in_the_temporary_folder(tmp_path: Path) -> None:
    homeless: dict[str, str | None] = dict.fromkeys(HOMELESS)
    seen = start_and_look(tmp_path, **homeless, STARTED_NO_HOME="1", TMPDIR=str(tmp_path))
    folder = tmp_path / f"gradviz-{os.getuid()}"
    assert (seen["state"], seen["message"]) == ("paused", "")
    assert json.loads((folder / "preferences.json").read_text())["first_start"] is False
    assert list((folder / "crash-logs").iterdir()) == []


@LINUX
@pytest.mark.parametrize("name", ["HOME", "GRADVIZ_CONFIG"])
def test_a_home_that_cannot_be_written_is_no_reason_not_to_start(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    changes: dict[str, str | None] = dict.fromkeys(HOMELESS) | {name: str(tmp_path / "file" / "below")}
    seen = start_and_look(tmp_path, TMPDIR=str(tmp_path / "file" / "below"), **changes)
    assert (seen["step"], seen["state"], seen["message"]) == (1, "paused", "")


@LINUX
def test_nothing_is_written_beside_the_program_whatever_its_folder_is_called(tmp_path: Path) -> None:
    place = tmp_path / "中文 路径"
    for part in ("gradviz", "assets"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    place.chmod(0o555)
    try:
        seen = start_and_look(tmp_path, place, PYTHONPATH=str(place), GRADVIZ_CONFIG=str(tmp_path / "config"))
    finally:
        for path in (place, *before):
            path.chmod(0o755)
    assert seen["state"] == "paused"
    assert str(seen["program"]).startswith(str(place))
    assert {path: path.stat().st_mtime_ns for path in place.rglob("*")} == before
