"""packaging/licences.py: the licences of everything in a build are found, and a build that lacks one fails."""

from __future__ import annotations

import importlib.util
import json
import pprint
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gradviz

ROOT = Path(__file__).parent.parent
TEXTS = ROOT / "packaging" / "licences"


def place_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return spec.origin


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    import licences

    return licences


class Build:
    """A build as PyInstaller leaves it, of a few files that are truly there."""

    def __init__(self, folder: Path) -> None:
        self.build, self.program = folder / "build", folder / "gradviz"
        self.build.mkdir()
        (self.program / "_internal").mkdir(parents=True)
        self.found: list[tuple[str, str, str]] = []
        self.collected: list[tuple[str, str, str]] = []
        self.modules: list[tuple[str, str, str]] = []
        (self.program / "gradviz").touch()
        self.collected.append(("gradviz", str(self.build / "gradviz"), "EXECUTABLE"))
        self.add("base_library.zip", str(self.build / "base_library.zip"), "DATA")
        self.modules.append(("gradviz.core", str(ROOT / "gradviz" / "core" / "__init__.py"), "PYMODULE"))
        self.modules.append(("json", place_of("json"), "PYMODULE"))
        self.modules.append(("a_namespace", "-", "PYMODULE"))

    def add(self, name: str, source: str, kind: str = "BINARY", collected_from: str = "") -> None:
        path = self.program / "_internal" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.found.append((name, source, kind))
        self.collected.append((name, collected_from or source, kind))

    def collect(self) -> subprocess.CompletedProcess[str]:
        """Run the tool as the build does."""
        rows = [("pyi_rth_pkgutil", place_of("PyInstaller"), "PYSOURCE")] if has_pyinstaller() else []
        for name, table in {
            "Analysis": (["script"], {}, None, self.found),
            "COLLECT": (self.collected,),
            "PYZ": (str(self.build / "PYZ-00.pyz"), self.modules),
            "EXE": (str(self.build / "gradviz"), True, None, rows),
        }.items():
            (self.build / f"{name}-00.toc").write_text(pprint.pformat(table), encoding="utf-8")
        command = [sys.executable, str(ROOT / "packaging" / "licences.py"), str(self.build), str(self.program)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    @property
    def folder(self) -> Path:
        return self.program / "_internal" / "licences"

    def listed(self) -> dict[str, dict[str, Any]]:
        rows = json.loads((self.folder / "licences.json").read_text(encoding="utf-8"))
        assert len({row["name"] for row in rows}) == len(rows)
        return {row["name"]: row for row in rows}

    def text(self, name: str) -> str:
        return "\n".join((self.folder / path).read_text(encoding="utf-8") for path in self.listed()[name]["files"])


def has_pyinstaller() -> bool:
    return importlib.util.find_spec("PyInstaller") is not None


@pytest.fixture
def build(tmp_path: Path) -> Build:
    if not has_pyinstaller():
        pytest.skip("whoever has no PyInstaller builds nothing")
    return Build(tmp_path)


def test_everything_in_a_build_is_listed_with_its_texts(build: Build) -> None:
    build.modules.append(("typer", place_of("typer"), "PYMODULE"))
    build.add("PySide6/QtCore.so", place_of("PySide6.QtCore"))
    build.add("pydantic_core/_pydantic_core.so", place_of("pydantic_core._pydantic_core"))
    multiarray = place_of("numpy._core._multiarray_umath")
    build.add("numpy/core.so", multiarray, collected_from=str(build.build / "stripped" / "numpy" / "core.so"))
    build.add("gradviz/assets/icon.svg", str(ROOT / "assets" / "pictures" / "himmelblau.png"), "DATA")
    done = build.collect()
    assert done.returncode == 0, done.stderr
    listed = build.listed()
    assert next(iter(listed)) == "gradviz"
    assert set(listed) == {
        "gradviz", "numpy", "pydantic_core", "pyinstaller", "PySide6_Essentials", "Python", "Qt",
        "Rust crates in pydantic_core", "typer",
    }  # fmt: skip
    for name, row in listed.items():
        assert list(row) == ["name", "version", "licence", "homepage", "files"]
        assert row["version"], name
        assert row["licence"], name
        assert len(build.text(name)) > 500, name
    on_disk = {path.relative_to(build.folder).as_posix() for path in build.folder.rglob("*") if path.is_file()}
    assert on_disk == {file for row in listed.values() for file in row["files"]} | {"licences.json"}
    assert listed["gradviz"]["version"] == gradviz.__version__
    assert "gradviz contributors" in build.text("gradviz")
    assert "you may\nreplace them" in build.text("gradviz")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in build.text("Qt")
    assert "src/3rdparty/harfbuzz-ng" in build.text("Qt")
    assert listed["Qt"]["version"] == listed["PySide6_Essentials"]["version"]
    assert "PYTHON SOFTWARE FOUNDATION" in build.text("Python").upper()
    assert "Bootloader Exception" in build.text("pyinstaller")
    assert "serde 1." in build.text("Rust crates in pydantic_core")
    assert listed["Rust crates in pydantic_core"]["licence"].startswith("Apache-2.0 AND MIT AND")


def test_collecting_again_leaves_nothing_of_the_time_before(build: Build) -> None:
    assert build.collect().returncode == 0
    (build.folder / "old.txt").touch()
    assert build.collect().returncode == 0
    assert not (build.folder / "old.txt").exists()


def test_a_file_that_no_table_lists_fails(build: Build) -> None:
    (build.program / "_internal" / "stranger.so").touch()
    done = build.collect()
    assert done.returncode == 1
    assert done.stderr == "licences: stranger.so lies in gradviz, but PyInstaller did not put it there.\n"
    assert not build.folder.exists()


def test_a_file_of_unknown_origin_fails(build: Build, tmp_path: Path) -> None:
    (tmp_path / "libstrange.so").touch()
    build.add("libstrange.so", str(tmp_path / "libstrange.so"))
    done = build.collect()
    assert done.returncode == 1
    assert "libstrange.so is shipped, but" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_was_taken_out_of_the_build_needs_no_licence(build: Build, tmp_path: Path) -> None:
    build.add("libstrange.so", str(tmp_path / "libstrange.so"))
    (build.program / "_internal" / "libstrange.so").unlink()
    done = build.collect()
    assert done.returncode == 0, done.stderr


def test_a_library_of_debian_comes_with_its_copyright_file(build: Build) -> None:
    found = sorted(Path("/usr/lib").glob("*/liblzma.so.5")) if shutil.which("dpkg-query") else []
    if not found:
        pytest.skip("no Debian here")
    build.add("liblzma.so.5", str(found[0]).removeprefix("/usr"))
    done = build.collect()
    assert done.returncode == 0, done.stderr
    row = build.listed()["xz-utils"]
    assert row["licence"] == "0BSD"
    assert {"xz-utils/copyright", "xz-utils/LGPL-2.1"} <= set(row["files"])
    assert "Lasse Collin" in build.text("xz-utils")


def installed(folder: Path, metadata: str, files: dict[str, str]) -> Distribution:
    """A distribution made up for a test."""
    place = folder / "made-1.dist-info"
    for name, text in {"made-1.dist-info/METADATA": f"Name: made\nVersion: 1\n{metadata}\n", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (place / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    return Distribution.at(place)


def test_a_distribution_without_its_own_text_is_refused_by_name(tool: ModuleType, tmp_path: Path) -> None:
    made = installed(tmp_path, "License: MIT", {"made/_vendor/other/LICENSE": "that of another"})
    draft = tool.distribution_draft(made)
    draft.parts.append("made/a.py")
    fault = tool.fault_of(draft)
    assert fault.startswith("made 1 is shipped (made/a.py), but no text of its licence")
    assert len(fault) <= 300


def test_a_distribution_with_its_text_but_no_licence_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    draft = tool.distribution_draft(installed(tmp_path, "", {"made-1.dist-info/licenses/LICENSE": "mine"}))
    draft.parts.append("made/a.py")
    assert draft.texts == {"LICENSE": b"mine"}
    assert "no name of its licence" in tool.fault_of(draft)


@pytest.mark.parametrize(
    ("licence", "may_be_shipped"),
    [
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", True),
        ("LGPL-3.0-only OR GPL-2.0-only", True),
        ("GPL-2.0-only OR AFL-2.1", True),
        ("LGPL-2.1-or-later", True),
    ],
)
def test_the_gpl_alone_is_refused(tool: ModuleType, licence: str, may_be_shipped: bool) -> None:
    draft = tool.Draft("made", "1", licence, "", {"LICENSE": b"text"}, ["libmade.so"])
    assert (tool.fault_of(draft) == "") is may_be_shipped
    assert may_be_shipped or "leave libmade.so out" in tool.fault_of(draft)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Format: x\n\nFiles: *\nCopyright: me\nLicense: LGPL-2.1+\n Text.\n\nFiles: debian/*\nLicense: GPL-2\n",
         "LGPL-2.1-or-later"),
        ("Format: x\n\nFiles: *\nLicense: Expat or GPL-2\n", "MIT OR GPL-2.0-only"),
        ("Format: x\n\nFiles: lib/*\nLicense: Expat\n", ""),
        ("This package was debianized by hand.\n", ""),
    ],
)  # fmt: skip
def test_the_main_licence_of_a_debian_copyright_file(tool: ModuleType, text: str, licence: str) -> None:
    assert tool.main_licence(text) == licence


def test_a_crate_whose_licence_has_no_text_here_is_refused(tool: ModuleType, tmp_path: Path) -> None:
    def bill(expression: str) -> str:
        crate = {"name": "knot", "version": "2", "purl": "pkg:cargo/knot@2", "licenses": [{"expression": expression}]}
        return json.dumps({"components": [crate, {"name": "other", "purl": "pkg:pypi/other"}]})

    name = "made-1.dist-info/sboms/made.json"
    drafts = tool.crates_drafts(installed(tmp_path, "", {name: bill("(Apache-2.0 OR MIT) AND Zlib")}))
    assert [draft.licence for draft in drafts] == ["MIT AND Zlib"]
    assert set(drafts[0].texts) == {"MIT.txt", "Zlib.txt", "crates.txt"}
    assert b"knot 2" in drafts[0].texts["crates.txt"]
    assert b"other" not in drafts[0].texts["crates.txt"]
    with pytest.raises(tool.MissingLicenceError, match="knot under EUPL"):
        tool.crates_drafts(installed(tmp_path, "", {name: bill("EUPL-1.2")}))


def test_the_table_names_texts_that_are_there_and_all_of_them() -> None:
    table = tomllib.loads((TEXTS / "extra.toml").read_text(encoding="utf-8"))
    named = {name for names in table["texts"].values() for name in names}
    named |= {name for row in table["inside"] for name in row["texts"]}
    there = {path.name for path in TEXTS.glob("*.txt")}
    of_crates = {"MIT.txt", "Apache-2.0.txt", "BSD-3-Clause.txt", "Zlib.txt", "Unicode-3.0.txt", "Unicode-DFS-2016.txt"}
    assert named - there == set()
    assert there - named - of_crates == {"README.txt"}


def test_pythons_library_is_pythons_even_where_its_folder_is_shared(tool: ModuleType, tmp_path: Path) -> None:
    import shipped

    origins = shipped.Origins(tmp_path, ())
    library = Path(sysconfig.get_path("stdlib")) / "json" / "decoder.py"
    assert origins.of(shipped.Part("json.decoder", str(library))).kind == "python"
    with pytest.raises(shipped.UnknownOriginError):
        origins.of(shipped.Part("x", str(library.parent / "site-packages" / "x.py")))
