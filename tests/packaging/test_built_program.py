"""Faults 38 and 40 in the built program: it starts wherever it lies, and tells of a crash at the next start."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from program import HOMELESS, PATIENCE_S, WITHOUT_CONSOLE, Program, environment

from gradviz.core.document.experiment import Experiment
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.user.left_logs import OFFERED

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="driven by signals, a shell and X")
X = pytest.mark.skipif(shutil.which("xdotool") is None, reason="xdotool presses the keys")


def xdotool(*arguments: str) -> str:
    done = subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=20, check=False)
    return done.stdout.strip()


def window_of(program: Program, title: str) -> str:
    """The window of a process with `title` in its own, once it is there."""
    end = time.monotonic() + PATIENCE_S
    while not (found := xdotool("search", "--all", "--pid", str(program.process.pid), "--name", title)):
        assert program.process.poll() is None, program.log
        assert time.monotonic() < end, f"no window {title}"
        time.sleep(0.1)
    return found.splitlines()[0]


def contents(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_fault_40_a_stranger_starts_it_from_a_chinese_read_only_folder_without_console_or_home(
    place: Path, stranger: tuple[str, ...], scratch: Path
) -> None:
    before = contents(place.parents[1])
    user = os.getuid() if not stranger else int(stranger[1].partition("=")[2])
    data = scratch / f"gradviz-{user}" if stranger else scratch
    homeless: dict[str, str | None] = dict.fromkeys(HOMELESS)
    if not stranger:
        homeless |= {"HOME": str(place), "GRADVIZ_DATA": str(data)}
    with Program(
        data,
        command=[*stranger, str(place)],
        streams=WITHOUT_CONSOLE,
        cwd=place.parent,
        TMPDIR=str(scratch),
        PYTHONPATH=None,
        **homeless,
    ) as program:
        log = program.wait_ready()
        assert "packaged" in log
        assert program.end(signal.SIGTERM) == -signal.SIGTERM
        assert program.log == ""
    assert contents(place.parents[1]) == before


def test_fault_40_a_segmentation_fault_leaves_a_log_with_a_trace(place: Path, tmp_path: Path) -> None:
    with crashing(place, tmp_path) as program:
        assert program.process.wait(PATIENCE_S) == -signal.SIGSEGV
        log = program.log
    assert "Fatal Python error: Segmentation fault" in log
    assert "crash_if_asked" in log
    assert "torch 2" in log


@X
def test_fault_40_the_next_start_offers_the_log_once(place: Path, tmp_path: Path) -> None:
    """The button of the message is pressed by its key, and a window with the log's name comes."""
    with crashing(place, tmp_path) as program:
        program.process.wait(PATIENCE_S)
        crashed = program.process.pid
    (path,) = (tmp_path / "crash-logs").iterdir()
    with Program(tmp_path, command=[str(place)], streams=WITHOUT_CONSOLE, **folders(tmp_path)) as program:
        program.wait_ready()
        xdotool("windowfocus", "--sync", window_of(program, "Himmelblau"))
        xdotool("key", "alt+l")
        shown = xdotool("getwindowname", window_of(program, "Crash log"))
        assert f"-{crashed}.log" in shown
        assert path.read_text().count(OFFERED) == 1
        program.end(signal.SIGTERM)
    with Program(tmp_path, command=[str(place)], streams=WITHOUT_CONSOLE, **folders(tmp_path)) as program:
        program.wait_ready()
        program.end(signal.SIGTERM)
    assert path.read_text().count(OFFERED) == 1


@X
def test_a_file_with_a_chinese_name_is_opened(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "中文 路径" / "é😀.gradviz"
    file.parent.mkdir()
    save(file, Experiment(), None)
    with Program(tmp_path, [str(file)], [str(place)], streams=WITHOUT_CONSOLE, **folders(tmp_path)) as program:
        program.wait_ready()
        window = window_of(program, "é😀")
        xdotool("windowfocus", "--sync", window)
        xdotool("key", "ctrl+q")
        assert program.process.wait(PATIENCE_S) == 0
        assert program.log == ""


@pytest.mark.parametrize("way", [{"QT_XCB_GL_INTEGRATION": "none"}, {"LIBGL_DRIVERS_PATH": "/nonexistent"}])
def test_fault_38_without_opengl_it_starts_and_says_why(place: Path, tmp_path: Path, way: dict[str, str]) -> None:
    with Program(tmp_path, command=[str(place)], **folders(tmp_path), **way) as program:
        log = program.wait_ready()
        program.end(signal.SIGTERM)
    assert "This display gives no OpenGL context." in log


def test_a_folder_that_was_deleted_is_no_reason_not_to_start(place: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    before = f"mkdir {gone}; cd {gone}; rmdir {gone}; "
    with Program(tmp_path, command=[str(place)], before=before, **folders(tmp_path)) as program:
        program.wait_ready()
        program.end(signal.SIGTERM)


def test_commands_print_with_a_console_and_are_silent_without(place: Path, tmp_path: Path) -> None:
    with Program(tmp_path, ["gallery", "--json"], [str(place)], **folders(tmp_path)) as program:
        assert len(json.loads(program.said())) > 20
    with Program(tmp_path, ["gallery"], [str(place)], streams=WITHOUT_CONSOLE, **folders(tmp_path)) as program:
        assert program.process.wait(PATIENCE_S) == 0
        assert program.log == ""
    with Program(tmp_path, ["run", "nobody"], [str(place)], streams=WITHOUT_CONSOLE, **folders(tmp_path)) as program:
        assert program.process.wait(PATIENCE_S) == 2
        assert "'nobody'" in program.log


def test_no_place_can_be_written(place: Path, stranger: tuple[str, ...], scratch: Path) -> None:
    """No log is kept then, so a command shows that it works."""
    (scratch / "file").write_bytes(b"")
    nowhere = str(scratch / "file" / "below")
    changes: dict[str, str | None] = dict.fromkeys(HOMELESS) | {"HOME": nowhere, "TMPDIR": nowhere, "PYTHONPATH": None}
    done = subprocess.run(
        [*stranger, str(place), "run", "himmelblau", "--steps", "5", "--json"],
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 5


def folders(tmp_path: Path) -> dict[str, str | None]:
    """The user's folders of one test, and no way for the built program to find the source."""
    return {"GRADVIZ_DATA": str(tmp_path), "GRADVIZ_CONFIG": str(tmp_path / "config"), "PYTHONPATH": None}


def crashing(place: Path, tmp_path: Path) -> Program:
    return Program(
        tmp_path, command=[str(place)], streams=WITHOUT_CONSOLE, GRADVIZ_CRASH="segfault", **folders(tmp_path)
    )
