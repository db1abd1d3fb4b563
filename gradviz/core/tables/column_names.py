"""The names of columns: from the rows that hold them, each one different from the others."""

from __future__ import annotations

from collections.abc import Sequence

from gradviz.core.tables.tables import LONGEST_NAME

_NO_NAMES = ("", "unnamed", "unnamed: 0", "unnamed:0", "...1")
"""What stands where a column has no name: nothing, or what pandas and R write for nothing."""


def head_names(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """A name for each column from one or several rows, empty where there is none; and what stands below it, a unit.

    Names that are complete in their first row are taken alone. Else a row above, of groups, goes before the row
    below; a group reaches to the next one.
    """
    clean = [["" if cell.strip().lower() in _NO_NAMES else cell.strip() for cell in row] for row in rows]
    first, below = clean[0], clean[1:]
    units = [" ".join(cells).strip() for cells in zip(*below, strict=True)] if below else [""] * len(first)
    filled = [name for name, unit in zip(first, units, strict=True) if name or unit]
    if not below or (all(filled) and len(set(filled)) == len(filled)):
        return first, units
    groups = [_reaching(row) for row in clean[:-1]]
    joined = [" ".join(part for part in parts if part) for parts in zip(*groups, clean[-1], strict=True)]
    return joined, [""] * len(first)


def _reaching(groups: list[str]) -> list[str]:
    """Every empty cell takes the one before it, as a merged cell is written."""
    last, filled = "", []
    for group in groups:
        last = group or last
        filled.append(last)
    return filled


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names that a table may have, each one different, from the cells of a header or from none."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        kept = "".join(letter if letter.isprintable() else " " for letter in cell[: 4 * LONGEST_NAME])
        stem = " ".join(kept.split())[: LONGEST_NAME - 8].strip() or f"column {number}"
        name, count = stem, 1
        while name in taken:
            count += 1
            name = f"{stem} {count}"
        taken.add(name)
        names.append(name)
    return tuple(names)
