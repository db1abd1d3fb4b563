"""Fault 38, a scale of 1.5: the tests of what is painted and pointed at, once more on such a screen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VIEWS = ROOT / "tests" / "views"
PAINTED = (
    "test_surface_scene.py",
    "test_graph_view.py",
    "test_fit_view.py",
    "test_small_views.py",
    "test_curves_view.py",
)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("scale", ["1.5"])
def test_fault_38_views_are_sharp_and_the_mouse_hits_what_it_points_at(scale: str) -> None:
    """Qt takes the scale once, at its start: so it is a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
        + [str(VIEWS / name) for name in PAINTED],
        cwd=ROOT,
        env={**os.environ, "QT_SCALE_FACTOR": scale, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 100
