"""A traced graph in every format that it can be saved in."""

from __future__ import annotations

import json
from collections.abc import Set
from functools import cache
from pathlib import Path

from gradviz.core.tape.drawing import Drawing
from gradviz.core.tape.folding import folded
from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.storage.atomic_write import check_name
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.assets import assets_folder
from gradviz.views.pages.dot import dot_text
from gradviz.views.pages.page import PageParts, in_a_frame, page_html
from gradviz.views.pages.svg import svg_text

ENDINGS = (".svg", ".png", ".pdf", ".html", ".json", ".dot")
NODE_SIZE = (192.0, 84.0)


def check_ending(path: Path) -> None:
    """FileError where `path` names no format: asked before the work, not after it."""
    check_name(path)
    if path.suffix.lower() not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise FileError(
            f"The graph was not saved. {path.suffix or 'No ending'} is none of {known}.", "Choose one of them."
        )


def file_bytes(graph: TracedGraph, groups: Grouping, opened: Set[str], ending: str, once: bool = False) -> bytes:
    """The whole file. The groups in `opened` are open in a picture, and at first on a page.

    A leaf that is used several times has a box beside each use or, if `once`, one for all of them.
    """
    if ending == ".json":
        return json.dumps(graph_data(graph), ensure_ascii=False).encode()
    if ending == ".dot":
        return dot_text(graph, once).encode()
    if ending == ".html":
        return page_html(graph, groups, opened, _parts(), once=once).encode()
    svg = svg_text(drawing_of(graph, groups, opened, once))
    return svg.encode() if ending == ".svg" else _painted(svg, ending)


def notebook_html(graph: TracedGraph, groups: Grouping, opened: Set[str], once: bool = False) -> str:
    """What a notebook shows: the page in a frame."""
    return in_a_frame(page_html(graph, groups, opened, _parts(), once=once))


def drawing_of(graph: TracedGraph, groups: Grouping, opened: Set[str], once: bool = False) -> Drawing:
    """The graph with these groups open, laid out."""
    from gradviz.core.layout.placement import place
    from gradviz.core.layout.reinsertion import THOROUGH

    shown = folded(graph.structure, groups, opened, once)
    edges = [(int(producer), int(consumer)) for producer, consumer in shown.edges]
    placement = place(len(shown), [*edges, *shown.flows], NODE_SIZE, effort=THOROUGH)
    routes = placement.routes
    return Drawing(graph, groups, shown, placement.places, routes[: len(edges)], NODE_SIZE, routes[len(edges) :])


@cache
def _parts() -> PageParts:
    folder = assets_folder() / "pages"
    return PageParts(
        (folder / "graph.js").read_text(encoding="utf-8"), (folder / "graph.css").read_text(encoding="utf-8")
    )


def _painted(svg: str, ending: str) -> bytes:
    """By Qt, which needs no display for it."""
    from PySide6.QtGui import QGuiApplication

    from gradviz.app.process.display import use_no_display
    from gradviz.views.pages.raster import pdf_bytes, png_bytes

    if QGuiApplication.instance() is None:
        use_no_display()
        _applications.append(QGuiApplication(["gradviz"]))
    return png_bytes(svg) if ending == ".png" else pdf_bytes(svg)


_applications: list[object] = []
"""Qt's application, made once where nobody has one: it must live as long as the process."""
