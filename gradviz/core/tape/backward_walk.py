"""A graph one node at a time: forwards as it was made, then backwards in the order in which torch's engine ran it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gradviz.core.tape.backward_pass import BackwardPass
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.tensor_numbers import Ints, TensorNumbers
from gradviz.core.tape.walk_events import Event, Phase, What, events_of

Bools = NDArray[np.bool_]


class NodeState(IntEnum):
    """How far a node is. Before its gradient is complete it has none, which is not 0."""

    ABSENT = 0
    """It has no value yet."""
    VALUED = 1
    WAITING = 2
    """Some of what it waits for has arrived."""
    READY = 3
    """All has arrived, and its turn has not come."""
    AT_WORK = 4
    DONE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """All nodes at one position. `states` are NodeState; `arrived` of `awaited` contributions are there, of a leaf over
    all its uses. `arriving` are the edges over which the node at work passes something now, `passed` all that have
    been passed over in this pass. `freed` says of which nodes what they had saved is gone.
    """

    position: int
    event: Event
    states: NDArray[np.int8]
    arrived: Ints
    awaited: Ints
    arriving: tuple[int, ...]
    passed: Bools
    freed: Bools

    @property
    def has_value(self) -> Bools:
        """Which nodes have their value."""
        return self.states > NodeState.ABSENT

    @property
    def has_gradient(self) -> Bools:
        """Which nodes have their whole gradient."""
        return self.states >= NodeState.AT_WORK


@dataclass(frozen=True, eq=False)
class BackwardWalk:
    """The positions of a pass: 0 is before anything, then each operation as it was made, then each node as it was run,
    one at which the pass is over, and the same for a second pass. Pure, and fast for ten thousands of nodes.
    """

    taken: BackwardPass

    @property
    def graph(self) -> TracedGraph:
        """The graph that is walked."""
        return self.taken.graph

    def __len__(self) -> int:
        """How many positions there are."""
        return 1 + len(self._made) + sum(len(events) for events in self._passes)

    @property
    def turn(self) -> int:
        """The last position of the forward pass."""
        return len(self._made)

    @cached_property
    def second_turn(self) -> int:
        """The last position of the first pass; the last of all where there is no second."""
        return self.turn + len(self._passes[0])

    def event(self, position: int) -> Event:
        """What happens at a position, from 0 to below the length; of another one the nearest."""
        position = min(max(position, 0), len(self) - 1)
        if position == 0:
            return Event(Phase.START, What.BEGIN, 0)
        if position <= self.turn:
            return Event(Phase.FORWARD, What.NODE, position - 1, (int(self._made[position - 1]),))
        if position <= self.second_turn:
            return self._passes[0][position - self.turn - 1]
        return self._passes[1][position - self.second_turn - 1]

    def position_of(self, row: int, phase: Phase = Phase.BACKWARD) -> int | None:
        """Where a node is at work in a phase; None where it never is: constants backwards, leaves forwards."""
        if phase is Phase.FORWARD:
            found = np.flatnonzero(self._made == row)
            return 1 + int(found[0]) if len(found) else None
        first = self.turn if phase is Phase.BACKWARD else self.second_turn
        ran = self._ran[0 if phase is Phase.BACKWARD else 1]
        return first + 1 + int(ran[row]) if ran[row] >= 0 else None

    def standing(self, position: int) -> Standing:
        """All nodes at a position."""
        position = min(max(position, 0), len(self) - 1)
        event = self.event(position)
        backwards, ran = event.is_backwards, self._ran_in(event)
        states = np.where(self._made_at < position, NodeState.VALUED, NodeState.ABSENT).astype(np.int8)
        edge_ran = ran[self.graph.structure.consumers]
        begun = (edge_ran >= 0) & (edge_ran <= event.last)
        arrived = self._counted(begun) + (self._seeded if backwards else 0)
        if backwards:
            states[(arrived > 0) & (self._awaited > 0)] = NodeState.WAITING
            states[(arrived >= self._awaited) & (self._awaited > 0)] = NodeState.READY
            states[self._never & (states == NodeState.READY)] = NodeState.DONE
            states[(ran >= 0) & (ran < event.place)] = NodeState.DONE
        states[list(event.rows)] = NodeState.AT_WORK if backwards else NodeState.VALUED
        to = self.graph.structure.edges_to
        arriving = to[event.rows[0]] if backwards and event.what is What.NODE and len(event.rows) == 1 else ()
        followed = tuple(edge for edge in arriving if self._followed[edge])
        return Standing(
            position, event, states, arrived, self._awaited, followed, begun & self._followed, self._freed(event)
        )

    def edges_arrived(self, row: int, position: int, output: int = 0) -> Ints:
        """The edges over which something has come to an output of a node, in the order in which it came.

        Of a leaf, those to all its uses.
        """
        event, structure = self.event(position), self.graph.structure
        if not event.is_backwards:
            return np.zeros(0, np.int64)
        edges = np.array([edge for use in self._uses[row] for edge in structure.edges_from[use]], np.int64)
        ran = self._ran_in(event)[structure.consumers[edges]]
        came = (ran >= 0) & (ran <= event.last) & (structure.outputs[edges] == output)
        came &= self.graph.ledger.passed.starts[edges] != -1
        in_order: Ints = edges[came][np.argsort(ran[came], kind="stable")]
        return in_order

    def seed(self, row: int, output: int = 0) -> TensorNumbers | None:
        """What a pass begins with at an output of a node; None where it does not begin there."""
        return self.graph.ledger.seeds.get(int(self.graph.structure.ports[row]) + output)

    def running_sum(self, row: int, position: int, output: int = 0) -> TensorNumbers | None:
        """The sum of what has arrived; None where nothing has, or where the entries of a term are not known."""
        seed = self.seed(row, output) if self.event(position).is_backwards else None
        edges = self.edges_arrived(row, position, output)
        total = self.graph.ledger.passed.summed(edges)
        if seed is None or not len(edges):
            return total if seed is None else seed
        if total is None or total.entries is None or seed.entries is None:
            return None
        return TensorNumbers(seed.shape, seed.dtype, seed.entries + total.entries)

    def waits_for(self, row: int, position: int) -> tuple[int, ...]:
        """The nodes that have yet to pass something to this one, in the order in which they will."""
        event = self.event(position)
        structure, ran = self.graph.structure, self._ran_in(event)
        edges = [edge for use in self._uses[row] for edge in structure.edges_from[use]]
        consumers = {int(structure.consumers[edge]) for edge in edges if self._followed[edge]}
        waiting = [one for one in consumers if not 0 <= ran[one] <= event.last]
        return tuple(sorted(waiting, key=lambda one: (ran[one] < 0, int(ran[one]))))

    def is_hooked(self, row: int, total: TensorNumbers | None) -> bool:
        """Whether the gradient at the first output is not the `total` of what arrived: a hook has changed it."""
        whole = self.graph.ledger.gradients[int(self.graph.structure.ports[row])]
        if whole is None or total is None or whole.entries is None or total.entries is None:
            return False
        scale = float(np.abs(whole.entries).max(initial=0.0)) if whole.entries.size else 0.0
        tolerance = 1e-12 if whole.dtype in ("float64", "complex128") else 1e-2 if "16" in whole.dtype else 1e-5
        return not np.allclose(whole.entries, total.entries, rtol=tolerance, atol=tolerance * scale, equal_nan=True)

    @cached_property
    def _made(self) -> Ints:
        """The operations in the order in which they were made."""
        rows = np.flatnonzero([kind is NodeKind.OPERATION for kind in self.graph.structure.kinds])
        return rows[np.argsort(self.graph.structure.order[rows], kind="stable")]

    @cached_property
    def _made_at(self) -> Ints:
        """By row the place in that order; -1 of what is there from the beginning."""
        made_at = np.full(len(self.graph.structure), -1, np.int64)
        made_at[self._made] = np.arange(len(self._made))
        return made_at

    @cached_property
    def _ran(self) -> tuple[Ints, Ints]:
        """By row the places in the first pass and in the second."""
        none = np.full(len(self.graph.structure), -1, np.int64)
        first, second = self.graph.ledger.ran, self.taken.second
        return first if len(first) else none, none if second is None else second.ran

    @cached_property
    def _passes(self) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
        second, failure = self.taken.second, self.taken.failure
        first = events_of(Phase.BACKWARD, self._ran[0], self._uses, failure is not None, failure.row if failure else -1)
        if second is None:
            return first, ()
        row = second.failure.row if second.failure else -1
        return first, events_of(Phase.SECOND, self._ran[1], self._uses, second.failure is not None, row)

    @cached_property
    def _uses(self) -> tuple[tuple[int, ...], ...]:
        """By row all uses of its leaf; of any other node itself."""
        shared = self.graph.structure.shared
        return tuple(shared.get(row, (row,)) for row in range(len(self.graph.structure)))

    @cached_property
    def _followed(self) -> Bools:
        """Which edges a gradient may pass over: not those of constants."""
        constant = np.array([kind is NodeKind.CONSTANT for kind in self.graph.structure.kinds], bool)
        return ~constant[self.graph.structure.producers]

    @cached_property
    def _first_use(self) -> Ints:
        return np.array([rows[0] for rows in self._uses], np.int64)

    def _ran_in(self, event: Event) -> Ints:
        return self._ran[1 if event.phase is Phase.SECOND else 0]

    def _counted(self, edges: Bools) -> Ints:
        """By row how many of these edges begin there; of a leaf, at any of its uses."""
        producers = self._first_use[self.graph.structure.producers[edges & self._followed]]
        return np.bincount(producers, minlength=len(self.graph.structure))[self._first_use]

    @cached_property
    def _seeded(self) -> Ints:
        """By row how much a pass begins with there."""
        structure = self.graph.structure
        rows = np.searchsorted(structure.ports, list(self.graph.ledger.seeds), side="right") - 1
        return np.bincount(rows.astype(np.int64), minlength=len(structure))

    @cached_property
    def _awaited(self) -> Ints:
        return self._counted(np.ones(len(self.graph.structure.producers), bool)) + self._seeded

    @cached_property
    def _never(self) -> Bools:
        """Operations that no pass runs, because nothing needs what they would give."""
        return (self._ran[0] < 0) & (self._made_at >= 0)

    def _freed(self, event: Event) -> Bools:
        gone = self.taken.freed
        if not len(gone) or not event.is_backwards:
            return np.zeros(len(self.graph.structure), bool)
        return (gone >= 0) & ((gone <= event.place) | (event.phase is Phase.SECOND))
