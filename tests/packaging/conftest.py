"""What tests of packages share: the scripts of packaging/, and the built program where there is one.

packaging/ is a folder of scripts, not a package: its modules are found as its scripts find one another.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import ROOT

sys.path.insert(0, str(ROOT / "packaging"))

STRANGER = 54321
"""A user whom the system does not know, and who may write nowhere but in folders for all."""


@pytest.fixture(scope="session")
def built() -> Path:
    """The executable that `make package` builds; $GRADVIZ_BUILT names another."""
    path = Path(os.environ.get("GRADVIZ_BUILT", ROOT / "dist" / "gradviz" / "gradviz")).absolute()
    if not path.is_file():
        pytest.skip(f"there is no built program ({path.name} in {path.parent.name}); make package builds it")
    return path


@pytest.fixture(scope="session")
def place(built: Path) -> Iterator[Path]:
    """The executable in a folder that nobody may write, with Chinese characters and a space in its path.

    It is linked, not copied: 600 MB. So modes of files stay as they are, and only those of folders are changed.
    """
    around = Path(tempfile.mkdtemp(prefix="gradviz-", dir=built.parents[1]))
    around.chmod(0o755)
    inside = around / "中文 路径" / "gradviz"
    inside.parent.mkdir()
    shutil.copytree(built.parent, inside, symlinks=True, copy_function=os.link)
    folders = [inside.parent, inside, *(path for path in inside.rglob("*") if path.is_dir() and not path.is_symlink())]
    for folder in folders:
        folder.chmod(0o555)
    yield inside / built.name
    for folder in folders:
        folder.chmod(0o755)
    shutil.rmtree(around)


@pytest.fixture
def stranger(place: Path) -> tuple[str, ...]:
    """What goes before a command to take its rights away; nothing where there are none to give up."""
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        return ()
    command = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups")
    reached = subprocess.run([*command, "test", "-x", str(place)], check=False)
    return () if reached.returncode else command


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder that everybody may write; those of pytest are for its user alone."""
    with tempfile.TemporaryDirectory(prefix="gradviz ") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture(scope="session")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of icons, drawn once."""
    from icons import draw_icons

    return draw_icons(tmp_path_factory.mktemp("icons") / "icons")
