"""How a person looks for nodes, and goes from one that was found to the next."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from gradviz.core.graph.search import search
from gradviz.views.graph.camera import HEAD
from gradviz.views.graph.graph_content import GraphContent
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.search_bar import SearchBar


class Finding:
    """The bar with the query, and what it found."""

    def __init__(self, view: QWidget, content: GraphContent, plane: GraphPlane) -> None:
        self._view, self._content, self._plane = view, content, plane
        self.bar = SearchBar(view)
        self.bar.hide()
        self.bar.asked.connect(self.search)
        self.bar.next_wanted.connect(self.next_found)
        self.bar.left.connect(self._on_left)

    def open(self) -> None:
        """Ask what to look for."""
        self.bar.open_in(self._plane.geometry(), HEAD)

    def stay_in(self, room: QRect) -> None:
        """The part of the view that is the graph's is another."""
        self.bar.stay_in(room, HEAD)

    def search(self, query: str) -> None:
        """Let what is found stand out, and go to the first."""
        content = self._content
        found = search(content.graph, query) if content.graph is not None else ()
        content.state = replace(content.state, found=found if query.strip() else None)
        self.bar.tell(len(found), query)
        if found:
            self.go_to(found[0])
        else:
            content.show_stress()

    def next_found(self, step: int) -> None:
        """Go to the next one that was found, or with -1 to the one before."""
        found, chosen, shown = self._content.state.found, self._content.state.chosen, self._content.folds
        if not found or shown is None:
            return
        if chosen not in found:
            self.uncover(found[0])
            return
        at = found.index(chosen)
        is_hidden = not shown.keys_over(found[at]) <= shown.opened
        self.uncover(found[at if is_hidden else (at + step) % len(found)])

    def uncover(self, row: int) -> None:
        """Go to a node, and open the groups that hide it."""
        shown = self._content.folds
        if shown is None:
            return
        over = shown.keys_over(row)
        if not over <= shown.opened:
            self._content.refold(replace(self._content.state, opened=shown.opened | over))
        self.go_to(row)

    def go_to(self, row: int) -> None:
        """Choose a node and have it in sight, large enough to be read."""
        self._content.choose(row)
        if self._content.folds is not None and self._plane.drawing is not None:
            self._plane.go_to(self._content.folds.box_of(row))

    def _on_left(self) -> None:
        self._content.state = replace(self._content.state, found=None)
        self._view.setFocus()
        self._content.show_stress()
