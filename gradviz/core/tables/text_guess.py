"""How the rows of a text are written, guessed from its first lines: separator, decimals, comments, names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradviz.core.tables.cells import CellFault, cell_number, is_grouped, split_sign
from gradviz.core.tables.delimited_text import DECIMALS, SEPARATORS, RowError, TextFormat, blank_cells
from gradviz.core.tables.head_guess import NumberedRow, guess_head, main_width

SAMPLE_LINES = 80
_ABSENT = (CellFault.EMPTY, CellFault.MISSING, CellFault.NAN)
_COMMENTS = ("#", "%", "//", "!")
_SCORED_CELLS = 2000
_GROUPINGS = (",", ".", " ", "'")


def guess_format(sample: str, asked: Mapping[str, Any] | None = None) -> TextFormat:
    """How the rows of a text are written, by its first lines; what a person has `asked` for stays as it is."""
    asked = dict(asked or {})
    lines = sample.split("\n")[:SAMPLE_LINES]
    declared = _declared_separator(lines[0]) if lines else ""
    if declared and "separator" not in asked:
        asked["separator"] = declared
    skip = asked.get("skip", int(bool(declared)))
    comment = asked.get("comment", _comment_of(lines[skip:]))
    plain = [(number, f"{line}\n") for number, line in enumerate(lines, 1) if _is_row(line, number, skip, comment)]
    layout, rows = _written(plain, asked)
    layout = replace(layout, skip=skip, comment=comment, grouping=asked.get("grouping", layout.grouping))
    if comment and "comment" not in asked and _is_name_of_number(lines, layout, rows):
        return guess_format(sample, {**asked, "comment": ""})
    found = guess_head(rows, layout, "skip" in asked)
    if not found.header and comment and _comment_fits(lines, layout, rows):
        found = replace(found, header=True, comment_names=True)
    return replace(found, **{name: value for name, value in asked.items() if name in TextFormat.__slots__})


def guess_rows(rows: Sequence[Sequence[str]], asked: Mapping[str, Any] | None = None) -> TextFormat:
    """The same for rows that are split already, such as those of a workbook; its cells have decimal points."""
    numbered = [(number, list(cells)) for number, cells in enumerate(rows, 1) if any(map(str.strip, cells))]
    grouping = _grouping_in(numbered, "", ".")
    layout = guess_head(numbered[:SAMPLE_LINES], TextFormat(separator="", grouping=grouping), False)
    return replace(layout, **{name: value for name, value in (asked or {}).items() if name in TextFormat.__slots__})


def _declared_separator(line: str) -> str:
    """What a first line such as ``sep=;`` says, which spreadsheets write and read."""
    name, equals, separator = line.strip("\ufeff\r\n").strip('"').partition("=")
    is_one = name.strip().lower() == "sep" and bool(equals) and len(separator.strip(" ")) <= 1
    return (separator.strip(" ") or separator[:1]) if is_one else ""


def _comment_of(lines: list[str]) -> str:
    """What the comments begin with, where the first line is one and others are none."""
    filled = [line.strip() for line in lines if line.strip()]
    prefix = next((one for one in _COMMENTS if filled and filled[0].startswith(one)), "")
    return prefix if prefix and not all(line.startswith(prefix) for line in filled) else ""


def _is_row(line: str, number: int, skip: int, comment: str) -> bool:
    return number > skip and bool(line.strip()) and not (comment and line.lstrip().startswith(comment))


def _written(plain: list[tuple[int, str]], asked: Mapping[str, Any]) -> tuple[TextFormat, list[NumberedRow]]:
    """Separator, decimals and grouping of digits that make most of the lines, and the rows that they make."""
    best: tuple[float, ...] = (-1.0,)
    chosen, chosen_rows = TextFormat(header=False), [(number, [line.strip()]) for number, line in plain]
    for separator in [asked["separator"]] if "separator" in asked else SEPARATORS:
        rows = sampled_rows(plain, separator)
        for decimal in [asked["decimal"]] if "decimal" in asked else DECIMALS:
            if (decimal == separator and "decimal" not in asked) or not rows:
                continue
            grouping = _grouping_in(rows, separator, decimal)
            score = _score(rows, decimal, grouping)
            if score > best:
                best, chosen, chosen_rows = score, TextFormat(separator, decimal, False, grouping), rows
    return chosen, chosen_rows


def sampled_rows(plain: Iterable[tuple[int, str]], separator: str) -> list[NumberedRow]:
    """The rows of a sample, ragged as they may be, none of them empty; a quote left open at its end ends the sample."""
    pairs = list(plain)
    try:
        if separator == " ":
            return [(number, blank_cells(line, number)) for number, line in pairs]
        reader = csv.reader((line for _, line in pairs), delimiter=separator, skipinitialspace=True)
        rows, before = [], 0
        for row in reader:
            if any(map(str.strip, row)):
                rows.append((pairs[before][0], row))
            before = reader.line_num
    except (csv.Error, RowError):
        return []
    return rows


def _score(rows: list[NumberedRow], decimal: str, grouping: str) -> tuple[float, ...]:
    """Whether most rows have one width above 1, how many cells are numbers, how even the rows are."""
    width, agreeing = main_width(rows)
    begin = next(place for place, (_, cells) in enumerate(rows) if len(cells) == width)
    even, even_below = agreeing / len(rows), agreeing / (len(rows) - begin)
    body = rows[begin + 1 :] or rows
    cells = [cell for _, row in body for cell in row][:_SCORED_CELLS]
    faults = Counter(cell_number(cell, decimal, grouping)[1] for cell in cells)
    numbers = (faults[CellFault.NONE] + 0.9 * sum(faults[kind] for kind in _ABSENT)) / max(1, sum(faults.values()))
    is_table = width > 1 and (even > 0.5 or (agreeing > 1 and even_below > 0.9))
    return float(is_table), round(even * (0.2 + numbers), 6), even, -float(decimal == ",")


def _grouping_in(rows: list[NumberedRow], separator: str, decimal: str) -> str:
    """The letter that groups digits in threes, where the cells leave no doubt that it does; else nothing.

    A comma in a cell of a text with commas between its cells can only group, if all of them stand so. Any letter does
    where it stands twice in a cell, or beside decimals.
    """
    cells = [cell.strip() for _, row in rows for cell in row][:_SCORED_CELLS]
    numbers = [split_sign(cell)[0] or cell for cell in cells if any(letter.isdigit() for letter in cell)]
    has_decimals = any(decimal in cell and cell_number(cell, decimal)[1] is CellFault.NONE for cell in numbers)
    for letter in _GROUPINGS:
        if letter == decimal:
            continue
        grouped = [cell for cell in numbers if is_grouped(cell, decimal, letter)]
        is_sure = letter in (" ", "'", separator) or has_decimals
        if grouped and (is_sure or any(cell.count(letter) > 1 or decimal in cell for cell in grouped)):
            return letter
    return ""


def _is_name_of_number(lines: list[str], layout: TextFormat, rows: list[NumberedRow]) -> bool:
    """Whether the one line that looks like a comment is names, of which the first is the sign for a number, ``#``."""
    notes = _notes(lines, layout)
    if len(notes) != 1 or not rows:
        return False
    cells = sampled_rows(notes, layout.separator)
    return bool(cells) and cells[0][1][0].strip() == layout.comment and len(cells[0][1]) == main_width(rows)[0]


def _comment_fits(lines: list[str], layout: TextFormat, rows: list[NumberedRow]) -> bool:
    """Whether the last comment above the rows has a name for each of their cells."""
    above = [(number, line) for number, line in _notes(lines, layout) if rows and number < rows[0][0]]
    if not above:
        return False
    number, line = above[-1]
    cells = sampled_rows([(number, line.lstrip().removeprefix(layout.comment).lstrip())], layout.separator)
    if not cells or len(cells[0][1]) != main_width(rows)[0] or len(cells[0][1]) < 2:
        return False
    return all(cell_number(cell, layout.decimal)[1] is CellFault.TEXT for cell in cells[0][1])


def _notes(lines: list[str], layout: TextFormat) -> list[tuple[int, str]]:
    numbered = enumerate(lines, 1)
    return [(number, f"{line}\n") for number, line in numbered if line.lstrip().startswith(layout.comment)]
