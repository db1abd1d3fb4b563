"""The key above a plot of a race: who is who, with a number; it never lies upon what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPicture, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gradviz.views.kit.lanes import LaneSign, paint_mark
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.theme import LIGHT, Theme

GAP = 14.0
SIGN = 18.0
"""Pixels of a sign and the blank after it."""
SIGN_RADIUS = 4.5
LOSS_ROOM, STEP_ROOM = "0.00e-00", "000,000"
"""As wide as a loss in three digits may become, or a step: while a run is on nothing moves to another line."""
BETWEEN = " / "
"""Between two numbers of one piece."""
KEY_DASHES = (1.9, 1.3)
"""In widths of the sign's line, which is thicker and shorter than a curve."""


class Piece(NamedTuple):
    """A part of the key that stands in one line."""

    text: str
    sign: LaneSign | None = None
    number: str = ""
    """Follows the text, in a room that is as wide as any."""
    is_head: bool = False
    """It says what the numbers are, and goes with them."""
    is_fault: bool = False
    """It has diverged: its sign is a cross."""
    is_off: bool = False
    """Its sign is hollow."""
    has_mark: bool = True
    """Else its sign is a stretch of its line alone, as the curve of one that does not race."""
    is_dashed: bool = False
    has_line: bool = True
    """Else its sign is its mark alone, as the points of a plot."""


class LaneKey(QWidget):
    """Pieces one after another, in as many lines as they take; with their numbers, if that is `most_lines` at most.

    `room` is a number as wide as any may become.
    """

    def __init__(self, most_lines: int = 2, room: str = LOSS_ROOM) -> None:
        super().__init__()
        self._most_lines, self._room = most_lines, room
        self._pieces: tuple[Piece, ...] = ()
        self._theme: Theme = LIGHT
        self._picture = PictureLabel(self)
        self._lines = 1
        self._lines_of: tuple[object, ...] = ()
        """Of whom, and in which width, they are so many: what is below is not moved by a number that grew shorter."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self._draw()

    def show_pieces(self, pieces: Sequence[Piece]) -> None:
        """Show these."""
        if tuple(pieces) != self._pieces:
            self._pieces = tuple(pieces)
            self.setAccessibleName("; ".join(f"{piece.text} {piece.number}".strip() for piece in pieces))
            self._draw()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is shown."""
        return self._pieces

    def places(self) -> list[QRectF]:
        """Where each piece stands."""
        return self._flow(self._shown())

    def _shown(self) -> tuple[Piece, ...]:
        """Numbers only where they take no more than a few lines; a large race has its names."""
        places = self._flow(self._pieces)
        if not places or places[-1].top() < self._most_lines * self._line():
            return self._pieces
        return tuple(piece._replace(number="") for piece in self._pieces if not piece.is_head)

    def _flow(self, pieces: Sequence[Piece]) -> list[QRectF]:
        left, top, found = 0.0, 0.0, []
        for piece in pieces:
            width = self._width(piece)
            if left and left + width > self.width():
                left, top = 0.0, top + self._line()
            found.append(QRectF(left, top, width, self._line()))
            left += width + GAP
        return found

    def sizeHint(self) -> QSize:
        return QSize(120, round(self._lines * self._line()) + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._picture.setGeometry(self.rect())
        self._draw()

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.font())

    def _line(self) -> float:
        return self._metrics().height() + 3.0

    def _width(self, piece: Piece) -> float:
        metrics = self._metrics()
        room = BETWEEN.join([self._room] * (1 + piece.number.count(BETWEEN)))
        number = metrics.horizontalAdvance(f" {room}") if piece.number else 0.0
        return (SIGN if piece.sign else 0.0) + metrics.horizontalAdvance(piece.text) + number

    def _draw(self) -> None:
        places = self.places()
        lines = 1 + round(places[-1].top() / self._line()) if places else 1
        whose = self.width(), {piece.sign for piece in self._pieces}
        lines, self._lines_of = max(lines, self._lines if whose == self._lines_of else 0), whose
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()
        picture = QPicture()
        with QPainter(picture) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            for piece, place in zip(self._shown(), places, strict=True):
                self._paint(painter, piece, place)
        self._picture.show_picture(picture)

    def _paint(self, painter: QPainter, piece: Piece, place: QRectF) -> None:
        left, middle = place.left(), place.center().y()
        if piece.sign is not None:
            self._paint_sign(painter, piece, piece.sign, QPointF(left + SIGN / 2 - 2.5, middle))
            left += SIGN
        align = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        theme = self._theme
        painter.setPen(QColor(theme.fault if piece.is_fault else theme.text if piece.sign else theme.muted))
        painter.drawText(QRectF(left, place.top(), place.width(), place.height()), align, piece.text)
        left += self._metrics().horizontalAdvance(f"{piece.text} ")
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(left, place.top(), place.width(), place.height()), align, piece.number)

    def _paint_sign(self, painter: QPainter, piece: Piece, sign: LaneSign, at: QPointF) -> None:
        """The sign on a stretch of its line; the cross of one that has diverged."""
        painter.setPen(QPen(QColor(sign.colour), 2.6))
        if piece.is_fault:
            for up in (-4.5, 4.5):
                painter.drawLine(at - QPointF(4.5, up), at + QPointF(4.5, up))
            return
        half = QPointF(SIGN / 2 - 2.5, 0)
        if piece.is_dashed:
            painter.setPen(_dashed(painter.pen()))
        if piece.has_line and not piece.is_off:  # it is not on the way that is drawn
            painter.drawLine(at - half, at + half)
        if piece.has_mark:
            paint_mark(painter, at, sign, self._theme, piece.is_off, radius=SIGN_RADIUS)


def _dashed(pen: QPen) -> QPen:
    pen.setDashPattern(KEY_DASHES)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
