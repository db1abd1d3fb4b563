"""Draws the icons of every system from assets/icon.svg: python packaging/icons.py [FOLDER], build/icons unless told.

The folder then holds hicolor/ (Linux), gradviz.ico and gradviz-document.ico (Windows), gradviz.icns and
gradviz-document.icns (macOS). ICO and ICNS are a table of contents before PNG files, so no library is asked for them.
Painting shapes into an image needs no QGuiApplication, and so no display.
"""

from __future__ import annotations

import re
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from identity import APP_ID, MIME_TYPE, ROOT
from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = ROOT / "assets" / "icon.svg"
HICOLOR_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
ICNS_SIZES = {b"icp4": 16, b"icp5": 32, b"icp6": 64, b"ic07": 128, b"ic08": 256, b"ic09": 512, b"ic10": 1024}
TILE = QRectF(16, 16, 480, 480)
"""The coloured square in the picture. The margin around it is left out where it would be half a pixel."""
MARGIN_FROM = 32
APPLE_MARGIN = 100 / 1024
"""What Apple's grid for icons leaves free at each side."""
PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
  <g stroke="#8a96ab" stroke-width="10" stroke-linejoin="round">
    <path d="M80 22 H312 L432 142 V490 H80 Z" fill="#fff"/>
    <path d="M312 22 L432 142 H312 Z" fill="#dfe5ee"/>
  </g>
  <g transform="translate(112 178) scale(0.5625)">%s</g>
</svg>
"""

Draw = Callable[[QPainter, int], None]


def application(painter: QPainter, size: int) -> None:
    """The icon itself, over the whole of size x size pixels."""
    _render(painter, QRectF(0, 0, size, size), without_margin=size < MARGIN_FROM)


def application_of_apple(painter: QPainter, size: int) -> None:
    """The icon's square in Apple's grid."""
    margin = 0 if size < MARGIN_FROM else round(size * APPLE_MARGIN)
    _render(painter, QRectF(margin, margin, size - 2 * margin, size - 2 * margin), without_margin=True)


def _render(painter: QPainter, place: QRectF, without_margin: bool) -> None:
    renderer = QSvgRenderer(str(SVG))
    if without_margin:
        renderer.setViewBox(TILE)
    renderer.render(painter, place)


def document(painter: QPainter, size: int) -> None:
    """What a .gradviz file looks like in a folder."""
    QSvgRenderer(document_svg().encode()).render(painter, QRectF(0, 0, size, size))


def document_svg() -> str:
    """A sheet of paper with a folded corner and the icon on it."""
    inner = re.sub(r"</?svg[^>]*>", "", SVG.read_text(encoding="utf-8"))
    return PAGE % inner.strip()


def image(draw: Draw, size: int) -> QImage:
    """What `draw` paints, on a transparent ground."""
    picture = QImage(size, size, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw(painter, size)
    return picture


def png(draw: Draw, size: int) -> bytes:
    """The picture as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image(draw, size).save(buffer, "PNG"):
        raise OSError("Qt could not write a PNG file.")
    return bytes(buffer.data().data())


def ico(draw: Draw) -> bytes:
    """A Windows icon of several sizes: a header, one entry of 16 bytes for each, the PNG files."""
    pictures = [png(draw, size) for size in ICO_SIZES]
    offset = 6 + 16 * len(pictures)
    entries = b""
    for size, picture in zip(ICO_SIZES, pictures, strict=True):
        side = size % 256  # 0 stands for 256
        entries += struct.pack("<BBBBHHII", side, side, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + b"".join(pictures)


def icns(draw: Draw) -> bytes:
    """A macOS icon of several sizes: every PNG file after its type and length."""
    parts = [(kind, png(draw, size)) for kind, size in ICNS_SIZES.items()]
    body = b"".join(kind + struct.pack(">I", 8 + len(picture)) + picture for kind, picture in parts)
    return b"icns" + struct.pack(">I", 8 + len(body)) + body


def draw_icons(folder: Path) -> Path:
    """Write every icon into `folder`, which is made anew; returns it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    svg = SVG.read_text(encoding="utf-8")
    _draw_hicolor(folder / "hicolor", "apps", APP_ID, application, svg)
    _draw_hicolor(folder / "hicolor", "mimetypes", MIME_TYPE.replace("/", "-"), document, document_svg())
    for name, draw, of_apple in (
        ("gradviz", application, application_of_apple),
        ("gradviz-document", document, document),
    ):
        (folder / f"{name}.ico").write_bytes(ico(draw))
        (folder / f"{name}.icns").write_bytes(icns(of_apple))
    return folder


def _draw_hicolor(folder: Path, kind: str, name: str, draw: Draw, svg: str) -> None:
    """One icon at every size of the theme that every desktop falls back to."""
    for size in HICOLOR_SIZES:
        target = folder / f"{size}x{size}" / kind / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(png(draw, size))
    scalable = folder / "scalable" / kind / f"{name}.svg"
    scalable.parent.mkdir(parents=True, exist_ok=True)
    scalable.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    draw_icons(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "icons")
