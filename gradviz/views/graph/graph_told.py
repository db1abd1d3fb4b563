"""What a graph view shows, as values: for whoever cannot see it, and for tests."""

from __future__ import annotations

import numpy as np

from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import card
from gradviz.core.words import say
from gradviz.views.graph.box_text import BoxText, box_text
from gradviz.views.graph.graph_arrays import GraphArrays
from gradviz.views.graph.graph_content import GraphContent
from gradviz.views.graph.graph_state import Folds
from gradviz.views.kit.speech import spoken


def told(content: GraphContent, drawing: Drawing, arrays: GraphArrays, shown: Folds) -> dict[str, object]:
    """Boxes with what they say, local derivatives, and what stands out."""
    sizes = [int(arrays.sizes[group]) if group >= 0 else 1 for group in drawing.folded.groups.tolist()]
    texts = [box_text(drawing, box, size) for box, size in enumerate(sizes)]
    stress = content.stress(drawing)
    return {
        "nodes": [(text.title, text.subtitle, *_labelled(text)) for text in texts],
        "tags": {text.title: text.tag for text in texts if text.tag},
        "derivatives": _derivatives(drawing),
        "direction": str(content.state.direction),
        "found": content.state.found or (),
        "standing out": [] if stress.nodes is None else np.flatnonzero(stress.nodes).tolist(),
        "opened": shown.opened,
        "at work": stress.at,
        "lit": [] if stress.lit is None else np.flatnonzero(stress.lit).tolist(),
    }


def begin_of_head(step: int | None, graph: TracedGraph | None) -> str:
    """The step; of a graph that is of no run how large it is, and why gradients are absent."""
    if step is not None:
        return f"step {step:,}"
    assert graph is not None
    count = spoken(say("{count:node|nodes}", count=len(graph.structure)))
    note = spoken(graph.ledger.note)
    return f"{count}. {note}" if note else count


def details(content: GraphContent, box: int) -> str:
    """All that is known of a box, as lines; empty for no box."""
    spot = None if content.folds is None else content.folds.spot_of(box)
    if content.graph is None or spot is None:
        return ""
    if isinstance(spot, str):
        return spot
    return "\n".join(f"{spoken(line.label)}: {spoken(line.text)}" for line in card(content.graph, spot))


def _labelled(text: BoxText) -> tuple[str, str]:
    """Value and gradient as a node shows them near by."""
    value = text.value if text.is_group else f"value {text.value}"
    return value, f"grad  {text.gradient}" if text.gradient else ""


def _derivatives(drawing: Drawing) -> dict[tuple[int, int], float]:
    """By producer and consumer the local derivative of an edge, where it is one number."""
    local = drawing.graph.ledger.local
    found: dict[tuple[int, int], float] = {}
    for (producer, consumer), parts in zip(drawing.folded.edges.tolist(), drawing.folded.parts, strict=True):
        factor = local[parts[0]] if len(parts) == 1 else None
        if factor is not None and factor.is_one and factor.entries is not None:
            found[producer, consumer] = float(factor.entries.reshape(-1)[0].real)
    return found
