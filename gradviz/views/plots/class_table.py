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
        self._names: tuple[str, ...] = ()
        self.titles = "answer", "class"
        """Above the columns, and beside the rows."""
        self.setMinimumSize(120, 120)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self.update()

    def show_counts(self, counts: NDArray[np.int64], names: tuple[str, ...] = (), target: str = "") -> None:
        """Show a table (classes, classes) whose classes may have names, and be those of a column."""
        self._counts = counts
        self.titles = (f"answer: {target}", target) if target else ("answer", "class")
        self._names = names or tuple(map(str, range(len(counts))))
        said = (f"class {name}: {row.tolist()}" for name, row in zip(self._names, counts[:16], strict=False))
        self.setAccessibleDescription("; ".join(said))
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
        left, top = 1.9 * line + self._widest(painter, self.width() / 3), 2.6 * line
        side = max(4.0, min((self.width() - left - line) / count, (self.height() - top - line) / count, 7 * line))
        left = max(left, (self.width() - side * count) / 2)
        self._paint_titles(painter, QRectF(left, top, side * count, side * count), line, side)
        totals = np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        shares = self._counts / totals
        for (row, column), number in np.ndenumerate(self._counts):
            cell = QRectF(left + column * side, top + row * side, side, side).adjusted(1, 1, -1, -1)
            self._paint_cell(painter, cell, int(number), float(shares[row, column]), row == column)

    def _widest(self, painter: QPainter, most: float) -> float:
        """Room for the names beside the rows."""
        metrics = painter.fontMetrics()
        shown = self._names if len(self._counts) <= MOST_LETTERED else ()
        widest = max((metrics.horizontalAdvance(name) for name in shown), default=0)
        return min(max(widest + 0.2 * metrics.height(), 1.3 * metrics.height()), most)

    def _paint_titles(self, painter: QPainter, table: QRectF, line: int, side: float) -> None:
        painter.setPen(QColor(self._theme.muted))
        metrics, length = painter.fontMetrics(), min(self.height(), table.height() + 4 * line)
        rooms = self.width() - line, int(length)
        across, along = map(metrics.elidedText, self.titles, (Qt.TextElideMode.ElideRight,) * 2, rooms)
        half = metrics.horizontalAdvance(across) / 2 + 4
        middle = max(min(table.center().x(), self.width() - half), half)
        painter.drawText(QRectF(middle - half, 0.2 * line, 2 * half, line), Qt.AlignmentFlag.AlignCenter, across)
        painter.save()
        beside_px = self._widest(painter, self.width() / 3)
        painter.translate(QPointF(table.left() - beside_px - 0.9 * line, table.center().y()))
        painter.rotate(-90)
        painter.drawText(QRectF(-length / 2, -line / 2, length, line), Qt.AlignmentFlag.AlignCenter, along)
        painter.restore()
        if len(self._counts) > MOST_LETTERED:
            return
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for k in range(len(self._counts)):
            above = QRectF(table.left() + k * side, table.top() - 1.2 * line, side, line)
            beside = QRectF(table.left() - beside_px - 0.2 * line, table.top() + k * side, beside_px, side)
            for room, flags in ((above, Qt.AlignmentFlag.AlignCenter), (beside, right)):
                name = painter.fontMetrics().elidedText(self._names[k], Qt.TextElideMode.ElideRight, int(room.width()))
                painter.drawText(room, flags, name)

    def _paint_cell(self, painter: QPainter, cell: QRectF, count: int, share: float, is_right: bool) -> None:
        theme = self._theme
        colour = theme.accent if is_right else theme.gradient
        painter.setBrush(QColor(mix(theme.panel, colour, 0.75 * share)))
        painter.setPen(QPen(QColor(theme.border), 1.0))
        painter.drawRoundedRect(cell, 3, 3)
        if len(self._counts) <= MOST_LETTERED:
            painter.setPen(QColor(theme.base if share > 0.6 else theme.text))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{count:,}")
