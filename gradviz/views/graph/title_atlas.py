"""Titles of nodes, each written once into one picture and copied from there: few words name many nodes."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from gradviz.core.numbers import Floats

COLUMNS = 16


class TitleAtlas:
    """Of one font, colour and room, in device pixels; it grows as titles come."""

    def __init__(self, font: QFont, colour: QColor, room: float) -> None:
        self._font, self._colour = font, colour
        self._metrics = QFontMetricsF(font)
        self.width, self.height = max(1, math.floor(room)), math.ceil(self._metrics.height())
        self._slots: dict[str, int] = {}
        self.picture = QPixmap()

    def sources(self, titles: list[str]) -> Floats:
        """Where each title is in the picture (k, 4)."""
        new = [title for title in dict.fromkeys(titles) if title not in self._slots]
        if new:
            self._grow(new)
        slots = np.array([self._slots[title] for title in titles], dtype=np.int64)
        row, column = np.divmod(slots, COLUMNS)
        extent = np.full(len(slots), 1.0)
        return np.column_stack((column * self.width, row * self.height, extent * self.width, extent * self.height))

    def _grow(self, new: list[str]) -> None:
        begin = len(self._slots)
        self._slots |= {title: begin + index for index, title in enumerate(new)}
        rows = -(-len(self._slots) // COLUMNS)
        grown = QPixmap(COLUMNS * self.width, rows * self.height)
        grown.fill(Qt.GlobalColor.transparent)
        with QPainter(grown) as painter:
            if begin:
                painter.drawPixmap(0, 0, self.picture)
            painter.setFont(self._font)
            painter.setPen(self._colour)
            for title in new:
                row, column = divmod(self._slots[title], COLUMNS)
                box = QRectF(column * self.width, row * self.height, self.width, self.height)
                shown = self._metrics.elidedText(title, Qt.TextElideMode.ElideRight, self.width)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
        self.picture = grown
