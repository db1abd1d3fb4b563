"""What a PyInstaller build contains: every file and module of it, and where each was taken from."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OWN_FOLDERS = (ROOT / "gradviz", ROOT / "assets", ROOT / "packaging", ROOT / "build" / "icons")
GENERATED = {"base_library.zip": "Python", "struct": "Python"}
"""What PyInstaller makes in its build folder of files that are not its own."""
BUNDLE_FILES = {"Info.plist", "PkgInfo", "CodeResources"}
"""What macOS has in every bundle."""


class UnknownOriginError(Exception):
    """Something is shipped of which nobody knows where it is from, in one sentence."""


@dataclass(frozen=True)
class Part:
    """A file or module of the build: its name there, and the file that it was made from."""

    name: str
    source: str


@dataclass(frozen=True)
class Origin:
    """Where parts are from. `kind` is gradviz, python, pyinstaller, distribution, debian or windows."""

    kind: str
    name: str


def parts_of(build: Path, program: Path) -> tuple[Part, ...]:
    """Everything in `program`; UnknownOriginError for a file that the build's tables do not list."""
    listed = {name: source for name, source, kind in _table(build / "COLLECT-00.toc") if kind != "SYMLINK"}
    there = set(_files(program))
    unknown = sorted(there - set(listed))
    if unknown:
        raise UnknownOriginError(f"{unknown[0]} lies in {program.name}, but PyInstaller did not put it there.")
    modules = [(name, source) for name, source, _ in _table(build / "PYZ-00.toc") if source != "-"]
    scripts = [(name, source) for name, source, kind in _table(build / "EXE-00.toc") if kind.startswith("PY")]
    # what the build worked over, such as a library without its symbols, is still from where it was found
    found = {name: source for name, source, _ in _table(build / "Analysis-00.toc")}
    files = [(name, found.get(name, listed[name])) for name in sorted(there)]
    return tuple(Part(name, source) for name, source in [*files, *modules, *scripts] if Path(source).suffix != ".pyz")


def internal_folder(program: Path) -> Path:
    """Where a built program has its files: _internal, or the resources of a macOS bundle."""
    return program / "Contents" / "Resources" if program.suffix == ".app" else program / "_internal"


def _table(path: Path) -> Iterator[tuple[str, str, str]]:
    """The rows (name, source, kind) of a table of contents, however deep its PyInstaller nests them."""
    return _rows(ast.literal_eval(path.read_text(encoding="utf-8")))


def _rows(node: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, tuple) and len(node) == 3 and all(isinstance(item, str) for item in node):
        yield node[0].replace("\\", "/"), node[1], node[2]
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _rows(item)


def _files(program: Path) -> Iterator[str]:
    """The names of all regular files as the tables give them, but for collected licences."""
    for path in sorted(program.rglob("*")):
        name = PurePosixPath(path.relative_to(program).as_posix())
        if path.is_symlink() or not path.is_file() or "licences" in name.parts or name.name in BUNDLE_FILES:
            continue
        inner = name.parts[2:] if program.suffix == ".app" else name.parts
        inner = inner[1:] if inner[0] == "_internal" else inner
        yield "/".join(inner).replace("__dot__", ".")


class Origins:
    """Finds the origin of parts of one build."""

    def __init__(self, build: Path, parts: Iterable[Part]) -> None:
        self._build = build.resolve()
        self.installed: dict[str, Distribution] = {}
        self._owners: dict[str, str] = {}
        for found in distributions():
            name = found.metadata["Name"]
            self.installed.setdefault(name, found)
            for path in found.files or ():
                self._owners[_normal(found.locate_file(path))] = name
        self._packages = debian_packages(part.source for part in parts if self._place(part) is None)

    def of(self, part: Part) -> Origin:
        """The origin of a part; UnknownOriginError where there is none."""
        origin = self._place(part)
        if origin is not None:
            return origin
        if part.source in self._packages:
            return Origin("debian", self._packages[part.source])
        raise UnknownOriginError(
            f"{part.name} is shipped, but {part.source} belongs to no Python distribution, to no Debian package and "
            "not to Python: leave it out, or name its origin in packaging/shipped.py."
        )

    def _place(self, part: Part) -> Origin | None:
        """The origin as far as the folder of the source tells it."""
        source = _normal(part.source)
        # a distribution first: it may lie below Python's own folder
        if source in self._owners:
            name = self._owners[source]
            return Origin("gradviz", name) if name == "gradviz" else Origin("distribution", name)
        if _is_below(source, OWN_FOLDERS):
            return Origin("gradviz", "gradviz")
        if _is_below(source, [self._build]):
            return self._generated(part)
        if _is_below(source, _python_folders()) and not _is_installed(part.source):
            return Origin("python", "Python")
        windows = os.environ.get("SYSTEMROOT")
        if windows and _is_below(source, [Path(windows)]):
            return Origin("windows", "Windows")
        return None

    def _generated(self, part: Part) -> Origin:
        name = PurePosixPath(part.name).name
        if name in GENERATED:
            return Origin("python", "Python")
        if name.removesuffix(".exe") in ("gradviz", "gradviz-console") or name.startswith("pyi"):
            return Origin("pyinstaller", "PyInstaller")
        raise UnknownOriginError(f"{part.name} was generated by the build, but from what is not known.")


def debian_packages(paths: Iterable[str]) -> dict[str, str]:
    """The installed Debian packages that files belong to; what belongs to none is left out."""
    # a library in /usr/lib may be registered in /lib, and the reverse; and a name may be a link to the file that is
    candidates = {path: (path, f"/usr{path}", path.removeprefix("/usr"), os.path.realpath(path)) for path in paths}
    asked = sorted({candidate for several in candidates.values() for candidate in several})
    rows = [line.partition(": ") for line in (_dpkg("--search", *asked) if asked else ())]
    owners = {found: packages.split(",")[0] for packages, _, found in rows}
    found = {path: next((owners[one] for one in several if one in owners), "") for path, several in candidates.items()}
    return {path: package for path, package in found.items() if package}


def debian_fields(package: str) -> tuple[str, str, str]:
    """Name and version of the source of an installed package, and its home page."""
    line = _dpkg("--show", "--showformat=${source:Package}\\t${source:Version}\\t${Homepage}\\n", package)[0]
    source, version, homepage = line.split("\t")
    return source, version, homepage


def _dpkg(*arguments: str) -> list[str]:
    try:
        done = subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return done.stdout.splitlines()


@cache
def _python_folders() -> tuple[Path, ...]:
    """Where all is Python's own: its library, and where it was installed if it is alone there."""
    library = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
    base = Path(sys.base_prefix).resolve()
    return library if base == Path("/usr") else (*library, base)


def _normal(path: Any) -> str:
    """A path that can be compared: absolute, without links among its folders."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.normcase(os.path.join(_real_folder(folder), name))


@cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


def _is_installed(path: str) -> bool:
    return any(name in Path(path).parts for name in ("site-packages", "dist-packages"))


def _is_below(path: str, folders: Iterable[Path]) -> bool:
    return any(path.startswith(os.path.normcase(str(folder)) + os.sep) for folder in folders)
