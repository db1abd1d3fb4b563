"""Any loss into a traced graph: what autograd built below it, and what flows through it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gradviz.core.tape.ledger import Held, Ledger, TracedGraph
from gradviz.core.tape.structure import TapeStructure
from gradviz.core.tape.tensor_numbers import Ints, NumberColumn, TensorNumbers, no_numbers
from gradviz.core.words import say
from gradviz.engine.problems import EngineError
from gradviz.engine.tape.assembly import Assembly, assemble
from gradviz.engine.tape.columns import Row, column, columns, numbers_of
from gradviz.engine.tape.deep_graphs import keep_from_recursion
from gradviz.engine.tape.local import MOST_OPERATIONS, NONE, Derivative, local_derivatives
from gradviz.engine.tape.naming import Names
from gradviz.engine.tape.remarks import remarks_of
from gradviz.engine.tape.replay import Replay, replay
from gradviz.engine.tape.saved import told_by_saved
from gradviz.engine.tape.walk import Walk
from gradviz.engine.tape.watch import Watch, watch_of

NOT_ASKED = say("No gradients: the backward pass was not asked for.")


def trace(
    losses: Sequence[Tensor],
    names: Names,
    watch: Watch | None = None,
    upstream: Sequence[Tensor | None] = (),
    with_gradients: bool = True,
    loose: Sequence[tuple[Tensor, str]] = (),
    begun_with: Mapping[int, Tensor | None] | None = None,
    with_jacobians: bool = True,
) -> TracedGraph:
    """The graph below `losses`, copied at once; no `.grad` changes and the graph is as alive as it was.

    Gradients are those of one backward pass from all losses with their `upstream` gradients (1 where None). They are
    absent where the pass is not asked for or cannot be replayed; after it is over, what `.grad` holds is shown.
    `begun_with` is given where the backward pass of a run has been: by id of a leaf what its `.grad` held before. Then
    every tensor whose gradient may be retained has a name, and its `.grad` holds what arrived. Jacobians take as many
    calls of a node as it has outputs.
    """
    if not losses or not all(isinstance(loss, Tensor) for loss in losses):
        raise EngineError("A graph is traced from a loss, a tensor, or from several in a list.")
    roots = [loss.grad_fn for loss in losses if loss.grad_fn is not None]
    watch = watch or (watch_of(roots[0]._sequence_nr()) if roots else None)  # noqa: SLF001
    with _unwatched(watch), _without_collection(), torch.inference_mode(False), torch.no_grad():
        return _traced(
            losses, names, watch, upstream or [None] * len(losses), with_gradients, loose, begun_with, with_jacobians
        )


@contextmanager
def _unwatched(watch: Watch | None) -> Iterator[None]:
    """What tracing itself computes is no part of the forward pass."""
    if watch is None:
        yield
        return
    watch.is_paused = True
    try:
        yield
    finally:
        watch.is_paused = False


@contextmanager
def _without_collection() -> Iterator[None]:
    """Ten thousands of objects are made, and none in a circle: Python's collector would search them all in vain."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _traced(
    losses: Sequence[Tensor],
    names: Names,
    watch: Watch | None,
    upstream: Sequence[Tensor | None],
    with_gradients: bool,
    loose: Sequence[tuple[Tensor, str]],
    begun_with: Mapping[int, Tensor | None] | None,
    with_jacobians: bool,
) -> TracedGraph:
    walk = Walk(losses)
    named = [*losses, *(tensor for tensor, _ in names.made)]
    keep_from_recursion(walk.operations, named)
    living = walk.made_here(named) if names.are_all or begun_with is not None else walk.living()
    made = assemble(walk, names, watch, loose)
    living += walk.made_here(told_by_saved(made.kept))
    roots = _roots(made, losses, names)
    structure = made.structure(roots, watch)
    derivatives = _derivatives(made, structure, with_jacobians) if len(walk.operations) <= MOST_OPERATIONS else None
    values = column(_values(made, structure, losses, names, watch))  # before a replay's hooks can change any
    remarks = remarks_of(made, names, watch, living)
    found = _replayed(walk, losses, upstream, with_gradients, living)
    before, held = _held(made, names) if begun_with is None else _held_after(made, names, found, begun_with)
    ledger = _ledger(made, structure, found, values, derivatives, before, held)
    seeds = {} if found.note else seeds_of(structure, losses, upstream, roots)
    return TracedGraph(structure, replace(ledger, ran=places(structure, found.events), seeds=seeds), remarks)


