"""All that is known of one node, line by line: what its card says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gradviz.core.glossary.lookup import entry_of
from gradviz.core.numbers import shape_text, short_number
from gradviz.core.tape.graph_data import upstream_of
from gradviz.core.tape.ledger import Held, Local, TracedGraph
from gradviz.core.tape.structure import NodeKind, SavedState, SavedTensor
from gradviz.core.tape.tensor_numbers import TensorNumbers, numbers_text
from gradviz.core.words import Words, say, verbatim

MOST_TERMS = 6
"""Terms of a sum, and edges of a node, that a card writes out."""
DIGITS = 8


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line of a card: what it is about, and what it says; `zh` where a Chinese sentence is its own."""

    label: Words
    text: Words
    zh: str = ""


def card(graph: TracedGraph, row: int) -> tuple[CardLine, ...]:
    """The lines of a node's card, in the order in which they are read."""
    return (*_what(graph, row), *_numbers(graph, row), *_ledger(graph, row), *_kept(graph, row), *_remarked(graph, row))


def _what(graph: TracedGraph, row: int) -> tuple[CardLine, ...]:
    structure = graph.structure
    ports = slice(int(structure.ports[row]), int(structure.ports[row + 1]))
    whose = (structure.names[row], structure.modules[row], structure.lines[row])
    outputs = tuple(zip(structure.shapes[ports], structure.dtypes[ports], strict=True))
    return _told(structure.ops[row], whose, structure.attributes[row], outputs)


@lru_cache(maxsize=4096)
def _told(
    op: str,
    whose: tuple[str, str, str],
    attributes_of: tuple[tuple[str, str], ...],
    outputs: tuple[tuple[tuple[int, ...], str], ...],
) -> tuple[CardLine, ...]:
    """The same lines for all nodes that are alike."""
    return tuple(_lines_of(op, whose, attributes_of, outputs))


def _lines_of(
    op: str,
    whose: tuple[str, str, str],
    attributes_of: tuple[tuple[str, str], ...],
    outputs: tuple[tuple[tuple[int, ...], str], ...],
) -> Iterator[CardLine]:
    entry = entry_of(op)
    operation = op.rsplit("::", 1)[-1]
    if entry is not None:
        yield _line(say("operation"), f"{entry.word}  ·  {operation}", f"{entry.word_zh}  ·  {operation}")
    else:
        yield _line(say("operation"), operation)
    for label, text in zip(("name", "module", "line"), whose, strict=True):
        if text:
            yield _line(verbatim(label), text)
    attributes = ", ".join(f"{name} = {value}" for name, value in attributes_of)
    if attributes:
        yield _line(say("attributes"), attributes)
    yield _line(say("shape"), "; ".join(f"{shape_text(shape)} {dtype}" for shape, dtype in outputs))
    if entry is not None:
        yield _line(say("formula"), entry.formula)
        yield _line(say("derivative"), entry.derivative)
        yield _line(say("backwards"), entry.sentence, entry.sentence_zh)


