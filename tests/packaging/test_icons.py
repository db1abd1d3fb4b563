"""The icons: every size is there, is what it says it is, and is drawn on nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from icons import HICOLOR_SIZES, ICNS_SIZES, ICO_SIZES, application, document, image
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtSvg import QSvgRenderer

NAMES = {"apps": "org.gradviz.gradviz", "mimetypes": "application-x-gradviz"}


def _colours(picture: QImage) -> set[int]:
    return {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}


def _is_sound(picture: QImage, size: int) -> bool:
    """Right in size, transparent in the corners, opaque in the middle, and of more than a few colours."""
    end = size - 1
    corners = [picture.pixelColor(x, y).alpha() for x in (0, end) for y in (0, end)]
    middle = picture.pixelColor(size // 2, size // 2).alpha()
    return picture.size() == QSize(size, size) and max(corners) < 100 and middle == 255 and len(_colours(picture)) > 20


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("size", HICOLOR_SIZES)
def test_linux_has_a_picture_of_every_size(icons: Path, kind: str, size: int) -> None:
    picture = QImage(str(icons / "hicolor" / f"{size}x{size}" / kind / f"{NAMES[kind]}.png"))
    assert not picture.isNull()
    assert _is_sound(picture, size)
    assert picture.pixelColor(0, 0).alpha() == 0 or size < 32


@pytest.mark.parametrize("kind", NAMES)
def test_linux_has_the_drawing_itself(icons: Path, kind: str) -> None:
    renderer = QSvgRenderer(str(icons / "hicolor" / "scalable" / kind / f"{NAMES[kind]}.svg"))
    assert renderer.isValid()
    assert renderer.viewBoxF().size().toSize() == QSize(512, 512)


@pytest.mark.parametrize("name", ["gradviz", "gradviz-document"])
def test_qt_reads_every_size_of_the_windows_icon(icons: Path, name: str, qapp: object) -> None:
    reader = QImageReader(str(icons / f"{name}.ico"))
    pictures = []
    for place in range(reader.imageCount()):
        reader.jumpToImage(place)
        pictures.append(reader.read())
    assert [picture.width() for picture in pictures] == list(ICO_SIZES)
    assert all(_is_sound(picture, size) for picture, size in zip(pictures, ICO_SIZES, strict=True))


def test_windows_is_told_the_size_and_place_of_each_picture(icons: Path) -> None:
    """Windows chooses by this table, which Qt does not look at."""
    content = (icons / "gradviz.ico").read_bytes()
    rows = list(struct.iter_unpack("<BBBBHHII", content[6 : 6 + 16 * len(ICO_SIZES)]))
    assert struct.unpack("<HHH", content[:6]) == (0, 1, len(ICO_SIZES))
    assert [(wide or 256, high or 256) for wide, high, *_ in rows] == [(size, size) for size in ICO_SIZES]
    for *_, planes, depth, length, place in rows:
        assert (planes, depth) == (1, 32)
        assert content[place : place + length].startswith(b"\x89PNG")
        assert content[place : place + length].endswith(b"IEND\xaeB`\x82")


@pytest.mark.parametrize("name", ["gradviz", "gradviz-document"])
def test_the_parts_of_the_mac_icon_are_pictures_of_their_size(icons: Path, name: str) -> None:
    content = (icons / f"{name}.icns").read_bytes()
    assert content[:4] == b"icns"
    assert int.from_bytes(content[4:8], "big") == len(content)
    found, place = {}, 8
    while place < len(content):
        length = int.from_bytes(content[place + 4 : place + 8], "big")
        picture = QImage.fromData(content[place + 8 : place + length], "PNG")
        found[content[place : place + 4]] = picture.width()
        assert _is_sound(picture, picture.width())
        place += length
    assert found == ICNS_SIZES


def test_the_way_to_the_minimum_is_seen_in_16_pixels() -> None:
    """White, orange and three blues at least: not a blot."""
    small = image(application, 16)
    colours = [small.pixelColor(x, y) for x in range(16) for y in range(16)]
    assert any(min(c.red(), c.green(), c.blue()) > 220 for c in colours), "white"
    assert any(c.red() > 200 and c.blue() < 100 for c in colours), "orange"
    assert len({c.blue() // 32 for c in colours if c.blue() > c.red() + 40}) >= 3, "blues"


def test_a_file_does_not_look_like_the_program() -> None:
    assert image(application, 48) != image(document, 48)
