"""The graph and the card of a node, side by side or one below the other."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from gradviz.views.graph.graph_content import GraphContent
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.node_card_panel import NodeCardPanel
from gradviz.views.kit.theme import Theme

WIDE = 560
"""From this width on the card stands beside the graph, below it else."""
LEAST_CARD, LARGEST_CARD = 210, 360
"""Pixels of the card's width beside the graph."""


class CardDock(QSplitter):
    """Shows the card of the chosen node, or of the one that is pinned, while it is open."""

    def __init__(self, parent: QWidget, plane: GraphPlane, content: GraphContent, theme: Theme) -> None:
        super().__init__(parent)
        self._view, self._content, self._theme = parent, content, theme
        self.card = NodeCardPanel(parent)
        self.card.hide()
        self.card.left.connect(lambda: self.open_card(False))
        self.card.pinned.connect(self.pin)
        self.addWidget(plane)
        self.addWidget(self.card)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 1)
        content.chosen.connect(self.show_card)

    def set_theme(self, theme: Theme) -> None:
        """Take over colours."""
        self._theme = theme
        self.show_card()

    def set_language(self, language: str) -> None:
        """The language of its sentences."""
        self.card.language = language
        self.show_card()

    def arrange(self, room: QRect, width: int) -> None:
        """Fill this room of a view that is so wide."""
        self.setOrientation(Qt.Orientation.Horizontal if width >= WIDE else Qt.Orientation.Vertical)
        self.setGeometry(room)
        self._share_room()

    def open_card(self, is_shown: bool) -> None:
        """Show the card beside the graph, or hide it."""
        self._content.state = replace(self._content.state, has_card=is_shown)
        self.card.setVisible(is_shown)
        self._share_room()
        if not is_shown:
            self._view.setFocus()
        self.show_card()

    def toggle(self) -> None:
        """Open it, or close it."""
        self.open_card(not self._content.state.has_card)

    def enter(self) -> None:
        """Open it where it can be scrolled."""
        self.open_card(True)
        self.card.take_focus()

    def pin(self, is_pinned: bool) -> None:
        """Keep the card of the chosen node, or show that of whichever is chosen."""
        row = self._content.chosen_row
        self._content.state = replace(self._content.state, pinned=row if is_pinned and row >= 0 else None)
        self.show_card()

    def toggle_pin(self) -> None:
        """Pin the card, or no longer."""
        self.pin(self._content.state.pinned is None)

    def show_card(self) -> None:
        """What the card says now."""
        state = self._content.state
        if state.has_card:
            spot = state.chosen if state.pinned is None else state.pinned
            self.card.set_pinned(state.pinned is not None)
            self.card.show_spot(self._content.graph, self._content.folds, spot, self._theme)

    def _share_room(self) -> None:
        """The card has the smaller part; where a person draws the line, it stays until the view has another size."""
        if self.orientation() is Qt.Orientation.Horizontal:
            width = self._view.width()
            own = max(LEAST_CARD, min(round(0.36 * width), LARGEST_CARD))
            self.setSizes([width - own, own])
        else:
            height = self._view.height()
            self.setSizes([round(0.58 * height), round(0.42 * height)])
