"""Where the rows of a table begin, and which of the first ones hold names, guessed from what stands below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from gradviz.core.tables.cells import CellFault, cell_number
from gradviz.core.tables.delimited_text import TextFormat
from gradviz.core.tables.moments import moment_parts

NumberedRow = tuple[int, list[str]]
"""The line at which a row begins, and its cells."""
MOST_HEAD_ROWS = 3
FIRST_YEAR, LAST_YEAR = 1500, 2200


def main_width(rows: Sequence[NumberedRow]) -> tuple[int, int]:
    """How many cells most rows have, and how many rows that are; of two as frequent the one that comes last."""
    counts = Counter(len(cells) for _, cells in reversed(rows))
    return counts.most_common(1)[0] if counts else (0, 0)


def guess_head(rows: list[NumberedRow], layout: TextFormat, keeps_skip: bool) -> TextFormat:
    """The layout with the lines before the table passed over, its names found, and its width where they lack it."""
    if not rows:
        return replace(layout, header=False)
    width, _ = main_width(rows)
    begin, row_names = (0, False) if keeps_skip else _begin(rows, width, layout)
    table = [cells for _, cells in rows[begin:]]
    body = [cells for cells in table if len(cells) == width]
    heads = _head_rows(table, body, width, layout)
    if begin:
        layout = replace(layout, skip=rows[begin][0] - 1)
    is_other_width = any(len(cells) != width for cells in table[: max(heads, 1)])
    return replace(
        layout,
        header=heads > 0,
        head_rows=max(heads, 1),
        width=width if is_other_width and heads else 0,
        row_names=row_names and heads > 0,
    )


def _begin(rows: list[NumberedRow], width: int, layout: TextFormat) -> tuple[int, bool]:
    """The place of the first row of the table, names and all, and whether its names lack one for the first column."""
    begin = _after_notes(rows, width, layout)
    if begin:
        names = rows[begin - 1][1]
        body = [cells for _, cells in rows[begin:] if len(cells) == width]
        ends_empty = not any(cells[-1].strip() for cells in body)
        if len(names) == width - 1 and _are_words(names) and (width > 2 or ends_empty):
            return begin - 1, not ends_empty
        if len(names) > width and not any(map(str.strip, names[width:])) and _are_words(names[:width]):
            return begin - 1, False
    while begin + 1 < len(rows) and _is_title(rows[begin][1], rows[begin + 1][1], layout):
        begin += 1
    return begin, False


def _after_notes(rows: list[NumberedRow], width: int, layout: TextFormat) -> int:
    """The place of the first row of the table's width that no row of another width follows before there are numbers.

    A note above a table may have as many commas in it as a row has.
    """
    begin = next(place for place, (_, cells) in enumerate(rows) if len(cells) == width)
    for place, (_, cells) in enumerate(rows[begin:-1], begin):
        kinds = {_kind(cell, layout) for cell in cells}
        if len(cells) == width and kinds & {"number", "moment"}:
            break
        if len(cells) != width:
            begin = place + 1
    return begin if len(rows[begin][1]) == width else next(p for p, (_, c) in enumerate(rows) if len(c) == width)


def _are_words(cells: Sequence[str]) -> bool:
    return all(cell_number(cell)[1] is CellFault.TEXT for cell in cells)


def _is_title(cells: list[str], below: list[str], layout: TextFormat) -> bool:
    """Whether one text stands alone in a row, over a row of names or over nothing but another title."""
    alone = bool(cells[0].strip()) and not any(map(str.strip, cells[1:])) and len(cells) > 1
    if not alone or cell_number(cells[0], layout.decimal)[1] is not CellFault.TEXT:
        return False
    faults = {cell_number(cell, layout.decimal, layout.grouping)[1] for cell in below}
    return CellFault.TEXT in faults and CellFault.NONE not in faults


def _head_rows(table: list[list[str]], body: list[list[str]], width: int, layout: TextFormat) -> int:
    """How many of the first rows hold names."""
    if len(table) < 2 or not body:
        return 0
    below = body[min(MOST_HEAD_ROWS + 1, len(body) // 2) :]
    kinds = [_column_kind([cells[place] for cells in below], layout) for place in range(width)]
    first = _padded(table[0], width)
    if not _holds_names(first, kinds, body, layout):
        return 0
    count = 1
    while count < min(MOST_HEAD_ROWS, len(table) - 1) and _goes_on(first, table[count], kinds, layout):
        count += 1
    return count


def _padded(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]


def _kind(cell: str, layout: TextFormat) -> str:
    """What a cell is: a number, a moment, a text or nothing."""
    fault = cell_number(cell, layout.decimal, layout.grouping)[1]
    if fault is CellFault.NONE:
        return "number"
    if fault in (CellFault.TEXT, CellFault.GROUPED):
        return "moment" if moment_parts(cell) is not None else "text"
    return "nothing"


def _column_kind(cells: list[str], layout: TextFormat) -> str:
    """What most filled cells of a column are; a number or a moment where half are."""
    kinds = Counter(_kind(cell, layout) for cell in cells)
    filled = len(cells) - kinds["nothing"]
    if not filled:
        return "nothing"
    return next((kind for kind in ("number", "moment") if kinds[kind] * 2 >= filled), "text")


def _holds_names(first: list[str], kinds: list[str], body: list[list[str]], layout: TextFormat) -> bool:
    """Whether a row has text over numbers, years over numbers, or nothing but texts that are no cells below it."""
    given = [_kind(cell, layout) for cell in first]
    pairs = list(zip(given, kinds, strict=True))
    if any(pair in (("moment", "moment"), ("number", "moment")) for pair in pairs):
        return False
    if "number" in given:
        return _are_years(first, given, kinds, body)
    values = [above for above, below in pairs if below in ("number", "moment")]
    if "text" in values or "moment" in values:
        return True
    texts = [cell.strip() for cell, kind in zip(first, given, strict=True) if kind == "text"]
    later = body[1:] if body and body[0] == first else body
    recurs = any(cells[place].strip() == cell.strip() for cells in later for place, cell in enumerate(first) if cell)
    return bool(texts) and not values and not recurs and len(set(texts)) == len(texts)


def _are_years(first: list[str], given: list[str], kinds: list[str], body: list[list[str]]) -> bool:
    """Whether the numbers of a row go on evenly, over numbers of which the same cannot be said.

    They are years, or any whole numbers where a text stands over a column of numbers beside them.
    """
    places = [place for place, kind in enumerate(given) if kind == "number"]
    if len(places) < 2 or any(kinds[place] != "number" for place in places):
        return False
    has_text = ("text", "number") in zip(given, kinds, strict=True)
    lowest, highest = (0, 10**9) if has_text else (FIRST_YEAR, LAST_YEAR)
    below = next((cells for cells in body if cells != first), first)
    above = _steps([first[place] for place in places], lowest, highest)
    return above != 0 and _steps([below[place] for place in places], lowest, highest) == 0


def _steps(cells: list[str], lowest: int, highest: int) -> int:
    """By how much whole numbers go on from one to the next, 0 where they do not do so evenly."""
    numbers = [int(cell) for cell in map(str.strip, cells) if cell.isdecimal() and cell.isascii() and len(cell) < 10]
    if len(numbers) != len(cells) or not all(lowest <= number <= highest for number in numbers):
        return 0
    steps = {later - before for before, later in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 else 0


def _goes_on(first: list[str], cells: list[str], kinds: list[str], layout: TextFormat) -> bool:
    """Whether a row below names holds more of them: units, or the names under groups.

    Over every column of numbers it has a text or nothing. Where names are complete above it, it has nothing over
    columns of text: else it is a row whose number is missing.
    """
    row = _padded(cells, len(first))
    given = [_kind(cell, layout) for cell in row]
    values = [above for above, below in zip(given, kinds, strict=True) if below in ("number", "moment")]
    if "text" not in values or any(kind in ("number", "moment") for kind in values):
        return False
    names = [cell.strip() for cell, kind in zip(first, kinds, strict=True) if kind != "nothing"]
    is_complete = all(names) and len(set(names)) == len(names)
    others = [cell for cell, kind in zip(row, kinds, strict=True) if kind == "text"]
    return not is_complete or not any(map(str.strip, others))
