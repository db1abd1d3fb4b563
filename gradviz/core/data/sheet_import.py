"""From a sheet, with its bad cells and texts, to a dataset: a choice worked out, and what will come of it."""

from __future__ import annotations

import numpy as np
from pydantic import ValidationError

from gradviz.core.data.features import Lag
from gradviz.core.data.import_choice import BadCells, ImportChoice, ImportOutcome
from gradviz.core.data.import_columns import (
    Block,
    Codes,
    How,
    ImportRefusedError,
    Mask,
    block_of,
    classes_of,
    quoted,
    usual_how,
    words_of,
)
from gradviz.core.data.table_datasets import TableDataset, TableSource
from gradviz.core.declaration import setting_error
from gradviz.core.numbers import Floats, plural
from gradviz.core.tables.column_names import column_names
from gradviz.core.tables.column_profiles import ColumnProfile
from gradviz.core.tables.sheets import Sheet
from gradviz.core.tables.tables import Table
from gradviz.core.tables.targets import MOST_CLASSES, LabelsTarget, ValuesTarget


def outcome_of(sheet: Sheet, choice: ImportChoice) -> ImportOutcome:
    """What the import of `sheet` would give."""
    try:
        plan = _Plan(sheet, choice)
    except ImportRefusedError as error:
        return ImportOutcome(False, str(error), column_notes(sheet.profiles, choice, sheet))
    return ImportOutcome(True, plan.sentence, column_notes(sheet.profiles, choice, sheet))


def column_notes(
    profiles: tuple[ColumnProfile, ...], choice: ImportChoice, sheet: Sheet | None = None
) -> tuple[str, ...]:
    """What is said of each column: how it is read, or why it is left out. Before the sheet is there, of the latter."""
    return tuple(_column_note(place, choice, sheet) for place in range(len(profiles)))


def _column_note(place: int, choice: ImportChoice, sheet: Sheet | None) -> str:
    if choice.roles[place] == "out":
        return str(choice.reason(place))
    if sheet is None or (choice.labels and choice.roles[place] == "target"):
        return ""
    return str(words_of(sheet, place, how_of(sheet, choice, place)))


def how_of(sheet: Sheet, choice: ImportChoice, place: int) -> How:
    """How a column is read: as was chosen, or as is usual for what is in it."""
    if choice.hows:
        return choice.hows[place]
    return usual_how(sheet.profiles[place]) if sheet.profiles else "numbers"


def dataset_from(sheet: Sheet, choice: ImportChoice, source: TableSource) -> TableDataset:
    """The dataset that `outcome_of` described; ValueError with a sentence where there is none."""
    plan = _Plan(sheet, choice)
    try:
        return plan.dataset(source)
    except ValidationError as error:
        raise ValueError(setting_error(error).reason) from None


