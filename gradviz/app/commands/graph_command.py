"""``gradviz graph``: the graph of an experiment's loss at a step, in words, as JSON, and as a file."""

from __future__ import annotations

import json
from pathlib import Path

from gradviz.app.commands.speaking import say, show
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import with_value
from gradviz.core.tape.captions import gradient_text, title, value_text
from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.structure import NodeKind
from gradviz.core.words import say as words
from gradviz.storage.user.unfinished_saves import noted_save

MOST_LINES = 200


def print_graph(document: Document, step: int, as_json: bool, out: Path | None, once: bool = False) -> int:
    """Train up to `step`, trace the loss there, say or write it; returns the exit status."""
    from gradviz.app.commands.progress import step_progress
    from gradviz.app.tracing.formats import check_ending
    from gradviz.app.tracing.graph import Graph
    from gradviz.core.questions.trace import TraceGraph
    from gradviz.engine.answers.answering import ask
    from gradviz.engine.answers.moment import Moment
    from gradviz.engine.training.trainer import Trainer

    if out is not None:
        check_ending(out)
    trainer = Trainer(with_value(document.experiment, "steps", max(document.experiment.steps, step)))
    if trainer.notice:
        say(trainer.notice)
    if step:
        with step_progress(document.title, step) as advance:
            for record in trainer.towards(step):
                advance(record.step)
    graph = Graph(ask(TraceGraph(), Moment(trainer)), once=once)
    if out is not None:
        with noted_save(out):
            graph.save(out)
        say(f"Wrote {out.name}.")
    if as_json:
        show(json.dumps(graph_data(graph.traced), ensure_ascii=False))
    elif out is None:
        show(graph_text(graph.traced))
    return 0


def graph_text(graph: TracedGraph) -> str:
    """A line for each node, the loss first: number, name, operation, value, gradient, and where its inputs are."""
    structure = graph.structure
    rows = [_line(graph, row) for row in range(min(len(structure), MOST_LINES))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]
    if len(structure) > MOST_LINES:
        lines.append(str(words("… and {count:node|nodes} more", count=len(structure) - MOST_LINES)))
    if graph.ledger.note:
        lines.append(str(graph.ledger.note))
    return "\n".join(lines)


def _line(graph: TracedGraph, row: int) -> tuple[str, ...]:
    structure = graph.structure
    inputs = ", ".join(str(structure.producers[edge]) for edge in structure.edges_to[row])
    gradient = "" if structure.kinds[row] is NodeKind.CONSTANT else f"grad {gradient_text(graph, row)}"
    name = title(structure, row)
    operation = structure.ops[row].rsplit("::", 1)[-1]
    return str(row), name, operation, value_text(graph, row), gradient, f"<- {inputs}" if inputs else ""
