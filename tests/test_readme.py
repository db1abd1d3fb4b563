"""The README tells the truth about keys and pictures, and the docstring of a wing about its modules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("writer", ["readme.py", "wings.py"])
def test_what_is_written_from_the_code_is_true(writer: str) -> None:
    """The keys of the README; the modules of every wing. Without --check the same programs write them anew."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / writer), "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, f"run: .venv/bin/python packaging/{writer}"


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_path_in_backquotes_exists() -> None:
    paths = re.findall(r"`(gradviz/[\w/]+\.py|packaging/[\w/.]+)`", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []
