"""What `gradviz.trace` gives: an immutable graph that can be read, saved in many formats, and shown in a notebook."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from gradviz.app.tracing.formats import check_ending, file_bytes, notebook_html
from gradviz.core.tape.folding import opened_at_first
from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.grouping import Grouping, grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.storage.atomic_write import write_bytes


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph at one instant: everything was copied when it was traced, and training goes on without it.

    `traced` has the columns of structure and numbers. Groups (calls of modules, repetitions) whose keys are in `opened`
    show what is in them; None opens as many as can be read.
    """

    traced: TracedGraph
    opened: frozenset[str] | None = field(default=None)

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

    @property
    def note(self) -> str:
        """Why gradients are absent; empty where they are not."""
        return str(self.traced.ledger.note)

    @cached_property
    def grouping(self) -> Grouping:
        """The groups that can be folded, and which nodes are in them."""
        return grouping(self.traced.structure)

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
        return Graph(self.traced, frozenset(self.groups if keys == "all" else keys))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it, by the ending of `path`: .svg, .png, .pdf, .html (one page, no network), .json or .dot.

        FileError where the ending is another, or the file cannot be written. Needs no window and no display.
        """
        check_ending(Path(path))
        write_bytes(Path(path), file_bytes(self.traced, self.grouping, self.shown, Path(path).suffix.lower()))

    def __repr__(self) -> str:
        structure = self.traced.structure
        return f"<gradviz graph of {len(structure):,} nodes and {len(structure.producers):,} edges>"

    def _repr_svg_(self) -> str:
        return file_bytes(self.traced, self.grouping, self.shown, ".svg").decode()

    def _repr_html_(self) -> str:
        return notebook_html(self.traced, self.grouping, self.shown)
