"""The graph as it stands at one position of a walk: what is not there yet is absent, and not 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from gradviz.core.tape.backward_walk import BackwardWalk, Bools, NodeState, Standing
from gradviz.core.tape.ledger import Held, TracedGraph
from gradviz.core.tape.walk_events import Phase
from gradviz.core.tape.walk_words import node_words
from gradviz.core.words import Words, say

NOT_YET = say("Gradients come with the backward pass.")


def graph_at(walk: BackwardWalk, standing: Standing) -> TracedGraph:
    """The same structure with the numbers that are there by now. Nothing is copied, so it is fast for any size."""
    graph, ledger = walk.graph, walk.graph.ledger
    is_second = standing.event.phase is Phase.SECOND
    has_gradient = standing.has_gradient
    note = ledger.note or (NOT_YET if not standing.event.is_backwards else ledger.note)
    at_that_time = replace(
        ledger,
        values=ledger.values.only(_by_port(walk, standing.has_value)),
        gradients=ledger.gradients.only(_by_port(walk, has_gradient)),
        passed=ledger.passed.only(standing.passed),
        held=ledger.held if has_gradient.all() or is_second else _held(ledger.held, has_gradient),
        note=note,
    )
    freed = frozenset(np.flatnonzero(standing.freed).tolist())
    return replace(graph, ledger=at_that_time, tags=Tags(walk, standing), freed=freed)


class Tags(Mapping[int, Words]):
    """What nodes say that have not run yet, made when it is asked for: of 10,000 nodes few are seen."""

    def __init__(self, walk: BackwardWalk, standing: Standing) -> None:
        self._walk, self._standing = walk, standing
        states = standing.states
        self._rows = (states == NodeState.WAITING) | (states == NodeState.READY)
        self._known: dict[int, Words] = {}

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int) and 0 <= row < len(self._rows) and bool(self._rows[row])

    def __getitem__(self, row: int) -> Words:
        if row not in self:
            raise KeyError(row)
        first = self._walk.graph.structure.shared.get(row, (row,))[0]  # all uses of a leaf wait for the same
        found = self._known.get(first)
        if found is None:
            found = self._known[first] = node_words(self._walk, self._standing, first)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self._rows).tolist())

    def __len__(self) -> int:
        return int(self._rows.sum())


def _by_port(walk: BackwardWalk, rows: Bools) -> Bools:
    return np.repeat(rows, np.diff(walk.graph.structure.ports))


def _held(held: tuple[Held, ...], has_gradient: Bools) -> tuple[Held, ...]:
    """What `.grad` of a value holds is not to be told before the pass has come there."""
    unknown = np.array(held, dtype=object)
    unknown[~has_gradient & (unknown != Held.ACCUMULATED)] = Held.UNKNOWN
    return tuple(unknown.tolist())
