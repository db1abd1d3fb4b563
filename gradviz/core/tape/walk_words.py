"""What happens at a position of a walk, in words: for the bar under the graph, and for whoever cannot see the graph."""

from __future__ import annotations

from collections.abc import Sequence

from gradviz.core.numbers import shape_text, short_number
from gradviz.core.tape.backward_pass import Failure
from gradviz.core.tape.backward_walk import BackwardWalk, NodeState, Standing
from gradviz.core.tape.captions import spoken_operation, value_text
from gradviz.core.tape.graph_data import upstream_of
from gradviz.core.tape.ledger import Held
from gradviz.core.tape.node_card import edge_line
from gradviz.core.tape.remarks import RemarkKind
from gradviz.core.tape.structure import NodeKind, SavedState
from gradviz.core.tape.tensor_numbers import TensorNumbers, numbers_text
from gradviz.core.tape.walk_events import Event, Phase, What
from gradviz.core.words import SILENCE, Words, say, verbatim

MOST_EDGES = 3
"""Inputs of a node to which what it passes is written out."""
MOST_NUMBERS = 3
"""Entries of a tensor that are written out."""
MADE_SO = (RemarkKind.IN_PLACE, RemarkKind.DETACHED, RemarkKind.NO_GRAD)


def walk_words(walk: BackwardWalk, position: int) -> Words:
    """What happens at a position, in one sentence or two."""
    event = walk.event(position)
    if event.what is What.BEGIN:
        return _beginning(walk)
    if event.what is What.FAILURE:
        return _refused(walk, event)
    if event.what is What.END:
        return _ending(walk, event)
    if event.phase is Phase.FORWARD:
        row = event.rows[0]
        words = say("{what} gives {value}", what=_called(walk, row), value=value_text(walk.graph, row))
        return _remarked(walk, (row, *_constants_of(walk, row)), _with_saved(walk, row, words), MADE_SO)
    if walk.graph.structure.kinds[event.rows[0]] is NodeKind.LEAF:
        return _leaf(walk, position, event)
    return _operation(walk, position, event.rows[0])


def node_words(walk: BackwardWalk, standing: Standing, row: int) -> Words:
    """What stands in the place of a gradient that is not whole yet: "1 of 2: 12"; or that a node is ready to run."""
    if standing.states[row] not in (NodeState.WAITING, NodeState.READY):
        return SILENCE
    total = walk.running_sum(row, standing.position)
    known = _short(total) if total is not None and total.is_one else ""
    if standing.states[row] == NodeState.READY:
        return say("{total}, ready", total=known) if known else say("ready")
    counts = {"arrived": int(standing.arrived[row]), "awaited": int(standing.awaited[row])}
    words = say("{arrived} of {awaited}", **counts)
    return say("{words}: {total}", words=words, total=known) if known else words


def step_text(walk: BackwardWalk, position: int) -> str:
    """Where a position is among those of its phase: 3/7, and nothing at the beginning."""
    event = walk.event(position)
    begins = {Phase.START: 0, Phase.FORWARD: 0, Phase.BACKWARD: walk.turn, Phase.SECOND: walk.second_turn}
    ends = {Phase.START: 0, Phase.FORWARD: walk.turn, Phase.BACKWARD: walk.second_turn, Phase.SECOND: len(walk) - 1}
    begin, end = begins[event.phase], ends[event.phase]
    return f"{position - begin:,}/{end - begin:,}" if end > begin else ""


def _beginning(walk: BackwardWalk) -> Words:
    kinds = walk.graph.structure.kinds
    leaves = {int(leaf) for leaf in walk.graph.structure.leaf_of if leaf >= 0}
    counts = {"leaves": len(leaves), "constants": sum(kind is NodeKind.CONSTANT for kind in kinds)}
    return say("Nothing has run: only {leaves:leaf|leaves} and {constants:constant|constants} have values.", **counts)


