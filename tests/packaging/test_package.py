"""What stays out of the packaged program, and how it is packed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import bare
import package
import pytest
from identity import VERSION
from lean import EXCLUDED_MODULES, is_left_out, is_module_left_out, lean, stripped
from packages import ROOT, needs
from shipped import Origins, Part, UnknownOriginError

MEGABYTE = 1_000_000
LARGEST_FOLDER, LARGEST_ARCHIVE = 620 * MEGABYTE, 165 * MEGABYTE
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are those of Linux")


@pytest.mark.parametrize(
    "name",
    [
        "torch/bin/torch_shm_manager",
        "torch/lib/libtorch_cpu.so",
        "torch/lib/libshm.so",
        "torch/_inductor/config.py",
        "torch/nn/modules/linear.py",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so",
        "PySide6/Qt/plugins/platformthemes/libqxdgdesktopportal.so",
        "PySide6/Qt/plugins/iconengines/libqsvgicon.so",
        "libQt6Svg.so.6",
        "libicudata.so.73",
        "libxcb-cursor.so.0",
        "libxkbcommon-x11.so.0",
        "libpython3.11.so.1.0",
        "gradviz/assets/experiments/chain.json",
    ],
)
def test_what_a_menu_entry_a_command_or_a_user_of_chinese_needs_is_kept(name: str) -> None:
    assert not is_left_out(name)


@pytest.mark.parametrize(
    "name",
    [
        "torch/bin/protoc",
        "torch/bin/test_api",
        "torch/test/cpp_api_test",
        "torch/testing/_internal/common_utils.py",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/plugins/platforms/libqeglfs.so",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "libgtk-3.so.0",
        "libstdc++.so.6",  # an older one than the graphics driver's keeps OpenGL from starting
        "libX11.so.6",
        "libXcursor.so.1",
        "libglib-2.0.so.0",
        "libkrb5.so.3",
    ],
)
def test_what_nothing_needs_and_what_must_be_the_systems_stays_out(name: str) -> None:
    assert is_left_out(name)
    entry = (name.replace("/", "\\"), "source", "BINARY")  # as Windows writes it
    kept = ("torch/lib/libtorch.so", "source", "BINARY")
    assert lean([entry, kept]) == [kept]


def test_rich_keeps_the_one_lexer_that_it_asks_for() -> None:
    assert not is_module_left_out("pygments.lexers.python")
    assert is_module_left_out("pygments.lexers.fortran")
    assert not is_module_left_out("pygments.styles")


def test_gradviz_starts_and_trains_without_the_modules_that_are_left_out() -> None:
    """No module of ours is among them, and none of them is loaded by what every run does."""
    absent = tuple(name for name in EXCLUDED_MODULES if name != "setuptools")
    code = f"""
import sys
finders = list(sys.meta_path)

class Lean:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in {absent!r}:
            return None
        return next((spec for finder in finders if (spec := finder.find_spec(name, path, target))), None)

sys.meta_path[:] = [Lean]
from gradviz.app.main import main

sys.exit(main(["run", "moons", "--steps", "3", "--json"]))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert '"steps": 3' in done.stdout


@needs("strip", "readelf")
def test_symbols_go_where_it_saves_much_and_nowhere_else(tmp_path: Path) -> None:
    import numpy._core._multiarray_umath as patched
    import torch

    library = str(Path(torch.__file__).parent / "lib" / "libtorch_python.so")
    entries = [("torch/lib/libtorch_python.so", library, "BINARY"), ("numpy/x.so", str(patched.__file__), "EXTENSION")]
    lighter, as_it_was = stripped(entries, tmp_path)
    assert as_it_was == entries[1]
    assert Path(lighter[1]).stat().st_size < 0.9 * Path(library).stat().st_size
    sections = subprocess.run(["readelf", "-WS", lighter[1]], capture_output=True, text=True, check=True).stdout
    assert ".dynsym" in sections
    assert ".symtab" not in sections


def test_the_archive_is_the_same_whoever_packs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = []
    for name, order in (("one", ("a", "中文 b")), ("two", ("中文 b", "a"))):
        folder = tmp_path / name / "gradviz"
        folder.mkdir(parents=True)
        for file in order:
            (folder / file).write_text(file)
            os.utime(folder / file, (0, 0))
        os.utime(folder, (0, 0))
        monkeypatch.setattr(package, "DIST", folder.parent)
        archive = package._archive()
        assert archive.name.startswith(f"gradviz-{VERSION}-linux-")
        contents.append(archive.read_bytes())
        with tarfile.open(archive) as opened:
            assert [member.name for member in opened] == ["gradviz", "gradviz/a", "gradviz/中文 b"]
            assert {(member.uid, member.gid) for member in opened} == {(0, 0)}
    assert contents[0] == contents[1]


