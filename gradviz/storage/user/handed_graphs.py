"""A graph that one process hands to another: plain data in a folder of its own, which whoever takes it removes."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.problems import FileError

NAME = "graph.json"


def hand_over(plain: Mapping[str, Any]) -> Path:
    """Write plain data where this user alone can read it; FileError where there is no room."""
    try:
        path = Path(tempfile.mkdtemp(prefix="gradviz-graph-")) / NAME
    except OSError as error:
        raise FileError(
            f"The graph was not shown: {error.strerror}.", "Make room in the folder for temporary files."
        ) from None
    write_bytes(path, json.dumps(plain).encode())
    return path


def take(path: Path) -> dict[str, Any]:
    """Read what was handed over and remove it; FileError where there is no such thing."""
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise FileError("The graph was not shown: it could not be read.", "Show it again.") from None
    finally:
        remove(path)
    if not isinstance(plain, dict):
        raise FileError("The graph was not shown: it is none.", "Show it again.")
    return plain


def remove(path: Path) -> None:
    """Remove what was handed over, with its folder; nothing else is ever removed."""
    if path.name == NAME and path.parent.name.startswith("gradviz-graph-"):
        with contextlib.suppress(OSError):
            path.unlink()
        with contextlib.suppress(OSError):
            path.parent.rmdir()
