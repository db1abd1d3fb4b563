"""The keys of a graph view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from gradviz.views.graph.graph_menu import GraphMenu
from gradviz.views.graph.graph_parts import GraphParts
from gradviz.views.graph.graph_state import Way

PAN_PIXELS = 60.0
WAYS: dict[int, Way] = {Qt.Key.Key_U: Way.UPSTREAM, Qt.Key.Key_D: Way.DOWNSTREAM, Qt.Key.Key_P: Way.BETWEEN}
ARROWS: dict[int, QPointF] = {
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Down: QPointF(0, 1),
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
}


class GraphKeys:
    """What each key does to a view; the keys of an open walk come first."""

    def __init__(self, parts: GraphParts, menu: GraphMenu, show_waiting: Callable[[], None]) -> None:
        self._parts, self._show_waiting = parts, show_waiting
        folding, plane = parts.folding, parts.plane
        self._actions: dict[int, Callable[[], None]] = {
            Qt.Key.Key_F: plane.fit,
            Qt.Key.Key_Plus: lambda: plane.zoom(1.25),
            Qt.Key.Key_Equal: lambda: plane.zoom(1.25),
            Qt.Key.Key_Minus: lambda: plane.zoom(0.8),
            Qt.Key.Key_R: folding.turn,
            Qt.Key.Key_Return: self._enter,
            Qt.Key.Key_Enter: self._enter,
            Qt.Key.Key_Backspace: folding.close_group,
            Qt.Key.Key_O: folding.open_all,
            Qt.Key.Key_C: folding.close_all,
            Qt.Key.Key_X: folding.mark,
            Qt.Key.Key_G: folding.group_marked,
            Qt.Key.Key_Delete: folding.take_apart,
            Qt.Key.Key_Z: folding.undo,
            Qt.Key.Key_K: parts.dock.toggle,
            Qt.Key.Key_I: parts.dock.toggle_pin,
            Qt.Key.Key_S: folding.toggle_once,
            Qt.Key.Key_V: parts.colours.next,
            Qt.Key.Key_M: menu.showMenu,
        }

    def press(self, event: QKeyEvent) -> bool:
        """Whether the key means something here."""
        return self._parts.walking.press(event) or self._acts_on(event.key(), event.modifiers())

    def _acts_on(self, key: int, held: Qt.KeyboardModifier) -> bool:
        content = self._parts.shown
        if key == Qt.Key.Key_F and held & Qt.KeyboardModifier.ControlModifier:
            self._parts.finding.open()
        elif key in ARROWS:
            self._move(key, bool(held & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape:
            return self._leave()
        elif key in WAYS:
            content.state = replace(content.state, way=WAYS[key], found=None)
            content.show_stress()
        elif key in self._actions:
            self._actions[key]()
        else:
            return False
        return True

    def _enter(self) -> None:
        """Open a closed group, or the card of a node, where it can be scrolled."""
        chosen = self._parts.shown.state.chosen
        if isinstance(chosen, str):
            self._parts.folding.open_group(chosen)
        elif chosen is not None:
            self._parts.dock.enter()

    def _leave(self) -> bool:
        """Cancel a layout that is under way, else let all stand out alike; whether there was anything to leave."""
        parts, content = self._parts, self._parts.shown
        if parts.placing.waits_for:
            parts.placing.stop()
            self._show_waiting()
        elif content.state.way is not Way.ALL or content.state.found is not None:
            content.state = replace(content.state, way=Way.ALL, found=None)
            content.show_stress()
        elif parts.walking.is_open:
            parts.walking.close()
        else:
            return False
        return True

    def _move(self, key: int, is_shifted: bool) -> None:
        """To the next box or the one before; with Shift the graph itself."""
        content, shown = self._parts.shown, self._parts.shown.folds
        if is_shifted:
            self._parts.plane.pan(-ARROWS[key] * PAN_PIXELS)
        elif shown is not None and len(shown.folded):
            step = 1 if key in (Qt.Key.Key_Right, Qt.Key.Key_Down) else -1
            box = (shown.box_of(content.state.chosen) + step) % len(shown.folded)
            content.choose(shown.spot_of(box))