def _operation(walk: BackwardWalk, position: int, row: int) -> Words:
    structure = walk.graph.structure
    edges = [
        edge for edge in structure.edges_to[row] if structure.kinds[structure.producers[edge]] is not NodeKind.CONSTANT
    ]
    shown = [_passing(walk, edge) for edge in edges[:MOST_EDGES]]
    passes = shown[0] if shown else say("nothing to pass on")
    for one in shown[1:]:
        passes = say("{some}, {more}", some=passes, more=one)
    if len(edges) > MOST_EDGES:
        passes = say("{some} and {more:more input|more inputs}", some=passes, more=len(edges) - MOST_EDGES)
    return say("{what}: {arrived}; passes {passes}", what=_called(walk, row), arrived=_arrived(walk, position, row),
               passes=passes)  # fmt: skip


def _passing(walk: BackwardWalk, edge: int) -> Words:
    structure = walk.graph.structure
    producer = int(structure.producers[edge])
    name = structure.names[producer] or spoken_operation(structure, producer)
    known = (upstream_of(walk.graph, edge), walk.graph.ledger.passed[edge])
    is_short = all(numbers is None or _is_few(numbers) for numbers in known)
    numbers = edge_line(walk.graph, edge) if is_short or known[1] is None else verbatim(_short(known[1]))
    return say("{numbers} to {name}", numbers=numbers, name=name)


def _arrived(walk: BackwardWalk, position: int, row: int) -> Words:
    """How much has arrived, with its terms where there are several, and what a hook made of their sum."""
    standing = walk.standing(position)
    counts = {"arrived": int(standing.arrived[row]), "awaited": int(standing.awaited[row])}
    words = say("{arrived} arrived of {awaited}", **counts)
    total, seed, edges = walk.running_sum(row, position), walk.seed(row), walk.edges_arrived(row, position)
    if seed is not None and not len(edges):
        words = say("the pass begins here with {seed}", seed=_short(seed))
    elif len(edges) + (seed is not None) > 1:
        whole = total or _gradient(walk, row)
        if whole is None or not _is_few(whole):
            return _with_hook(walk, row, total, say("{words}, in all {total}", words=words, total=_short(whole)))
        terms: list[TensorNumbers | None] = [seed] if seed is not None else []
        terms += [walk.graph.ledger.passed[edge] for edge in edges[:MOST_EDGES].tolist()]
        shown = " + ".join(map(_short, terms)) + (" + …" if len(edges) > MOST_EDGES else "")
        words = say("{words}, {terms} = {total}", words=words, terms=shown, total=_short(whole))
    return _with_hook(walk, row, total, words)


def _with_hook(walk: BackwardWalk, row: int, total: TensorNumbers | None, words: Words) -> Words:
    """The hooks of a tensor, and what they make of the `total` that arrived."""
    words = _remarked(walk, (row,), words, (RemarkKind.HOOK,))
    if walk.is_hooked(row, total):
        return say("{words}, and a hook makes {gradient} of it", words=words, gradient=_short(_gradient(walk, row)))
    return words


def _leaf(walk: BackwardWalk, position: int, event: Event) -> Words:
    row, ledger = event.rows[0], walk.graph.ledger
    words = say("{what}: {arrived}", what=_called(walk, row), arrived=_arrived(walk, position, row))
    new, before = _gradient(walk, row), ledger.before[row]
    if new is None:
        return words
    old = before if ledger.held[row] is Held.ACCUMULATED else None
    if event.phase is Phase.SECOND:
        old = new if old is None else _added(old, new)
    both = new if old is None else _added(old, new)
    was = say("None") if old is None else verbatim(_short(old))
    return say("{words}; .grad was {old} and is {both}", words=words, old=was, both=_short(both))


def _added(one: TensorNumbers, other: TensorNumbers) -> TensorNumbers:
    """The sum of two; of large ones nothing is known but the shape."""
    known = one.entries is not None and other.entries is not None
    return TensorNumbers(one.shape, one.dtype, one.entries + other.entries if known else None)  # type: ignore[operator]


