"""What flowed through a graph: values, gradients, and what each edge passed back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gradviz.core.tape.structure import NodeKind, TapeStructure
from gradviz.core.tape.tensor_numbers import NumberColumn, no_numbers
from gradviz.core.words import SILENCE, Words


class Local(StrEnum):
    """How the local derivative of an edge is written."""

    UNKNOWN = ""
    NUMBER = "number"
    ELEMENTWISE = "elementwise"
    JACOBIAN = "jacobian"


class Held(StrEnum):
    """What a tensor's own `.grad` holds, as far as somebody keeps the tensor."""

    UNKNOWN = ""
    NONE = "none"
    RETAINED = "retained"
    ACCUMULATED = "accumulated"
    APART = "apart"


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """The numbers of one instant over a structure; a row is absent where nothing is known, never 0.

    `values` and `gradients` follow the ports of the nodes; the gradient of a leaf is the whole of all its uses, at
    each of them. `passed` follows the edges: what the consumer gives back, of the producer's shape; `local` is the
    derivative by which it multiplied: one number, one an element, or the Jacobian (*output, *input), as `local_kinds`
    says. `before` has by node what a leaf's `.grad` held before this gradient is added, or, where it was not merely
    added (APART), what it holds; and what `.grad` of a named value holds; `held` says which. `note` says why gradients
    are absent.
    """

    values: NumberColumn
    gradients: NumberColumn
    passed: NumberColumn
    local: NumberColumn
    local_kinds: tuple[Local, ...]
    before: NumberColumn
    held: tuple[Held, ...]
    note: Words = SILENCE


@dataclass(frozen=True, slots=True, eq=False)
class TracedGraph:
    """A graph as it was at one instant: its structure and its numbers. Immutable."""

    structure: TapeStructure
    ledger: Ledger

    def operations(self) -> int:
        """How many nodes are operations."""
        return sum(kind is NodeKind.OPERATION for kind in self.structure.kinds)


def empty_ledger(structure: TapeStructure, note: Words = SILENCE) -> Ledger:
    """A ledger in which nothing is known."""
    nodes, edges, ports = len(structure), len(structure.producers), len(structure.shapes)
    columns = (no_numbers(ports), no_numbers(ports), no_numbers(edges), no_numbers(edges))
    return Ledger(*columns, (Local.UNKNOWN,) * edges, no_numbers(nodes), (Held.UNKNOWN,) * nodes, note)
