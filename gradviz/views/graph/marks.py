"""What a person marked in a graph: the chosen node, what was found, and what leads to a node or follows of it."""

from __future__ import annotations

import numpy as np

from gradviz.core.graph.reach import Part, between, downstream, upstream
from gradviz.core.graph.search import search
from gradviz.core.graph.snapshot import GraphSnapshot
from gradviz.core.graph.structure import GraphStructure
from gradviz.views.graph.stress import Stress


class Marks:
    """`chosen` is -1 for none, `before` the node that was chosen before; `part` what stands out, None for all alike."""

    def __init__(self) -> None:
        self.chosen = self.before = -1
        self.part: Part | None = None
        self.found: tuple[int, ...] = ()

    def choose(self, node: int) -> None:
        """Let this node be the chosen one."""
        if node != self.chosen:
            self.before, self.chosen = self.chosen, node

    def walk(self, step: int, count: int) -> None:
        """Choose the next of `count` nodes, or with -1 the one before."""
        self.choose((self.chosen + step) % max(1, count))

    def search(self, graph: GraphSnapshot, query: str) -> None:
        """Let what is found stand out; all are alike where nothing is asked."""
        self.found, self.part = search(graph, query), None
        if query.strip():
            nodes = np.zeros(len(graph.structure.nodes), dtype=bool)
            nodes[list(self.found)] = True
            self.part = Part(nodes, np.zeros(len(graph.structure.edges), dtype=bool))

    def next_found(self, step: int) -> int:
        """The one after the chosen one of those that were found, or before it; -1 where there is none."""
        if not self.found:
            return -1
        at = self.found.index(self.chosen) + step if self.chosen in self.found else 0
        return self.found[at % len(self.found)]

    def lead_to(self, structure: GraphStructure) -> None:
        """Let stand out what leads to the chosen node."""
        if self.chosen >= 0:
            self.part = upstream(structure, self.chosen)

    def follow(self, structure: GraphStructure) -> None:
        """Let stand out what follows of the chosen node."""
        if self.chosen >= 0:
            self.part = downstream(structure, self.chosen)

    def join(self, structure: GraphStructure) -> None:
        """Let stand out what lies between the chosen node and the one chosen before."""
        if self.chosen >= 0 and self.before >= 0:
            self.part = between(structure, self.before, self.chosen)

    def stress(self) -> Stress:
        """How it is painted."""
        part = self.part
        return Stress(self.chosen) if part is None else Stress(self.chosen, part.nodes, part.edges)
