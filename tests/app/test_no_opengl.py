"""Fault 38, no OpenGL or too little: 2-D works, and the surface says why it is flat."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from program import environment

STARTED = str(Path(__file__).with_name("started.py"))
WAYS = {
    "no integration": ({"QT_XCB_GL_INTEGRATION": "none"}, "This display gives no OpenGL context."),
    "no driver": ({"LIBGL_DRIVERS_PATH": "/nonexistent"}, "This display gives no OpenGL context."),
    "that of a remote desktop": ({"MESA_GL_VERSION_OVERRIDE": "1.4"}, "OpenGL 1.4 is too old; 2.1 is needed."),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes OpenGL away from Mesa and from Qt on X")
@pytest.mark.parametrize("way", WAYS)
def test_fault_38_the_window_opens_steps_and_draws_a_contour(tmp_path: Path, way: str) -> None:
    changes, why = WAYS[way]
    out = tmp_path / "out.json"
    done = subprocess.run(
        [sys.executable, STARTED, str(out)],
        env=environment(GRADVIZ_CONFIG=str(tmp_path / "config"), **changes),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    seen = json.loads(out.read_text())
    assert (seen["step"], seen["state"], seen["message"]) == (1, "paused", "")
    assert not seen["three_dimensional"]
    assert seen["contours"] > 0
    assert seen["note"] == f"No 3-D here: {why}"
