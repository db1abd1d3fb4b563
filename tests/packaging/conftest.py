"""packaging/ is a folder of scripts, not a package: its modules are found as its scripts find one another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging"))


@pytest.fixture(scope="session")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of icons, drawn once."""
    from icons import draw_icons

    return draw_icons(tmp_path_factory.mktemp("icons") / "icons")
