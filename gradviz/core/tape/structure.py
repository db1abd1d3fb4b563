"""What autograd built, in columns: operations, uses of leaves, constants, and the edges between them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradviz.core.tape.tensor_numbers import Ints

CONSTANT = "constant"
"""The op of a value that autograd does not follow: a number, data, what was detached."""
UNTRACKED = "no grad_fn"
"""The op of a named value that was computed without a graph, where it is known to be one."""
LEAF = "AccumulateGrad"


class NodeKind(StrEnum):
    """What a node stands for."""

    OPERATION = "operation"
    LEAF = "leaf"
    CONSTANT = "constant"


class SavedState(StrEnum):
    """What became of a tensor that was kept for the backward pass."""

    ALIVE = "alive"
    FREED = "freed"
    CHANGED = "changed in place"
    HOOKED = "behind a hook"


class SavedTensor(NamedTuple):
    """A tensor that an operation keeps for its backward pass; `size` in bytes. Shape and size are known while it is
    alive: `backward()` frees it, a change in place spoils it, and one behind a hook is not asked for, because a
    checkpoint would compute it again.
    """

    name: str
    state: SavedState
    shape: tuple[int, ...] = ()
    dtype: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """One call of a module's forward: its dotted `path` in the model, its class, and the sequence numbers it used."""

    path: str
    kind: str
    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class TapeStructure:
    """The nodes below a loss, in columns: operations from the loss downwards, then one row for each use of a leaf,
    then constants. The same for every step of a run that does the same.

    A node has one or more outputs ("ports"): those of node k are the rows `ports[k]` to `ports[k + 1]` of `shapes`
    and `dtypes`. An edge leads from the port `outputs` of `producers` to the input `slots` of `consumers`; its
    `arguments` entry is what torch calls that input, or empty. `order` is the sequence number in which operations were
    made (that of the consumer for leaves and constants), and `leaf_of` the same number for all uses of one leaf, -1
    elsewhere. `calls` of modules come with the outer ones first. `flows` are the ways of numbers, from node to node, to
    values that autograd does not follow and from them, where they are known: no gradient goes along them.
    """

    ops: tuple[str, ...]
    kinds: tuple[NodeKind, ...]
    names: tuple[str, ...]
    modules: tuple[str, ...]
    lines: tuple[str, ...]
    attributes: tuple[tuple[tuple[str, str], ...], ...]
    saved: tuple[tuple[SavedTensor, ...], ...]
    ports: Ints
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    order: Ints
    leaf_of: Ints
    producers: Ints
    consumers: Ints
    slots: Ints
    outputs: Ints
    arguments: tuple[str, ...]
    roots: tuple[int, ...]
    calls: tuple[ModuleCall, ...] = ()
    flows: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return len(self.ops)

    @cached_property
    def digest(self) -> str:
        """Equal for graphs of the same operations, names, shapes and edges; of a constant that is freed less is known,
        so that constants count by their place alone."""
        known = [row for row, kind in enumerate(self.kinds) if kind is not NodeKind.CONSTANT]
        columns: list[object] = [self.ops, self.modules, self.arguments]
        columns += [[self.names[row] for row in known], [self.shapes_of(row) for row in known]]
        columns += [array.tolist() for array in (self.ports, self.producers, self.consumers, self.slots, self.outputs)]
        return hashlib.sha256(json.dumps(columns).encode()).hexdigest()

    def is_like(self, other: TapeStructure) -> bool:
        """Whether both have the same nodes and edges, so that one drawing does for both: cheaper than two digests."""
        return all(getattr(self, name) == getattr(other, name) for name in _COLUMNS) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in _NUMBERS
        )

    @cached_property
    def edges_to(self) -> tuple[tuple[int, ...], ...]:
        """For each node its incoming edges, by their inputs."""
        return _by_end(len(self), self.consumers)

    @cached_property
    def edges_from(self) -> tuple[tuple[int, ...], ...]:
        """For each node the edges to its consumers."""
        return _by_end(len(self), self.producers)

    @cached_property
    def shared(self) -> dict[int, tuple[int, ...]]:
        """For each use of a leaf that is used more than once, all uses of that leaf."""
        uses: dict[int, list[int]] = {}
        for row in np.flatnonzero(self.leaf_of >= 0).tolist():
            uses.setdefault(int(self.leaf_of[row]), []).append(row)
        several = [tuple(rows) for rows in uses.values() if len(rows) > 1]
        return {row: rows for rows in several for row in rows}

    def shape(self, node: int) -> tuple[int, ...]:
        """The shape of its first output; () where torch does not say."""
        return next(iter(self.shapes_of(node)), ())

    def shapes_of(self, node: int) -> tuple[tuple[int, ...], ...]:
        """The shapes of all its outputs."""
        return self.shapes[int(self.ports[node]) : int(self.ports[node + 1])]

    def port_of(self, edge: int) -> int:
        """The row of `shapes` that an edge begins at."""
        return int(self.ports[self.producers[edge]] + self.outputs[edge])


_COLUMNS = ("ops", "kinds", "names", "modules", "attributes", "shapes", "dtypes", "arguments", "roots", "flows")
_NUMBERS = ("ports", "leaf_of", "producers", "consumers", "slots", "outputs")


def _by_end(nodes: int, ends: Ints) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(ends, kind="stable")
    bounds = np.searchsorted(ends[order], np.arange(nodes + 1)).tolist()
    edges = order.tolist()
    return tuple(tuple(edges[bounds[node] : bounds[node + 1]]) for node in range(nodes))
