"""Where the files that come with gradviz lie: installed, packaged, or in the repository."""

from __future__ import annotations

from pathlib import Path

import gradviz


def assets_folder() -> Path:
    """gradviz/assets where gradviz is installed or packaged, assets of the repository where it is not."""
    package = Path(gradviz.__file__).resolve().parent
    installed = package / "assets"
    return installed if installed.is_dir() else package.parent / "assets"
