"""Where gradviz keeps what is its user's: preferences in one folder, crash logs in another."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs


def config_folder() -> Path:
    """Where preferences live: $GRADVIZ_CONFIG, else the place of this system, else one for this boot."""
    chosen = os.environ.get("GRADVIZ_CONFIG")
    return Path(chosen) if chosen else _of_system(platformdirs.user_config_path)


def data_folder() -> Path:
    """Where crash logs live: $GRADVIZ_DATA, else below $GRADVIZ_CONFIG, else as `config_folder` chooses.

    Who moves the preferences away, as tests do, does not want to find logs among the user's own.
    """
    chosen = os.environ.get("GRADVIZ_DATA")
    if chosen:
        return Path(chosen)
    config = os.environ.get("GRADVIZ_CONFIG")
    if config:
        return Path(config) / "data"
    return _of_system(platformdirs.user_data_path)


def _of_system(place: Callable[..., Path]) -> Path:
    """The folder that this system has for it; without a home one for this boot."""
    with contextlib.suppress(OSError, RuntimeError, KeyError):
        folder = place("gradviz", appauthor=False)
        # without a home the path keeps its "~", and would lie in whatever folder the program started in
        if folder.is_absolute():
            return folder
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"gradviz-{user}"
