"""An SVG as PNG or PDF, by Qt without a display."""

from __future__ import annotations

LARGEST_SIDE = 12_000
"""Pixels: a larger drawing is scaled down to it."""
SCALE = 2.0


def png_bytes(svg: str) -> bytes:
    """Two pixels a unit, fewer where the picture would be too large. A QGuiApplication must exist."""
    from PySide6.QtCore import QBuffer, QByteArray, Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(svg.encode())
    size = renderer.defaultSize()
    size *= min(SCALE, LARGEST_SIDE / max(size.width(), size.height(), 1))
    image = QImage(max(size.width(), 1), max(size.height(), 1), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        renderer.render(painter)
    made = QByteArray()
    image.save(QBuffer(made), "PNG")  # type: ignore[call-overload]  # the stub asks for bytes, Qt for text
    return bytes(made.data())


def pdf_bytes(svg: str) -> bytes:
    """One page of the drawing's own size, 72 units an inch, its text still text. A QGuiApplication must exist."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
    from PySide6.QtGui import QPageSize, QPainter, QPdfWriter
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(svg.encode())
    made = QByteArray()
    buffer = QBuffer(made)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QSizeF(renderer.defaultSize()), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    with QPainter(writer) as painter:
        renderer.render(painter)
    buffer.close()
    return bytes(made.data())