def _ending(walk: BackwardWalk, event: Event) -> Words:
    structure, taken = walk.graph.structure, walk.taken
    freed = [row for row in range(len(taken.freed)) if taken.freed[row] >= 0]
    gone = [saved for row in freed for saved in structure.saved[row] if saved.state is SavedState.ALIVE]
    if event.phase is Phase.SECOND:
        if taken.second is not None and taken.second.is_equal:
            return say("The second pass is over: every leaf got the same gradient again, added to what .grad held.")
        return say("The second pass is over, and not every leaf got the same gradient: something chose anew.")
    if gone:
        size = sum(saved.size for saved in gone)
        return say("The pass is over: {count:saved tensor was|saved tensors were} freed, {size:byte|bytes}.",
                   count=len(gone), size=size)  # fmt: skip
    if taken.retains:
        return say("The pass is over. Nothing was freed: another one may follow.")
    return say("The pass is over. There was nothing to free.")


def _refused(walk: BackwardWalk, event: Event) -> Words:
    failure = failure_at(walk, event)
    if failure is None:
        return SILENCE
    where = _called(walk, failure.row) if failure.row >= 0 else verbatim("backward()")
    return say("{where}: PyTorch refuses. {why}", where=where, why=failure.why)


def failure_at(walk: BackwardWalk, event: Event) -> Failure | None:
    """What PyTorch refused at an event, with its own sentence."""
    if event.what is not What.FAILURE:
        return None
    second = walk.taken.second
    if event.phase is Phase.SECOND:
        return second.failure if second is not None else None
    return walk.taken.failure


def _constants_of(walk: BackwardWalk, row: int) -> list[int]:
    structure = walk.graph.structure
    producers = [int(structure.producers[edge]) for edge in structure.edges_to[row]]
    return [producer for producer in producers if structure.kinds[producer] is NodeKind.CONSTANT]


def _remarked(walk: BackwardWalk, rows: Sequence[int], words: Words, kinds: Sequence[RemarkKind]) -> Words:
    """With what else was done to these tensors."""
    for row in dict.fromkeys(rows):
        for remark in walk.graph.remarks.get(row, ()):
            if remark.kind in kinds:
                name = walk.graph.structure.names[row]
                more = remark.words if not name else say("{name}: {words}", name=name, words=remark.words)
                words = say("{words}; {more}", words=words, more=more)
    return words


def _called(walk: BackwardWalk, row: int) -> Words:
    """A node by what torch calls it, and by its name where it has one."""
    structure = walk.graph.structure
    op, name = structure.ops[row].rsplit("::", 1)[-1], structure.names[row]
    return verbatim(f"{op} ({name})" if name else op)


def _with_saved(walk: BackwardWalk, row: int, words: Words) -> Words:
    saved = [one for one in walk.graph.structure.saved[row] if one.state is SavedState.ALIVE]
    if not saved:
        return words
    size = sum(one.size for one in saved)
    names = ", ".join(one.name for one in saved)
    return say("{words}; keeps {names} for the backward pass, {size:byte|bytes}", words=words, names=names, size=size)


def _gradient(walk: BackwardWalk, row: int) -> TensorNumbers | None:
    return walk.graph.ledger.gradients[int(walk.graph.structure.ports[row])]


def _is_few(numbers: TensorNumbers) -> bool:
    return numbers.entries is not None and numbers.entries.size <= MOST_NUMBERS


def _short(numbers: TensorNumbers | None) -> str:
    """A few numbers as they are; of more the shape and the norm, which is read at a glance."""
    if numbers is None or _is_few(numbers):
        return numbers_text(numbers, MOST_NUMBERS, 6)
    spread = numbers.spread
    shape = shape_text(numbers.shape)
    return shape if spread is None else f"{shape} of norm {short_number(spread.norm, 4)}"
