"""A graph in the language of Graphviz, which then lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradviz.core.tape.captions import edge_text, gradient_text, subtitle, title, value_text
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import NodeKind

STYLES = {
    NodeKind.OPERATION: 'shape=box, style="rounded,filled", fillcolor="#eef1f6"',
    NodeKind.LEAF: 'shape=box, style="rounded,filled", fillcolor="#dff0df"',
    NodeKind.CONSTANT: 'shape=box, style="dashed"',
}


def dot_text(graph: TracedGraph, once: bool = False) -> str:
    """The whole graph, from leaves and constants down to the loss; a leaf beside each use, or `once` for all."""
    return "\n".join(["digraph {", '  node [fontname="sans-serif", fontsize=10];', *_lines(graph, once), "}", ""])


def _lines(graph: TracedGraph, once: bool) -> Iterator[str]:
    structure = graph.structure
    shown_as = {row: uses[0] for row, uses in structure.shared.items()} if once else {}
    for row in range(len(structure)):
        if shown_as.get(row, row) != row:
            continue
        lines = [title(structure, row), subtitle(structure, row), f"value {value_text(graph, row)}"]
        if structure.kinds[row] is not NodeKind.CONSTANT:
            lines.append(f"grad {gradient_text(graph, row, once)}")
        label = r"\n".join(map(_quoted, lines))
        yield f'  n{row} [label="{label}", {STYLES[structure.kinds[row]]}];'
    for edge in range(len(structure.producers)):
        told = _quoted(edge_text(graph, edge))
        label = f' [label="{told}"]' if told else ""
        producer = int(structure.producers[edge])
        yield f"  n{shown_as.get(producer, producer)} -> n{structure.consumers[edge]}{label};"
    yield from _flows(graph, shown_as)


def _flows(graph: TracedGraph, shown_as: Mapping[int, int]) -> Iterator[str]:
    """The ways of numbers that no gradient goes along."""
    for part, whole in graph.structure.flows:
        yield f"  n{shown_as.get(part, part)} -> n{shown_as.get(whole, whole)} [style=dashed, arrowhead=none];"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
