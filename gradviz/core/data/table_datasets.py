"""Data of one's own: a table typed, pasted or imported, with the columns that are inputs and target."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from gradviz.core.data.dataset import Arrays, DataError, Dataset
from gradviz.core.declaration import Declaration, FieldError, setting
from gradviz.core.layers.layer import Shape
from gradviz.core.numbers import Floats
from gradviz.core.tables.scalings import AnyScaling, NoScaling
from gradviz.core.tables.tables import MOST_COLUMNS, Table
from gradviz.core.tables.targets import AnyTarget, ValuesTarget, chosen_columns

NUMPY_ENCODINGS = {"utf-8": "utf-8-sig"}


class TableSource(Declaration):
    """The file that a table was imported from, and how it was read. The file is never read again."""

    file: str = setting("", title="File", description="Its name, without its folder.", max_length=255)
    encoding: str = setting("utf-8", title="Encoding", description="Of its text.", max_length=40)
    separator: str = setting(",", title="Separator", description="Between its cells.", max_length=1)
    decimal: str = setting(".", title="Decimal", description="What stands before decimals.", max_length=1)
    header: bool = setting(True, title="Header", description="Whether its first line has the names.")
    exact: bool = setting(
        True, title="Exact", description="Whether the table is what the file says: no row dropped, no cell changed."
    )


class TableDataset(Dataset):
    """Rows of a table: some columns in, others out."""

    label: ClassVar[str] = "Table of your own"
    about: ClassVar[str] = "Numbers that you typed, pasted, or imported with File, Import data."
    kind: Literal["table"] = "table"
    table: Table = setting(
        Table(("x", "y"), np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0], [3.0, 7.0]])),
        title="Table",
        description="The numbers, with a name for each column.",
        editor="table",
    )
    source: TableSource = setting(
        TableSource(), title="Source", description="The file that the table came from.", editor="hidden"
    )
    inputs: tuple[str, ...] = setting(
        (),
        title="Inputs",
        description="The names of the input columns, with commas between them; nothing means all but the target.",
        editor="names",
        max_length=MOST_COLUMNS,
    )
    scaling: AnyScaling = setting(
        NoScaling(), title="Scaling of the inputs", description="What is done to every input before the fit."
    )
    target: AnyTarget = setting(
        ValuesTarget(), title="Target", description="What is to be predicted: values, or class labels."
    )

    @property
    def target_places(self) -> list[int]:
        """The places of the target columns in the table."""
        names = self.target.columns or self.table.columns[-1:]
        return chosen_columns(self.table, names, "target.columns")

    @property
    def input_places(self) -> list[int]:
        """The places of the input columns in the table."""
        if self.inputs:
            return chosen_columns(self.table, self.inputs, "inputs")
        taken = set(self.target_places)
        return [place for place in range(len(self.table.columns)) if place not in taken]

    @property
    def rows(self) -> int:
        return self.table.rows

    @property
    def input_shape(self) -> Shape:
        return (len(self.input_places),)

    @property
    def outputs(self) -> int:
        return self.target.outputs(self._target_columns())

    @property
    def is_labelled(self) -> bool:
        return self.target.is_labelled

    def arrays(self, seed: int) -> Arrays:
        # what overflows is not finite, which `build` refuses in a sentence
        with np.errstate(all="ignore"):
            inputs = self.scaling.apply(_columns_at(self.table, self.input_places))
            return inputs, self.target.arrays(self._target_columns())

    def notes(self) -> dict[str, str]:
        said = super().notes()
        if self.source.file:
            said[""] = f"{said[''].rstrip('.')}, from {self.source.file}."
        return said

    def code(self, seed: int) -> tuple[str, ...]:
        rows = self._inline_rows() if self.table.is_inline else self._loading_line()
        return (
            *rows,
            f"x = {_columns_code(self.input_places)}",
            f"y = {_columns_code(self.target_places)}",
            *self.scaling.code("x", _columns_at(self.table, self.input_places)),
            *self.target.code(self._target_columns()),
        )

    def _target_columns(self) -> Floats:
        return _columns_at(self.table, self.target_places)

    def _inline_rows(self) -> tuple[str, ...]:
        lines = (f"    {row}," for row in self.table.values.tolist())
        return (f"# {', '.join(self.table.columns)}", "table = np.array([", *lines, "])")

    def _loading_line(self) -> tuple[str, ...]:
        """The file as numpy reads it; DataError where that would not give the same table."""
        source = self.source
        if not source.file or not source.exact:
            cause = "was changed after it was read" if source.file else "did not come from a file"
            raise DataError(
                f"the table has {self.table.values.size:,} numbers, too many to be written into a script, and it "
                f"{cause}, so that numpy could not read it again"
            )
        arguments = [
            repr(source.file),
            *([] if source.separator == " " else [f"delimiter={source.separator!r}"]),
            *(["skiprows=1"] if source.header else []),
            f"encoding={NUMPY_ENCODINGS.get(source.encoding, source.encoding)!r}",
            "comments=None",
            "quotechar='\"'",
            *(['converters=lambda cell: float(cell.replace(",", "."))'] if source.decimal == "," else []),
            "ndmin=2",
        ]
        return (f"table = np.loadtxt({', '.join(arguments)})",)

    @model_validator(mode="after")
    def _is_consistent(self) -> TableDataset:
        targets, inputs = self.target_places, self.input_places
        if not inputs:
            raise FieldError("inputs", "no column is left for an input: the table needs one more column")
        both = set(targets) & set(inputs)
        if both:
            name = self.table.columns[min(both)]
            raise FieldError("inputs", f"column {name[:60]!r} is the target already")
        self.target.check(tuple(self.table.columns[place] for place in targets), self._target_columns())
        return self


def _columns_at(table: Table, places: list[int]) -> Floats:
    """The columns at `places`: not copied where they stand side by side, for a form asks at every key."""
    if places == list(range(places[0], places[-1] + 1)):
        return table.values[:, places[0] : places[-1] + 1]
    return table.values[:, places]


def _columns_code(places: list[int]) -> str:
    """Columns as a script takes them: a slice where they stand side by side, else a copy in the order of rows.

    NumPy gives chosen columns in the order of columns, torch keeps that, and sums of products round otherwise.
    """
    first, last = places[0], places[-1] + 1
    if places == list(range(first, last)):
        return f"table[:, {first or ''}:{last}]"
    return f"np.ascontiguousarray(table[:, {places}])"
