"""Before a window: is there a display, and do the versions bear each other?"""

from __future__ import annotations

import importlib.metadata
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gradviz.app.main import main, refused_versions
from gradviz.app.process.display import display_fault

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is asked on Linux only")


@pytest.fixture(autouse=True)
def no_wayland(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)


@LINUX
def test_no_display_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert display_fault() == "There is no display (DISPLAY is not set)."


@LINUX
@pytest.mark.parametrize("display", [":4711", "unix:4711", "localhost:4711", "nonsense", ":", ":1:2"])
def test_a_dead_display_is_named(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    monkeypatch.setenv("DISPLAY", display)
    assert display_fault() == f"The display {display} does not answer."


@LINUX
def test_a_live_display_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    if os.environ.get("DISPLAY"):
        assert display_fault() == ""
    number = 3900 + os.getpid() % 1000
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen(4)
        monkeypatch.setenv("DISPLAY", f":{number}.0")
        assert display_fault() == ""


@LINUX
def test_platforms_without_a_display_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen:size=10x10")
    assert display_fault() == ""


@pytest.mark.parametrize(
    ("qt", "python", "refused"),
    [
        ("6.12.0", (3, 11, 7), True),
        ("6.12.1", (3, 10, 0), True),
        ("6.11.3", (3, 11, 7), False),
        ("6.12.0", (3, 12, 0), False),
        ("6.8.0", (3, 11, 0), False),
    ],
)
def test_the_pair_that_aborts_is_refused(
    monkeypatch: pytest.MonkeyPatch, qt: str, python: tuple[int, ...], refused: bool
) -> None:
    class Version(tuple[int, ...]):
        major, minor = python[:2]

    monkeypatch.setattr(importlib.metadata, "version", lambda name: qt)
    monkeypatch.setattr(sys, "version_info", Version(python))
    sentence = refused_versions()
    assert bool(sentence) == refused
    if refused:
        assert qt in sentence
        assert len(sentence) <= 300
        assert "\n" not in sentence


def test_an_unknown_version_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert refused_versions() == ""


def test_start_ends_with_two_where_it_refuses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gradviz.app.main.refused_versions", lambda: "These two cannot run together.")
    assert main([]) == 2
    assert capsys.readouterr().err == "These two cannot run together.\n"


@LINUX
def test_without_a_display_the_program_ends_with_a_sentence_and_no_abort(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "gradviz", str(tmp_path / "missing.gradviz")],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(root), "GRADVIZ_CONFIG": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, 1, 2), done.stderr
    said = done.stdout + done.stderr
    assert "no display" in " ".join(said.split())
    assert "Traceback" not in said
