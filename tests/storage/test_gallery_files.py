"""The gallery: the one that comes with gradviz, and folders made for the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradviz.core.document.document import Document
from gradviz.core.document.lesson import Lesson
from gradviz.storage.experiments.experiment_file import save
from gradviz.storage.problems import FileError
from gradviz.storage.shipped import gallery as gallery_module
from gradviz.storage.shipped.assets import assets_folder
from gradviz.storage.shipped.gallery import find_entry, gallery


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four entries, one of them with a picture."""
    for name, case in (("valley", "E10"), ("bowl", "E2"), ("apples", "E2"), ("e2", "F1")):
        (tmp_path / "experiments").mkdir(exist_ok=True)
        save(tmp_path / "experiments" / f"{name}.json", Document(lesson=Lesson(case=case)), None)
    for theme in ("light", "dark"):
        (tmp_path / "pictures" / theme).mkdir(parents=True)
        (tmp_path / "pictures" / theme / "bowl.png").write_bytes(b"")
    monkeypatch.setattr(gallery_module, "assets_folder", lambda: tmp_path)
    return tmp_path


def test_every_entry_that_comes_with_gradviz_opens() -> None:
    files = sorted((assets_folder() / "experiments").glob("*.json"))
    assert sorted(entry.path for entry in gallery()) == files


def test_entries_are_ordered_by_case_then_name(assets: Path) -> None:
    assert [entry.name for entry in gallery()] == ["apples", "bowl", "valley", "e2"]


def test_a_picture_belongs_to_its_entry(assets: Path) -> None:
    pictures = {entry.name: entry.pictures for entry in gallery()}
    both = {theme: assets / "pictures" / theme / "bowl.png" for theme in ("light", "dark")}
    assert pictures == {"apples": {}, "bowl": both, "valley": {}, "e2": {}}


def test_every_entry_that_comes_with_gradviz_has_a_picture_in_each_theme() -> None:
    for entry in gallery():
        assert set(entry.pictures) == {"light", "dark"}, entry.name


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("VALLEY", "valley"), ("e10", "valley"), ("E2", "e2"), (" f1 ", "e2"), ("E1", None), ("", None)],
)
def test_an_entry_is_found_by_name_then_by_case(assets: Path, wanted: str, found: str | None) -> None:
    entry = find_entry(wanted)
    assert (entry.name if entry else None) == found


def test_a_malformed_entry_is_named(assets: Path) -> None:
    (assets / "experiments" / "torn.json").write_text('{"format": 1')
    with pytest.raises(FileError, match=r"torn\.json"):
        gallery()


def test_assets_of_an_installed_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gradviz" / "__init__.py"
    monkeypatch.setattr("gradviz.__file__", str(package))
    assert assets_folder() == tmp_path / "assets"
    (tmp_path / "gradviz" / "assets").mkdir(parents=True)
    assert assets_folder() == tmp_path / "gradviz" / "assets"
