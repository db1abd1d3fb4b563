"""What software centres show of gradviz: packaging/linux/*.metainfo.xml, with the README's releases."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from identity import APP_ID, ROOT, Release, releases

SOURCE = ROOT / "packaging" / "linux" / f"{APP_ID}.metainfo.xml"


def metainfo(changes: tuple[Release, ...] | None = None) -> bytes:
    """The file as it is installed."""
    component = ET.parse(SOURCE).getroot()
    listed = ET.SubElement(component, "releases")
    for release in releases() if changes is None else changes:
        entry = ET.SubElement(listed, "release", version=release.version, date=release.day.isoformat())
        description = ET.SubElement(entry, "description")
        for paragraph in release.paragraphs:
            ET.SubElement(description, "p").text = paragraph
    ET.indent(component)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(component, encoding="utf-8") + b"\n"


def summary() -> str:
    """gradviz in a few words."""
    return ET.parse(SOURCE).getroot().findtext("summary") or ""


def description() -> str:
    """gradviz in a paragraph of English."""
    return ET.parse(SOURCE).getroot().findtext("description/p") or ""


def write_metainfo(path: Path) -> None:
    """Write the file as it is installed."""
    path.write_bytes(metainfo())