def places(structure: TapeStructure, events: Sequence[int]) -> Ints:
    """By node its place among the events of a pass, which are operations k and leaves ~k; -1 where it was not run."""
    operations = len(structure.ops)
    ran = np.full(operations, -1, np.int64)
    leaves = np.full(int(structure.leaf_of.max(initial=-1)) + 1, -1, np.int64)
    for place, event in enumerate(events):
        if event >= 0:
            ran[event] = place
        else:
            leaves[~event] = place
    uses = structure.leaf_of >= 0
    ran[uses] = leaves[structure.leaf_of[uses]]
    return ran


def seeds_of(
    structure: TapeStructure, losses: Sequence[Tensor], upstream: Sequence[Tensor | None], roots: Sequence[int]
) -> dict[int, TensorNumbers]:
    """By port what the pass begins with at the losses; of two losses that are one, the sum."""
    begun: dict[int, Tensor] = {}
    for loss, given, root in zip(losses, upstream, roots, strict=True):
        if loss.grad_fn is not None:
            port = int(structure.ports[root]) + loss.output_nr
            seed = torch.ones_like(loss) if given is None else given
            begun[port] = begun[port] + seed if port in begun else seed
    return {port: numbers_of(seed) for port, seed in begun.items()}


def _replayed(
    walk: Walk,
    losses: Sequence[Tensor],
    upstream: Sequence[Tensor | None],
    wanted: bool,
    living: Sequence[Tensor],
) -> Replay:
    if wanted:
        return replay(walk, losses, upstream, living)
    return Replay([None] * len(walk.operations), [None] * len(walk.operations), [None] * len(walk.leaves), NOT_ASKED)


def _roots(made: Assembly, losses: Sequence[Tensor], names: Names) -> list[int]:
    """The rows of the losses; one that is a leaf, or that autograd does not follow, gets a row of its own."""
    rows, roots = made.rows, []
    for loss in losses:
        if loss.grad_fn is not None:
            roots.append(made.walk.number_of[loss.grad_fn])
            continue
        row = made.add_root(loss, names.of_tensor(loss))
        roots.append(row)
    for row in roots:
        rows.names[row] = rows.names[row] or ("loss" if len(losses) == 1 else "")
    return roots


def _derivatives(made: Assembly, structure: TapeStructure, with_jacobians: bool) -> list[Derivative]:
    """For each edge the local derivative of its consumer by this input."""
    walk = made.walk
    shapes: list[list[tuple[int, ...] | None]] = [[None] * len(node.next_functions) for node in walk.operations]
    for edge in range(len(structure.producers)):
        if structure.producers[edge] not in made.constants:
            shapes[structure.consumers[edge]][structure.slots[edge]] = structure.shapes[structure.port_of(edge)]
    found = [
        local_derivatives(node, kept, wanted, with_jacobians)
        for node, kept, wanted in zip(walk.operations, made.kept, shapes, strict=True)
    ]
    pairs = zip(structure.consumers.tolist(), structure.slots.tolist(), strict=True)
    return [found[consumer][slot] for consumer, slot in pairs]


def _values(
    made: Assembly, structure: TapeStructure, losses: Sequence[Tensor], names: Names, watch: Watch | None
) -> list[Row]:
    """For each output of each node its value, from whoever has it: a variable, a saved tensor, the watch."""
    rows: list[Row] = [None] * len(structure.shapes)
    ports, number_of = structure.ports.tolist(), made.walk.number_of

    def put(tensor: Tensor) -> None:
        number = number_of.get(tensor.grad_fn)
        if number is not None:
            port = ports[number] + tensor.output_nr
            if port < ports[number + 1]:
                rows[port] = tensor

    for kept in made.kept:
        for tensor in kept.tensors.values():
            put(tensor)
    for tensor, _ in names.made:
        put(tensor)
    for loss in losses:
        put(loss)
    for row, (leaf, _, _) in zip(made.uses, made.walk.uses, strict=True):
        rows[ports[row]] = made.walk.leaves[leaf]
    for row, constant in made.constants.items():
        rows[ports[row]] = constant
    if watch is not None:
        _add_watched(rows, structure, watch, len(made.kept))
    return rows


def _add_watched(rows: list[Row], structure: TapeStructure, watch: Watch, operations: int) -> None:
    ports = structure.ports.tolist()
    for node, number in enumerate(structure.order[:operations].tolist()):
        for port, numbers in zip(range(ports[node], ports[node + 1]), watch.values.get(number, ()), strict=False):
            if rows[port] is None and numbers is not None and numbers.shape == structure.shapes[port]:
                rows[port] = numbers


