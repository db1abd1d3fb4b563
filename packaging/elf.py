"""The ELF files of a folder: which there are, and where they look for libraries."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"\x7fELF"
SEARCH_PATH = re.compile(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]")
OWN = "$ORIGIN"


def elf_files(folder: Path) -> Iterator[Path]:
    """Every program and library, links left out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == MAGIC:
                    yield path


def is_program(path: Path) -> bool:
    """Whether it names an interpreter, as only what can be started does."""
    return "INTERP" in _readelf("--program-headers", path)


def search_path(path: Path) -> str:
    """Where it has its libraries looked for before the system's places, with colons between; empty without."""
    found = SEARCH_PATH.search(_readelf("--dynamic", path))
    return found[1] if found else ""


def clean_search_paths(folder: Path) -> list[Path]:
    """Take folders of the machine that built it out of every search path; returns the files that were changed.

    A folder that is not there is of no use, and whoever could make it could have any library loaded.
    """
    changed = []
    for path in elf_files(folder):
        before = search_path(path)
        kept = ":".join(part for part in before.split(":") if part.startswith(OWN))
        if kept != before:
            _change_search_path(path, kept)
            changed.append(path)
    return changed


def strip_debugging(folder: Path) -> list[Path]:
    """Take symbols out of files that a debugger could read; returns those that were changed.

    Such files were linked on this machine. What comes from wheels has no such part, and often was patched after it was
    linked, which a second change may break: that is left alone.
    """
    found = [path for path in elf_files(folder) if ".debug_info" in _readelf("--sections", path)]
    for path in found:
        subprocess.run(["strip", "--strip-unneeded", str(path)], check=True, capture_output=True)
    return found


def _change_search_path(path: Path, kept: str) -> None:
    """chrpath writes over the old text in its place, and so moves nothing else in the file."""
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    options = ["--replace", kept] if kept else ["--delete"]
    subprocess.run(["chrpath", *options, str(path)], check=True, capture_output=True)


def _readelf(option: str, path: Path) -> str:
    done = subprocess.run(["readelf", "--wide", option, str(path)], check=True, capture_output=True, text=True)
    return done.stdout
