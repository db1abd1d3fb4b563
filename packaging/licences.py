"""Collects the licences of everything that a packaged gradviz contains, and fails where one is missing.

    python packaging/licences.py build/gradviz dist/gradviz

reads the tables that PyInstaller left in the first folder, and writes the folder `licences` into the second.
pip-licenses and its kin list an environment; what counts here is what lies in the build, and that includes Python,
shared libraries of the system and what wheels have inside.
"""

from __future__ import annotations

import fnmatch
import json
import platform
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass, field, replace
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shipped import ROOT, Origin, Origins, Part, UnknownOriginError, debian_fields, internal_folder, parts_of

import gradviz
from gradviz.core.components import Component
from gradviz.storage.shipped.licences import LIST, component_of, list_as_json, text_names

TEXTS = Path(__file__).resolve().parent / "licences"
COMMON = Path("/usr/share/common-licenses")
DOCUMENTS = Path("/usr/share/doc")
RUNTIME = "Microsoft-runtime.txt"
COPYLEFT = re.compile(r"^A?GPL[\s-]?\d?")


class MissingLicenceError(Exception):
    """Something is shipped inside of something else, and its licence has no text, in one sentence."""


@dataclass
class Draft:
    """A component with the texts of its licence by name, in the order in which they are read."""

    name: str
    version: str
    licence: str
    homepage: str
    texts: dict[str, bytes] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    """Names of what is shipped of it, for the sentence if something is wrong."""


class Collection:
    """Everything that is shipped, as components with texts."""

    def __init__(self, build: Path, program: Path) -> None:
        self._extra: dict[str, Any] = tomllib.loads((TEXTS / "extra.toml").read_text(encoding="utf-8"))
        self._parts = parts_of(build, program)
        self._origins = Origins(build, self._parts)

    def drafts(self) -> list[Draft]:
        """The components, gradviz first."""
        by_origin: dict[Origin, list[Part]] = {}
        for part in self._parts:
            by_origin.setdefault(self._origins.of(part), []).append(part)
        made: dict[str, Draft] = {}
        for origin, parts in by_origin.items():
            for draft in self._of_origin(origin):
                kept = made.setdefault(draft.name, draft)
                kept.texts |= draft.texts
                kept.parts += [part.name for part in parts]
        drafts = [self._with_extra(draft) for draft in [*made.values(), *self._inside(made)]]
        return sorted(drafts, key=lambda draft: (draft.name != "gradviz", draft.name.casefold()))

    def _of_origin(self, origin: Origin) -> list[Draft]:
        if origin.kind == "gradviz":
            texts = {"LICENSE": (ROOT / "LICENSE").read_bytes(), "README.txt": (TEXTS / "README.txt").read_bytes()}
            return [Draft("gradviz", gradviz.__version__, "MIT", "", texts)]
        if origin.kind == "python":
            own = [Path(sys.base_prefix) / "LICENSE.txt", Path(json.__file__).parent.parent / "LICENSE.txt"]
            texts = {path.name: path.read_bytes() for path in own if path.is_file()}
            return [Draft("Python", platform.python_version(), "PSF-2.0", "https://www.python.org", texts)]
        if origin.kind == "debian":
            return [debian_draft(origin.name)]
        if origin.kind == "windows":
            texts = {RUNTIME: (TEXTS / RUNTIME).read_bytes()}
            return [Draft("Windows runtime", platform.version(), "Microsoft Distributable Code", "", texts)]
        installed = self._origins.installed["pyinstaller" if origin.kind == "pyinstaller" else origin.name]
        return [distribution_draft(installed), *crates_drafts(installed)]

    def _inside(self, made: dict[str, Draft]) -> list[Draft]:
        """What lies inside of components, as extra.toml tells it by the names of files."""
        found = []
        for row in self._extra["inside"]:
            hosts = list(made.values()) if row["of"] == "*" else [made[row["of"]]] if row["of"] in made else []
            hosts = [host for host in hosts if any(_matches(host.parts, pattern) for pattern in row["files"])]
            if hosts and platform.machine() in row.get("machines", [platform.machine()]):
                texts = {name: (TEXTS / name).read_bytes() for name in row["texts"]}
                host = hosts[0]
                name = row["name"] if row["name"] == "Qt" else f"{row['name']} in {host.name}"
                found.append(Draft(name, host.version, row["licence"], row["homepage"], texts, host.parts))
        return found

    def _with_extra(self, draft: Draft) -> Draft:
        more = {name: (TEXTS / name).read_bytes() for name in self._extra["texts"].get(draft.name, ())}
        licence = self._extra["licence"].get(draft.name, draft.licence)
        return replace(draft, licence=licence, texts={**draft.texts, **more})


def fault_of(draft: Draft) -> str:
    """Why a component must not be shipped like this, in one sentence; empty if it may be."""
    if not draft.texts:
        return _advice(draft, "no text of its licence was found", "texts")
    if not draft.licence:
        return _advice(draft, "no name of its licence was found", "licence")
    if COPYLEFT.match(draft.licence) and not re.search(r" (OR|WITH) ", draft.licence):
        return (
            f"{draft.name} is under {draft.licence}, which a program under the MIT licence cannot be shipped with: "
            f"leave {draft.parts[0]} out of the build."
        )
    return ""


def _advice(draft: Draft, fault: str, table: str) -> str:
    return (
        f"{draft.name} {draft.version} is shipped ({draft.parts[0]}), but {fault}: "
        f"leave it out, or add it to [{table}] in packaging/licences/extra.toml."
    )


def _matches(names: list[str], pattern: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for name in names)


# Distributions of Python


