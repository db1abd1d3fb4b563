"""Data of one's own: a table typed, pasted or imported, with the columns that are inputs and target."""

from __future__ import annotations

import re
from typing import ClassVar, Literal
from weakref import WeakKeyDictionary

import numpy as np
from pydantic import model_validator

from gradviz.core.data.dataset import Arrays, DataError, Dataset
from gradviz.core.data.features import AnyFeature, Feature, Place
from gradviz.core.data.validation import HELD, ColumnValidation, Labels
from gradviz.core.declaration import Declaration, FieldError, setting
from gradviz.core.layers.layer import Shape
from gradviz.core.numbers import Floats, short_number
from gradviz.core.tables.scalings import AnyScaling, NoScaling
from gradviz.core.tables.tables import MOST_COLUMNS, Table
from gradviz.core.tables.targets import AnyTarget, ValuesTarget, chosen_columns

MOST_FEATURES = 1000
MOST_TOLD = 4
"""Inputs whose scaling the form tells."""
MOST_SCALED = 2_000_000
"""Numbers of a table above which the form does not tell its scaling: it is asked at every key."""
NUMPY_ENCODINGS = {"utf-8": "utf-8-sig"}
_OF_SPLITS = re.compile(r"split|valid|test|train|held|fold|subset|partition")
"""What a column is called that says which rows are held out."""


