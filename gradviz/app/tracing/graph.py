"""What `gradviz.trace` gives: an immutable graph that can be read, saved in many formats, and shown in a notebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gradviz.app.tracing.formats import check_ending, file_bytes, notebook_html
from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.backward_walk import BackwardWalk
from gradviz.core.tape.folding import opened_at_first
from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.grouping import Grouping, grouping, with_hand_group
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.walk_words import walk_words
from gradviz.storage.atomic_write import write_bytes


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph at one instant: everything was copied when it was traced, and training goes on without it.

    `traced` has the columns of structure and numbers. Groups (calls of modules, repetitions) whose keys are in `opened`
    show what is in them; None opens as many as can be read. `by_hand` are groups of one's own: nodes, and a label. Of a
    leaf that is used several times there is a box beside each use or, if `once`, one.
    """

    traced: TracedGraph
    opened: frozenset[str] | None = None
    by_hand: tuple[tuple[tuple[int, ...], str], ...] = ()
    once: bool = False

    @cached_property
    def data(self) -> dict[str, Any]:
        """Nodes and edges as plain data: what a .json file holds."""
        return graph_data(self.traced)

    @property
    def nodes(self) -> list[dict[str, Any]]:
        """Each with id, op, name, module, shape, value, gradient and whether it is a use of a leaf."""
        nodes: list[dict[str, Any]] = self.data["nodes"]
        return nodes

    @property
    def edges(self) -> list[dict[str, Any]]:
        """Each from a producer to a consumer, with the input, and upstream x local = passed."""
        edges: list[dict[str, Any]] = self.data["edges"]
        return edges

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """What happens one node at a time, in words: forwards as made, then backwards as torch's engine ran it."""
        walk = BackwardWalk(BackwardPass(self.traced))
        return tuple(str(walk_words(walk, position)) for position in range(len(walk)))

    @property
    def note(self) -> str:
        """Why gradients are absent; empty where they are not."""
        return str(self.traced.ledger.note)

    @cached_property
    def grouping(self) -> Grouping:
        """The groups that can be folded, and which nodes are in them."""
        found = grouping(self.traced.structure)
        for rows, label in self.by_hand:
            found = with_hand_group(self.traced.structure, found, rows, label)
        return found

    @cached_property
    def shown(self) -> frozenset[str]:
        """The keys of the groups that are open."""
        if self.opened is not None:
            return self.opened
        return opened_at_first(self.traced.structure, self.grouping)

    @property
    def groups(self) -> tuple[str, ...]:
        """The keys of all groups, those around before those within."""
        return tuple(group.key for group in self.grouping.groups)

    def opening(self, keys: Set[str] | str) -> Graph:
        """The same graph with just these groups open; "all" opens every one, an empty set none."""
        return replace(self, opened=frozenset(self.groups if keys == "all" else keys))

    def grouped(self, nodes: Iterable[int], label: str) -> Graph:
        """The same graph with these nodes, by their ids, as one more group, which is closed.

        GroupingError where they lie in different groups, or where a way leads out of them and back in.
        """
        made = replace(self, by_hand=(*self.by_hand, (tuple(nodes), label)))
        return replace(made, opened=self.shown & frozenset(made.groups))

    def drawing_leaves(self, once: bool) -> Graph:
        """The same graph with shared parameters drawn once, or beside each use; plain data has each use in any case."""
        return replace(self, once=once)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it, by the ending of `path`: .svg, .png, .pdf, .html (one page, no network), .json or .dot.

        FileError where the ending is another, or the file cannot be written. Needs no window and no display.
        """
        check_ending(Path(path))
        ending = Path(path).suffix.lower()
        write_bytes(Path(path), file_bytes(self.traced, self.grouping, self.shown, ending, self.once))

    def __repr__(self) -> str:
        structure = self.traced.structure
        return f"<gradviz graph of {len(structure):,} nodes and {len(structure.producers):,} edges>"

    def _repr_svg_(self) -> str:
        return file_bytes(self.traced, self.grouping, self.shown, ".svg", self.once).decode()

    def _repr_html_(self) -> str:
        return notebook_html(self.traced, self.grouping, self.shown, self.once)
