"""A traced graph in every format that it can be saved in."""

from __future__ import annotations

import json
from collections.abc import Set
from pathlib import Path

from gradviz.core.tape.graph_data import graph_data
from gradviz.core.tape.grouping import Grouping
from gradviz.core.tape.ledger import TracedGraph
from gradviz.storage.atomic_write import check_name
from gradviz.storage.problems import FileError
from gradviz.views.pages.dot import dot_text

ENDINGS = (".svg", ".png", ".pdf", ".html", ".json", ".dot")


def check_ending(path: Path) -> None:
    """FileError where `path` names no format: asked before the work, not after it."""
    check_name(path)
    if path.suffix.lower() not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise FileError(
            f"The graph was not saved. {path.suffix or 'No ending'} is none of {known}.", "Choose one of them."
        )


def file_bytes(graph: TracedGraph, groups: Grouping, opened: Set[str], ending: str) -> bytes:
    """The whole file."""
    if ending == ".json":
        return json.dumps(graph_data(graph), ensure_ascii=False).encode()
    if ending == ".dot":
        return dot_text(graph).encode()
    raise NotImplementedError
