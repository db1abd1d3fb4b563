"""One entry of a list in the form: its name with what can be done to it, and its settings, which fold away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from gradviz.views.form.rows import small_button

MOST_UNFOLDED = 5
"""An entry of more settings than this folds, where it is not the only one."""


class _Name(QLabel):
    """Plain text of as many lines as it takes."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumHeight(24)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class Entry(QWidget):
    """The name is a button that opens and closes the settings, where they fold."""

    toggled = Signal(bool)
    moved = Signal(int)
    """By so many places."""
    removed = Signal()

    def __init__(self, folds: bool, is_open: bool) -> None:
        super().__init__()
        self._folds = folds
        self._arrow = QToolButton()
        self._arrow.setObjectName("entry")
        self._arrow.setFixedWidth(18)
        self._arrow.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._arrow.setVisible(folds)
        self._arrow.clicked.connect(self._on_clicked)
        self._name = _Name()
        self._name.clicked.connect(self._on_clicked)
        self._body = QWidget()
        self.inner = QVBoxLayout(self._body)
        self.inner.setContentsMargins(0, 0, 0, 6)
        self.inner.setSpacing(2)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(self._body)
        self._is_open = True
        self.set_open(is_open or not folds)

    def add_buttons(self, index: int, count: int, fewest: int) -> None:
        """The line of the name, with the buttons of the entry at `index` of `count`, which are never under `fewest`."""
        line = QHBoxLayout()
        line.setSpacing(0)
        line.addWidget(self._arrow)
        line.addWidget(self._name, 1)
        for text, tip, by in (("↑", "Move up", -1), ("↓", "Move down", 1)):
            move = small_button(text, tip)
            move.setEnabled(0 <= index + by < count)
            move.clicked.connect(lambda _=False, by=by: self.moved.emit(by))
            line.addWidget(move)
        remove: QPushButton = small_button("✕", "Remove")
        remove.setEnabled(count > fewest)
        remove.clicked.connect(lambda _=False: self.removed.emit())
        line.addWidget(remove)
        self._layout.insertLayout(0, line)

    @property
    def name(self) -> str:
        """What stands in its head."""
        return self._name.text()

    def set_name(self, name: str) -> None:
        """What the entry is called now."""
        self._name.setText(name)
        self._arrow.setAccessibleName(name)
        self._arrow.setToolTip("Open or close its settings")

    @property
    def is_open(self) -> bool:
        """Whether its settings are seen."""
        return self._is_open

    def set_open(self, on: bool) -> None:
        """Show or hide its settings."""
        self._is_open = on
        self._body.setVisible(on)
        self._arrow.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)

    def _on_clicked(self) -> None:
        if self._folds:
            self.toggled.emit(not self._is_open)
