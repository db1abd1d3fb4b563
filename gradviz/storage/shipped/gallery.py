"""The experiments that come with gradviz."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.storage.experiments.experiment_file import load
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.assets import assets_folder

SECTIONS = {
    "A": ("Graphs and derivatives", "计算图与导数"),
    "B": ("A line through eleven points", "过十一个点的直线"),
    "C": ("y = 3x + 0.8", "y = 3x + 0.8"),
    "D": ("Batches, optimisers, schedules", "批量、优化器与学习率调度"),
    "E": ("Himmelblau's function", "Himmelblau 函数"),
    "F": ("Ten inputs, two outputs", "十个输入，两个输出"),
    "G": ("Two neurons", "两个神经元"),
    "K": ("Classes", "分类"),
}
"""What the first letter of a case stands for, in English and in Chinese."""


def section_of(case: str, language: str) -> str:
    """The heading that a case stands under; empty for a case of no known section."""
    english, chinese = SECTIONS.get(case[:1], ("", ""))
    return chinese if language == "zh" else english


@dataclass(frozen=True)
class GalleryEntry:
    """A card of the gallery; `name` is that of its file, without the ending, `pictures` are by the theme's name."""

    name: str
    path: Path
    document: Document
    pictures: dict[str, Path]

    @property
    def case(self) -> str:
        """The case that it belongs to."""
        return self.document.lesson.case

    @property
    def experiment(self) -> Experiment:
        """What of the document can be run."""
        return self.document.experiment


def gallery() -> tuple[GalleryEntry, ...]:
    """All entries by case (E2 before E10), then name; FileError names the one that cannot be read."""
    assets = assets_folder()
    entries = [_entry(path, assets, path.stat().st_mtime_ns) for path in (assets / "experiments").glob("*.json")]
    return tuple(sorted(entries, key=lambda entry: (_in_order(entry.case), _in_order(entry.name))))


def find_entry(name: str) -> GalleryEntry | None:
    """The entry of that name, else the first of that case; capitals do not matter."""
    wanted = name.strip().casefold()
    entries = gallery()
    by_name = (entry for entry in entries if entry.name.casefold() == wanted)
    by_case = (entry for entry in entries if wanted and entry.case.casefold() == wanted)
    return next(by_name, None) or next(by_case, None)


@lru_cache(maxsize=256)
def _entry(path: Path, assets: Path, _written_ns: int) -> GalleryEntry:
    """Read once, and again where it was written since: nearly every command and each new window asks for all."""
    try:
        document = load(path).document
    except FileError as error:
        raise FileError(f"Gallery, {path.name}: {error.cause}", "Install gradviz again.") from error
    drawn = {folder.name: folder / f"{path.stem}.png" for folder in sorted((assets / "pictures").glob("*/"))}
    return GalleryEntry(path.stem, path, document, {theme: file for theme, file in drawn.items() if file.is_file()})


def _in_order(text: str) -> list[tuple[int, str]]:
    """A key by which numbers in a text are ordered as numbers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text) if part]
