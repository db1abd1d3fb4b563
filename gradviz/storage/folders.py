"""Where gradviz keeps what is its user's: preferences in one folder, crash logs in another."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

import platformdirs


def config_folder() -> Path:
    """Where preferences live: $GRADVIZ_CONFIG, else the place of this system, else one for this boot."""
    chosen = os.environ.get("GRADVIZ_CONFIG")
    if chosen:
        return Path(chosen)
    with contextlib.suppress(OSError, RuntimeError, KeyError):
        folder = platformdirs.user_config_path("gradviz", appauthor=False)
        # without a home the path keeps its "~", and would lie in whatever folder the program started in
        if folder.is_absolute():
            return folder
    return _folder_without_home()


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
    with contextlib.suppress(OSError, RuntimeError, KeyError):
        folder = platformdirs.user_data_path("gradviz", appauthor=False)
        if folder.is_absolute():
            return folder
    return _folder_without_home()


def _folder_without_home() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"gradviz-{user}"
