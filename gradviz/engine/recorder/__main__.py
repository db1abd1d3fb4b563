"""Where the child begins: ``python path/to/recorder OPTIONS``, with nothing of gradviz on its path.

The package loads itself under a name that no script has, so that a script's own ``graph.py`` or ``wire.py`` stays its
own.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

NAME = "_gradviz_recorder"


def begin() -> int:
    """Load the package from this folder and run what the options say; returns the exit status."""
    folder = os.path.dirname(os.path.abspath(__file__))
    initial = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(NAME, initial, submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        raise ImportError("no package at " + folder)
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    status: int = importlib.import_module(NAME + ".running").main(sys.argv[1])
    return status


if __name__ == "__main__":
    sys.exit(begin())
