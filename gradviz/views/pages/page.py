"""A graph as one HTML page that needs no network and no server: pan, zoom, fold, find, and the card of each node."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.numbers import short_number
from gradviz.core.tape.captions import edge_text, grad_tag, gradient_text, subtitle, title, value_text
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.heat_map import TABLE, HeatMap, heat_map, mark_words
from gradviz.core.tape.ledger import TracedGraph
from gradviz.core.tape.node_card import CardLine, card
from gradviz.core.tape.tensor_numbers import MOST_ENTRIES, number_text

MOST_CARDS = 20_000
"""Nodes of a graph up to which each has its card."""
MOST_TABLES = 600
"""Nodes up to which cards have the entries of tensors, a few hundred each, their heat maps and histograms."""


@dataclass(frozen=True, slots=True)
class PageParts:
    """What every page has in it: the program and the style, as they stand in the files that come with gradviz."""

    script: str
    style: str


def page_html(
    graph: TracedGraph,
    grouping: Grouping,
    opened: Set[str],
    parts: PageParts,
    heading: str = "gradviz",
    once: bool = False,
) -> str:
    """The page, with the groups in `opened` open at first, and shared leaves beside each use or drawn `once`."""
    told = {**page_data(graph, grouping, opened), "once": once}
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    note = escape(str(graph.ledger.note))
    shared = "" if graph.structure.shared else " hidden"
    flows = "" if graph.structure.flows else " hidden"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
{parts.style}</style></head><body>
<header><button id="foldall" data-word="Fold all"></button><button id="unfold" data-word="Unfold all"></button>
<button id="fit" data-word="Fit"></button>
<button id="once" data-word="Leaves once" aria-pressed="false"{shared}></button>
<input id="find" type="search"><output id="found" for="find"></output>
<span class="note" title="{note}">{note}</span>
<span class="key"{flows}><i></i><span data-word="no gradient follows"></span></span>
<button id="language"></button></header>
<svg id="graph" role="group" aria-label="{escape(heading)}"></svg><aside></aside>
<script type="application/json" id="data">{_within_script(data)}</script>
<script>
{parts.script}</script></body></html>
"""


def in_a_frame(page: str, height: int = 480) -> str:
    """A page as a notebook shows it below a cell."""
    style = f"width:100%;height:{height}px;border:1px solid #c9cfd9;border-radius:6px"
    return f'<iframe srcdoc="{escape(page)}" style="{style}"></iframe>'


def page_data(graph: TracedGraph, grouping: Grouping, opened: Set[str]) -> dict[str, Any]:
    """What the program of the page reads."""
    sizes = grouping.sizes()
    structure = graph.structure
    lines = _Lines()
    factors = map(partial(edge_text, graph), range(len(structure.producers)))
    owners = grouping.owner.tolist()
    return {
        "nodes": [_node(graph, row, owners[row], lines) for row in range(len(structure))],
        "lines": lines.told,
        "edges": {"from": structure.producers.tolist(), "to": structure.consumers.tolist(), "factor": list(factors)},
        "flows": structure.flows,
        "groups": [
            {"key": group.key, "label": group.label, "parent": group.parent, "size": int(size)}
            for group, size in zip(grouping.groups, sizes, strict=True)
        ],
        "opened": sorted(opened),
        "colours": _base64(TABLE),
    }


class _Lines:
    """The lines of all cards, each of them once: nodes that are alike share most of theirs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self._place_of: dict[tuple[str, str, str], int] = {}

    def places(self, card_lines: Iterable[CardLine]) -> list[int]:
        """Where the lines of a card stand."""
        return list(map(self._place, card_lines))

    def _place(self, line: CardLine) -> int:
        told = (str(line.label), str(line.text), line.zh)
        place = self._place_of.setdefault(told, len(self.told))
        if place == len(self.told):
            self.told.append(told)
        return place


def _node(graph: TracedGraph, row: int, group: int, lines: _Lines) -> dict[str, Any]:
    structure = graph.structure
    return {
        "title": title(structure, row),
        "what": subtitle(structure, row),
        "value": value_text(graph, row),
        "gradient": gradient_text(graph, row),
        "whole": gradient_text(graph, row, is_whole=True) if row in structure.shared else "",
        "tag": grad_tag(graph, row),
        "kind": str(structure.kinds[row]),
        "root": row in structure.roots,
        "group": group,
        "leaf": int(structure.leaf_of[row]),
        "card": lines.places(card(graph, row)) if len(structure) <= MOST_CARDS else [],
        "tensors": list(_tensors(graph, row)) if len(structure) <= MOST_TABLES else [],
    }


def _tensors(graph: TracedGraph, row: int) -> Iterator[dict[str, Any]]:
    """Value and gradient of the first output in full, where they are more than a number."""
    if not graph.structure.shapes_of(row):
        return
    port = int(graph.structure.ports[row])
    for label, numbers in (("value", graph.ledger.values[port]), ("gradient", graph.ledger.gradients[port])):
        spread = None if numbers is None or numbers.is_one else numbers.spread
        if numbers is None or spread is None:
            continue
        entries = numbers.entries
        columns = numbers.shape[-1] if numbers.shape else 1
        shown = (
            []
            if entries is None or entries.size > MOST_ENTRIES
            else [number_text(entry, 5) for entry in entries.reshape(-1).tolist()]
        )
        ends = [short_number(spread.low, 4), short_number(spread.high, 4)]
        histogram = list(spread.histogram)
        yield {
            "label": label,
            "columns": columns,
            "entries": shown,
            "histogram": histogram,
            "ends": ends,
            "map": _map_data(heat_map(numbers)),
        }


def _map_data(shown: HeatMap | None) -> dict[str, Any] | None:
    """A heat map as the page draws it: the values of its cells, and their colours by place."""
    if shown is None:
        return None
    plan, end = shown.arrangement, short_number(shown.limit, 3)
    return {
        "shape": plan.shape,
        "down": plan.down,
        "across": plan.across,
        "block": plan.block,
        "size": plan.size,
        "cells": plan.cells,
        "values": _base64(shown.cells.astype("<f4")),
        "places": _base64(shown.places),
        "ends": ["0" if shown.is_absolute else f"-{end}", end],
        "marks": [[int(mark), str(mark_words(mark, shown.limit)), count] for mark, count in shown.marks().items()],
    }


def _base64(array: NDArray[Any]) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _within_script(data: str) -> str:
    """JSON that ends no element of the page, whatever a name or a line of source says."""
    return data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
