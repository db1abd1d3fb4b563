"""Faults 23 and 37: no preference, however damaged, keeps the program from starting."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.storage.user import folders
from gradviz.storage.user.folders import config_folder
from gradviz.storage.user.preferences import (
    MAX_RECENT,
    Preferences,
    clear_layout_attempt,
    layout_crashed,
    load_preferences,
    mark_layout_attempt,
    save_preferences,
)

LAYOUT = base64.b64encode(bytes(range(256))).decode()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def saved(tmp_path: Path) -> Preferences:
    preferences = Preferences("dark", ["/a/中文.gradviz", "b"], LAYOUT, "1", False, "/a")
    assert save_preferences(tmp_path, preferences) == ""
    return preferences


def change(folder: Path, **values: Any) -> None:
    path = folder / "preferences.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_preferences_survive_a_round_trip(tmp_path: Path, saved: Preferences) -> None:
    assert load_preferences(tmp_path) == (saved, "")


def test_a_first_start_has_defaults_and_no_notice(tmp_path: Path) -> None:
    assert load_preferences(tmp_path / "missing") == (Preferences(), "")
    assert Preferences().first_start


def test_a_missing_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert save_preferences(folder, Preferences(theme="light")) == ""
    assert load_preferences(folder)[0].theme == "light"
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b'"x"', b'{"theme": 1, "theme": 2}', b"[" * 100_000, bytes(100)]
)
def test_a_corrupt_file_gives_defaults_and_a_notice(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "preferences.json").write_bytes(content)
    preferences, notice = load_preferences(tmp_path)
    assert preferences == Preferences()
    assert "defaults" in notice
    assert len(notice) <= 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "purple"),
        ("theme", ["dark"]),
        ("recent", "a"),
        ("recent", [1]),
        ("recent", ["x"] * (MAX_RECENT + 1)),
        ("recent", ["a\0b"]),
        ("layout", 3),
        ("layout", "%%%"),
        ("layout", "é"),
        ("layout_version", "2"),
        ("layout_version", None),
        ("layout_sha256", "0" * 64),
        ("layout_sha256", None),
        ("first_start", 0),
        ("last_folder", {}),
    ],
)
def test_a_wrong_value_falls_back_alone(tmp_path: Path, saved: Preferences, name: str, value: Any) -> None:
    change(tmp_path, **{name: value})
    loaded, notice = load_preferences(tmp_path)
    section = name.split("_", maxsplit=1)[0]
    assert section in notice
    for field in ("theme", "recent", "layout", "first_start", "last_folder"):
        changed = field == name or (field == "layout" and section == "layout")
        assert getattr(loaded, field) == getattr(Preferences() if changed else saved, field)


@settings(deadline=None, max_examples=200)
@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_damaged_file_never_raises_and_never_gives_another_layout(
    tmp_path_factory: pytest.TempPathFactory, place: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("preferences")
    save_preferences(folder, Preferences("dark", ["a"], LAYOUT, "1"))
    content = bytearray((folder / "preferences.json").read_bytes())
    content[place % len(content)] ^= flip
    (folder / "preferences.json").write_bytes(content)
    loaded, notice = load_preferences(folder)
    assert loaded.layout in ("", LAYOUT)
    assert len(notice) <= 300


def test_the_recent_files_are_ten_and_each_once() -> None:
    preferences = Preferences()
    for name in [*"abcdefghijkl", "c"]:
        preferences.add_recent(name)
    assert preferences.recent == ["c", *"lkjihgfed"]


@pytest.mark.parametrize("place", ["file/folder", "nul\0", "x" * 300])
def test_a_place_that_cannot_be_used_gives_a_notice(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    folder = tmp_path / place
    assert "not kept" in save_preferences(folder, Preferences())
    assert load_preferences(folder)[0] == Preferences()
    mark_layout_attempt(folder)
    clear_layout_attempt(folder)
    assert not layout_crashed(folder)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_read_only_folder_gives_a_notice_and_keeps_the_old(tmp_path: Path, saved: Preferences) -> None:
    tmp_path.chmod(0o555)
    try:
        assert "read-only" in save_preferences(tmp_path, Preferences())
    finally:
        tmp_path.chmod(0o755)
    assert load_preferences(tmp_path) == (saved, "")


def test_a_layout_that_crashed_is_remembered(tmp_path: Path) -> None:
    assert not layout_crashed(tmp_path)
    mark_layout_attempt(tmp_path)
    assert layout_crashed(tmp_path)
    clear_layout_attempt(tmp_path)
    assert not layout_crashed(tmp_path)


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADVIZ_CONFIG", str(tmp_path))
    assert config_folder() == tmp_path
    monkeypatch.setenv("GRADVIZ_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_folder().is_absolute()


@pytest.mark.skipif(sys.platform != "linux", reason="drops to a user whom nobody knows")
def test_without_a_home_the_folder_is_absolute_all_the_same(tmp_path: Path) -> None:
    code = (
        "import os, pathlib\n"
        "from gradviz.storage.user.folders import config_folder\n"
        "from gradviz.storage.user.preferences import *\n"
        "if os.getuid() == 0: os.setuid(54321)\n"
        "folder = config_folder()\n"
        "print(folder.is_absolute(), '~' in str(folder), load_preferences(folder)[0] == Preferences())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PATH": "/usr/bin"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False", "True"]


def test_a_tilde_that_nobody_resolved_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some versions of platformdirs give it back where there is no home; others raise."""
    monkeypatch.delenv("GRADVIZ_CONFIG", raising=False)
    monkeypatch.setattr(folders.platformdirs, "user_config_path", lambda *_, **__: Path("~/.config/gradviz"))
    assert config_folder().is_absolute()


def test_scales_and_the_camera_are_kept(tmp_path: Path) -> None:
    kept = Preferences(log_scale=True, log_height=False, three_dimensional=False, camera=[3.5, 20.0, -45.0])
    assert save_preferences(tmp_path, kept) == ""
    assert load_preferences(tmp_path) == (kept, "")


@pytest.mark.parametrize("camera", [[1.0, 2.0], [1.0, 2.0, "3"], [1.0, 2.0, True], "above", {"at": 3}, [None] * 3])
def test_a_camera_that_is_none_is_the_usual_one(tmp_path: Path, saved: Preferences, camera: Any) -> None:
    change(tmp_path, camera=camera)
    read, notice = load_preferences(tmp_path)
    assert read.camera == []
    assert "camera" in notice
