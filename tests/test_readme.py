"""The README tells the truth about modules, keys and pictures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tree_of_modules_and_the_keys_are_true() -> None:
    """`python packaging/readme.py` writes them anew."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "readme.py"), "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, "run: .venv/bin/python packaging/readme.py"


def test_every_picture_of_the_readme_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_every_path_in_backquotes_exists() -> None:
    paths = re.findall(r"`(gradviz/[\w/]+\.py|packaging/[\w/.]+)`", README)
    assert paths
    assert [path for path in paths if not (ROOT / path).is_file()] == []
