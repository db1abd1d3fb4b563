"""About gradviz: its version, those of what it runs on, and the licence of every component."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QIcon, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gradviz.core.components import Component
from gradviz.views.kit.theme import Theme, monospace

ICON = QSize(72, 72)
TEXT_COLUMNS = 88
"""Licences are broken into lines of 80 or less; the rest is margin and scroll bar."""
ROW_ROOM = 6
NO_TEXT = "This component brings no text of its licence along. Its home page has it."
NOTHING_FOUND = "No component of that name or licence."


@dataclass(frozen=True, slots=True)
class AboutText:
    """What the window says: `versions` are names with versions, `notice` what holds for all components."""

    icon: Path | None
    version: str
    sentence: str
    versions: tuple[tuple[str, str], ...]
    components: tuple[Component, ...]
    notice: str


class AboutDialog(QDialog):
    """`read` gives the text of a component's licence, or a sentence why it cannot; it raises nothing."""

    def __init__(self, about: AboutText, read: Callable[[Component], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About gradviz")
        self._about, self._read = about, read
        self._find = _FindLine()
        self._list = _component_list(about.components)
        self._head = _plain_label("")
        self._head.setTextFormat(Qt.TextFormat.RichText)
        self._head.setOpenExternalLinks(True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setFont(monospace(9))
        self._text.setAccessibleName("Text of the licence")
        self._copy = QPushButton("Copy versions")
        self._close = QPushButton("Close")
        for button in (self._copy, self._close):
            button.setAutoDefault(False)  # Enter in the search must close nothing
        self._lay_out()
        self._connect()
        room = self.screen().availableSize()
        self.resize(min(1120, room.width() - 60), min(700, room.height() - 60))
        self._list.setCurrentIndex(self._list.model().index(0, 0))
        self._find.setFocus()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(10)
        column.addLayout(self._masthead())
        column.addWidget(_line())
        column.addLayout(self._search_row())
        column.addWidget(self._licences(), 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(24)
        notice = _plain_label(self._about.notice)
        notice.setProperty("muted", True)
        bottom.addWidget(notice, 1)
        bottom.addWidget(self._close, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(bottom)

    def _masthead(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(18)
        icon = None if self._about.icon is None else QIcon(str(self._about.icon)).pixmap(ICON, self.devicePixelRatio())
        if icon is not None and not icon.isNull():
            picture = QLabel()
            picture.setPixmap(icon)
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        name = _plain_label(f"gradviz {self._about.version}")
        font = name.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setWeight(QFont.Weight.DemiBold)
        name.setFont(font)
        words.addWidget(name)
        words.addWidget(_plain_label(self._about.sentence))
        versions = _plain_label("   ·   ".join(f"{name} {version}" for name, version in self._about.versions))
        versions.setProperty("muted", True)
        words.addWidget(versions)
        row.addLayout(words, 1)
        row.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _search_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        heading = QLabel("Licences")
        heading.setObjectName("heading")
        row.addWidget(heading)
        count = len(self._about.components)
        self._count = QLabel(f"{count} components")
        self._count.setProperty("muted", True)
        row.addWidget(self._count)
        row.addStretch(1)
        row.addWidget(self._find)
        return row

    def _licences(self) -> QSplitter:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._head)
        column.addWidget(self._text, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(12)
        splitter.addWidget(self._list)
        splitter.addWidget(right)
        splitter.setSizes([400, self._text.fontMetrics().horizontalAdvance("x") * TEXT_COLUMNS])
        splitter.setStretchFactor(1, 1)
        return splitter

    def _connect(self) -> None:
        self._find.textChanged.connect(self._on_search)
        self._find.left.connect(self._list.setFocus)
        self._list.currentItemChanged.connect(lambda now, _before: self._show(now))
        self._copy.clicked.connect(self._on_copy)
        self._close.clicked.connect(self.accept)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._find.setFocus)

    def set_theme(self, theme: Theme) -> None:
        """Colours of the list and the text, which read like the panes of the window."""
        self._list.setStyleSheet(
            f"QTreeWidget {{ border: 1px solid {theme.border}; }}"
            f"QHeaderView {{ background: {theme.panel}; }}"
            f"QHeaderView::section {{ background: {theme.panel}; color: {theme.muted}; border: none; "
            f"border-bottom: 1px solid {theme.border}; padding: 4px 6px; }}"
        )

    # What the user does

    def _on_search(self, text: str) -> None:
        words = text.casefold().split()
        for item in self._items():
            told = " ".join(item.text(column) for column in range(3)).casefold()
            item.setHidden(not all(word in told for word in words))
        shown = [item for item in self._items() if not item.isHidden()]
        total = len(self._about.components)
        self._count.setText(f"{total} components" if len(shown) == total else f"{len(shown)} of {total} components")
        current = self._list.currentItem()
        if current is None or current.isHidden():
            self._list.setCurrentIndex(self._list.indexFromItem(shown[0]) if shown else QModelIndex())
        if not shown:
            self._head.setText(NOTHING_FOUND)
            self._text.clear()

    def _show(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        component: Component = item.data(0, Qt.ItemDataRole.UserRole)
        self._head.setText(_headline(component))
        self._text.setPlainText(self._read(component) or NO_TEXT)

    def _on_copy(self) -> None:
        rows = [("gradviz", self._about.version), *self._about.versions]
        QGuiApplication.clipboard().setText("\n".join(f"{name} {version}" for name, version in rows))
        self._copy.setText("Copied")

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self._list.topLevelItem(index) for index in range(self._list.topLevelItemCount()))
        return [item for item in found if item is not None]


class _FindLine(QLineEdit):
    """Narrows the list down; Enter and the arrow down go into it."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Find a component or a licence")
        self.setAccessibleName("Find a component or a licence")
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(280)
        self.returnPressed.connect(self.left)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Down:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def _component_list(components: tuple[Component, ...]) -> QTreeWidget:
    made = QTreeWidget()
    made.setAccessibleName("Components")
    made.setHeaderLabels(["Component", "Version", "Licence"])
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setAllColumnsShowFocus(True)
    made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    # not by the padding of a style sheet: rows that were laid out before it keep their height
    row = QSize(0, made.fontMetrics().height() + ROW_ROOM)
    for component in components:
        item = QTreeWidgetItem([component.name, component.version, component.licence])
        item.setData(0, Qt.ItemDataRole.UserRole, component)
        item.setSizeHint(0, row)
        item.setToolTip(2, component.licence)
        made.addTopLevelItem(item)
    made.setColumnWidth(0, 170)
    made.setColumnWidth(1, 95)
    return made


def _headline(component: Component) -> str:
    """Name, version, the whole licence, and a link."""
    name, licence = html.escape(f"{component.name} {component.version}"), html.escape(component.licence)
    page = html.escape(component.homepage, quote=True)
    link = f'   <a href="{page}">{page}</a>' if component.homepage.startswith("http") else ""
    return f"<b>{name}</b>{link}<br>{licence}"


def _plain_label(text: str) -> QLabel:
    """Words that can be marked and copied."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _line() -> QFrame:
    made = QFrame()
    made.setFrameShape(QFrame.Shape.HLine)
    made.setFrameShadow(QFrame.Shadow.Plain)
    made.setForegroundRole(made.palette().ColorRole.Mid)
    return made
