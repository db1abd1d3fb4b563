"""The files by which a Linux desktop knows gradviz: valid by the desktop's own validators, and of one mind."""

from __future__ import annotations

import configparser
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from identity import APP_ID, MIME_TYPE, SUFFIX, VERSION, latest, releases
from metainfo import metainfo
from packages import ROOT, needs

import gradviz
from gradviz.app.commands.cli import cli

LINUX = ROOT / "packaging" / "linux"
DESKTOP = LINUX / f"{APP_ID}.desktop"
MIME = LINUX / f"{APP_ID}.xml"
XMLNS = "{http://www.freedesktop.org/standards/shared-mime-info}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def _said(*command: str) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DESKTOP, encoding="utf-8")
    return parser["Desktop Entry"]


@pytest.fixture
def component() -> ET.Element:
    return ET.fromstring(metainfo())


@needs("desktop-file-validate")
def test_the_menu_entry_is_valid() -> None:
    assert _said("desktop-file-validate", str(DESKTOP)) == (0, "")


@needs("appstreamcli")
def test_the_metainfo_is_valid(tmp_path: Path) -> None:
    """No warning either; older versions of appstreamcli remark, as information, that they do not know <developer>."""
    path = tmp_path / f"{APP_ID}.metainfo.xml"
    path.write_bytes(metainfo())
    status, said = _said("appstreamcli", "validate", "--no-net", "--no-color", str(path))
    assert status == 0, said
    assert not re.search(r"^[EW]:", said, re.MULTILINE), said


@needs("update-mime-database")
def test_the_mime_type_is_understood(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / MIME.name).write_bytes(MIME.read_bytes())
    status, said = _said("update-mime-database", str(tmp_path))
    assert status == 0
    assert MIME.name not in said, "it names a file that it cannot read"
    assert f"{MIME_TYPE}:*{SUFFIX}\n" in (tmp_path / "globs").read_text()


@needs("man")
def test_the_manual_page_has_no_fault() -> None:
    page = str(LINUX / "gradviz.1")
    done = subprocess.run(
        ["man", "--warnings", "-l", "-Tutf8", page], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert "Train without a window" in done.stdout


def test_the_manual_page_has_every_command() -> None:
    manual = (LINUX / "gradviz.1").read_text(encoding="utf-8").partition(".SH COMMANDS")[2].partition(".SH")[0]
    hidden = {"open"}  # what a bare gradviz does
    commands = {command.name or "" for command in cli.registered_commands}
    assert {"run", "check", "gallery"} <= commands
    assert [name for name in sorted(commands - hidden) if not re.search(rf"^\.B[IR]? {name}\b", manual, re.M)] == []


def test_the_names_agree(entry: configparser.SectionProxy, component: ET.Element) -> None:
    assert entry["Icon"] == component.findtext("id") == component.findtext("icon") == APP_ID == gradviz.APP_ID
    assert component.findtext("launchable") == DESKTOP.name
    assert entry["Exec"].split()[0] == component.findtext("provides/binary") == "gradviz"
    assert entry["Name"] == component.findtext("name") == "gradviz"


def test_the_mime_type_agrees(entry: configparser.SectionProxy, component: ET.Element) -> None:
    declared = ET.parse(MIME).getroot().find(f"{XMLNS}mime-type")
    assert declared is not None
    assert [entry["MimeType"].rstrip(";"), component.findtext("provides/mediatype")] == [MIME_TYPE, MIME_TYPE]
    assert declared.get("type") == MIME_TYPE
    glob, icon = declared.find(f"{XMLNS}glob"), declared.find(f"{XMLNS}icon")
    assert glob is not None
    assert icon is not None
    assert glob.get("pattern") == f"*{SUFFIX}"
    assert icon.get("name") == MIME_TYPE.replace("/", "-")
    assert f"%{entry['Exec'].partition('%')[2]}" == "%f", "the file that was double-clicked"


def test_the_window_belongs_to_its_menu_entry(entry: configparser.SectionProxy, qapp: object) -> None:
    from PySide6.QtCore import QCoreApplication

    assert entry["StartupWMClass"] == QCoreApplication.applicationName()


def test_everything_is_said_in_chinese_too(entry: configparser.SectionProxy, component: ET.Element) -> None:
    assert {"GenericName[zh_CN]", "Comment[zh_CN]", "Keywords[zh_CN]"} <= set(entry)
    for tag in ("p", "li"):
        texts = list(component.find("description").iter(tag))  # type: ignore[union-attr]
        assert [text.get(XML_LANG) for text in texts] == [None, "zh_CN"] * (len(texts) // 2)


def test_the_releases_are_the_changes_of_the_readme(component: ET.Element) -> None:
    listed = component.findall("releases/release")
    assert [entry.get("version") for entry in listed] == [release.version for release in releases()]
    assert listed[0].get("version") == VERSION == gradviz.__version__ == latest().version
    assert all("".join(entry.itertext()).strip() for entry in listed)


def test_a_change_without_a_date_is_named() -> None:
    with pytest.raises(ValueError, match=r'"### 9\.9\.9" should read "### VERSION \(YYYY-MM-DD\)"'):
        releases("# x\n\n## Changes\n\n### 9.9.9\n\nNew.\n")


def test_a_release_is_read_in_full() -> None:
    (only,) = releases("# x\n\n## Changes\n\n### 1.2 (2026-01-31)\n\nOne `a`\nline.\n\nAnother.\n\n## After\n\nNo.\n")
    assert (only.version, only.day.isoformat(), only.paragraphs) == ("1.2", "2026-01-31", ("One a line.", "Another."))
