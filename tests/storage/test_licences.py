"""What gradviz is made of: read from what is installed, or from the list in a packaged program."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import Distribution, version
from pathlib import Path

import pytest

import gradviz
from gradviz.core.components import Component
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.licences import component_of, components, licence_text, list_as_json, packaged_folder


def by_name() -> dict[str, Component]:
    return {component.name.lower(): component for component in components()}


def test_gradviz_comes_first_with_its_version_and_its_licence() -> None:
    first = components()[0]
    assert (first.name, first.version, first.licence) == ("gradviz", gradviz.__version__, "MIT")
    assert licence_text(first).startswith("MIT License\n\nCopyright (c) 2026 gradviz contributors")


def test_what_gradviz_needs_is_listed_and_what_those_need_but_no_tool_for_tests() -> None:
    found = by_name()
    assert {"torch", "numpy", "pyqtgraph", "pydantic", "rich"} <= set(found)
    assert "mpmath" in found, "sympy needs it"
    assert "shiboken6" in found, "PySide6 needs it"
    assert not {"pytest", "ruff", "mypy", "hypothesis"} & set(found)
    assert found["torch"].version == version("torch")
    assert len({name.replace("_", "-") for name in found}) == len(components())


def test_every_component_has_a_version_a_licence_and_a_home() -> None:
    for component in components()[1:]:
        assert re.match(r"\d", component.version), component
        assert component.licence, component
        assert component.homepage.startswith("http"), component


def test_texts_are_read_when_they_are_wanted() -> None:
    found = by_name()
    assert "Redistribution and use" in licence_text(found["numpy"])
    several = licence_text(found["torch"])
    assert several.startswith("──── LICENSE\n")
    assert "──── third_party/" in several
    assert licence_text(Component("made", "1", "MIT", "", ())) == ""


def test_a_text_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        licence_text(Component("made", "1", "MIT", "", (str(tmp_path / "LICENSE"),)))
    assert str(caught.value).startswith("The licence of made cannot be read. There is no such file")


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT AND Zlib\nLicense: other", "MIT AND Zlib"),
        ("License: BSD 3-Clause License", "BSD-3-Clause"),
        (
            "License: the text of it\n        in lines\nClassifier: License :: OSI Approved :: MIT License",
            "MIT",
        ),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: ISC License (ISCL)", "ISC"),
        ("Classifier: Topic :: Science", ""),
    ],
)
def test_the_licence_of_a_distribution(tmp_path: Path, metadata: str, licence: str) -> None:
    folder = tmp_path / "made-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Name: made\nVersion: 1\n{metadata}\n")
    (folder / "RECORD").write_text("made/licensing.py,,\nmade/copying/a.txt,,\nmade/COPYING.LESSER,,\n")
    made = component_of(Distribution.at(folder))
    assert made.licence == licence
    assert [Path(name).name for name in made.files] == ["COPYING.LESSER"]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a packaged program, empty as yet."""
    folder = tmp_path / "Frameworks"
    folder.mkdir()
    monkeypatch.setattr(sys, "_MEIPASS", str(folder), raising=False)
    return folder


@pytest.mark.parametrize("place", ["Frameworks", "Resources"])
def test_a_packaged_program_shows_its_own_list(bundle: Path, place: str) -> None:
    made = Component("libmade", "1:2-3", "Zlib", "https://made", ("libmade/copyright",))
    folder = bundle.parent / place / "licences"
    (folder / "libmade").mkdir(parents=True)
    (folder / "libmade" / "copyright").write_bytes("\n© me\n".encode() + b"\xff\n")
    (folder / "licences.json").write_text(list_as_json((made,)), encoding="utf-8")
    assert components() == (made,)
    assert packaged_folder() == folder
    assert licence_text(made) == "© me\n�"


@pytest.mark.parametrize("content", [None, "", "[1]", '{"a": 1}', '[{"name": "a"}]'])
def test_a_packaged_program_without_a_list_says_so(bundle: Path, content: str | None) -> None:
    if content is not None:
        (bundle / "licences").mkdir()
        (bundle / "licences" / "licences.json").write_text(content)
    with pytest.raises(FileError, match="list of licences is missing"):
        components()


def test_the_list_keeps_every_letter() -> None:
    made = Component("Köhler", "1", "MIT", "", ("a",))
    assert "Köhler" in list_as_json((made,))
    assert json.loads(list_as_json((made,)))[0]["files"] == ["a"]