def _ledger(
    made: Assembly,
    structure: TapeStructure,
    found: Replay,
    values: NumberColumn,
    derivatives: list[Derivative] | None,
    before: Sequence[Tensor | None],
    held: Sequence[Held],
) -> Ledger:
    local = derivatives or [NONE] * len(structure.producers)
    gradients, passed = columns(_gradients(made, structure, found, before), _passed(structure, found))
    of_local, held_before = no_numbers(len(local)), column(before)
    if derivatives:
        of_local = column([tensor for _, tensor in derivatives])
    return Ledger(
        values,
        gradients,
        passed,
        of_local,
        tuple(kind for kind, _ in local),
        held_before,
        tuple(held),
        found.note,
    )


def _held(made: Assembly, names: Names) -> tuple[list[Tensor | None], list[Held]]:
    """For each node what the `.grad` of its tensor holds, before any gradient is added."""
    before, held = _nothing_held(made)
    for row, (leaf, _, _) in zip(made.uses, made.walk.uses, strict=True):
        gradient = made.walk.leaves[leaf].grad
        held[row] = Held.NONE if gradient is None else Held.ACCUMULATED
        before[row] = None if gradient is None else gradient.detach()
    for tensor, _ in names.made:
        row_of = made.walk.number_of.get(tensor.grad_fn)
        if row_of is not None:
            kept = tensor.grad if tensor.retains_grad else None
            held[row_of] = Held.NONE if kept is None else Held.RETAINED
            before[row_of] = None if kept is None else kept.detach()
    return before, held


def _held_after(
    made: Assembly, names: Names, found: Replay, begun_with: Mapping[int, Tensor | None]
) -> tuple[list[Tensor | None], list[Held]]:
    """The same where the `.grad` has the gradient already: what it began with, and of values what they retained."""
    before, held = _nothing_held(made)
    for row, (number, _, _) in zip(made.uses, made.walk.uses, strict=True):
        leaf = made.walk.leaves[number]
        before[row], held[row] = _begun(leaf.grad, found.leaves[number], begun_with.get(id(leaf)))
    for tensor, _ in names.made:
        row_of = made.walk.number_of.get(tensor.grad_fn)
        if row_of is not None:
            arrived = found.arrived[row_of] if tensor.retains_grad else None
            held[row_of] = Held.NONE if arrived is None else Held.RETAINED
            before[row_of] = None if arrived is None else arrived[tensor.output_nr]
    return before, held


def _begun(after: Tensor | None, new: Tensor | None, old: Tensor | None) -> tuple[Tensor | None, Held]:
    """What a leaf's `.grad` held; APART where it holds another than the sum: zeroed, clipped, of another sign."""
    if after is None or new is None:
        return None, Held.NONE
    whole = new if old is None else old + new
    if torch.equal(after, whole) or torch.allclose(after, whole, equal_nan=True):
        return old, Held.NONE if old is None else Held.ACCUMULATED
    return after.detach(), Held.APART


def _nothing_held(made: Assembly) -> tuple[list[Tensor | None], list[Held]]:
    count = len(made.rows.ops)
    return [None] * count, [Held.UNKNOWN] * count


def _gradients(
    made: Assembly, structure: TapeStructure, found: Replay, before: Sequence[Tensor | None]
) -> list[Tensor | None]:
    """For each output what arrived there; of a pass that is over, what `.grad` still holds."""
    rows: list[Tensor | None] = [None] * len(structure.shapes)
    ports = structure.ports.tolist()
    if found.is_over:
        for row, gradient in enumerate(before):
            rows[ports[row]] = gradient
        return rows
    for number, arrived in enumerate(found.arrived):
        for port, gradient in zip(range(ports[number], ports[number + 1]), arrived or (), strict=False):
            rows[port] = gradient
    for row, (leaf, _, _) in zip(made.uses, made.walk.uses, strict=True):
        rows[ports[row]] = found.leaves[leaf]
    for row in made.root_leaves if not found.note else ():
        loss = made.constants[row]
        rows[ports[row]] = torch.ones_like(loss) if isinstance(loss, Tensor) else None
    return rows


def _passed(structure: TapeStructure, found: Replay) -> list[Tensor | None]:
    pairs = zip(structure.consumers.tolist(), structure.slots.tolist(), strict=True)
    given = found.given
    passed: list[Tensor | None] = []
    for consumer, slot in pairs:
        back = given[consumer]
        passed.append(None if back is None or slot >= len(back) else back[slot])
    return passed
