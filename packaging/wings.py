"""Keeps the docstring of every wing true: a subject, and a line on each module. Writes them, or with --check looks."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "gradviz"
WIDTH = 120


def wings() -> list[Path]:
    """The folders of modules below the layers."""
    return sorted(path.parent for path in PACKAGE.glob("*/*/__init__.py"))


def subject(wing: Path) -> str:
    """The first line of a wing's docstring: the one that a person writes."""
    document = ast.get_docstring(ast.parse((wing / "__init__.py").read_text(encoding="utf-8"))) or ""
    return document.split("\n", 1)[0]


def first_sentence(module: Path) -> str:
    """What a module is, in its own words."""
    document = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<!al)\.\s", document.replace("\n", " ") + " ")[0].rstrip(". ")


def written(wing: Path) -> str:
    """The `__init__` of a wing as it should be."""
    modules = sorted(path for path in wing.glob("*.py") if path.stem != "__init__")
    width = max(len(path.stem) for path in modules)
    rows = [
        textwrap.fill(f"{path.stem:<{width}}  {first_sentence(path)}", WIDTH, subsequent_indent=" " * (width + 2))
        for path in modules
    ]
    return "\n".join([f'"""{subject(wing)}', "", *rows, '"""', ""])


def main() -> int:
    """0 if every docstring was true or has been rewritten."""
    untrue = [wing for wing in wings() if (wing / "__init__.py").read_text(encoding="utf-8") != written(wing)]
    for wing in untrue:
        if "--check" in sys.argv:
            print(wing.relative_to(PACKAGE), file=sys.stderr)  # noqa: T201 - which one
        else:
            (wing / "__init__.py").write_text(written(wing), encoding="utf-8")
    return int("--check" in sys.argv and bool(untrue))


if __name__ == "__main__":
    sys.exit(main())
