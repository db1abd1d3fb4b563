"""The card of a node or of a group as HTML: lines, histograms and the entries of tensors, coloured as a heat map."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import CardLine, card
from gradviz.core.tape.structure import NodeKind, SavedState
from gradviz.core.tape.tensor_numbers import MOST_ENTRIES, TensorNumbers, number_text
from gradviz.core.words import say
from gradviz.views.graph.graph_state import Folds
from gradviz.views.kit.speech import spoken
from gradviz.views.kit.theme import Theme, mix

MOST_COLUMNS = 12
"""Columns of a table, beyond which a row of a tensor goes on in the next line."""
PRECISE, FULL = 4, 12
"""Digits of a number in a table, and of one that is pointed at."""


def node_html(graph: TracedGraph, row: int, theme: Theme, language: str = "en") -> str:
    """All that is known of a node. Images are named `histogram:PORT:value` and `histogram:PORT:gradient`; the entries
    of a table are links, whose names `entry_text` reads."""
    lines = "".join(_line(line, theme, language) for line in card(graph, row))
    tensors = "".join(_tensors(graph, row, theme))
    return f"<table cellpadding='2'>{lines}</table>{tensors}"


def group_html(graph: TracedGraph, shown: Folds, key: str, theme: Theme) -> str:
    """What is in a closed group: its nodes by kind, and the bytes that they keep for the backward pass."""
    structure, rows = graph.structure, shown.rows_in(key)
    kinds = [structure.kinds[row] for row in rows]
    kept = [saved for row in rows for saved in structure.saved[row] if saved.state is SavedState.ALIVE]
    lines = [
        CardLine(say("operations"), say("{count:operation|operations}", count=kinds.count(NodeKind.OPERATION))),
        CardLine(say("leaves"), say("{count:use of a leaf|uses of leaves}", count=kinds.count(NodeKind.LEAF))),
        CardLine(say("saved"), say("{size:byte|bytes}, alive", size=sum(one.size for one in kept))),
        CardLine(say("keys"), say("Enter opens it, Backspace closes the one around")),
    ]
    return f"<table cellpadding='2'>{''.join(_line(line, theme, 'en') for line in lines)}</table>"


def tensors_of(graph: TracedGraph, row: int) -> Iterator[tuple[str, str, TensorNumbers]]:
    """The tensors of a node that are more than a number: a label, the name of their image, and the numbers."""
    structure, ledger = graph.structure, graph.ledger
    for port in range(int(structure.ports[row]), int(structure.ports[row + 1])):
        for label, column in (("value", ledger.values), ("gradient", ledger.gradients)):
            numbers = column[port]
            if numbers is not None and not numbers.is_one and numbers.spread is not None:
                yield label, f"histogram:{port}:{label}", numbers


def _line(line: CardLine, theme: Theme, language: str) -> str:
    text = line.zh if language == "zh" and line.zh else spoken(line.text)
    label = escape(spoken(line.label))
    return f"<tr><td><span style='color:{theme.muted}'>{label}</span></td><td>{escape(text)}</td></tr>"


def _tensors(graph: TracedGraph, row: int, theme: Theme) -> Iterator[str]:
    for label, image, numbers in tensors_of(graph, row):
        colour = theme.value if label == "value" else theme.gradient
        yield f"<p style='color:{colour}; margin-bottom:2px'><b>{label}</b></p>{_spread(numbers, theme)}"
        yield f"<img src='{image}'>"
        if numbers.entries is not None and numbers.entries.size <= MOST_ENTRIES:
            yield _table(np.asarray(numbers.entries), image, colour, theme)


def entry_text(tensors: Mapping[str, TensorNumbers], link: str) -> str:
    """Index and number, in full, of the entry that a link is; empty where it is none."""
    image, _, place = link.rpartition("#")
    numbers = tensors.get(image)
    if numbers is None or numbers.entries is None or not place.isdecimal() or int(place) >= numbers.entries.size:
        return ""
    index = ", ".join(str(int(one)) for one in np.unravel_index(int(place), numbers.shape))
    label = image.rpartition(":")[2]
    return f"{label}[{index}] = {number_text(numbers.entries.reshape(-1)[int(place)].item(), FULL)}"


def _spread(numbers: TensorNumbers, theme: Theme) -> str:
    spread = numbers.spread
    assert spread is not None
    parts = [("min", spread.minimum), ("mean", spread.mean), ("max", spread.maximum), ("norm", spread.norm)]
    told = "".join(
        f"<td><span style='color:{theme.muted}'>{name}</span> {short_number(number, 4)}</td>" for name, number in parts
    )
    odd = f"<td><b style='color:{theme.fault}'>{spread.not_finite:,} not finite</b></td>" if spread.not_finite else ""
    return f"<table cellpadding='2'><tr>{told}{odd}</tr></table>"


def _table(entries: Floats, image: str, colour: str, theme: Theme) -> str:
    """The entries, line by line as the last dimension goes; darker is farther from 0, and what is not finite red."""
    rows = entries.reshape(-1, entries.shape[-1]) if entries.ndim > 1 else entries.reshape(1, -1)
    sizes = np.abs(rows)
    finite = sizes[np.isfinite(sizes)]
    most = float(finite.max()) if finite.size else 0.0
    cells = []
    for number, line in enumerate(rows):
        for begin in range(0, len(line), MOST_COLUMNS):
            first = number * rows.shape[1] + begin
            some = enumerate(line[begin : begin + MOST_COLUMNS].tolist(), first)
            inner = "".join(_cell(entry, f"{image}#{place}", most, colour, theme) for place, entry in some)
            cells.append(f"<tr>{inner}</tr>")
    return f"<table cellpadding='2' cellspacing='1'>{''.join(cells)}</table>"


def _cell(entry: complex, link: str, most: float, colour: str, theme: Theme) -> str:
    if not math.isfinite(abs(entry)):
        ground, text = theme.fault, theme.base
    else:
        ground, text = mix(theme.base, colour, 0.45 * abs(entry) / most if most else 0.0), theme.text
    number = escape(number_text(entry, PRECISE))
    style = f"color:{text}; text-decoration:none"
    return f"<td align='right' bgcolor='{ground}'><a href='{link}' style='{style}'>{number}</a></td>"
