"""Paints the marks of a run, and its legend, the same on every kind of surface."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPicture

from gradviz.views.kit.theme import Theme
from gradviz.views.surface.run_marks import LegendLine

RADIUS = 5.5
FONT_PIXELS = 12
ROOM = 8.0
"""Pixels around a legend, and within it."""


def lane_colour(theme: Theme, optimizer: int) -> QColor:
    """The colour of an optimiser."""
    return QColor(theme.lanes[optimizer % len(theme.lanes)])


def paint_mark(
    painter: QPainter, at: QPointF, colour: QColor, theme: Theme, is_off: bool = False, is_hidden: bool = False
) -> None:
    """A dot; hollow where it stands off the plane, faint and dashed where a hill hides it."""
    if is_hidden:
        faint = QColor(colour)
        faint.setAlpha(45)
        painter.setBrush(Qt.BrushStyle.NoBrush if is_off else faint)
        painter.setPen(QPen(QColor(theme.base), 3.0))
        painter.drawEllipse(at, RADIUS, RADIUS)
        painter.setPen(QPen(colour, 1.6, Qt.PenStyle.DotLine))
    elif is_off:
        painter.setBrush(QColor(theme.base))
        painter.setPen(QPen(QColor(theme.base), 4.5))
        painter.drawEllipse(at, RADIUS, RADIUS)
        painter.setPen(QPen(colour, 2.4))
    else:
        painter.setBrush(colour)
        painter.setPen(QPen(QColor("#ffffff"), 1.5))
    painter.drawEllipse(at, RADIUS, RADIUS)


class LegendPainter:
    """Paints a legend; one that has not changed is not recorded anew."""

    def __init__(self) -> None:
        self._known: tuple[object, ...] = ()
        self._picture = QPicture()

    def paint(self, painter: QPainter, area: QRectF, lines: Sequence[LegendLine], theme: Theme, font: QFont) -> None:
        """In the upper right corner of `area`, on a ground of its own."""
        asked = (tuple(lines), area.getRect(), theme, font.key())
        if asked != self._known:
            self._known, self._picture = asked, QPicture()
            with QPainter(self._picture) as recorder:
                recorder.setRenderHint(QPainter.RenderHint.Antialiasing)
                _paint_legend(recorder, area, lines, theme, font)
        painter.drawPicture(0, 0, self._picture)


def _paint_legend(painter: QPainter, area: QRectF, lines: Sequence[LegendLine], theme: Theme, font: QFont) -> None:
    if not lines:
        return
    small = QFont(font)
    small.setPixelSize(FONT_PIXELS)
    metrics = QFontMetricsF(small)
    sign, height = 2 * RADIUS + 6.0, metrics.height() + 2.0
    most = max(40.0, area.width() - 4 * ROOM - sign)
    texts = [metrics.elidedText(line.text, Qt.TextElideMode.ElideRight, most) for line in lines]
    width = max(metrics.horizontalAdvance(text) for text in texts) + sign + 2 * ROOM
    frame = QRectF(area.right() - width - ROOM, area.top() + ROOM, width, height * len(lines) + ROOM)
    ground = QColor(theme.panel)
    ground.setAlpha(232)
    painter.setPen(QPen(QColor(theme.border), 1.0))
    painter.setBrush(ground)
    painter.drawRoundedRect(frame, 4, 4)
    painter.setFont(small)
    for index, (line, text) in enumerate(zip(lines, texts, strict=True)):
        middle = frame.top() + ROOM / 2 + height * (index + 0.5)
        paint_mark(
            painter,
            QPointF(frame.left() + ROOM + RADIUS, middle),
            lane_colour(theme, line.optimizer),
            theme,
            line.is_off,
        )
        painter.setPen(QColor(theme.text))
        place = QRectF(frame.left() + ROOM + sign, middle - height / 2, frame.right() - frame.left(), height)
        painter.drawText(
            place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text
        )
