"""A graph in the language of Graphviz, which then lays it out."""

from __future__ import annotations

from collections.abc import Iterator

from gradviz.core.tape.captions import edge_text, gradient_text, subtitle, title, value_text
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import NodeKind

STYLES = {
    NodeKind.OPERATION: 'shape=box, style="rounded,filled", fillcolor="#eef1f6"',
    NodeKind.LEAF: 'shape=box, style="rounded,filled", fillcolor="#dff0df"',
    NodeKind.CONSTANT: 'shape=box, style="dashed"',
}


def dot_text(graph: TracedGraph) -> str:
    """The whole graph, from leaves and constants down to the loss."""
    return "\n".join(["digraph {", '  node [fontname="sans-serif", fontsize=10];', *_lines(graph), "}", ""])


def _lines(graph: TracedGraph) -> Iterator[str]:
    structure = graph.structure
    for row in range(len(structure)):
        lines = [title(structure, row), subtitle(structure, row), f"value {value_text(graph, row)}"]
        if structure.kinds[row] is not NodeKind.CONSTANT:
            lines.append(f"grad {gradient_text(graph, row)}")
        label = r"\n".join(map(_quoted, lines))
        yield f'  n{row} [label="{label}", {STYLES[structure.kinds[row]]}];'
    for edge in range(len(structure.producers)):
        told = _quoted(edge_text(graph, edge))
        label = f' [label="{told}"]' if told else ""
        yield f"  n{structure.producers[edge]} -> n{structure.consumers[edge]}{label};"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
