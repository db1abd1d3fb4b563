"""The head of a table's columns: name, role, and how many cells are bad. A click or a key changes the role."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QMenu, QToolTip, QWidget

from gradviz.core.data.import_choice import ROLES, Role
from gradviz.core.data.import_columns import HOWS, How
from gradviz.views.kit.theme import LIGHT, Theme, mix

ROLE_WORDS: dict[Role, str] = {"input": "Input", "target": "Target", "out": "Left out"}
LINE_GAP = 3
SIDE = 4
WIDEST = 260
MOST_FITTED = 200
"""Columns that are made as wide as their heads; a table of thousands would be measured too long."""


class ColumnHeader(QHeaderView):
    """Two lines a column, with names three.

    `role_chosen` carries the column and the role that its user wants, `how_chosen` the way in which it shall be read.
    """

    role_chosen = Signal(int, str)
    how_chosen = Signal(int, str)

    def __init__(self, parent: QWidget | None = None, has_names: bool = True) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._has_names = has_names
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._roles: tuple[Role, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._possible: tuple[tuple[How, ...], ...] = ()
        self._hows: tuple[How, ...] = ()
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(84)
        self.setDefaultSectionSize(112)
        self.sectionClicked.connect(self._ask)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the roles."""
        self._theme = theme
        self.viewport().update()

    def show_columns(
        self,
        names: tuple[str, ...],
        roles: tuple[Role, ...],
        notes: tuple[str, ...],
        told: tuple[str, ...] = (),
        possible: tuple[tuple[How, ...], ...] = (),
        hows: tuple[How, ...] = (),
    ) -> None:
        """Names, roles and counts, one of each for a column; a note that is not empty tells of bad cells.

        `told` says how a column is read or why it is left out, `possible` in which ways it can be read, `hows` the
        one that is chosen.
        """
        are_others = names != self._names
        self._names, self._roles, self._notes, self._told = names, roles, notes, told
        self._possible, self._hows = possible, hows
        self._fit_widths(are_others)
        self.updateGeometry()
        self.viewport().update()

    def _fit_widths(self, are_others: bool) -> None:
        """As wide as what the heads say, within limits; wider only, while the columns stay the same."""
        bold = QFontMetrics(self._bold())
        for section in range(min(self.count(), len(self._names), MOST_FITTED) if self._told else 0):
            wanted = max(
                bold.horizontalAdvance(self._names[section]), self.fontMetrics().horizontalAdvance(self._line(section))
            )
            wanted = min(wanted + 2 * SIDE + 6, WIDEST)
            least = self.defaultSectionSize() if are_others else self.sectionSize(section)
            self.resizeSection(section, max(wanted, least))

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _line(self, section: int) -> str:
        """The last line of a head: bad cells, and how the column is read."""
        told = self._told[section] if section < len(self._told) else ""
        return " · ".join(part for part in (self._notes[section], told) if part)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that are shown."""
        return self._roles

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of the bad cells of each column."""
        return self._notes

    @property
    def told(self) -> tuple[str, ...]:
        """How each column is read, or why it is left out."""
        return self._told

    def viewportEvent(self, event: QEvent) -> bool:
        """What is cut off in a head is read in its tip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            section = self.logicalIndexAt(event.pos())
            if 0 <= section < len(self._names):
                text = "\n".join(part for part in (self._names[section], self._line(section)) if part)
                QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    def _ask(self, section: int) -> None:
        """A menu of the three roles below the column, and of the ways in which it can be read."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for role in ROLES:
            action = menu.addAction(ROLE_WORDS[role])
            action.setCheckable(True)
            action.setChecked(section < len(self._roles) and self._roles[section] == role)
            action.triggered.connect(lambda _=False, chosen=role: self.role_chosen.emit(section, chosen))
        possible = self._possible[section] if section < len(self._possible) else ()
        if len(possible) > 1:
            menu.addSeparator()
        for how in possible if len(possible) > 1 else ():
            action = menu.addAction(HOWS[how])
            action.setCheckable(True)
            action.setChecked(self._roles[section] != "out" and self._hows[section] == how)
            action.triggered.connect(lambda _=False, chosen=how: self.how_chosen.emit(section, chosen))
        menu.popup(self.viewport().mapToGlobal(QPoint(self.sectionViewportPosition(section), self.height())))

    def sizeHint(self) -> QSize:
        line = self.fontMetrics().height() + LINE_GAP
        return QSize(super().sizeHint().width(), (2 + self._has_names) * line + 9)

    def paintSection(self, painter: QPainter, rect: QRect, index: int) -> None:
        if index >= len(self._names):
            return
        painter.save()
        try:
            self._paint(painter, rect, index)
        finally:
            painter.restore()

    def _paint(self, painter: QPainter, rect: QRect, index: int) -> None:
        theme, role = self._theme, self._roles[index]
        colour = {"input": theme.accent, "target": theme.gradient, "out": theme.muted}[role]
        painter.fillRect(rect, QColor(theme.panel if role == "out" else mix(theme.panel, colour, 0.10)))
        painter.fillRect(
            QRect(rect.left(), rect.top(), rect.width(), 3), QColor(theme.border if role == "out" else colour)
        )
        painter.setPen(QPen(QColor(theme.border)))
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        line = self.fontMetrics().height() + LINE_GAP
        room = QRect(rect.left() + SIDE, rect.top() + 6, rect.width() - 2 * SIDE, line)
        if self._has_names:
            self._write(painter, room, self._names[index], self._bold(), theme.muted if role == "out" else theme.text)
            room.translate(0, line)
        self._write(painter, room, f"{ROLE_WORDS[role]}  ▾", self.font(), colour)
        has_bad = bool(self._notes[index])
        self._write(
            painter, room.translated(0, line), self._line(index), self.font(), theme.fault if has_bad else theme.muted
        )

    @staticmethod
    def _write(painter: QPainter, room: QRect, text: str, font: QFont, colour: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)


def table_style(theme: Theme) -> str:
    """The style sheet of a table under such a head: flat, with lines that step back."""
    return (
        f"QTableView {{ gridline-color: {theme.border}; border: 1px solid {theme.border}; }}"
        f"QHeaderView {{ background: {theme.panel}; }}"
        f"QHeaderView::section:vertical {{ background: {theme.panel}; color: {theme.muted}; border: none; "
        f"border-right: 1px solid {theme.border}; padding: 0 6px; }}"
        f"QTableCornerButton::section {{ background: {theme.panel}; border: none; "
        f"border-right: 1px solid {theme.border}; border-bottom: 1px solid {theme.border}; }}"
    )
