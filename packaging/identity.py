"""What the packages of every system say of gradviz: names, version, licence, changes, read from where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import gradviz

ROOT = Path(__file__).resolve().parents[1]
APP_ID = gradviz.APP_ID
VERSION = gradviz.__version__
MIME_TYPE = "application/x-gradviz"
SUFFIX = ".gradviz"
DEVELOPER = "gradviz contributors"
HEADING = re.compile(r"### (?P<version>\d+(?:\.\d+)+)(?: \((?P<day>\d{4}-\d\d-\d\d)\))?$")


@dataclass(frozen=True)
class Release:
    """One entry of the README's Changes."""

    version: str
    day: date
    paragraphs: tuple[str, ...]


def releases(readme: str | None = None) -> tuple[Release, ...]:
    """The README's Changes, newest first; ValueError names the entry that has no date."""
    text = (ROOT / "README.md").read_text(encoding="utf-8") if readme is None else readme
    changes = re.split(r"^## ", text.partition("\n## Changes\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return tuple(_release(part) for part in re.split(r"^(?=### )", changes, flags=re.MULTILINE) if part.strip())


def _release(part: str) -> Release:
    heading, _, body = part.partition("\n")
    found = HEADING.match(heading)
    if found is None or found["day"] is None:
        raise ValueError(f'README.md, Changes: "{heading}" should read "### VERSION (YYYY-MM-DD)".')
    paragraphs = (re.sub(r"[`*]", "", " ".join(block.split())) for block in body.strip().split("\n\n"))
    return Release(found["version"], date.fromisoformat(found["day"]), tuple(block for block in paragraphs if block))


def licence() -> str:
    """The licence of gradviz itself."""
    return (ROOT / "LICENSE").read_text(encoding="utf-8")


def copyright_line() -> str:
    """Who holds the rights since when, as the licence says it."""
    return next(line for line in licence().splitlines() if line.startswith("Copyright"))


def latest() -> Release:
    """The release of this version; ValueError where the Changes begin with another."""
    first = releases()[0]
    if first.version != VERSION:
        raise ValueError(f"README.md: Changes begin with {first.version}, but gradviz is {VERSION}.")
    return first