def test_the_built_program_is_tried_without_what_built_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "/of/the/build")
    monkeypatch.setenv("PATH", "/of/the/build:/usr/bin")
    monkeypatch.setenv("DISPLAY", ":7")
    given = package._bare_environment("/home/nobody")
    assert given["DISPLAY"] == ":7"
    assert "/of/the/build" not in " ".join(given.values())


def test_a_step_that_fails_ends_the_packaging(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []
    monkeypatch.setattr(package, "build", lambda: done.append("build"))
    monkeypatch.setattr(package, "test", lambda: package._run(sys.executable, "-c", "raise SystemExit(7)"))
    monkeypatch.setattr(package, "pack", lambda: done.append("pack"))
    assert package.main() == 1
    assert done == ["build"]
    assert "status 7" in capsys.readouterr().err


def test_a_tool_that_is_missing_is_named_before_anything_is_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "dist" / "gradviz-before.tar.xz"
    kept.parent.mkdir()
    kept.write_bytes(b"")
    monkeypatch.setattr(package, "DIST", kept.parent)
    monkeypatch.setattr(package, "BUILD", tmp_path / "build")
    monkeypatch.setattr(package.shutil, "which", lambda tool: None if tool == "chrpath" else f"/bin/{tool}")
    assert package.main() == 1
    assert "without chrpath: install" in capsys.readouterr().err
    assert kept.is_file()


@pytest.mark.parametrize("name", ["gradviz", "gradviz.exe", "gradviz-console.exe"])
def test_every_program_of_a_build_is_known_to_be_one(tmp_path: Path, name: str) -> None:
    part = Part(name, str(tmp_path / name))
    assert Origins(tmp_path, [part]).of(part).kind == "pyinstaller"
    with pytest.raises(UnknownOriginError):
        Origins(tmp_path, []).of(Part("stranger.exe", str(tmp_path / "stranger.exe")))


def test_icons_that_were_drawn_for_a_build_are_ours(tmp_path: Path) -> None:
    part = Part("gradviz-document.icns", str(ROOT / "build" / "icons" / "gradviz-document.icns"))
    assert Origins(tmp_path, [part]).of(part).kind == "gradviz"


def test_the_bare_system_has_the_documented_libraries_and_no_others() -> None:
    names = bare.documented_libraries()
    assert "libglib2.0-0" in names, "of two names the one that Debian 12 has"
    assert not any("|" in name for name in names)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "packaging/system-libraries.txt" in readme
    assert set(names) <= set(re.findall(r"[\w.+-]+", (ROOT / "packaging" / "system-libraries.txt").read_text()))


def test_the_bare_system_needs_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bare, "DIST", tmp_path)
    assert bare.main() == 2


def test_the_built_program_is_no_larger_than_it_may_be(built: Path) -> None:
    assert package._size(built.parent) <= LARGEST_FOLDER
    for archive in built.parents[1].glob("*.tar.xz"):
        assert archive.stat().st_size <= LARGEST_ARCHIVE


def test_nothing_that_is_to_stay_out_is_in_the_built_program(built: Path) -> None:
    inside = built.parent / "_internal"
    names = [str(path.relative_to(inside)) for path in inside.rglob("*") if path.is_file()]
    assert [name for name in names if is_left_out(name)] == []
    assert "torch/bin/torch_shm_manager" in names
    assert (inside / "licences" / "licences.json").is_file()


def test_whatever_is_found_by_its_folder_is_packed_too() -> None:
    """PyInstaller follows import statements; what is imported by a name that is read from a folder it does not see."""
    spec = (ROOT / "packaging" / "gradviz.spec").read_text(encoding="utf-8")
    found = {
        wing.relative_to(ROOT / "gradviz").as_posix()
        for wing in (ROOT / "gradviz").glob("*/*")
        if wing.name in ("answers", "stops", "blocks", "stalls", "panes") and wing.parent.name in ("engine", "app")
    }
    assert len(found) == 5
    assert all(f'"{wing}"' in spec for wing in found)
