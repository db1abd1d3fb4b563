"""Keeps the tables of docs/ true that the code knows: writes them, or with --check only looks."""

from __future__ import annotations

import sys
from pathlib import Path

from gradviz.app.opening.actions import ACTIONS
from gradviz.core.formulas.functions import FUNCTIONS, FormulaFunction
from gradviz.core.formulas.suggestions import LEFT_OUT

DOCS = Path(__file__).parent.parent / "docs"
IN_VIEWS = (
    ("F or double click in the graph", "Fit the graph"),
    ("+ − and arrows in the graph", "Zoom; walk from node to node"),
    ("Shift and arrows in the graph", "Move it"),
    ("Ctrl+F in the graph", "Search by name, operation, module, shape, or `gradient is 0`, `NaN`, `large`"),
    ("U, D, P in the graph", "What leads to the chosen node; what follows of it; the ways from the node chosen before"),
    ("Enter or double click in the graph", "Open a closed group; Enter on a node, or a click, opens its card"),
    ("Backspace in the graph", "Close the group around the chosen node"),
    ("O, C in the graph", "Open all groups; close all"),
    ("X or Ctrl+click, G in the graph", "Mark the chosen node; make one box of what is marked"),
    ("Delete, Z in the graph", "Take apart a group that you made; undo the last grouping"),
    ("K, I in the graph", "Show or hide the node card; pin it to its node"),
    (
        "V, S in the graph",
        "Colour by gradient norm, value range, saved bytes, numbers of one's own; draw shared parameters once",
    ),
    ("M in the graph", "The menu with all of these"),
    ("R in the graph", "Turn it: downwards, to the right, upwards, to the left"),
    ("Escape in the graph", "All nodes alike again; leave a layout that takes long"),
    ("W in the graph", "Step through it, one node at a time, or leave that (Escape too)"),
    ("J, L, A while stepping through", "One node back; one node on; play or pause"),
    ("Home, End, B, T while stepping through", "Start; end; the other pass; run to the chosen node"),
    ("[ ] while stepping through", "Play slower, faster"),
    (
        "1, 2, 3 while stepping through",
        "`retain_graph=True`; `backward()` twice; `create_graph=True`: the graph of the gradient",
    ),
    ("Ctrl+Enter in the script", "Run it, line by line; a script that has a file is saved first"),
    ("Ctrl+F in the script", "Find; Enter on, Shift+Enter back, Escape closes"),
    ("Ctrl+S in the script", "Save it"),
    ("Escape while a script runs", "Stop it; what was recorded stays"),
    ("J, L while stepping through a script", "One line back; one line on (Ctrl+Left and Ctrl+Right too)"),
    ("O while stepping through a script", "One line on, without the lines of the functions that it calls"),
    ("P, N while stepping through a script", "Where this pass of the loop began, or the one before; the next pass"),
    ("T, C while stepping through a script", "On to the line of the cursor; on to the next breakpoint"),
    ("B while stepping through a script", "Set or clear a breakpoint at the cursor (or click beside a line)"),
    ("A or Space, [ ] while stepping through a script", "Play or pause; slower, faster"),
    ("Home, End while stepping through a script", "First line; last line"),
    ("E or Escape while stepping through a script", "Go on writing"),
    ("arrows in the surface", "Turn it"),
    ("double click in the surface", "Start there"),
    ("up, down in a number", "Change its leading digit"),
)


def key_table() -> str:
    """Every shortcut."""
    rows = [(" or ".join(s.shortcuts), s.text.replace("&", "").rstrip("…")) for s in ACTIONS if s.shortcuts]
    return _table(("key", "what it does"), [*rows, *IN_VIEWS])


def function_table() -> str:
    """Every function of formulas, as it is called."""
    return _table(("function", "what it is"), [_function_row(*entry) for entry in FUNCTIONS.items()])


def left_out_table() -> str:
    """Functions of torch that formulas have not, and why."""
    return _table(("function of torch", "why not"), [(f"`{name}`", why) for name, why in sorted(LEFT_OUT.items())])


def _function_row(name: str, function: FormulaFunction) -> tuple[str, str]:
    """A call, with arguments that have names where the text about it names them; optional ones in brackets."""
    call, colon, about = function.about.partition(": ")
    if colon and call.startswith(f"{name}("):
        return f"`{call}`", about
    letters = "x" if function.most == 1 else "abcdefg"  # as the text about it calls its one argument
    names = [*letters[: function.most], *(["dimension"] if function.dimension else [])]
    names += [f"{option.name}={option.default:g}" for option in function.options]
    needed, optional = names[: function.least], names[function.least :]
    arguments = ", ".join(needed) + "".join(f"[, {one}]" for one in optional)
    return f"`{name}({arguments})`", function.about


def _table(heads: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [f"| {left} | {right} |" for left, right in (heads, ("---", "---"), *rows)]
    return "\n".join(lines).replace("| --- | --- |", "|---|---|")


TABLES = (("keys", key_table), ("functions", function_table), ("left-out", left_out_table))
PAGES = {"keys": DOCS / "keys.md", "functions": DOCS / "formulas.md", "left-out": DOCS / "formulas.md"}


def written(tag: str, table: str, page: str) -> str:
    """A page with its table as it should be."""
    begin, end = f"<!-- {tag} -->", f"<!-- /{tag} -->"
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{table}\n{end}{rest.partition(end)[2]}"


def true_pages() -> dict[Path, str]:
    """Every page with all its tables."""
    found = {page: page.read_text(encoding="utf-8") for page in PAGES.values()}
    for tag, table in TABLES:
        found[PAGES[tag]] = written(tag, table(), found[PAGES[tag]])
    return found


def main() -> int:
    """0 if every page was true or has been rewritten."""
    true = true_pages()
    untrue = [page for page, text in true.items() if page.read_text(encoding="utf-8") != text]
    for page in untrue:
        if "--check" in sys.argv:
            print(page.name, file=sys.stderr)  # noqa: T201 - which one
        else:
            page.write_text(true[page], encoding="utf-8")
    return int("--check" in sys.argv and bool(untrue))


if __name__ == "__main__":
    sys.exit(main())
