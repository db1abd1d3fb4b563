"""A check box whose tick is drawn, not loaded: crisp at any scale, and no picture to pack with the program."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QStyle, QStyleOptionButton

TICK = ((0.22, 0.54), (0.42, 0.73), (0.79, 0.28))
"""The corners of the tick within the box, as shares of its side."""


class TickBox(QCheckBox):
    """The style sheet fills the box with the accent when it is checked; a style sheet can draw no tick on it."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.isChecked():
            return
        box = self.box()
        corners = [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in TICK]
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ink = self.palette().color(QPalette.ColorRole.Base)
            painter.setPen(QPen(ink, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            painter.drawPolyline(QPolygonF(corners))

    def box(self) -> QRectF:
        """Where the style draws the box, in the widget's coordinates."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        return QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
