"""A graph that one process hands to another: text and arrays in a folder of its own, which whoever takes it removes."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.storage.atomic_write import write_bytes
from gradviz.storage.problems import FileError

NAME, TEXT = "graph.npz", "text"


def hand_over(plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Path:
    """Write what JSON holds, and arrays of numbers, where this user alone can read it; FileError without room."""
    try:
        path = Path(tempfile.mkdtemp(prefix="gradviz-graph-")) / NAME
    except OSError as error:
        raise FileError(
            f"The graph was not shown: {error.strerror}.", "Make room in the folder for temporary files."
        ) from None
    written = io.BytesIO()
    named: dict[str, Any] = {TEXT: np.frombuffer(json.dumps(plain).encode(), np.uint8), **arrays}
    np.savez(written, **named)
    write_bytes(path, written.getvalue())
    return path


def take(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what was handed over and remove it; FileError where there is no such thing. No pickle is opened."""
    try:
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        plain = json.loads(arrays.pop(TEXT).tobytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise FileError("The graph was not shown: it could not be read.", "Show it again.") from None
    finally:
        remove(path)
    if not isinstance(plain, dict):
        raise FileError("The graph was not shown: it is none.", "Show it again.")
    return plain, arrays


def remove(path: Path) -> None:
    """Remove what was handed over, with its folder; nothing else is ever removed."""
    if path.name == NAME and path.parent.name.startswith("gradviz-graph-"):
        with contextlib.suppress(OSError):
            path.unlink()
        with contextlib.suppress(OSError):
            path.parent.rmdir()
