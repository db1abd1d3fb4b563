"""Keeps the README's table of keys true: writes them, or with --check only looks."""

from __future__ import annotations

import sys
from pathlib import Path

from gradviz.app.opening.actions import ACTIONS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
IN_VIEWS = (
    ("F or double click in the graph", "Fit the graph"),
    ("+ − and arrows in the graph", "Zoom; walk from node to node"),
    ("arrows in the surface", "Turn it"),
    ("double click in the surface", "Start there"),
    ("up, down in a number", "Change its leading digit"),
)


def key_table() -> str:
    """Every shortcut."""
    rows = [(" or ".join(s.shortcuts), s.text.replace("&", "").rstrip("…")) for s in ACTIONS if s.shortcuts]
    lines = [f"| {keys} | {what} |" for keys, what in (*rows, *IN_VIEWS)]
    return "\n".join(["| key | what it does |", "|---|---|", *lines])


def written() -> str:
    """The README as it should be."""
    text = README.read_text(encoding="utf-8")
    return _with_block(text, "keys", key_table())


def _with_block(text: str, tag: str, block: str) -> str:
    begin, end = f"<!-- {tag} -->", f"<!-- /{tag} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{block}\n{end}{rest.partition(end)[2]}"


def main() -> int:
    """0 if the README was true or has been rewritten."""
    true = written()
    if "--check" in sys.argv:
        return int(true != README.read_text(encoding="utf-8"))
    README.write_text(true, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
