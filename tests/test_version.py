"""The version stands in gradviz/__init__.py alone, and the README's changes lead up to it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import gradviz

ROOT = Path(__file__).parent.parent
HOME = ROOT / "gradviz" / "__init__.py"
PLACES = ("gradviz", "packaging", ".github", "Makefile", "pyproject.toml", ".ci")
OF_OTHERS = ("constraints*.txt", "licences/*.txt")
"""Files of packaging that hold the versions of others."""


def repeats(text: str) -> bool:
    """Whether a text has the version of gradviz in it, and not as a part of another."""
    return re.search(rf"(?<![\d.]){re.escape(gradviz.__version__)}(?!\.?\d)", text) is not None


def files() -> list[Path]:
    found = [path for place in PLACES for path in [ROOT / place, *(ROOT / place).rglob("*")] if path.is_file()]
    left_out = {path for pattern in OF_OTHERS for path in (ROOT / "packaging").glob(pattern)}
    return [path for path in found if path not in left_out and "__pycache__" not in path.parts]


def test_a_repeated_version_would_be_seen() -> None:
    version = gradviz.__version__
    assert repeats(f'version = "{version}"')
    assert repeats(f"gradviz-{version}.tar.gz, v{version}.")
    assert not repeats(f"{version}.1, 1{version}, 1.{version}, {version}9")


def test_the_version_stands_in_one_place() -> None:
    known = [path for path in files() if repeats(path.read_bytes().decode("utf-8", "replace"))]
    assert known == [HOME], f"{[str(path.relative_to(ROOT)) for path in known if path != HOME]} should read it there"
    assert len(re.findall(r"^__version__ = ", HOME.read_text(encoding="utf-8"), re.MULTILINE)) == 1


def test_the_build_reads_it_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert "version" in project["project"]["dynamic"]
    assert ROOT / project["tool"]["hatch"]["version"]["path"] == HOME


def changes() -> list[tuple[str, str]]:
    """The versions of the README's changes, each with its text; a heading is a version and the day of its release."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", readme, flags=re.MULTILINE)[-1]
    assert section.startswith("Changes\n"), "changes end the README"
    parts = re.split(r"^### (.+) \(\d{4}-\d\d-\d\d\)$", section, flags=re.MULTILINE)
    assert parts[0].strip() == "Changes"
    assert "\n### " not in "".join(parts[2::2]), "a heading without a date"
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_changes_begin_with_this_version_and_go_down() -> None:
    versions = [version for version, _ in changes()]
    assert versions[0] == gradviz.__version__
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions), versions
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)
    assert versions[-1] == "0.1.0"


@pytest.mark.parametrize("version", [version for version, _ in changes()])
def test_every_version_tells_what_changed(version: str) -> None:
    text = " ".join(dict(changes())[version].split())
    assert len(text) > 80
    assert text.endswith(".")
