"""The gallery: the cases as cards, and the files opened last."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

PICTURE = QSize(104, 78)
LEAST_WIDTH = 270


@dataclass(frozen=True, slots=True)
class Card:
    """What a card shows; `name` is what is asked for when it is chosen."""

    name: str
    case: str
    title: str
    hint: str
    picture: Path | None


class GalleryView(QWidget):
    """Cards from top to bottom; a click or Enter chooses one."""

    chosen = Signal(str)
    file_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: dict[str, QPushButton] = {}
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(10, 8, 10, 10)
        self._column.setSpacing(8)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._column.addLayout(self._recent)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.setMinimumWidth(LEAST_WIDTH)

    def show_cards(self, cards: tuple[Card, ...]) -> None:
        """The cases, in order."""
        for card in cards:
            button = _CardButton(card)
            button.clicked.connect(lambda _checked=False, name=card.name: self.chosen.emit(name))
            self._cards[card.name] = button
            self._column.addWidget(button)
        self._column.addStretch(1)

    def mark_current(self, name: str) -> None:
        """Frame the card whose experiment is open; none if `name` is empty."""
        for known, button in self._cards.items():
            current = known == name
            if button.property("current") != current:
                button.setProperty("current", current)
                button.style().unpolish(button)
                button.style().polish(button)

    def show_recent(self, paths: list[str]) -> None:
        """The files opened last, newest first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if not paths:
            return
        title = QLabel("Recent files")
        title.setProperty("muted", True)
        self._recent.addWidget(title)
        for path in paths[:5]:
            button = QPushButton(Path(path).name.replace("&", "&&"))  # a single one is a shortcut
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAutoDefault(True)  # Enter presses it
            button.setFlat(True)
            button.setStyleSheet("text-align: left; padding: 3px;")
            button.setToolTip(path)
            button.clicked.connect(lambda _checked=False, chosen=path: self.file_chosen.emit(chosen))
            self._recent.addWidget(button)

    def drawn(self) -> dict[str, object]:
        """The names of the cards, and which is framed."""
        current = [name for name, button in self._cards.items() if button.property("current")]
        return {"cards": list(self._cards), "current": current}


class _CardButton(QPushButton):
    """A button that holds picture, title and hint."""

    def __init__(self, card: Card) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click, Space runs what was chosen
        self.setAutoDefault(True)  # Enter presses it
        self.setAccessibleName(f"{card.case} {card.title}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        picture = QLabel()
        picture.setFixedSize(PICTURE)
        if card.picture is not None:
            mode = Qt.TransformationMode.SmoothTransformation
            scaled = QPixmap(str(card.picture)).scaled(PICTURE, Qt.AspectRatioMode.KeepAspectRatioByExpanding, mode)
            picture.setPixmap(scaled.copy(0, 0, PICTURE.width(), PICTURE.height()))
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
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(text, 1)
        for label in (picture, title, hint):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

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