class _Plan:
    """A choice worked out on a sheet: which rows stay, what is filled, which classes there are."""

    def __init__(self, sheet: Sheet, choice: ImportChoice) -> None:
        self._sheet, self._choice = sheet, choice
        self._targets, self._inputs = choice.places("target"), choice.places("input")
        self._check_roles()
        # with lags alone a target of values is all that there is
        numeric = self._inputs if choice.labels else [*self._inputs, *self._targets]
        self._blocks = {place: self._block(place) for place in numeric}
        self._used = sorted([*self._inputs, *self._targets])
        self._classes: tuple[str, ...] = ()
        self._are_named = False
        bad = np.stack([self._blocks[place].bad for place in numeric], axis=1)
        self._keep: Mask = np.ones(sheet.rows, dtype=np.bool_)
        self._filled = 0
        if choice.bad_cells == "drop":
            self._keep &= ~bad.any(axis=1)
        if choice.labels:
            self._read_labels(self._targets[0])
        if choice.bad_cells != "drop":
            self._filled = int(np.count_nonzero(bad[self._keep]))
        self._check_rows(numeric)

    def _check_roles(self) -> None:
        if not self._targets:
            raise ImportRefusedError("Choose a target: click the head of a column.")
        if not self._inputs and not self._choice.lags:
            raise ImportRefusedError("Choose at least one input: click the head of a column.")
        if self._choice.labels and len(self._targets) > 1:
            raise ImportRefusedError("Class labels stand in one column: choose one target.")

    def _block(self, place: int) -> Block:
        """A column as numbers; a target of values is one column."""
        how = how_of(self._sheet, self._choice, place)
        if place in self._targets and how == "indicators":
            how = "numbers"
            if self._sheet.profiles[place].is_text:
                raise ImportRefusedError(f"Column {self._name(place)} holds no numbers: take it as class labels.")
        return block_of(self._sheet, place, how)

    def _name(self, place: int) -> str:
        return quoted(self._sheet.names[place])

    def _read_labels(self, place: int) -> None:
        """Numbers and texts of the target column as classes, those that are left with the rows that are kept."""
        codes, names = classes_of(self._sheet, place)
        self._keep &= codes >= 0
        left = np.unique(codes[self._keep]).tolist()
        if len(left) > MOST_CLASSES:
            has = plural(len(left), "class", "classes")
            raise ImportRefusedError(
                f"Column {self._name(place)} has {has}, more than {MOST_CLASSES:,}: take it as values instead."
            )
        order = np.full(len(names) + 1, 0, dtype=np.int64)
        order[left] = np.arange(len(left))
        self._labels: Codes = order[codes]
        self._classes = tuple(names[code] for code in left)
        self._are_named = self._classes != tuple(str(number) for number in range(len(left)))
        if len(left) == 1:
            raise ImportRefusedError(self._one_class(place, len(names) > 1))

    def _one_class(self, place: int, had_others: bool) -> str:
        """Why there is nothing to tell apart: the file has one class, or the rows of the others were dropped."""
        name, only = self._name(place), self._classes[0][:60]
        if not had_others:
            return f"Column {name} names only one class, {only}: nothing to tell apart."
        worst = self._name(self._worst(self._inputs))
        cure = f"fill the bad cells, or leave {worst} out"
        return f"Dropping the rows with bad cells leaves only one class of {name}, {only}: {cure}."

    def _check_rows(self, numeric: list[int]) -> None:
        if self._choice.lags and int(self._keep.sum()) <= self._choice.lags:
            raise ImportRefusedError(
                f"The series has {plural(int(self._keep.sum()), 'row')}: take fewer lags of the target."
            )
        if not self._keep.any():
            worst = self._name(self._worst(numeric))
            raise ImportRefusedError(f"No row is left without a bad cell: leave {worst} out, or fill.")

    def _worst(self, places: list[int]) -> int:
        """The column with the most bad cells."""
        return max(places, key=lambda place: int(self._blocks[place].bad.sum()))

    @property
    def sentence(self) -> str:
        """What will come out."""
        rows, targets = int(self._keep.sum()) - self._choice.lags, len(self._targets)
        inputs = sum(len(self._blocks[place].names) for place in self._inputs) + self._choice.lags
        what = plural(len(self._classes), "class", "classes") if self._choice.labels else plural(targets, "target")
        parts = [f"{plural(rows, 'row')}, {plural(inputs, 'input')}, {what}"]
        dropped = self._sheet.rows - rows
        if dropped:
            parts.append(f"{plural(dropped, 'row')} dropped")
        if self._filled:
            with_what = {"mean": "the mean", "median": "the median", "zero": "0"}[self._choice.bad_cells]
            parts.append(f"{plural(self._filled, 'cell')} filled with {with_what}")
        return "; ".join(parts) + "."

    def dataset(self, source: TableSource) -> TableDataset:
        """The kept rows of the used columns, with what was chosen for them."""
        blocks = [self._blocks.get(place) or self._label_block(place) for place in self._used]
        owners = [place for place, block in zip(self._used, blocks, strict=True) for _ in block.names]
        names = column_names([name for block in blocks for name in block.names])
        targets = tuple(name for name, place in zip(names, owners, strict=True) if place in self._targets)
        columns = () if targets == names[-1:] else targets
        target = (
            LabelsTarget(columns=columns, names=self._classes if self._are_named else ())
            if self._choice.labels
            else ValuesTarget.model_validate({"columns": columns, "scaling": self._choice.target_scaling})
        )
        exact = source.exact and self._is_as_written(names)
        return TableDataset.model_validate(
            {
                "table": Table(names, self._values(blocks)),
                "source": source.model_copy(update={"exact": exact}),
                "scaling": self._choice.scaling,
                "target": target,
                "features": tuple(Lag(column=targets[0], rows_before=before) for before in self._lags()),
            }
        )

    def _lags(self) -> range:
        return range(1, self._choice.lags + 1)

    def _label_block(self, place: int) -> Block:
        return Block((self._sheet.names[place],), self._labels.astype(np.float64).reshape(-1, 1))

    def _is_as_written(self, names: tuple[str, ...]) -> bool:
        """Whether numpy would read the same table out of the file."""
        is_whole = bool(self._keep.all()) and not self._filled and not self._are_named
        plain = [how_of(self._sheet, self._choice, place) == "numbers" for place in self._blocks]
        signs = any(profile.signs for profile in self._sheet.profiles)
        return is_whole and all(plain) and not signs and names == self._sheet.names

    def _values(self, blocks: list[Block]) -> Floats:
        values = np.hstack([block.values for block in blocks])
        if self._choice.bad_cells != "drop":
            _fill(values, np.isnan(values), self._choice.bad_cells)
        return np.ascontiguousarray(values if self._keep.all() else values[self._keep])


def _fill(values: Floats, bad: Mask, how: BadCells) -> None:
    """Fill the bad cells of each column from the good ones, in place."""
    for place in np.flatnonzero(bad.any(axis=0)).tolist():
        good = values[~bad[:, place], place]
        number = 0.0
        if how != "zero" and len(good):
            number = float(good.mean() if how == "mean" else np.median(good))
        values[bad[:, place], place] = number
