"""The gallery: the cases as cards, and the files opened last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gradviz.views.kit.theme import LIGHT, Theme

PICTURE = QSize(104, 78)
LEAST_WIDTH = 270


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows; `name` is what is asked for when it is chosen. Cards of one `section` stand together.

    `pictures` are by the name of the theme that they are drawn in.
    """

    name: str
    section: str
    case: str
    title: str
    hint: str
    pictures: dict[str, Path]


class GalleryView(QWidget):
    """Cards from top to bottom, under headings; a click or Enter chooses one. What is typed above filters them."""

    chosen = Signal(str)
    file_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._cards: dict[str, _CardButton] = {}
        self._headings: dict[str, QLabel] = {}
        self._files: list[_FileButton] = []
        self._recent_title = QLabel("Recent files")
        self._filter = QLineEdit()
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._show_matching)
        self._inner = QWidget()
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(10, 4, 10, 10)
        column.setSpacing(8)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._recent_title.setProperty("muted", True)
        self._recent_title.hide()
        self._recent.addWidget(self._recent_title)
        self._column = QVBoxLayout()
        self._column.setSpacing(8)
        self._nothing = QLabel()
        self._nothing.setWordWrap(True)
        self._nothing.setTextFormat(Qt.TextFormat.PlainText)
        self._nothing.setProperty("muted", True)
        self._nothing.hide()
        column.addWidget(self._nothing)
        column.addLayout(self._recent)
        column.addLayout(self._column)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(10, 8, 10, 4)
        head.addWidget(self._filter)
        layout.addLayout(head)
        layout.addWidget(self._scroll)
        self.setMinimumWidth(LEAST_WIDTH)

    def show_cards(self, cards: tuple[Card, ...], search: str = "Search the gallery") -> None:
        """The cases, in order; `search` is what stands in the empty filter."""
        self._inner.hide()  # they are laid out once, when all are there
        self._forget_cards()
        self._filter.setPlaceholderText(search)
        self._filter.setAccessibleName(search)
        for card in cards:
            if card.section and card.section not in self._headings:
                self._headings[card.section] = _heading(card.section)
                self._column.addWidget(self._headings[card.section])
            button = _CardButton(card)
            button.show_picture(self._theme.name)
            button.clicked.connect(lambda _checked=False, name=card.name: self.chosen.emit(name))
            self._cards[card.name] = button
            self._column.addWidget(button)
        self._show_matching(self._filter.text())
        self._inner.show()

    def set_theme(self, theme: Theme) -> None:
        """The pictures that were drawn in these colours."""
        self._theme = theme
        for button in self._cards.values():
            button.show_picture(theme.name)

    def _forget_cards(self) -> None:
        for widget in (*self._cards.values(), *self._headings.values()):
            self._column.removeWidget(widget)
            widget.hide()  # it is deleted a moment later, and would shine through until then
            widget.deleteLater()
        self._cards, self._headings = {}, {}

    def _show_matching(self, text: str) -> None:
        """Only the cards whose case, title or hint hold every word, and the files whose name does."""
        words = text.casefold().split()
        shown = set()
        for button in self._cards.values():
            matches = all(word in button.text_of_card for word in words)
            button.setVisible(matches)
            if matches:
                shown.add(button.card.section)
        for section, heading in self._headings.items():
            heading.setVisible(section in shown)
        for file in self._files:
            file.setVisible(all(word in Path(file.path).name.casefold() for word in words))
        has_files = any(not file.isHidden() for file in self._files)
        self._recent_title.setVisible(has_files)
        self._nothing.setText(f"Nothing found for “{text}”." if words else "")
        self._nothing.setVisible(bool(words) and not shown and not has_files)

    def mark_current(self, name: str) -> None:
        """Frame the card whose experiment is open; none if `name` is empty."""
        for known, button in self._cards.items():
            current = known == name
            if button.property("current") != current:
                button.setProperty("current", current)
                button.style().unpolish(button)
                button.style().polish(button)
            if current:
                self._scroll.ensureWidgetVisible(button)

    def show_recent(self, paths: list[str]) -> None:
        """The files opened last, newest first."""
        for old in self._files:
            self._recent.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._files = [_FileButton(path) for path in paths[:5]]
        for button in self._files:
            button.clicked.connect(lambda _checked=False, chosen=button.path: self.file_chosen.emit(chosen))
            self._recent.addWidget(button)
        self._show_matching(self._filter.text())

    def drawn(self) -> dict[str, object]:
        """The names of the cards, and which is framed."""
        current = [name for name, button in self._cards.items() if button.property("current")]
        shown = [name for name, button in self._cards.items() if not button.isHidden()]
        headings = [name for name, heading in self._headings.items() if not heading.isHidden()]
        titles = [button.card.title for button in self._cards.values()]
        files = [button.path for button in self._files if not button.isHidden()]
        found: dict[str, object] = {"cards": shown, "current": current, "headings": headings, "titles": titles}
        return found | {"files": files, "absence": "" if self._nothing.isHidden() else self._nothing.text()}


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    label.setContentsMargins(0, 8, 0, 0)
    return label


class _FileButton(QPushButton):
    """A file opened lately, by as much of its name as there is room for."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(True)  # Enter presses it
        self.setFlat(True)
        self.setStyleSheet("text-align: left; padding: 3px;")
        self.setToolTip(path)
        self.setAccessibleName(Path(path).name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._show_name()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_name()

    def _show_name(self) -> None:
        room = max(self.width() - 12, 40)
        name = self.fontMetrics().elidedText(Path(self.path).name, Qt.TextElideMode.ElideMiddle, room)
        self.setText(name.replace("&", "&&"))  # a single one is a shortcut


class _CardButton(QPushButton):
    """A button that holds picture, title and hint."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.card = card
        self.text_of_card = f"{card.case} {card.title} {card.hint} {card.section} {card.name}".casefold()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click, Space runs what was chosen
        self.setAutoDefault(True)  # Enter presses it
        self.setAccessibleName(f"{card.case} {card.title}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._picture = QLabel()
        self._picture.setFixedSize(PICTURE)
        title = QLabel(f"<b>{card.case}</b>  {card.title}")
        title.setWordWrap(True)
        hint = QLabel(card.hint)
        hint.setWordWrap(True)
        hint.setProperty("muted", True)
        text = QVBoxLayout()
        text.setSpacing(3)
        text.addWidget(title)
        text.addWidget(hint)
        text.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        for label in (self._picture, title, hint):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_picture(self, theme: str) -> None:
        """The picture in the colours of a theme, sharp on this screen; none where it was not drawn."""
        path = self.card.pictures.get(theme)
        if path is None:
            self._picture.clear()
            return
        ratio, mode = self.devicePixelRatioF(), Qt.TransformationMode.SmoothTransformation
        room = PICTURE * ratio
        scaled = QPixmap(str(path)).scaled(room, Qt.AspectRatioMode.KeepAspectRatioByExpanding, mode)
        scaled = scaled.copy(0, 0, room.width(), room.height())
        scaled.setDevicePixelRatio(ratio)
        self._picture.setPixmap(scaled)

    def sizeHint(self) -> QSize:
        return QSize(260, self.heightForWidth(max(self.width(), 260)))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        wanted = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        return max(wanted, PICTURE.height() + 16)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(self.width(), 200)))
