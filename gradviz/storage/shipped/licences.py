"""The components of gradviz and the texts of their licences.

A packaged program brings a list of them along, which packaging/licences.py has collected; elsewhere they are gradviz
and the distributions that it needs, as they are installed.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import tomllib
from dataclasses import asdict
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath

import gradviz
from gradviz.core.components import Component
from gradviz.storage.problems import FileError, cause_of

LIST = "licences.json"
CHECKOUT = Path(gradviz.__file__).resolve().parents[1]
_SHORT = 60
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What classifiers call a licence, where it says which one."""
_TEXT_NAME = re.compile(r"\b(licen[cs]es?|legal code|copying|copyright|notice)\b", re.IGNORECASE)
_HINT = re.compile(r"licen|legal|copy|notice", re.IGNORECASE)
_NO_TEXT = {".py", ".pyc", ".pyi", ".pyx", ".so", ".pyd", ".h", ".hpp", ".json", ".toml", ".yaml", ".html", ".in"}


def components() -> tuple[Component, ...]:
    """What gradviz is made of, itself first; FileError where a packaged program has lost the list of it."""
    folder = packaged_folder()
    return _installed() if folder is None else _packaged(folder)


def licence_text(component: Component) -> str:
    """The texts of a component's licence, each under its name if there are several; empty if it brings none."""
    folder = packaged_folder() or Path()
    try:
        texts = [(folder / name).read_text(encoding="utf-8", errors="replace").strip("\n") for name in component.files]
    except OSError as error:
        cause = f"The licence of {component.name} cannot be read. {cause_of(error)}"
        raise FileError(cause, "Install gradviz again.") from error
    if len(texts) == 1:
        return texts[0]
    return "\n\n\n".join(f"──── {_shown(name)}\n\n{text}" for name, text in zip(component.files, texts, strict=True))


def packaged_folder() -> Path | None:
    """Where a packaged program keeps list and texts; None where gradviz is not packaged."""
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle is None:
        return None
    # a macOS bundle has its data beside the frameworks
    places = (Path(bundle) / "licences", Path(bundle).parent / "Resources" / "licences")
    return next((place for place in places if (place / LIST).is_file()), places[0])


def list_as_json(listed: tuple[Component, ...]) -> str:
    """The list as it lies in a packaged program."""
    return json.dumps([asdict(component) for component in listed], indent=1, ensure_ascii=False)


def _packaged(folder: Path) -> tuple[Component, ...]:
    try:
        rows = json.loads((folder / LIST).read_text(encoding="utf-8"))
        return tuple(Component(**{**row, "files": tuple(row["files"])}) for row in rows)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FileError("The list of licences is missing from this program.", "Install gradviz again.") from error


def _installed() -> tuple[Component, ...]:
    found: dict[str, Component] = {}
    waiting = list(_needed_by_gradviz())
    while waiting:
        name = waiting.pop()
        key = _key(name)
        if key in found:
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # of another system, or of an older Python
            continue
        found[key] = component_of(installed)
        waiting += _names(installed.requires or [])
    return (_gradviz(), *(found[key] for key in sorted(found)))


def _gradviz() -> Component:
    """gradviz itself: the text of its licence came with its installation, or lies beside its sources."""
    try:
        texts = component_of(distribution("gradviz")).files
    except PackageNotFoundError:
        texts = (str(CHECKOUT / "LICENSE"),)
    return Component("gradviz", gradviz.__version__, "MIT", "", texts)


def _needed_by_gradviz() -> list[str]:
    """What gradviz asks for: as installed, or as declared in the sources that it runs from."""
    try:
        return _names(distribution("gradviz").requires or [])
    except PackageNotFoundError:
        declared = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
        return _names(declared["project"]["dependencies"])


def _names(requirements: list[str]) -> list[str]:
    """The names in requirements; those of extras are left out, those of other systems will not be found."""
    wanted = [text for text in requirements if "extra ==" not in text.partition(";")[2]]
    return [found[0] for text in wanted if (found := re.match(r"[\w.-]+", text))]


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# One distribution


def component_of(installed: Distribution) -> Component:
    """An installed distribution; its licence is empty where its metadata says none."""
    metadata = installed.metadata
    return Component(
        metadata["Name"],
        installed.version,
        _licence(metadata),
        _homepage(metadata),
        tuple(str(installed.locate_file(path)) for path in text_names(installed)),
    )


def text_names(installed: Distribution) -> list[PurePosixPath]:
    """The files of a distribution that are texts of licences, its own and those of what it contains."""
    # Distribution.files makes an object of each file first, which takes half a second for the 13,000 of torch
    lines = (installed.read_text("RECORD") or "").splitlines()
    names = {PurePosixPath(row[0]) for row in csv.reader(line for line in lines if _HINT.search(line))}
    return sorted(name for name in names if _is_text(name))


def _is_text(name: PurePosixPath) -> bool:
    if name.suffix in _NO_TEXT:
        return False
    own = len(name.parts) > 2 and name.parts[0].endswith(".dist-info") and name.parts[1] == "licenses"
    return own or _TEXT_NAME.search(name.name.replace("_", " ")) is not None


def _licence(metadata: PackageMetadata) -> str:
    stated = _field(metadata, "License-Expression") or _field(metadata, "License")
    if 0 < len(stated) <= _SHORT and "\n" not in stated:
        return _SPDX.get(stated, stated)
    told = [line.split(" :: ") for line in metadata.get_all("Classifier") or () if line.startswith("License ::")]
    if told:
        return " OR ".join(_SPDX.get(parts[-1], parts[-1]) for parts in told)
    return _field(metadata, "License-Expression")


def _homepage(metadata: PackageMetadata) -> str:
    links = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL") or () if ", " in line)
    known = {label.lower(): link for label, link in links.items()}
    wanted = ("homepage", "home", "repository", "source", "source code", "github")
    stated = [_field(metadata, "Home-page"), *(known.get(word, "") for word in wanted), *links.values()]
    return next((link for link in stated if link), "")


def _field(metadata: PackageMetadata, name: str) -> str:
    """A field that may be missing; some write UNKNOWN instead."""
    stated = str((metadata.get_all(name) or [""])[0])
    return "" if stated == "UNKNOWN" else stated


def _shown(name: str) -> str:
    """The name of a text as a person needs it: without the folders that all of them lie in."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(parts[parts.index("licenses") + 1 :] if "licenses" in parts else parts[-2:])
