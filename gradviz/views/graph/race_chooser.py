"""Whose graph is shown, in a race of optimisers."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

LEAST_WIDTH = 110
"""Pixels in which the name of an optimiser can be told."""


class RaceChooser(QComboBox):
    """Hidden where nobody races, or where there is no room: the head tells the name then."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.setAccessibleName("Whose graph it is")
        self.hide()

    def show_names(self, names: tuple[str, ...], current: int) -> None:
        """Who races, and whose graph is shown."""
        self.names = names
        self.blockSignals(True)
        self.clear()
        self.addItems(list(names))
        self.setCurrentIndex(current)
        self.blockSignals(False)

    def place(self, right: int, room: int, height: int) -> None:
        """Stand at the left of `right`, in at most so many pixels."""
        self.setVisible(bool(self.names) and room >= LEAST_WIDTH)
        width = min(self.sizeHint().width(), room)
        self.setGeometry(right - width, 1, width, height)

    @property
    def taken(self) -> int:
        """Pixels that it takes of the head."""
        return 0 if self.isHidden() else self.width() + 4

    def told(self, current: int) -> list[str]:
        """Its name for the head, where it cannot be chosen here."""
        return [self.names[current]] if self.names and self.isHidden() else []
