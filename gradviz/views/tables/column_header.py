"""The head of a table's columns: name, role, and how many cells are bad. A click or a key changes the role."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QMenu, QWidget

from gradviz.core.data.sheet_import import ROLES, Role
from gradviz.views.kit.theme import LIGHT, Theme, mix

ROLE_WORDS: dict[Role, str] = {"input": "Input", "target": "Target", "out": "Left out"}
LINE_GAP = 3
SIDE = 4


class ColumnHeader(QHeaderView):
    """Two lines a column, with names three. `role_chosen` carries the column and the role that its user wants."""

    role_chosen = Signal(int, str)

    def __init__(self, parent: QWidget | None = None, has_names: bool = True) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._has_names = has_names
        self._theme = LIGHT
        self._names: tuple[str, ...] = ()
        self._roles: tuple[Role, ...] = ()
        self._notes: tuple[str, ...] = ()
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(84)
        self.setDefaultSectionSize(112)
        self.sectionClicked.connect(self._ask)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the roles."""
        self._theme = theme
        self.viewport().update()

    def show_columns(self, names: tuple[str, ...], roles: tuple[Role, ...], notes: tuple[str, ...]) -> None:
        """Names, roles and counts, one of each for a column; a note that is not empty tells of bad cells."""
        self._names, self._roles, self._notes = names, roles, notes
        self.updateGeometry()
        self.viewport().update()

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that are shown."""
        return self._roles

    @property
    def notes(self) -> tuple[str, ...]:
        """What is said of the bad cells of each column."""
        return self._notes

    def _ask(self, section: int) -> None:
        """A menu of the three roles below the column."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for role in ROLES:
            action = menu.addAction(ROLE_WORDS[role])
            action.setCheckable(True)
            action.setChecked(section < len(self._roles) and self._roles[section] == role)
            action.triggered.connect(lambda _=False, chosen=role: self.role_chosen.emit(section, chosen))
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
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        if self._has_names:
            self._write(painter, room, self._names[index], bold, theme.muted if role == "out" else theme.text)
            room.translate(0, line)
        self._write(painter, room, f"{ROLE_WORDS[role]}  ▾", self.font(), colour)
        self._write(painter, room.translated(0, line), self._notes[index], self.font(), theme.fault)

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
