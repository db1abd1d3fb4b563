"""Wheel and sdist: what is in them, and that a wheel starts in a clean environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

import gradviz

ROOT = Path(__file__).parent.parent
NAME = f"gradviz-{gradviz.__version__}"
START = """
import sys
from PySide6.QtCore import QTimer
from gradviz.app.opening.startup import Startup

started = Startup()

def look():
    if started.controller is not None and started.controller.refresher.is_settled():
        started.window.grab().save(sys.argv[1])
        started.window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(100)
sys.exit(started.end(started.app.exec()))
"""


def build(source: Path, folder: Path, *which: str) -> Path:
    """Build as pip does without isolation, for there is no network here; the file that was made."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *which]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "-t", "wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "-t", "sdist")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert len(set(names)) == len(names), "a name twice"
        return {name: archive.read(name) for name in names}


def files_below(folder: str, *patterns: str) -> set[str]:
    found = {path for pattern in patterns for path in (ROOT / folder).rglob(pattern) if path.is_file()}
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_wheel_has_every_module_and_asset_and_nothing_else(wheel: Path) -> None:
    found = contents(wheel)
    modules = files_below("gradviz", "*.py", "py.typed")
    pictures_of_readme = files_below("assets/screenshots", "*")
    assets = {f"gradviz/{name}" for name in files_below("assets", "*") - pictures_of_readme}
    own = {f"{NAME}.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    assert len(modules) > 150
    assert len(assets) > 60
    assert pictures_of_readme
    assert set(found) == modules | assets | own | {f"{NAME}.dist-info/licenses/LICENSE"}
    assert found["gradviz/core/numbers.py"] == (ROOT / "gradviz" / "core" / "numbers.py").read_bytes()
    assert found[f"{NAME}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert wheel.stat().st_size < 4e6


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    told = HeaderParser().parsestr(contents(wheel)[f"{NAME}.dist-info/METADATA"].decode())
    assert told["Version"] == gradviz.__version__
    assert told["License-Expression"] == "MIT"
    assert told["Requires-Python"] == ">=3.11"
    assert "# gradviz" in told.get_payload()
    needed = [line for line in told.get_all("Requires-Dist", []) if "extra" not in line]
    assert any(line.startswith("torch") for line in needed)
    assert not any(line.startswith("pytest") for line in needed)


def test_the_sdist_has_sources_tests_and_packaging_and_makes_the_same_wheel(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    assert len(set(names)) == len(names)
    assert {Path(name).parts[0] for name in names} == {NAME}
    wanted = (
        files_below("gradviz", "*.py")
        | files_below("tests", "*.py")
        | files_below("docs", "*.md")
        | files_below("assets", "*")
    )
    wanted |= files_below("packaging", "*.py", "*.txt", "*.toml", "*.sh")
    wanted |= {"LICENSE", "README.md", "Makefile", "pyproject.toml"}
    assert {f"{NAME}/{name}" for name in wanted} - set(names) == set()
    assert not [name for name in names if name.endswith((".pyc", ".so", ".whl")) or "/.venv/" in name]
    assert sdist.stat().st_size < 6e6
    again = build(tmp_path / NAME, tmp_path / "again", "-t", "wheel")
    assert contents(again) == contents(wheel)


class Clean:
    """An environment with gradviz from the wheel; what gradviz needs is reached in the one that tests."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=False)
        windows = sys.platform == "win32"
        self.programs = folder / "venv" / ("Scripts" if windows else "bin")
        self.python = self.programs / ("python.exe" if windows else "python")
        install = ["install", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
        subprocess.run([sys.executable, "-m", "pip", "--python", str(self.python), *install], check=True, timeout=120)
        place = self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
        # a path in a .pth file is not looked through for .pth files: an editable gradviz stays out of it
        paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (Path(place) / "needed.pth").write_text("\n".join(paths) + "\n")

    def run(self, *arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
        """Run Python there, or a program of it, and expect it to end well."""
        command = [str(self.programs / program) if program else str(self.python), *arguments]
        environment = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
        environment["GRADVIZ_CONFIG"] = str(self.folder / "config")
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=170
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Clean:
    return Clean(tmp_path_factory.mktemp("clean"), wheel)


def test_the_wheel_is_what_runs_there(clean: Clean) -> None:
    place = clean.run("-c", "import gradviz; print(gradviz.__file__)").stdout.strip()
    assert Path(place).is_relative_to(clean.folder)
    assert clean.run("--version", program="gradviz").stdout.strip() == f"gradviz {gradviz.__version__}"
    assert (clean.programs / "gradviz-gui").exists() or (clean.programs / "gradviz-gui.exe").exists()


def test_the_gallery_is_found_there(clean: Clean) -> None:
    rows = json.loads(clean.run("gallery", "--json", program="gradviz").stdout)
    assert {row["name"] for row in rows} == {path.stem for path in (ROOT / "assets" / "experiments").glob("*.json")}


def test_it_trains_there(clean: Clean) -> None:
    result = json.loads(clean.run("run", "B1", "--steps", "5", "--json", program="gradviz").stdout)
    assert result["state"] == "finished"
    assert result["steps"] == 5
    assert len(result["first_losses"]) == 6
    assert result["versions"]["gradviz"] == gradviz.__version__


def test_its_own_licence_is_found_there(clean: Clean) -> None:
    code = "from gradviz.storage.shipped.licences import *; c = components(); print(len(c), licence_text(c[0]))"
    told = clean.run("-c", code).stdout
    assert int(told.split()[0]) > 15
    assert "gradviz contributors" in told


def test_its_window_opens_there(clean: Clean) -> None:
    from PySide6.QtGui import QImage

    (clean.folder / "start.py").write_text(START)
    clean.run("start.py", "window.png")
    picture = QImage(str(clean.folder / "window.png"))
    assert picture.width() > 800
    seen = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
    assert len(seen) > 200, "the surface alone has more colours"
