"""The macOS side: what gradviz.app says of itself (called by gradviz.spec), and the disk image that carries it.

On a Mac: python packaging/macos_bundle.py dist/gradviz.app OUT_FOLDER. PyInstaller signs the bundle ad hoc, which lets
it run where it was built; elsewhere its user opens it once by the context menu, for there is no paid signature.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from identity import APP_ID, MIME_TYPE, SUFFIX, VERSION, copyright_line

FILE_TYPE = f"{APP_ID}.experiment"
MINIMUM_SYSTEM = "14.0"
"""What torch's wheels ask for; Qt's run on 13."""


def info_plist(version: str) -> dict[str, Any]:
    """Entries of Info.plist, for PyInstaller's BUNDLE(..., bundle_identifier=APP_ID, info_plist=...)."""
    return {
        "CFBundleName": "gradviz",
        "CFBundleDisplayName": "gradviz",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDocumentTypes": [_document_type()],
        "UTExportedTypeDeclarations": [_exported_type()],
        "LSApplicationCategoryType": "public.app-category.education",
        "LSMinimumSystemVersion": MINIMUM_SYSTEM,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": copyright_line(),
        "NSPrincipalClass": "NSApplication",
        "NSRequiresAquaSystemAppearance": False,  # the dark colours of the system are followed
    }


def _document_type() -> dict[str, Any]:
    return {
        "CFBundleTypeName": "gradviz experiment",
        "CFBundleTypeRole": "Editor",
        "CFBundleTypeIconFile": "gradviz-document.icns",
        "LSHandlerRank": "Owner",
        "LSItemContentTypes": [FILE_TYPE],
    }


def _exported_type() -> dict[str, Any]:
    return {
        "UTTypeIdentifier": FILE_TYPE,
        "UTTypeDescription": "gradviz experiment",
        "UTTypeConformsTo": ["public.data"],
        "UTTypeIconFile": "gradviz-document.icns",
        "UTTypeTagSpecification": {
            "public.filename-extension": [SUFFIX.removeprefix(".")],
            "public.mime-type": [MIME_TYPE],
        },
    }


def disk_image_commands(app: Path, staging: Path, target: Path) -> list[list[str]]:
    """Check the signature, lay app and a link to Applications side by side, and press them into an image."""
    return [
        ["codesign", "--verify", "--deep", "--strict", str(app)],
        ["ditto", str(app), str(staging / app.name)],
        ["ln", "-s", "/Applications", str(staging / "Applications")],
        ["hdiutil", "create", "-volname", "gradviz", "-srcfolder", str(staging), "-format", "UDZO", "-ov", str(target)],
    ]


def build_disk_image(app: Path, out: Path) -> Path:
    """The .dmg of a bundle, named after version and processor."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"gradviz-{VERSION}-macos-{platform.machine()}.dmg"
    with tempfile.TemporaryDirectory() as staging:
        for command in disk_image_commands(app, Path(staging), target):
            subprocess.run(command, check=True)
    return target


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.platform != "darwin":
        sys.exit("usage, on a Mac: python packaging/macos_bundle.py dist/gradviz.app OUT_FOLDER")
    print(build_disk_image(Path(sys.argv[1]), Path(sys.argv[2])))  # noqa: T201 - its answer
