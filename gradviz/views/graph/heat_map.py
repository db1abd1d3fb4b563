"""A tensor as a heat map, with index and value of the cell under the pointer, or where the arrow keys went."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gradviz.core.numbers import short_number
from gradviz.core.tape.heat_map import MARKED, NEGATIVE, POSITIVE, HeatMap, mark_words
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme

LARGEST_CELL, SMALLEST_STRIP = 22.0, 14.0
HIGHEST = 200.0
"""Pixels that a map is high at most."""
LINE, SWATCH, GAP = 18, 10, 4
LEGEND_WIDTH = 150
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class Cell(NamedTuple):
    """A cell of a map."""

    row: int
    column: int


class _Told(NamedTuple):
    """A mark in the legend."""

    text: str
    colour: tuple[int, int, int]
    left: float
    line: int


class HeatMapView(QWidget):
    """The map, below it what its colours mean, and then index and value of one cell. Nothing without a map."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, highest: float = HIGHEST) -> None:
        """The map itself is no more than `highest` pixels high."""
        super().__init__(parent)
        self._theme, self._highest = theme, highest
        self._map: HeatMap | None = None
        self._image = QImage()
        self._cell: Cell | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_map(self, shown: HeatMap | None, about: str) -> None:
        """Another tensor's map, or none; `about` says whose it is, for whoever reads the screen aloud."""
        self._map, self._cell = shown, None
        self.setAccessibleName(about)
        self._image = QImage()
        if shown is not None:
            colours = shown.colours
            rows, columns = colours.shape[:2]
            made = QImage(colours.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
            self._image = made.copy()  # its own pixels: those above are gone with this call
        self.setVisible(shown is not None)
        self._fit()

    def show_theme(self, theme: Theme) -> None:
        """Other colours around the map: those of the cells go with any."""
        self._theme = theme
        self.update()

    def drawn(self) -> dict[str, object]:
        """What is to be seen: cells down and across, the legend, the marks, the chosen cell and what is said of it."""
        if self._map is None:
            return {}
        return {
            "cells": self._map.arrangement.cells,
            "legend": self._ends(),
            "marks": {spoken(mark_words(mark, self._map.limit)): count for mark, count in self._map.marks().items()},
            "note": spoken(self._map.note),
            "cell": self._cell,
            "readout": self.readout(),
        }

    def readout(self) -> str:
        """Index and value of the chosen cell; empty where none is."""
        return spoken(self._map.cell_words(*self._cell)) if self._map is not None and self._cell is not None else ""

    def cell_rect(self, cell: Cell) -> QRectF:
        """Where a cell is, in the widget's pixels."""
        width, height = self._cell_size()
        return QRectF(cell.column * width, cell.row * height, width, height)

    def sizeHint(self) -> QSize:
        return QSize(240, self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(self._height(), 1))
        self.update()

    def _height(self) -> int:
        if self._map is None:
            return 0
        marks = self._marks()
        lines = 2 + bool(self._map.note) + (marks[-1].line + 1 if marks else 0)
        return round(self._map.arrangement.cells[0] * self._cell_size()[1]) + GAP + lines * LINE

    def _cell_size(self) -> tuple[float, float]:
        """Square cells where that leaves none too thin; the strip of a vector is as high as one can see."""
        if self._map is None:
            return 1.0, 1.0
        rows, columns = self._map.arrangement.cells
        width = min(max(self.width(), 1) / columns, LARGEST_CELL)
        height = min(self._highest / rows, LARGEST_CELL)
        if rows * min(width, height) < SMALLEST_STRIP:
            return width, SMALLEST_STRIP / rows
        if columns * min(width, height) < SMALLEST_STRIP:
            return SMALLEST_STRIP / columns, height
        return min(width, height), min(width, height)

    def _ends(self) -> tuple[str, str]:
        limit = short_number(self._map.limit, 3) if self._map is not None else ""
        return ("0" if self._map is not None and self._map.is_absolute else f"-{limit}", limit)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._map is None:
            return
        with QPainter(self) as painter:
            below = self._paint_cells(painter)
            below = self._paint_legend(painter, below + GAP)
            below = self._paint_marks(painter, below)
            painter.setPen(QColor(self._theme.muted))
            if self._map.note:
                painter.drawText(QPointF(0, below + 13), spoken(self._map.note))
                below += LINE
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(0, below + 13), self.readout())

    def _paint_cells(self, painter: QPainter) -> float:
        assert self._map is not None
        width, height = self._cell_size()
        rows, columns = self._map.arrangement.cells
        whole = QRectF(0, 0, columns * width, rows * height)
        painter.fillRect(whole, QColor(self._theme.base))
        painter.drawImage(whole, self._image)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawRect(whole.adjusted(0.5, 0.5, -0.5, -0.5))
        tile = self._map.arrangement.tile
        if tile is not None and min(width, height) > 2:
            for row in range(tile[0], rows, tile[0]):
                painter.drawLine(QPointF(0, row * height), QPointF(whole.right(), row * height))
            for column in range(tile[1], columns, tile[1]):
                painter.drawLine(QPointF(column * width, 0), QPointF(column * width, whole.bottom()))
        if self._cell is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.drawRect(self.cell_rect(self._cell).adjusted(0, 0, -1, -1))
        return whole.bottom()

    def _paint_legend(self, painter: QPainter, top: float) -> float:
        """From the least to the largest number that has a colour of its own."""
        low, high = self._ends()
        measure = painter.fontMetrics()
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(QPointF(0, top + 13), low)
        left = measure.horizontalAdvance(low) + 6.0
        room = self.width() - left - measure.horizontalAdvance(high) - 8.0
        bar = QRectF(left, top + 4, max(min(LEGEND_WIDTH, room), SWATCH), SWATCH)
        shades = QLinearGradient(bar.topLeft(), bar.topRight())
        if low != "0":
            shades.setColorAt(0.0, QColor(*NEGATIVE))
            shades.setColorAt(0.5, QColor(*POSITIVE, 0))
            shades.setColorAt(0.4999, QColor(*NEGATIVE, 0))
        else:
            shades.setColorAt(0.0, QColor(*POSITIVE, 0))
        shades.setColorAt(1.0, QColor(*POSITIVE))
        painter.fillRect(bar, QColor(self._theme.base))
        painter.fillRect(bar, shades)
        painter.drawText(QPointF(bar.right() + 6, top + 13), high)
        return top + LINE

    def _paint_marks(self, painter: QPainter, top: float) -> float:
        marks = self._marks()
        painter.setPen(QColor(self._theme.text))
        for mark in marks:
            y = top + mark.line * LINE
            painter.fillRect(QRectF(mark.left, y + 4, SWATCH, SWATCH), QColor(*mark.colour))
            painter.drawText(QPointF(mark.left + SWATCH + 5, y + 13), mark.text)
        return top + (marks[-1].line + 1) * LINE if marks else top

    def _marks(self) -> list[_Told]:
        """What each mark stands for and how many there are, in as many lines as that takes."""
        if self._map is None:
            return []
        told: list[_Told] = []
        left, line = 0.0, 0
        for mark, count in self._map.marks().items():
            text = f"{spoken(mark_words(mark, self._map.limit))}  {count:,}"
            wide = SWATCH + 5 + self.fontMetrics().horizontalAdvance(text)
            if told and left + wide > self.width():
                left, line = 0.0, line + 1
            told.append(_Told(text, MARKED[mark], left, line))
            left += wide + 12
        return told

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._choose(self._cell_at(event.position()))

    def leaveEvent(self, _event: QEvent) -> None:
        if not self.hasFocus():
            self._choose(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from cell to cell, Home and End to the first and the last of a row."""
        if self._map is None:
            return
        rows, columns = self._map.arrangement.cells
        row, column = self._cell or (0, 0)
        step = STEPS.get(Qt.Key(event.key()))
        if step is not None and self._cell is not None:
            row, column = row + step[0], column + step[1]
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            column = 0 if event.key() == Qt.Key.Key_Home else columns - 1
        elif step is None:
            super().keyPressEvent(event)
            return
        self._choose(Cell(min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)))

    def _cell_at(self, at: QPointF) -> Cell | None:
        if self._map is None:
            return None
        width, height = self._cell_size()
        rows, columns = self._map.arrangement.cells
        cell = Cell(int(at.y() // height), int(at.x() // width))
        return cell if 0 <= cell.row < rows and 0 <= cell.column < columns else None

    def _choose(self, cell: Cell | None) -> None:
        if cell != self._cell:
            self._cell = cell
            self.setAccessibleDescription(self.readout())
            self.update()
