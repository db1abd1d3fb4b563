"""What a person does to the groups of a graph: open, close, make and take apart, and how the graph lies."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QToolTip

from gradviz.core.layout.placement import Direction
from gradviz.core.tape.grouping import GroupingError, GroupKind
from gradviz.core.tape.structure import TapeStructure
from gradviz.views.graph.graph_content import GraphContent
from gradviz.views.graph.graph_plane import GraphPlane
from gradviz.views.graph.graph_state import GraphState, grouped

TURNS = {
    Direction.DOWN: Direction.RIGHT,
    Direction.RIGHT: Direction.UP,
    Direction.UP: Direction.LEFT,
    Direction.LEFT: Direction.DOWN,
}

NOTHING = "Choose a group that you made, or a node in it."


class FoldingActions:
    """Each is an entry of the menu and a key."""

    def __init__(self, content: GraphContent, plane: GraphPlane) -> None:
        self._content, self._plane = content, plane
        self._undone: list[GraphState] = []
        """What was so before each group of one's own was made or taken apart, of the structure of `_undone_of`."""
        self._undone_of: TapeStructure | None = None

    def open_group(self, key: str) -> None:
        """Show what is in a group, and look at its first node."""
        content = self._content
        if content.folds is None:
            return
        first = content.folds.rows_in(key)[0]
        state = replace(content.state.choosing(first), opened=content.folds.opened | {key})
        content.refold(state, key, first)

    def close_group(self) -> None:
        """Make one box of the innermost open group that the chosen node lies in."""
        content = self._content
        around = None if content.folds is None else content.folds.around(content.state.chosen)
        if content.folds is not None and around is not None:
            state = replace(content.state.choosing(around.key), opened=content.folds.opened - {around.key})
            content.refold(state, content.state.chosen, around.key)

    def open_all(self) -> None:
        """Open every group."""
        if self._content.known is not None:
            every = frozenset(group.key for group in self._content.known.groups)
            self._content.refold_fitted(replace(self._content.state, opened=every))

    def close_all(self) -> None:
        """Close every group."""
        self._content.refold_fitted(replace(self._content.state, opened=frozenset()))

    def toggle_once(self) -> None:
        """Draw shared leaves once, or beside each use."""
        state = self._content.state
        self._content.refold(replace(state, once=not state.once), state.chosen, state.chosen)

    def mark(self) -> None:
        """Mark the chosen node for a group of one's own, or no longer."""
        if self._content.chosen_row >= 0:
            self._content.state = self._content.state.marking(self._content.chosen_row)
            self._content.show_stress()

    def group_marked(self) -> None:
        """Make one box of the marked nodes, or say why they cannot be one."""
        content = self._content
        if content.traced is None or content.folds is None:
            return
        rows = tuple(sorted(content.state.marked))
        made = (*content.state.by_hand, (rows, _label(content.state.by_hand)))
        try:
            known = grouped(content.traced.structure, made)
        except GroupingError as error:
            QToolTip.showText(self._plane.mapToGlobal(self._plane.rect().center()), str(error), self._plane)
            return
        key = known.groups[-1].key
        opened = content.folds.opened - {key}
        self._remember()
        state = replace(content.state.choosing(key), by_hand=made, marked=frozenset(), opened=opened)
        content.refold(state, rows[0], key)

    def take_apart(self) -> None:
        """No longer have the group of one's own that is chosen, or that the chosen node lies in."""
        content = self._content
        if content.known is None or content.folds is None:
            return
        made = [group.key for group in content.known.groups if group.kind is GroupKind.HAND]
        chosen = content.state.chosen
        around = [] if chosen is None else content.folds.keys_around(chosen)
        key = next((key for key in around if key in made), None)
        if key is None:
            QToolTip.showText(self._plane.mapToGlobal(self._plane.rect().center()), NOTHING, self._plane)
            return
        self._remember()
        place, first = made.index(key), content.folds.rows_in(key)[0]
        by_hand = tuple(group for index, group in enumerate(content.state.by_hand) if index != place)
        content.refold(
            replace(content.state.choosing(first), by_hand=by_hand, opened=content.folds.opened), chosen, first
        )

    def undo(self) -> None:
        """As it was before the last group of one's own was made or taken apart."""
        content = self._content
        if content.traced is None or self._undone_of is not content.traced.structure or not self._undone:
            return
        before = self._undone.pop()
        state = replace(content.state, by_hand=before.by_hand, opened=before.opened, marked=before.marked)
        content.refold(replace(state, chosen=before.chosen, before=before.before), content.state.chosen, before.chosen)

    def _remember(self) -> None:
        content = self._content
        assert content.traced is not None
        assert content.folds is not None
        if self._undone_of is not content.traced.structure:
            self._undone, self._undone_of = [], content.traced.structure
        self._undone.append(replace(content.state, opened=content.folds.opened))

    def turn(self, direction: Direction | None = None) -> None:
        """Let the edges lead elsewhere: where is said, else to the next side."""
        direction = TURNS[self._content.state.direction] if direction is None else direction
        if direction is not self._content.state.direction and self._content.folds is not None:
            self._content.refold_fitted(replace(self._content.state, direction=direction))


def _label(by_hand: tuple[tuple[tuple[int, ...], str], ...]) -> str:
    """The first number that no group of one's own has."""
    taken = {label for _, label in by_hand}
    return next(label for number in range(1, len(taken) + 2) if (label := f"group {number}") not in taken)