def _numbers(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    structure, ledger = graph.structure, graph.ledger
    ports = range(int(structure.ports[row]), int(structure.ports[row + 1]))
    several = len(ports) > 1
    for place, port in enumerate(ports):
        which = f" {place}" if several else ""
        value, gradient = ledger.values[port], ledger.gradients[port]
        if value is not None or not several:
            known = numbers_line(value) if value is not None else say("not kept by anybody")
            yield CardLine(say("value{which}", which=which), known)
        if structure.kinds[row] is NodeKind.CONSTANT:
            yield CardLine(say("gradient"), say("none: autograd does not follow it"))
        elif gradient is not None or not several:
            known = numbers_line(gradient) if gradient is not None else say("none")
            yield CardLine(say("gradient{which}", which=which), known)
    yield from _sum(graph, row)
    yield from _own_grad(graph, row)


def _sum(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    """The gradient as the sum of what came over each path, where there are several."""
    structure, ledger = graph.structure, graph.ledger
    rows = structure.shared.get(row, (row,))
    if len(rows) > 1:
        own = next(iter(structure.edges_from[row]), None)
        part = None if own is None else ledger.passed[own]
        if part is not None:
            yield CardLine(say("part of this use"), numbers_line(part))
    if len(structure.shapes_of(row)) != 1:
        return
    whole = ledger.gradients[int(structure.ports[row])]
    edges = [edge for one in rows[:MOST_TERMS] for edge in structure.edges_from[one] if ledger.passed.has(edge)]
    if len(edges) < 2 or whole is None:
        return
    shown = " + ".join(_short(ledger.passed[edge]) for edge in edges[:MOST_TERMS])
    rest = max(len(rows), len(edges)) - MOST_TERMS  # a use of a leaf has one edge
    more = say(" + {count:term|terms} more", count=rest) if rest > 0 else verbatim("")
    yield CardLine(say("sum"), say("{terms}{more} = {whole}", terms=shown, more=more, whole=_short(whole)))


def _own_grad(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    """What the tensor's own `.grad` holds, which is not the gradient that passed through it."""
    structure, ledger = graph.structure, graph.ledger
    held, before = ledger.held[row], ledger.before[row]
    if structure.kinds[row] is NodeKind.LEAF and structure.shapes_of(row):
        new = ledger.gradients[int(structure.ports[row])]
        old = say("None") if before is None else verbatim(_short(before))
        if held is Held.APART:
            yield CardLine(say(".grad"), say("{kept}: this gradient was not simply added", kept=old))
        elif ledger.note or new is None:
            yield CardLine(say(".grad"), old)
        elif before is None:
            yield CardLine(say(".grad"), say("None + {new} = {new_too}", new=_short(new), new_too=_short(new)))
        else:
            text = say("{old} + {new} = {both}", old=old, new=_short(new), both=_added(before, new))
            yield CardLine(say(".grad"), text)
    elif held is Held.NONE and row not in structure.roots:
        yield CardLine(say(".grad"), say("None: of what was computed it is kept only after retain_grad()."))
    elif held is Held.RETAINED and before is not None:
        yield CardLine(say(".grad"), say("{kept}, kept by retain_grad()", kept=_short(before)))


def _ledger(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    """What the node passes to each of its inputs: upstream times local."""
    structure = graph.structure
    for edge in structure.edges_to[row][:MOST_TERMS]:
        if structure.kinds[structure.producers[edge]] is NodeKind.CONSTANT:
            continue
        name = structure.arguments[edge] or str(structure.slots[edge])
        yield CardLine(say("to {input}", input=name), edge_line(graph, edge))


def edge_line(graph: TracedGraph, edge: int) -> Words:
    """upstream x local = passed on; of vectors a vector-Jacobian product with its shapes."""
    ledger = graph.ledger
    upstream, local, passed = upstream_of(graph, edge), ledger.local[edge], ledger.passed[edge]
    if passed is None:
        return say("passes nothing") if not ledger.note else say("not known")
    kind = ledger.local_kinds[edge]
    if upstream is None:
        return verbatim(_short(passed))
    if kind is Local.NUMBER and local is not None:
        return verbatim(f"{_short(upstream)} × {_short(local)} = {_short(passed)}")
    if kind is Local.ELEMENTWISE and local is not None:
        sum_over = upstream.shape != passed.shape
        text = f"{_short(upstream)} ⊙ {_short(local)}"
        return (
            say("Σ over the broadcast of {text} = {passed}", text=text, passed=_short(passed))
            if sum_over
            else verbatim(f"{text} = {_short(passed)}")
        )
    shapes = (
        f"{shape_text(upstream.shape)} · J {shape_text((*upstream.shape, *passed.shape))} → {shape_text(passed.shape)}"
    )
    return say("vector-Jacobian product {shapes}: {passed}", shapes=shapes, passed=_short(passed))


def _kept(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    for saved in graph.structure.saved[row]:
        is_freed = row in graph.freed and saved.state is SavedState.ALIVE
        words = say("freed by now: its node has run") if is_freed else _saved_words(saved)
        yield CardLine(say("saved {name}", name=saved.name), words)
    if row in graph.tags:
        yield CardLine(say("in this pass"), graph.tags[row])


def _remarked(graph: TracedGraph, row: int) -> Iterator[CardLine]:
    for remark in graph.remarks.get(row, ()):
        yield CardLine(verbatim(remark.kind), remark.words)


def _saved_words(saved: SavedTensor) -> Words:
    if saved.state is SavedState.ALIVE:
        shape = f"{shape_text(saved.shape)} {saved.dtype}"
        return say("{shape}, {size:byte|bytes}, alive", shape=shape, size=saved.size)
    if saved.state is SavedState.FREED:
        return say("freed by backward()")
    if saved.state is SavedState.CHANGED:
        return say("changed in place since: backward() will refuse it")
    return say("behind a hook: computed again, or brought back, when it is needed")


def numbers_line(numbers: TensorNumbers) -> Words:
    """The entries of a small tensor; else least, largest, mean and norm."""
    entries = numbers.entries
    if entries is not None and entries.size <= 12:
        return verbatim(numbers_text(numbers, 12, DIGITS))
    outline = numbers.outline
    if outline is None:
        return say("not readable")
    low, high, mean, norm, not_finite = outline
    words = say(
        "{low} … {high}, mean {mean}, norm {norm}",
        low=short_number(low, 5),
        high=short_number(high, 5),
        mean=short_number(mean, 5),
        norm=short_number(norm, 5),
    )
    if not not_finite:
        return words
    return say("{words}, {count:element|elements} not finite", words=words, count=not_finite)


def _added(old: TensorNumbers, new: TensorNumbers) -> str:
    if old.entries is None or new.entries is None:
        return "…"
    return _short(TensorNumbers(new.shape, new.dtype, old.entries + new.entries))


def _short(numbers: TensorNumbers | None) -> str:
    return numbers_text(numbers, 3, 6)


def _line(label: Words, text: str, zh: str = "") -> CardLine:
    return CardLine(label, verbatim(text), zh)
