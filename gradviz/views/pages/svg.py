"""A drawing as SVG, which every browser and most editors show."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.tape.captions import edge_text, fitting, grad_tag, gradient_text, subtitle, title, value_text
from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.node_card import card
from gradviz.core.tape.structure import NodeKind
from gradviz.core.tape.tensor_numbers import Ints
from gradviz.core.words import say

MARGIN, ARROW, INDENT, LEGEND = 16.0, 7.0, 10.0, 26.0
DASHED = 'stroke-dasharray="6 4"'
FILLS = {NodeKind.OPERATION: "#ffffff", NodeKind.LEAF: "#e3f1e4", NodeKind.CONSTANT: "#f8f9fb"}
ROOT, GROUP = "#e4ecfb", "#eef0f3"
TEXT, MUTED, VALUE, GRADIENT, BORDER, EDGE = "#1b2130", "#5c6679", "#0b6e75", "#b4480b", "#c9cfd9", "#8a93a3"
MOST_CARDS = 400
"""Nodes of a drawing up to which each has its card as a tooltip."""
WIDEST = {14: 19, 12: 25, 11: 28}
"""Letters that fit, by the size of the font: those of Linux are the widest."""


def svg_text(drawing: Drawing) -> str:
    """The whole drawing on white, with the card of each node as its tooltip."""
    left, top, width, height = _frame(drawing)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-family="system-ui, sans-serif">',
            f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<g fill="none" stroke="{EDGE}" stroke-width="1.4">',
            *(f'<path d="{_path(route)}"/>' for route in drawing.routes),
            *(f'<path class="flow" d="{_path(route)}" {DASHED}/>' for route in drawing.flow_routes),
            "</g>",
            f'<g fill="{EDGE}">',
            *(_arrow(route) for route in drawing.routes),
            "</g>",
            *_boxes(drawing),
            *_factors(drawing),
            *_legend(drawing, left, top + height),
            "</svg>",
            "",
        ]
    )


def _frame(drawing: Drawing) -> tuple[float, float, float, float]:
    """Left, top, width and height of all boxes and routes."""
    width, height = drawing.size
    half = np.array([[width / 2, height / 2]])
    begin = drawing.places[:1] if len(drawing.places) else np.zeros((1, 2))
    points = np.concatenate((begin, *drawing.routes, *drawing.flow_routes))
    low = np.minimum(points.min(axis=0), (drawing.places - half).min(axis=0, initial=np.inf)) - MARGIN
    high = np.maximum(points.max(axis=0), (drawing.places + half).max(axis=0, initial=-np.inf)) + MARGIN
    below = LEGEND if drawing.flow_routes else 0.0
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]) + below


def _legend(drawing: Drawing, left: float, bottom: float) -> Iterator[str]:
    """What a dashed line is, below a drawing that has one."""
    if drawing.flow_routes:
        x, y = left + MARGIN, bottom - LEGEND / 2
        yield f'<path d="M{x:.1f} {y - 4:.1f}h30" fill="none" stroke="{EDGE}" stroke-width="1.4" {DASHED}/>'
        yield _letters(x + 38, y, 11, MUTED, str(say("no gradient follows")))


def _path(route: Floats) -> str:
    points = route.tolist()
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, after in pairwise(points):
        middle = (before[1] + after[1]) / 2
        parts.append(f"C{before[0]:.1f} {middle:.1f} {after[0]:.1f} {middle:.1f} {after[0]:.1f} {after[1]:.1f}")
    return "".join(parts)


def _arrow(route: Floats) -> str:
    x, y = route[-1].tolist()
    return f'<path d="M{x:.1f} {y:.1f}l{-ARROW / 2} {-ARROW}h{ARROW}z"/>'


def _boxes(drawing: Drawing) -> Iterator[str]:
    rows, groups = drawing.folded.rows.tolist(), drawing.folded.groups.tolist()
    sizes = drawing.grouping.sizes()
    has_cards = len(rows) <= MOST_CARDS
    leaves = drawing.folded.boxes[drawing.graph.structure.leaf_of >= 0]
    uses = np.bincount(leaves, minlength=len(rows)).tolist()
    for box, (place, row, group) in enumerate(zip(drawing.places.tolist(), rows, groups, strict=True)):
        if row >= 0:
            yield from _node(drawing, row, place, has_cards, uses[box] > 1)
        else:
            yield from _group(drawing, group, place, sizes)


def _node(drawing: Drawing, row: int, place: list[float], has_card: bool, is_whole: bool) -> Iterator[str]:
    graph = drawing.graph
    kind = graph.structure.kinds[row]
    fill = ROOT if row in graph.structure.roots else FILLS[kind]
    dashes = ' stroke-dasharray="4 3"' if kind is NodeKind.CONSTANT else ""
    yield f'<g transform="translate({place[0]:.1f} {place[1]:.1f})">'
    if has_card:
        lines = (f"{line.label}: {line.text}" for line in card(graph, row))
        yield f"<title>{escape(chr(10).join(lines), quote=False)}</title>"
    yield _rectangle(drawing.size, fill, 22 if kind is NodeKind.LEAF else 7, dashes)
    left, top = -drawing.size[0] / 2 + INDENT, -drawing.size[1] / 2
    tag = grad_tag(graph, row)
    name = fitting(title(graph.structure, row), WIDEST[14] - round(0.6 * len(tag)))
    yield _letters(left, top + 20, 14, TEXT, name, ' font-weight="600"')
    yield _letters(-left, top + 20, 11, MUTED, tag, ' text-anchor="end"')
    yield _letters(left, top + 37, 11, MUTED, subtitle(graph.structure, row))
    yield _letters(left, top + 55, 12, VALUE, f"value {value_text(graph, row)}")
    if kind is not NodeKind.CONSTANT:
        yield _letters(left, top + 72, 12, GRADIENT, f"grad  {gradient_text(graph, row, is_whole)}")
    yield "</g>"


def _group(drawing: Drawing, index: int, place: list[float], sizes: Ints) -> Iterator[str]:
    group = drawing.grouping.groups[index]
    width, height = drawing.size
    yield f'<g transform="translate({place[0]:.1f} {place[1]:.1f})"><title>{escape(group.key, quote=False)}</title>'
    yield _rectangle((width - 8, height - 8), GROUP, 7, ' transform="translate(4 4)"')
    yield _rectangle((width - 4, height - 4), GROUP, 7, "")
    name, _, kind = group.label.partition("  ")
    yield _letters(-width / 2 + INDENT, -14, 14, TEXT, name, ' font-weight="600"')
    yield _letters(-width / 2 + INDENT, 4, 11, MUTED, kind)
    yield _letters(-width / 2 + INDENT, 22, 11, MUTED, str(say("{count:node|nodes}", count=int(sizes[index]))))
    yield "</g>"


def _rectangle(size: tuple[float, float], fill: str, radius: int, more: str) -> str:
    width, height = size
    return (
        f'<rect x="{-width / 2:.0f}" y="{-height / 2:.0f}" width="{width:.0f}" height="{height:.0f}" rx="{radius}" '
        f'fill="{fill}" stroke="{BORDER}" stroke-width="1.2"{more}/>'
    )


def _letters(x: float, y: float, size: int, colour: str, text: str, more: str = "") -> str:
    if not text:
        return ""
    shown = fitting(text, WIDEST[size])
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"{more}>{escape(shown, quote=False)}</text>'


def _factors(drawing: Drawing) -> Iterator[str]:
    """On each edge between two nodes the local derivative, where it is one number."""
    for route, parts in zip(drawing.routes, drawing.folded.parts, strict=True):
        text = edge_text(drawing.graph, parts[0]) if len(parts) == 1 else ""
        if text:
            x, y = ((route[-2] + route[-1]) / 2).tolist()
            half = 3.4 * len(text) + 4
            yield f'<rect x="{x - half:.1f}" y="{y - 9:.1f}" width="{2 * half:.1f}" height="17" fill="#ffffff"/>'
            yield (
                f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="11" fill="{GRADIENT}" text-anchor="middle">'
                f"{escape(text, quote=False)}</text>"
            )
