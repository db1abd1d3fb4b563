"""What the program remembers of its user. Nothing here raises: a start must never fail for a preference."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradviz.core.words import one_line
from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.experiments import strict_json
from gradviz.storage.problems import FileError, cause_of

MAX_RECENT = 10
MAX_TRUSTED = 500
THEMES = ("system", "light", "dark")
LANGUAGES = ("system", "en", "zh")
_FILE = "preferences.json"
_MARKER = "layout_attempt"


@dataclass
class Preferences:
    """`layout` is the saved state of the window in base64, of use to `layout_version` only."""

    theme: str = "system"
    recent: list[str] = field(default_factory=list)
    layout: str = ""
    layout_version: str = ""
    first_start: bool = True
    last_folder: str = ""
    language: str = "system"
    log_scale: bool = False
    log_height: bool = True
    three_dimensional: bool = True
    camera: list[float] = field(default_factory=list)
    """Distance, elevation and azimuth of the surface; empty is that of a first start."""
    allow_pt: bool = False
    """Whether the tensors of .pt files, which are pickles, may be read."""
    trusted_scripts: list[str] = field(default_factory=list)
    """SHA-256 of the texts of scripts that may be run, the newest first."""
    script_python: str = ""
    """The Python that runs scripts; empty is gradviz's own."""

    def add_recent(self, path: str) -> None:
        """Put a file at the top of the recent ones."""
        self.recent = [path, *(other for other in self.recent if other != path)][:MAX_RECENT]

    def trust_script(self, digest: str) -> None:
        """The script with this SHA-256 may be run from now on."""
        others = [other for other in self.trusted_scripts if other != digest]
        self.trusted_scripts = [digest, *others][:MAX_TRUSTED]


def load_preferences(folder: Path) -> tuple[Preferences, str]:
    """The preferences, and a notice where some could not be used: those are as at the first start."""
    try:
        with (folder / _FILE).open("rb") as stream:
            data = strict_json.loads(stream.read(strict_json.MAX_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError):
        return Preferences(), ""
    except OSError as error:
        return Preferences(), _notice(cause_of(error))
    except (FileError, ValueError) as error:
        return Preferences(), _notice(str(error))
    if not isinstance(data, dict):
        return Preferences(), _notice("The file is not a JSON object.")
    return _checked(data)


def save_preferences(folder: Path, preferences: Preferences) -> str:
    """Write the preferences; a notice where that failed, else empty."""
    data = asdict(preferences)
    data["recent"] = preferences.recent[:MAX_RECENT]
    data["layout_sha256"] = _layout_hash(preferences.layout, preferences.layout_version)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_bytes(folder / _FILE, json.dumps(data, indent=2).encode())
    except FileError as error:
        return one_line(f"The preferences were not kept. {error.cause}", 300)
    except (OSError, ValueError) as error:
        cause = cause_of(error) if isinstance(error, OSError) else "The path of their folder is wrong."
        return one_line(f"The preferences were not kept. {cause}", 300)
    return ""


def mark_layout_attempt(folder: Path) -> None:
    """Note that a layout is about to be restored, which may crash inside Qt."""
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / _MARKER).touch()


def clear_layout_attempt(folder: Path) -> None:
    """Note that the restored layout did not crash."""
    with contextlib.suppress(OSError, ValueError):
        (folder / _MARKER).unlink(missing_ok=True)


def layout_crashed(folder: Path) -> bool:
    """Whether the last attempt to restore a layout was never cleared: this start must skip it."""
    try:
        return (folder / _MARKER).exists()
    except (OSError, ValueError):
        return False


def _checked(data: dict[str, Any]) -> tuple[Preferences, str]:
    """The fields that are as they should be; the others keep their defaults and are named."""
    preferences, wrong = Preferences(), []
    for name, is_valid in _CHECKS.items():
        if name in data and is_valid(data[name]):
            setattr(preferences, name, data[name])
        elif name in data:
            wrong.append(name)
    if not _is_layout_intact(preferences, data.get("layout_sha256")):
        preferences.layout = preferences.layout_version = ""
        wrong.append("layout")
    return preferences, _notice(f"Not usable: {', '.join(wrong)}.") if wrong else ""


def _is_recent(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_RECENT and all(_is_text(item) for item in value)


def _are_digests(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MAX_TRUSTED and all(_is_text(one) for one in value)


def _is_camera(value: Any) -> bool:
    are_numbers = isinstance(value, list) and all(type(one) in (int, float) and math.isfinite(one) for one in value)
    return are_numbers and len(value) in (0, 3)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "theme": lambda value: value in THEMES,
    "allow_pt": _is_switch,
    "trusted_scripts": _are_digests,
    "script_python": _is_text,
    "log_scale": _is_switch,
    "log_height": _is_switch,
    "three_dimensional": _is_switch,
    "camera": _is_camera,
    "language": lambda value: value in LANGUAGES,
    "recent": _is_recent,
    "layout": _is_text,
    "layout_version": _is_text,
    "first_start": _is_switch,
    "last_folder": _is_text,
}


def _is_layout_intact(preferences: Preferences, expected: Any) -> bool:
    if not preferences.layout:
        return True
    try:
        base64.b64decode(preferences.layout, validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(expected == _layout_hash(preferences.layout, preferences.layout_version))


def _layout_hash(layout: str, version: str) -> str:
    return hashlib.sha256(f"{version}\n{layout}".encode("utf-8", "replace")).hexdigest()


def _notice(cause: str) -> str:
    return one_line(f"Some preferences could not be read, so defaults are used. {cause}", 300)
