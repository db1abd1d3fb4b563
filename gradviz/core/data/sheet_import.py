"""From a sheet, with its bad cells and texts, to a dataset: what a person chooses, and what will come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from gradviz.core.data.table_datasets import TableDataset, TableSource
from gradviz.core.declaration import setting_error
from gradviz.core.numbers import Floats, plural
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.scalings import NoScaling, Scaling, Standardise
from gradviz.core.tables.sheets import MOST_TEXTS, Sheet
from gradviz.core.tables.tables import LONGEST_NAME, Table
from gradviz.core.tables.targets import MOST_CLASSES, LabelsTarget, ValuesTarget

Role = Literal["input", "target", "out"]
ROLES: tuple[Role, ...] = ("input", "target", "out")
BadCells = Literal["drop", "mean", "median", "zero"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ImportChoice:
    """What a person chooses before an import; one role for each column."""

    roles: tuple[Role, ...]
    bad_cells: BadCells = "drop"
    labels: bool = False
    scaling: Scaling = field(default_factory=Standardise)
    target_scaling: Scaling = field(default_factory=NoScaling)

    def places(self, role: Role) -> list[int]:
        """The columns that have this role."""
        return [place for place, chosen in enumerate(self.roles) if chosen == role]

    def with_roles(self, places: Sequence[int], role: Role) -> ImportChoice:
        """The same with another role for some columns; a new target for class labels makes an input of the old one."""
        roles = list(self.roles)
        if role == "target" and self.labels:
            roles = ["input" if old == "target" else old for old in roles]
        for place in places:
            roles[place] = role
        return replace(self, roles=tuple(roles))


@dataclass(frozen=True)
class ImportOutcome:
    """Whether an import can succeed, and a sentence that says what will come out, or what is in its way."""

    can_succeed: bool
    sentence: str


class _ImportError(ValueError):
    """What is in the way of an import."""


def first_choice(names: tuple[str, ...], counts: NDArray[np.int64]) -> ImportChoice:
    """A choice to begin with: columns of text and empty ones are left out, the last is the target.

    A last column of text holds class labels. `counts` is (columns, kinds) of what has been read so far.
    """
    total = np.maximum(counts.sum(axis=1), 1)
    is_text = counts[:, CellFault.TEXT] > 0.5 * total
    is_empty = counts[:, CellFault.NONE] == 0
    roles: list[Role] = ["out" if text or empty else "input" for text, empty in zip(is_text, is_empty, strict=True)]
    last = len(names) - 1
    labels = bool(is_text[last]) if names else False
    usable = [place for place, role in enumerate(roles) if role == "input"]
    if labels:
        roles[last] = "target"
    elif usable:
        roles[usable[-1]] = "target"
    return ImportChoice(tuple(roles), labels=labels)


def outcome_of(sheet: Sheet, choice: ImportChoice) -> ImportOutcome:
    """What the import of `sheet` would give."""
    try:
        plan = _Plan(sheet, choice)
    except _ImportError as error:
        return ImportOutcome(False, str(error))
    return ImportOutcome(True, plan.sentence)


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
        numeric = self._inputs if choice.labels else [*self._inputs, *self._targets]
        self._check_numbers(numeric)
        self._used = sorted([*self._inputs, *self._targets])
        self._labels: Floats | None = None
        self._classes: tuple[str, ...] = ()
        self._are_named = False
        bad = sheet.faults[:, numeric] > 0
        self._keep: Mask = np.ones(sheet.rows, dtype=np.bool_)
        self._filled = 0
        if choice.bad_cells == "drop":
            self._keep &= ~bad.any(axis=1)
        if choice.labels:
            self._read_labels()
        if choice.bad_cells != "drop":
            self._filled = int(np.count_nonzero(bad[self._keep]))
        self._check_rows(numeric)

    def _check_roles(self) -> None:
        if not self._targets:
            raise _ImportError("Choose a target: click the head of a column.")
        if not self._inputs:
            raise _ImportError("Choose at least one input: click the head of a column.")
        if self._choice.labels and len(self._targets) > 1:
            raise _ImportError("Class labels stand in one column: choose one target.")

    def _check_numbers(self, places: list[int]) -> None:
        """A column without a single number can neither be filled nor kept by dropping rows."""
        for place in places:
            if not self._sheet.counts[place, CellFault.NONE]:
                name, is_target = self._name(place), place in self._targets
                cure = "take it as class labels" if is_target else "leave it out"
                raise _ImportError(f"Column {name} holds no numbers: {cure}.")

    def _name(self, place: int) -> str:
        return f"“{self._sheet.names[place][:60]}”"

    def _read_labels(self) -> None:
        """Numbers and texts of the target column as classes: numbers first, in order, then texts by name."""
        place = self._targets[0]
        faults, values = self._sheet.faults[:, place], self._sheet.values[:, place]
        self._keep &= (faults == CellFault.NONE) | (faults == CellFault.TEXT)
        is_number = self._keep & (faults == CellFault.NONE)
        is_text = self._keep & (faults == CellFault.TEXT)
        texts = self._sheet.texts[place]
        if texts is None:
            raise _ImportError(f"Column {self._name(place)} has more than {MOST_TEXTS:,} different texts: no classes.")
        numbers, number_places = np.unique(values[is_number], return_inverse=True)
        if len(numbers) > MOST_CLASSES:
            raise _ImportError(
                f"Column {self._name(place)} has {len(numbers):,} different numbers: take it as values instead."
            )
        labels = np.zeros(self._sheet.rows)
        labels[is_number] = number_places
        self._classes = tuple(f"{number:.15g}" for number in numbers.tolist())
        if is_text.any():
            codes = self._sheet.codes[place][is_text]
            used = sorted({texts[code] for code in np.unique(codes).tolist()})
            order = {text: len(numbers) + index for index, text in enumerate(used)}
            labels[is_text] = np.array([order.get(text, 0) for text in texts])[codes]
            self._classes += tuple(_class_name(text) for text in used)
        self._labels = labels
        self._are_named = bool(is_text.any()) or numbers.tolist() != list(range(len(numbers)))
        if len(self._classes) == 1:
            raise _ImportError(self._one_class(place))
        if len(self._classes) > MOST_CLASSES:
            raise _ImportError(f"Column {self._name(place)} has more than {MOST_CLASSES:,} classes.")

    def _one_class(self, place: int) -> str:
        """Why there is nothing to tell apart: the file has one class, or the rows of the others were dropped."""
        name, only = self._name(place), self._classes[0][:60]
        if not self._has_dropped_another_class(place):
            return f"Column {name} names only one class, {only}: nothing to tell apart."
        worst = self._name(self._worst(self._inputs))
        cure = f"fill the bad cells, or leave {worst} out"
        return f"Dropping the rows with bad cells leaves only one class of {name}, {only}: {cure}."

    def _has_dropped_another_class(self, place: int) -> bool:
        """Whether a row that was dropped names another class than those that are left."""
        faults, values = self._sheet.faults[:, place], self._sheet.values[:, place]
        codes = self._sheet.codes.get(place, np.full(self._sheet.rows, -1))
        left = int(np.flatnonzero(self._keep)[0])
        is_same = (faults == faults[left]) & (codes == codes[left])
        if faults[left] == CellFault.NONE:
            is_same &= values == values[left]
        return bool((((faults == CellFault.NONE) | (faults == CellFault.TEXT)) & ~is_same).any())

    def _check_rows(self, numeric: list[int]) -> None:
        if self._keep.any():
            return
        raise _ImportError(f"No row is left without a bad cell: leave {self._name(self._worst(numeric))} out, or fill.")

    def _worst(self, places: list[int]) -> int:
        """The column with the most bad cells."""
        return max(places, key=lambda place: int((self._sheet.faults[:, place] > 0).sum()))

    @property
    def sentence(self) -> str:
        """What will come out."""
        rows, targets = int(self._keep.sum()), len(self._targets)
        what = plural(len(self._classes), "class", "classes") if self._choice.labels else plural(targets, "target")
        parts = [f"{plural(rows, 'row')}, {plural(len(self._inputs), 'input')}, {what}"]
        dropped = self._sheet.rows - rows
        if dropped:
            parts.append(f"{plural(dropped, 'row')} dropped")
        if self._filled:
            with_what = {"mean": "the mean", "median": "the median", "zero": "0"}[self._choice.bad_cells]
            parts.append(f"{plural(self._filled, 'cell')} filled with {with_what}")
        return "; ".join(parts) + "."

    def dataset(self, source: TableSource) -> TableDataset:
        """The kept rows of the used columns, with what was chosen for them."""
        names = self._sheet.names
        targets = tuple(names[place] for place in self._targets)
        used = tuple(names[place] for place in self._used)
        is_last = targets == used[-1:]
        columns = () if is_last else targets
        target = (
            LabelsTarget(columns=columns, names=self._classes if self._are_named else ())
            if self._choice.labels
            else ValuesTarget.model_validate({"columns": columns, "scaling": self._choice.target_scaling})
        )
        exact = bool(self._keep.all()) and not self._filled and not self._are_named and len(self._used) == len(names)
        return TableDataset.model_validate(
            {
                "table": Table(used, self._values()),
                "source": source.model_copy(update={"exact": exact}),
                "scaling": self._choice.scaling,
                "target": target,
            }
        )

    def _values(self) -> Floats:
        values = self._sheet.values[:, self._used]
        faults = self._sheet.faults[:, self._used]
        if self._choice.bad_cells != "drop":
            _fill(values, faults > 0, self._choice.bad_cells)
        if self._labels is not None:
            values[:, self._used.index(self._targets[0])] = self._labels
        return np.ascontiguousarray(values if self._keep.all() else values[self._keep])


def _fill(values: Floats, bad: Mask, how: BadCells) -> None:
    """Fill the bad cells of each column from the good ones, in place."""
    for place in np.flatnonzero(bad.any(axis=0)).tolist():
        good = values[~bad[:, place], place]
        number = 0.0
        if how != "zero" and len(good):
            number = float(good.mean() if how == "mean" else np.median(good))
        values[bad[:, place], place] = number


def _class_name(text: str) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return kept if len(kept) <= LONGEST_NAME else kept[: LONGEST_NAME - 1] + "…"
