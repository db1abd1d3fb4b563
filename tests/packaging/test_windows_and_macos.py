"""What can be known here of the packages for Windows and macOS: no compiler of theirs runs on this system."""

from __future__ import annotations

import importlib
import plistlib
import re
import sys
import types
from pathlib import Path

import pytest
from identity import APP_ID, DEVELOPER, MIME_TYPE, SUFFIX, VERSION
from macos_bundle import FILE_TYPE, disk_image_commands, info_plist
from packages import ROOT
from windows_version import version_info, version_numbers, version_strings

INSTALLER = ROOT / "packaging" / "windows" / "gradviz.iss"
MADE_BY_THE_BUILD = (r"dist\gradviz", r"build\icons\gradviz.ico", r"build\icons\gradviz-document.ico")


# Windows


@pytest.mark.parametrize(
    ("version", "numbers"), [("0.3.0", (0, 3, 0, 0)), ("1.2", (1, 2, 0, 0)), ("1.2.3.4", (1, 2, 3, 4))]
)
def test_a_version_is_four_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(version) == numbers


def test_explorer_is_told_what_it_shows() -> None:
    shown = {"CompanyName", "FileDescription", "FileVersion", "LegalCopyright", "ProductName", "ProductVersion"}
    strings = version_strings("1.2.3")
    assert shown <= strings.keys()
    assert [strings["FileVersion"], strings["ProductVersion"]] == ["1.2.3", "1.2.3"]
    assert DEVELOPER in strings["LegalCopyright"]


def test_pyinstaller_builds_the_version_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its classes want Windows modules only to look into an .exe; they put the resource together without them."""
    compat = pytest.importorskip("PyInstaller.compat")
    name = "PyInstaller.utils.win32.versioninfo"
    if sys.platform != "win32":
        monkeypatch.setitem(sys.modules, "pefile", types.ModuleType("pefile"))
        monkeypatch.setattr(compat, "win32api", None, raising=False)
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.import_module(name)
    content = version_info(VERSION).toRaw()
    for text in ("VS_VERSION_INFO", "Translation", *version_strings(VERSION), *version_strings(VERSION).values()):
        assert text.encode("utf-16-le") in content, text
    monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def installer() -> str:
    return INSTALLER.read_text(encoding="utf-8").replace("{#Root}", r"..\..")


def _sections(installer: str) -> dict[str, list[str]]:
    """The lines of each section, without comments and the preprocessor's own."""
    parts = re.split(r"^\[(\w+)\]$", installer, flags=re.MULTILINE)
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return {name: [line for line in body.splitlines() if line and line.lstrip()[0] not in ";#"] for name, body in pairs}


def test_the_installer_names_only_files_that_there_are(installer: str) -> None:
    named = re.findall(r"\.\.\\\.\.\\([\w\\.-]+)", installer.replace(r"\*", ""))
    assert {"LICENSE", *MADE_BY_THE_BUILD} <= set(named)
    in_tree = [name for name in named if name not in MADE_BY_THE_BUILD and not name.startswith("dist")]
    assert [name for name in in_tree if not (ROOT / name.replace("\\", "/")).is_file()] == []


def test_the_icons_that_the_installer_wants_are_made(icons: Path) -> None:
    for name in MADE_BY_THE_BUILD[1:]:
        assert (icons / name.rpartition("\\")[2]).is_file()


def test_every_line_of_the_installer_is_one_of_its_section(installer: str) -> None:
    """A parameter that is misspelt, or a quote that is not closed, stops the compiler: better here than there."""
    allowed = {
        "Languages": "Name MessagesFile",
        "Tasks": "Name Description Flags",
        "InstallDelete": "Type Name",
        "Files": "Source DestDir Flags",
        "Icons": "Name Filename Tasks",
        "Registry": "Root Subkey ValueType ValueName ValueData Flags Tasks",
        "Run": "Filename Description Flags",
    }
    sections = _sections(installer)
    assert set(sections) == {"Setup", "CustomMessages", *allowed}
    for section, parameters in allowed.items():
        for line in sections[section]:
            assert re.fullmatch(r'(\w+: ("(?:[^"]|"")*"|[\w ]+)(; |$))+', line), line
            names = re.findall(r'(\w+): (?:"(?:[^"]|"")*"|[\w ]+)(?:; |$)', line)
            assert set(names) <= set(parameters.split()), line


def test_the_installer_associates_the_files_of_gradviz(installer: str) -> None:
    registry = "\n".join(_sections(installer)["Registry"])
    assert rf'"Software\Classes\{SUFFIX}"' in registry
    assert MIME_TYPE in registry
    assert '"""{app}\\gradviz.exe"" ""%1"""' in registry
    assert r"{app}\gradviz-document.ico" in registry
    assert all(line.startswith("Root: HKA;") for line in registry.splitlines()), "right for one user and for all"


def test_the_installer_says_everything_in_both_languages(installer: str) -> None:
    messages = re.findall(r"^(english|chinese)\.(\w+)=(.+)$", installer, re.MULTILINE)
    english, chinese = ({name for tongue, name, _ in messages if tongue == one} for one in ("english", "chinese"))
    assert english == chinese
    used = set(re.findall(r"\{cm:(\w+)", installer)) - {"CreateDesktopIcon", "LaunchProgram"}  # Inno Setup's own
    assert used == english


def test_the_installer_has_the_version_from_outside_and_the_maker_of_the_licence(installer: str) -> None:
    assert VERSION not in _sections(installer)["Setup"]
    assert "AppVersion={#Version}" in installer
    assert f"AppPublisher={DEVELOPER}" in installer


# macOS


def test_info_plist_is_a_property_list() -> None:
    assert plistlib.loads(plistlib.dumps(info_plist(VERSION))) == info_plist(VERSION)


def test_the_bundle_owns_the_files_of_gradviz(icons: Path) -> None:
    plist = info_plist(VERSION)
    (document,), (exported,) = plist["CFBundleDocumentTypes"], plist["UTExportedTypeDeclarations"]
    assert document["LSItemContentTypes"] == [exported["UTTypeIdentifier"]] == [FILE_TYPE]
    assert FILE_TYPE.startswith(f"{APP_ID}.")
    tags = exported["UTTypeTagSpecification"]
    assert tags == {"public.filename-extension": [SUFFIX[1:]], "public.mime-type": [MIME_TYPE]}
    assert (icons / document["CFBundleTypeIconFile"]).is_file()
    assert plist["CFBundleShortVersionString"] == plist["CFBundleVersion"] == VERSION
    assert plist["NSHighResolutionCapable"] is True


def test_the_disk_image_has_the_program_and_a_place_to_drag_it_to() -> None:
    commands = disk_image_commands(Path("dist/gradviz.app"), Path("/staging"), Path("out/gradviz.dmg"))
    assert [command[0] for command in commands] == ["codesign", "ditto", "ln", "hdiutil"]
    assert commands[1][-1] == "/staging/gradviz.app"
    assert commands[2][1:] == ["-s", "/Applications", "/staging/Applications"]
    assert commands[3][-1] == "out/gradviz.dmg"
