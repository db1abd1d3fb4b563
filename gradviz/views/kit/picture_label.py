"""Painting that does not hold Python's lock.

A paintEvent written in Python keeps the lock while Qt fills pixels, and a training thread waits. Here Python only
*records* a picture (tens of microseconds); a plain QLabel then fills the pixels in C++, without the lock.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPicture, QPixmap
from PySide6.QtWidgets import QLabel, QWidget


class PictureLabel(QLabel):
    """Covers its parent and shows a recorded picture; the mouse goes through it.

    An opaque one paints every pixel, so that its parent, which may be painted by Python, is left alone.
    """

    def __init__(self, parent: QWidget, opaque: bool = False) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, opaque)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setMinimumSize(1, 1)

    def show_picture(self, picture: QPicture) -> None:
        """Show a picture recorded in the label's coordinates."""
        picture.setBoundingRect(self.rect())  # a label aligns what was drawn, not where it was drawn
        self.setPicture(picture)

    def show_pixels(self, pixels: QPixmap) -> None:
        """Show what was painted already, as large as the label."""
        self.setPixmap(pixels)
