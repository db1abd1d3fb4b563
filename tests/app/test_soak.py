"""Training and drawing for long: memory does not grow, and no reference to None is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHORT_S = 12.0


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")
def test_memory_stays_and_none_keeps_its_references(tmp_path: Path) -> None:
    """GRADVIZ_SOAK_SECONDS=600 makes it the long one (``make soak``); memory counts after the first minute."""
    seconds = float(os.environ.get("GRADVIZ_SOAK_SECONDS", SHORT_S))
    settle = min(60.0, seconds / 2)
    script = Path(__file__).with_name("soaking.py")
    done = subprocess.run(
        [sys.executable, str(script), str(seconds), str(settle)],
        capture_output=True,
        text=True,
        env={**os.environ, "GRADVIZ_CONFIG": str(tmp_path)},
        timeout=seconds + 120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    print(found)
    growth = found["last_mb"] / found["first_mb"] - 1
    # A short run has hardly had the time to fill its caches: it guards against a leak of a megabyte a second.
    assert growth < (0.05 if seconds >= 300 else 0.10), found
    assert found["last_none"] > 0.9 * found["first_none"], found
    assert found["frames"] > seconds, found