def distribution_draft(installed: Distribution) -> Draft:
    """A distribution with the texts that it brings along; without texts if all of them are about parts of it."""
    made = component_of(installed)
    names = text_names(installed)
    own = [name for name in names if name.parts[0].endswith(".dist-info") or len(name.parts) <= 2]
    texts = {_flat(str(name)): Path(str(installed.locate_file(name))).read_bytes() for name in names} if own else {}
    return Draft(made.name, made.version, made.licence, made.homepage, texts)


def crates_drafts(installed: Distribution) -> list[Draft]:
    """The Rust crates that are compiled into a distribution, by its software bill of materials."""
    bills = [path for path in installed.files or () if path.parent.name == "sboms" and path.suffix == ".json"]
    rows = [
        row
        for bill in bills
        for row in json.loads(Path(str(bill.locate())).read_text(encoding="utf-8")).get("components", ())
        if str(row.get("purl", "")).startswith("pkg:cargo/")
    ]
    if not rows:
        return []
    name = f"Rust crates in {installed.metadata['Name']}"
    chosen = sorted({licence for row in rows for licence in _chosen(name, row)})
    texts = {"crates.txt": _crate_table(name, rows).encode()}
    texts |= {f"{licence}.txt": (TEXTS / f"{licence}.txt").read_bytes() for licence in chosen}
    return [Draft(name, installed.version, " AND ".join(chosen), "https://crates.io", texts)]


def _crate_licence(row: dict[str, Any]) -> str:
    stated = [item.get("expression") or item["license"].get("id", "") for item in row.get("licenses", ())]
    return " AND ".join(word for word in stated if word) or "not stated"


def _chosen(name: str, row: dict[str, Any]) -> list[str]:
    """The licences that a crate is shipped under: of alternatives the first whose text is here."""
    chosen = []
    for part in re.split(r" AND (?![^()]*\))", _crate_licence(row)):
        # an exception only allows more
        words = [word.split(" WITH ")[0] for word in re.sub(r"[()]", "", part).split(" OR ")]
        known = [word for word in sorted(words, key=lambda word: word != "MIT") if (TEXTS / f"{word}.txt").is_file()]
        if not known:
            raise MissingLicenceError(
                f"{name} has {row['name']} under {part}: add its text to packaging/licences as {words[0]}.txt."
            )
        chosen.append(known[0])
    return chosen


def _crate_table(name: str, rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{row['name']} {row.get('version', '')}, {_crate_licence(row)}"
        + (f", by {row['author']}" if row.get("author") else "")
        for row in rows
    ]
    head = f"{name}, and the standard library of Rust (MIT OR Apache-2.0, by the Rust Project Developers)"
    return "\n".join([head, "", *sorted(lines), ""])


# Packages of Debian


def debian_draft(package: str) -> Draft:
    """The source of a Debian package, with the copyright file and the common licences that it refers to."""
    source, version, homepage = debian_fields(package)
    path = DOCUMENTS / package.partition(":")[0] / "copyright"
    if not path.is_file():
        return Draft(source, version, "", homepage)
    raw = path.read_bytes()
    text = raw.decode(errors="replace")
    texts = {"copyright": raw}
    for name in sorted(set(re.findall(r"common-licenses/([A-Za-z0-9]+(?:-\d+(?:\.\d+)?)?)", text))):
        if (COMMON / name).is_file():
            texts[name] = (COMMON / name).read_bytes()
    return Draft(source, version, main_licence(text), homepage, texts)


def main_licence(text: str) -> str:
    """The licence of `Files: *` in a machine-readable copyright file, as SPDX has it; empty in any other."""
    for paragraph in re.split(r"\n\s*\n", text):
        found = re.search(r"^License:[ \t]*(\S.*)$", paragraph, re.MULTILINE)
        if found and re.search(r"^Files:\s*\*\s*$", paragraph, re.MULTILINE):
            return " ".join(_spdx(word) for word in found[1].split())
    return ""


def _spdx(word: str) -> str:
    gnu = re.fullmatch(r"(A?L?GPL)-(\d)(\.\d)?(\+?)(,?)", word)
    if gnu:
        return f"{gnu[1]}-{gnu[2]}{gnu[3] or '.0'}-{'or-later' if gnu[4] else 'only'}{gnu[5]}"
    known = {"expat": "MIT", "or": "OR", "and": "AND", "public-domain": "public domain"}
    return known.get(word.lower(), re.sub(r"clause$", "Clause", word))


# Writing


def write(drafts: list[Draft], folder: Path) -> None:
    """The list and the texts, in a folder that holds nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = []
    for draft in drafts:
        place = _flat(draft.name)
        for name, text in draft.texts.items():
            path = folder / place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
        files = tuple(f"{place}/{name}" for name in draft.texts)
        listed.append(Component(draft.name, draft.version, draft.licence, draft.homepage, files))
    (folder / LIST).write_text(list_as_json(tuple(listed)) + "\n", encoding="utf-8")


def _flat(name: str) -> str:
    """A short name for a file or folder that every system takes."""
    short = re.sub(r"^.*\.dist-info/(licenses/)?", "", name.replace("\\", "/"))
    return re.sub(r"[^\w.+/-]+", "-", short).replace("..", "-")


def main(arguments: list[str]) -> int:
    """0 if the licences of everything were found and written."""
    build, program = (Path(argument) for argument in arguments)
    try:
        drafts = Collection(build, program).drafts()
    except (MissingLicenceError, UnknownOriginError) as error:
        sys.stderr.write(f"licences: {error}\n")
        return 1
    faults = [fault for draft in drafts if (fault := fault_of(draft))]
    if faults:
        sys.stderr.write("".join(f"licences: {fault}\n" for fault in faults))
        return 1
    folder = internal_folder(program) / "licences"
    write(drafts, folder)
    sys.stderr.write(f"licences: {len(drafts)} components, {sum(len(draft.texts) for draft in drafts)} texts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
