"""The tensors of a node as heat maps, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from gradviz.core.tape.heat_map import HeatMap, heat_map
from gradviz.core.tape.tensor_numbers import TensorNumbers
from gradviz.views.graph.heat_map import HeatMapView
from gradviz.views.kit.theme import Theme

HIGHEST = 110.0
"""Pixels: the card has other things to say."""


class TensorMaps(QWidget):
    """A button for each tensor, and the map of the one that is pressed; nothing where no tensor has a map."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: list[tuple[str, HeatMap]] = []
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._show)
        self._line = QHBoxLayout()
        self._line.setSpacing(2)
        self._view = HeatMapView(theme, self, HIGHEST)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 4, 2)
        layout.setSpacing(2)
        layout.addLayout(self._line)
        layout.addWidget(self._view)
        self.hide()

    def show_tensors(self, tensors: Sequence[tuple[str, TensorNumbers]], theme: Theme) -> None:
        """Other tensors, by their labels; the same one stays pressed where it is there again."""
        pressed = self._label()
        self._view.show_theme(theme)
        found = ((label, heat_map(numbers)) for label, numbers in tensors)
        self._maps = [(label, shown) for label, shown in found if shown is not None]
        labels = [label for label, _ in self._maps]
        self._set_buttons(labels)
        self.setVisible(bool(labels))
        self._show(labels.index(pressed) if pressed in labels else 0)

    def drawn(self) -> dict[str, object]:
        """The labels, the one that is pressed, and its map."""
        return {"labels": [label for label, _ in self._maps], "shown": self._label(), "map": self._view.drawn()}

    @property
    def view(self) -> HeatMapView:
        """The map itself."""
        return self._view

    def _label(self) -> str:
        button = self._group.checkedButton()
        return button.text() if button is not None else ""

    def _set_buttons(self, labels: list[str]) -> None:
        old = self._group.buttons()
        if [button.text() for button in old] == labels:
            return
        for button in old:
            self._group.removeButton(button)
            self._line.removeWidget(button)
            button.deleteLater()
        while self._line.takeAt(0) is not None:
            pass
        for place, label in enumerate(labels):
            button = QToolButton(self)
            button.setText(label)
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setToolTip(f"The {label} as a heat map")
            self._group.addButton(button, place)
            self._line.addWidget(button)
        self._line.addStretch(1)

    def _show(self, place: int) -> None:
        button = self._group.button(place)
        if button is None:
            self._view.show_map(None, "")
            return
        button.setChecked(True)
        label, shown = self._maps[place]
        self._view.show_map(shown, label)