class TableSource(Declaration):
    """The file that a table was imported from, and how it was read. The file is never read again."""

    file: str = setting("", title="File", description="Its name, without its folder.", max_length=255)
    encoding: str = setting("utf-8", title="Encoding", description="Of its text.", max_length=40)
    separator: str = setting(
        ",", title="Separator", description="Between its cells; nothing in a workbook.", max_length=1
    )
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
    features: tuple[AnyFeature, ...] = setting(
        (),
        title="Features",
        description="Further inputs, made of columns: powers, products, sin, cos, log, and earlier rows.",
        max_length=MOST_FEATURES,
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
        taken = {*self.target_places, *self._marking_places}
        return [place for place in range(len(self.table.columns)) if place not in taken]

    @property
    def _marking_places(self) -> list[int]:
        """The place of the column that says which rows are held out; none where no column does."""
        validation = self.validation
        if not isinstance(validation, ColumnValidation):
            return []
        if validation.column:
            return chosen_columns(self.table, (validation.column,), "validation.column")
        taken = {*self.target_places, *chosen_columns(self.table, self.inputs, "inputs")}
        free = [place for place in range(len(self.table.columns)) if place not in taken and self._has_two(place)]
        if not free:
            raise FieldError("validation.column", "no column that is neither input nor target has two values: add one")
        return [next((place for place in free if _OF_SPLITS.search(self.table.columns[place].lower())), free[0])]

    def _has_two(self, place: int) -> bool:
        """Whether a column holds two different numbers."""
        column = self.table.values[:, place]
        low, high = column.min(), column.max()
        return bool(low < high and ((column == low) | (column == high)).all())

    @property
    def marks(self) -> Floats | None:
        places = self._marking_places
        return self.table.values[self.rows_lost :, places[0]] if places else None

    @property
    def marking_column(self) -> str:
        return "".join(self.table.columns[place] for place in self._marking_places)

    @property
    def marks_code(self) -> str:
        return f"table[{self._kept_rows}, {self._marking_places[0]}]"

    @property
    def known_labels(self) -> Labels | None:
        columns = self._target_columns()
        return self.target.arrays(columns, columns) if self.is_labelled else None

    def _seen(self, columns: Floats) -> Floats:
        """Of all rows of some columns those that are trained on."""
        if not self.validation.holds_out:
            return columns
        seen: Floats = columns[~self.held_out(self.known_labels)]
        return seen

    @property
    def rows_lost(self) -> int:
        """Rows at the beginning for which a feature has no number."""
        return max((feature.rows_lost for feature in self.features), default=0)

    @property
    def rows(self) -> int:
        return self.table.rows - self.rows_lost

    @property
    def input_shape(self) -> Shape:
        return (len(self.input_places) + len(self.features),)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What the inputs are called: columns, then features."""
        columns = self.table.columns
        made = (feature.name(columns, self._finder(feature)) for feature in self.features)
        return (*(columns[place] for place in self.input_places), *made)

    @property
    def target_names(self) -> tuple[str, ...]:
        """What the target columns are called."""
        return tuple(self.table.columns[place] for place in self.target_places)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.target.class_names

    @property
    def axis_names(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        inputs = tuple(self.scaling.named(name) for name in self.input_names)
        targets = tuple(self.target_scaling.named(name) for name in self.target_names)
        return inputs, targets, self.class_names

    @property
    def target_scaling(self) -> AnyScaling:
        """How the target is scaled; labels never are."""
        return self.target.scaling if isinstance(self.target, ValuesTarget) else NoScaling()

    @property
    def outputs(self) -> int:
        return self.target.outputs(self._target_columns())

    @property
    def is_labelled(self) -> bool:
        return self.target.is_labelled

    @property
    def input_terms(self) -> tuple[Floats, Floats]:
        """What is taken off each input, and what it is divided by then: (inputs,) each."""
        return self.scaling.terms(self._seen(self._input_columns()))

    @property
    def target_terms(self) -> tuple[Floats, Floats]:
        """The same of each target column; 0 and 1 of labels."""
        return self.target.terms(self._seen(self._target_columns()))

    def arrays(self, seed: int) -> Arrays:
        # what overflows is not finite, which `build` refuses in a sentence
        with np.errstate(all="ignore"):
            inputs, targets = self._input_columns(), self._target_columns()
            scaled = self.scaling.apply(inputs, self._seen(inputs))
            return scaled, self.target.arrays(targets, self._seen(targets))

    def notes(self) -> dict[str, str]:
        said = super().notes()
        if self.source.file:
            said[""] = f"{said[''].rstrip('.')}, from {self.source.file}."
        if self.table.values.size <= MOST_SCALED:
            said |= self._scaling_notes()
        return said

    def _scaling_notes(self) -> dict[str, str]:
        """The numbers of a scaling below its setting: worked out once, for a form asks at every key."""
        settings = self.model_dump_json(exclude={"table"})
        known = _NOTED.get(self.table)
        if known is None or known[0] != settings:
            known = _NOTED[self.table] = (settings, self._noted_scalings())
        return known[1]

    def _noted_scalings(self) -> dict[str, str]:
        scalings = {"scaling": self.scaling, "target.scaling": self.target_scaling}
        notes = {"scaling": self._note_of_inputs, "target.scaling": self._note_of_targets}
        return {path: notes[path]() for path, scaling in scalings.items() if not isinstance(scaling, NoScaling)}

    def _note_of_inputs(self) -> str:
        told = self._seen(self._input_columns())[:, :MOST_TOLD]
        return scaling_note(self.input_names, *self.scaling.terms(told))

    def _note_of_targets(self) -> str:
        return scaling_note(self.target_names, *self.target_terms)

    def code(self, seed: int) -> tuple[str, ...]:
        rows = self._inline_rows() if self.table.is_inline else self._loading_line()
        return (
            *rows,
            *self._input_lines(),
            f"y = {_columns_code(self.target_places, self._kept_rows)}",
            *self.validation.code(self, self.known_labels, "y[:, 0]"),
            *self.scaling.code("x", self._seen(self._input_columns()), self._seen_code("x")),
            *self.target.code(self._seen(self._target_columns()), self._seen_code("y")),
            *(_in_order("x", self.input_places) if not self.features else ()),
            *_in_order("y", self.target_places),
        )

    def whole_code(self, seed: int) -> tuple[str, ...]:
        return self.code(seed)  # which has those lines already, for columns are scaled by the rows trained on

    def _seen_code(self, name: str) -> str:
        return f"{name}[~{HELD}]" if self.validation.holds_out else name

    @property
    def _kept_rows(self) -> str:
        return f"{self.rows_lost or ''}:"

    def _input_lines(self) -> tuple[str, ...]:
        columns = _columns_code(self.input_places, self._kept_rows)
        if not self.features:
            return (f"x = {columns}",)
        made = [feature.code(self._finder(feature), self.rows_lost) for feature in self.features]
        return ("x = np.column_stack([", *(f"    {line}," for line in (columns, *made)), "])")

    def _finder(self, feature: Feature) -> Place:
        """Finds the column that a feature names, or where it names none the first input, or the second."""

        def place(name: str, field: str) -> int:
            if name:
                return chosen_columns(self.table, (name,), field)[0]
            inputs = self.input_places or self.target_places
            return inputs[-1 if field == "other" and len(inputs) < 2 else int(field == "other")]

        return place

    def _input_columns(self) -> Floats:
        """The inputs before they are scaled, (rows, inputs)."""
        columns = _columns_at(self.table, self.input_places)
        if not self.features:
            return columns
        with np.errstate(all="ignore"):
            made = [feature.values(self.table.values, self._finder(feature)) for feature in self.features]
        return np.column_stack((columns, *made))[self.rows_lost :]

    def _target_columns(self) -> Floats:
        return _columns_at(self.table, self.target_places)[self.rows_lost :]

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
        if not inputs and not self.features:
            raise FieldError("inputs", "no column is left for an input: the table needs one more column, or a lag")
        both = set(targets) & set(inputs)
        if both:
            name = self.table.columns[min(both)]
            raise FieldError("inputs", f"column {name[:60]!r} is the target already")
        marking = set(self._marking_places)
        if marking & {*targets, *inputs}:
            name, role = self.marking_column[:60], "the target" if marking & set(targets) else "an input"
            raise FieldError(
                "validation.column", f"column {name!r} is {role} already, so it cannot say which rows are held out"
            )
        self._check_features()
        self.target.check(self.target_names, self._target_columns())
        return self

    def _check_features(self) -> None:
        """FieldError names the feature and the setting that are at fault."""
        for index, feature in enumerate(self.features):
            try:
                feature.name(self.table.columns, self._finder(feature))
                feature.check(self.table, self._finder(feature))
            except FieldError as error:
                raise FieldError(f"features.{index}.{error.field}", str(error)) from None


_NOTED: WeakKeyDictionary[Table, tuple[str, dict[str, str]]] = WeakKeyDictionary()
"""Of each living table what was noted last of its scalings, and for which settings."""


def scaling_note(names: tuple[str, ...], shift: Floats, spread: Floats) -> str:
    """What a scaling does to the first few columns, in numbers."""
    parts = [
        f"({name[:24]} {'+' if off < 0 else '−'} {short_number(abs(off), 5)}) / {short_number(by, 5)}"
        for name, off, by in zip(names, shift.tolist()[:MOST_TOLD], spread.tolist(), strict=False)
    ]
    more = len(names) - len(parts)
    return "\n".join([*parts, *([f"and {more:,} more"] if more else [])])


def _columns_at(table: Table, places: list[int]) -> Floats:
    """The columns at `places`: not copied where they stand side by side, for a form asks at every key."""
    if places and places == list(range(places[0], places[-1] + 1)):
        return table.values[:, places[0] : places[-1] + 1]
    return table.values[:, places]


def _columns_code(places: list[int], rows: str) -> str:
    """Columns as a script takes them: a slice where they stand side by side."""
    first, last = places[0], places[-1] + 1
    chosen = f"{first or ''}:{last}" if _are_adjacent(places) else places
    return f"table[{rows}, {chosen}]"


def _are_adjacent(places: list[int]) -> bool:
    return places == list(range(places[0], places[-1] + 1))


def _in_order(name: str, places: list[int]) -> tuple[str, ...]:
    """NumPy gives chosen columns in the order of columns, torch keeps that, and sums of products round otherwise.

    It comes last: what a column is scaled by is summed in the order of columns, as here.
    """
    return () if _are_adjacent(places) else (f"{name} = np.ascontiguousarray({name})  # in the order of its rows",)
