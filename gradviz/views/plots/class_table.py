"""The table of classes: how many rows of each class got which answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gradviz.views.kit.theme import LIGHT, Theme, mix

MOST_LETTERED = 16
"""With more classes than this the cells are too small for numbers."""


class ClassTable(QWidget):
    """Rows are classes, columns answers. A cell is the stronger the larger its share of its row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = LIGHT
        self._counts: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self.setMinimumSize(120, 120)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self.update()

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """Show a table (classes, classes)."""
        self._counts = counts
        self.setAccessibleDescription("; ".join(f"class {k}: {row.tolist()}" for k, row in enumerate(counts[:16])))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.base))
            if len(self._counts):
                self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        count = len(self._counts)
        line = painter.fontMetrics().height()
        left, top = 3.2 * line, 2.6 * line
        side = max(4.0, min((self.width() - left - line) / count, (self.height() - top - line) / count, 7 * line))
        left = max(left, (self.width() - side * count) / 2)
        self._paint_titles(painter, QRectF(left, top, side * count, side * count), line, side)
        totals = np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        shares = self._counts / totals
        for (row, column), number in np.ndenumerate(self._counts):
            cell = QRectF(left + column * side, top + row * side, side, side).adjusted(1, 1, -1, -1)
            self._paint_cell(painter, cell, int(number), float(shares[row, column]), row == column)

    def _paint_titles(self, painter: QPainter, table: QRectF, line: int, side: float) -> None:
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(QRectF(table.left(), 0.2 * line, table.width(), line), Qt.AlignmentFlag.AlignCenter, "answer")
        painter.save()
        painter.translate(QPointF(table.left() - 2.2 * line, table.center().y()))
        painter.rotate(-90)
        painter.drawText(QRectF(-100, -line / 2, 200, line), Qt.AlignmentFlag.AlignCenter, "class")
        painter.restore()
        if len(self._counts) > MOST_LETTERED:
            return
        for k in range(len(self._counts)):
            above = QRectF(table.left() + k * side, table.top() - 1.2 * line, side, line)
            beside = QRectF(table.left() - 1.5 * line, table.top() + k * side, 1.3 * line, side)
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, str(k))
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(k))

    def _paint_cell(self, painter: QPainter, cell: QRectF, count: int, share: float, is_right: bool) -> None:
        theme = self._theme
        colour = theme.accent if is_right else theme.gradient
        painter.setBrush(QColor(mix(theme.panel, colour, 0.75 * share)))
        painter.setPen(QPen(QColor(theme.border), 1.0))
        painter.drawRoundedRect(cell, 3, 3)
        if len(self._counts) <= MOST_LETTERED:
            painter.setPen(QColor(theme.base if share > 0.6 else theme.text))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{count:,}")
