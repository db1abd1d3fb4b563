"""A table while it is typed: names, roles and cells as text, every edit a new value, so that undo keeps old ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from pydantic import ValidationError

from gradviz.core.data.import_choice import ImportOutcome, Role
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import setting_error
from gradviz.core.numbers import plural
from gradviz.core.tables.cells import CellFault, cell_number, cell_numbers
from gradviz.core.tables.column_names import column_names, head_names
from gradviz.core.tables.delimited_text import rows_of
from gradviz.core.tables.sheets import Marks
from gradviz.core.tables.tables import LONGEST_NAME, Table
from gradviz.core.tables.targets import ValuesTarget
from gradviz.core.tables.text_guess import guess_format

MOST_CELLS = 100_000
NAMES_ROW = 0
"""The row of a paste that means the names; the first row of cells is 1."""
Row = tuple[str, ...]
Roles = tuple[Role, ...]


@dataclass(frozen=True)
class Grid:
    """Every row has a cell, and `names` and `roles` an entry, for each column."""

    names: tuple[str, ...] = ("x", "y")
    roles: Roles = ("input", "target")
    rows: tuple[Row, ...] = (("", ""),)

    def with_cell(self, row: int, column: int, text: str) -> Grid:
        """Another text in one cell."""
        cells = self.rows[row]
        changed = (*cells[:column], text.strip(), *cells[column + 1 :])
        return replace(self, rows=(*self.rows[:row], changed, *self.rows[row + 1 :]))

    def with_name(self, column: int, name: str) -> Grid:
        """Another name for a column."""
        return replace(self, names=(*self.names[:column], name.strip()[:LONGEST_NAME], *self.names[column + 1 :]))

    def with_role(self, column: int, role: Role) -> Grid:
        """Another role for a column."""
        roles: Roles = (*self.roles[:column], role, *self.roles[column + 1 :])
        return replace(self, roles=roles)

    def with_rows(self, at: int, count: int = 1) -> Grid:
        """Empty rows before row `at`."""
        _check_size(len(self.rows) + count, len(self.names))
        empty = (("",) * len(self.names),) * count
        return replace(self, rows=(*self.rows[:at], *empty, *self.rows[at:]))

    def with_columns(self, at: int, count: int = 1) -> Grid:
        """Empty input columns before column `at`."""
        _check_size(len(self.rows), len(self.names) + count)
        names = list(self.names)
        for _ in range(count):
            names.insert(at, _free_name(names))
        added: list[Role] = ["input"] * count
        empty = ("",) * count
        return Grid(
            tuple(names),
            (*self.roles[:at], *added, *self.roles[at:]),
            tuple((*row[:at], *empty, *row[at:]) for row in self.rows),
        )

    def without_rows(self, gone: Collection[int]) -> Grid:
        """Fewer rows; one stays."""
        kept = tuple(row for place, row in enumerate(self.rows) if place not in gone)
        return replace(self, rows=kept or (("",) * len(self.names),))

    def without_columns(self, gone: Collection[int]) -> Grid:
        """Fewer columns; the last one stays."""
        kept = [place for place in range(len(self.names)) if place not in gone] or [0]
        return Grid(
            tuple(self.names[place] for place in kept),
            tuple(self.roles[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in self.rows),
        )

    def cleared(self, cells: Collection[tuple[int, int]]) -> Grid:
        """Without the texts of some cells."""
        rows = [list(row) for row in self.rows]
        for row, column in cells:
            rows[row][column] = ""
        return replace(self, rows=tuple(map(tuple, rows)))

    def with_pasted(self, row: int, column: int, text: str) -> Grid:
        """The rows of a text from a spreadsheet or a file, from one cell on; the grid grows as needed.

        `row` is NAMES_ROW or counts the rows of cells from 1. A line of names goes to the names when the paste
        begins there or in the first row. ValueError says what is wrong with the text.
        """
        plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        # tabs are what spreadsheets give: in their cells a comma is a part of the text
        layout = guess_format(plain, {"separator": "\t"} if "\t" in plain else {})
        pasted = [cells for _, cells in rows_of((f"{line}\n" for line in plain.split("\n")), layout)]
        if not pasted:
            return self
        pasted = [[_plain_number(cell, layout.decimal, layout.grouping) for cell in cells] for cells in pasted]
        grid = self._grown(max(row, 1) - 1 + len(pasted), column + len(pasted[0]))
        names_come = row == NAMES_ROW or (row == 1 and layout.header)
        if names_come:
            heads = max(layout.names_rows, 1)
            names = column_names(head_names(pasted[:heads])[0])
            pasted = pasted[heads:]
            grid = replace(grid, names=(*grid.names[:column], *names, *grid.names[column + len(names) :]))
        first = max(row, 1) - 1
        rows = [list(cells) for cells in grid.rows]
        for place, cells in enumerate(pasted, first):
            rows[place][column : column + len(cells)] = [cell.strip() for cell in cells]
        grid = replace(grid, rows=tuple(map(tuple, rows)))
        return grid.without_rows({len(rows) - 1}) if names_come and not any(grid.rows[-1]) and pasted else grid

    def _grown(self, rows: int, columns: int) -> Grid:
        _check_size(max(rows, len(self.rows)), max(columns, len(self.names)))
        grid = self
        if columns > len(grid.names):
            # the new ones come before nothing: what was the last column may be the target no longer
            was_untouched = not any(any(row) for row in self.rows)
            grid = grid.with_columns(len(grid.names), columns - len(grid.names))
            if was_untouched:
                roles: list[Role] = [*["input"] * (columns - 1), "target"]  # type: ignore[list-item]
                grid = replace(grid, roles=tuple(roles))
        return grid.with_rows(len(grid.rows), rows - len(grid.rows)) if rows > len(grid.rows) else grid

    @cached_property
    def filled(self) -> tuple[Row, ...]:
        """The rows down to the last that is not empty."""
        end = len(self.rows)
        while end and not any(self.rows[end - 1]):
            end -= 1
        return self.rows[:end]

    @cached_property
    def faults(self) -> Marks:
        """Why the cells of `filled` hold no number, (rows, columns)."""
        if not self.filled:
            return np.zeros((0, len(self.names)), dtype=np.uint8)
        return cell_numbers(self.filled, ".")[1]

    def bad_in(self, column: int) -> int:
        """How many cells of a column are bad; none where it is left out."""
        return 0 if self.roles[column] == "out" else int(np.count_nonzero(self.faults[:, column]))

    def verdict(self, before: TableDataset | None) -> ImportOutcome:
        """What the grid would give, or what is in its way."""
        try:
            made = self.dataset(before)
        except ValueError as error:
            return ImportOutcome(False, str(error))
        what = plural(made.outputs, "class", "classes") if made.is_labelled else plural(made.outputs, "target")
        gone = [name for name in self.names if name not in made.table.columns]
        lost = f" “{gone[0][:60]}” is not kept: it does not hold numbers alone." if gone else ""
        fewer = 0 if before is None else len(before.features) - len(made.features)
        lost += f" {plural(fewer, 'feature')} less: the columns they name are gone." if fewer else ""
        return ImportOutcome(
            True, f"{plural(made.rows, 'row')}, {plural(len(made.input_places), 'input')}, {what}.{lost}"
        )

    def dataset(self, before: TableDataset | None) -> TableDataset:
        """The table, scaled and labelled as `before` was; ValueError with a sentence where there is none."""
        self._check_cells()
        kept = [place for place, role in enumerate(self.roles) if role != "out" or not self._is_bad(place)]
        names = tuple(self.names[place] for place in kept)
        values, _ = cell_numbers([[row[place] for place in kept] for row in self.filled], ".")
        targets = tuple(name for name, role in zip(self.names, self.roles, strict=True) if role == "target")
        inputs = tuple(name for name, role in zip(self.names, self.roles, strict=True) if role == "input")
        others = tuple(name for name in names if name not in targets)
        target = ValuesTarget() if before is None else before.target
        data = {
            "table": Table(names, values),
            "inputs": () if inputs == others else inputs,
            "target": target.model_copy(update={"columns": () if targets == names[-1:] else targets}),
        }
        if before is not None:
            changed = before.source.model_copy(update={"exact": before.source.exact and before.table == data["table"]})
            there = [feature for feature in before.features if set(feature.named_columns) <= set(names)]
            data |= {"scaling": before.scaling, "source": changed, "features": tuple(there)}
        try:
            return TableDataset.model_validate(data)
        except ValidationError as error:
            reason = setting_error(error).reason
            raise ValueError(f"{reason[:1].upper()}{reason[1:]}.") from None

    def _is_bad(self, column: int) -> bool:
        return bool(self.faults[:, column].any())

    def _check_cells(self) -> None:
        """The first thing that is in the way, in words."""
        if not self.filled:
            raise ValueError("Type or paste at least one row of numbers.")
        for place, name in enumerate(self.names, 1):
            if not name or not name.isprintable():
                raise ValueError(f"Column {place} needs a name.")
            if name in self.names[: place - 1]:
                raise ValueError(f"Two columns are called “{name[:60]}”.")
        used = [place for place, role in enumerate(self.roles) if role != "out"]
        bad = np.argwhere(self.faults[:, used] > 0)
        if len(bad):
            row, place = int(bad[0][0]), used[int(bad[0][1])]
            fault = CellFault(int(self.faults[row, place]))
            count = plural(len(bad), "bad cell")
            raise ValueError(f"{count}; the first is row {row + 1} of “{self.names[place][:60]}”. {fault.sentence}")
        for role, wanted in (("target", "a target"), ("input", "at least one input")):
            if role not in self.roles:
                raise ValueError(f"Choose {wanted}: click the head of a column.")


def grid_from(data: TableDataset) -> Grid:
    """A dataset's table as text, every number so that it reads back equal."""
    _check_size(data.table.rows, len(data.table.columns))
    targets, inputs = set(data.target_places), set(data.input_places)
    roles: list[Role] = [
        "target" if place in targets else "input" if place in inputs else "out"
        for place in range(len(data.table.columns))
    ]
    rows = tuple(tuple(map(_written, row)) for row in data.table.values.tolist())
    return Grid(data.table.columns, tuple(roles), rows)


def _check_size(rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS:
        raise ValueError(f"{rows:,} rows of {columns:,} cells are too many to edit; save them as CSV and import that.")


def _written(number: float) -> str:
    """The shortest text that reads back to the same float; whole numbers without a point."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 and str(number) != "-0.0" else repr(number)


def _plain_number(cell: str, decimal: str, grouping: str) -> str:
    """A number with a decimal comma, grouped digits or a sign of currency as one without; any other text stays."""
    number, fault = cell_number(cell, decimal, grouping)
    if fault is not CellFault.NONE or cell_number(cell)[1] is CellFault.NONE:
        is_comma = fault is CellFault.NONE and decimal == ","
        return cell.replace(",", ".") if is_comma and "," in cell else cell
    return _written(number)


def _free_name(names: list[str]) -> str:
    number = 1
    while f"x{number}" in names:
        number += 1
    return f"x{number}"
