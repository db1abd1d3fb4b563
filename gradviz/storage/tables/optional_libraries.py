"""Libraries that only some files need: imported when such a file is read, and named in a sentence where missing."""

from __future__ import annotations

import importlib
from typing import Any

from gradviz.storage.problems import FileError

EXTRA = "pip install 'gradviz[tables]'"


def library(module: str, what: str) -> Any:
    """A module by its name; FileError says what to install where it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = {"python_calamine": "python-calamine"}.get(module, "arro3-io")
        cause = f"{what} are read by the package {package}, which is not installed."
        raise FileError(cause, f"Install it ({EXTRA}), or save the table as CSV and import that.") from None
