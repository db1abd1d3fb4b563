"""The version resource of gradviz.exe: what Windows shows under Properties, Details. Called by gradviz.spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from identity import DEVELOPER, copyright_line

if TYPE_CHECKING:
    from PyInstaller.utils.win32.versioninfo import VSVersionInfo

ENGLISH_UNICODE = "040904B0"
WINDOWS_NT, PROGRAM = 0x40004, 0x1


def version_numbers(version: str) -> tuple[int, int, int, int]:
    """The four numbers that Windows wants: "1.2.3" gives (1, 2, 3, 0)."""
    parts = [int(part) for part in version.split(".")]
    major, minor, micro, build = [*parts, 0, 0, 0, 0][:4]
    return major, minor, micro, build


def version_strings(version: str) -> dict[str, str]:
    """The lines of the page."""
    return {
        "CompanyName": DEVELOPER,
        "FileDescription": "gradviz",  # the name in the task manager and under "Open with"
        "FileVersion": version,
        "InternalName": "gradviz",
        "LegalCopyright": copyright_line(),
        "OriginalFilename": "gradviz.exe",
        "ProductName": "gradviz",
        "ProductVersion": version,
    }


def version_info(version: str) -> VSVersionInfo:
    """The resource as PyInstaller's EXE takes it. PyInstaller can make it on Windows alone, or where pefile is."""
    from PyInstaller.utils.win32 import versioninfo as parts

    numbers = version_numbers(version)
    lines = [parts.StringStruct(name, text) for name, text in version_strings(version).items()]
    return parts.VSVersionInfo(
        ffi=parts.FixedFileInfo(
            filevers=numbers, prodvers=numbers, mask=0x3F, flags=0, OS=WINDOWS_NT, fileType=PROGRAM, subtype=0
        ),
        kids=[
            parts.StringFileInfo([parts.StringTable(ENGLISH_UNICODE, lines)]),
            parts.VarFileInfo([parts.VarStruct("Translation", [0x0409, 0x04B0])]),
        ],
    )
