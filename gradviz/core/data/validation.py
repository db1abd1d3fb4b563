"""Rows held out for validation: none, a share, a share of every class, or those that a column of the table names.

Adding one: a frozen class here and its name in `AnyValidation`. The training never sees these rows: neither do its
batches nor the numbers by which columns are scaled.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gradviz.core.declaration import Alternative, FieldError, alternatives, setting
from gradviz.core.numbers import Floats, plural
from gradviz.core.seeds import random_state, random_state_code
from gradviz.core.tables.tables import LONGEST_NAME

Mask = NDArray[np.bool_]
Labels = NDArray[np.int64]
HELD = "held"
"""What a script calls the array that says of each row whether it is held out."""
_OF_TRAINING = re.compile(r"train|fit|learn|训练")
_OF_HELD = re.compile(r"test|valid|held|hold|dev|验证|测试")
"""What columns are called whose larger number marks rows to train on, and rows held out."""


class Rows(Protocol):
    """What is asked of the data whose rows are held out: see `Dataset`."""

    @property
    def rows(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def is_labelled(self) -> bool: ...
    @property
    def class_names(self) -> tuple[str, ...]: ...
    @property
    def known_labels(self) -> Labels | None: ...
    @property
    def marks(self) -> Floats | None: ...
    @property
    def marking_column(self) -> str: ...
    @property
    def marks_code(self) -> str: ...


class Validation(Alternative):
    """Which rows are held out. `rows` are all rows of the data, before any is held out."""

    holds_out: ClassVar[bool] = True

    def count(self, data: Rows) -> int:
        """How many rows are held out, known before anything is built."""
        raise NotImplementedError

    def check(self, data: Rows) -> None:
        """FieldError where rows cannot be held out of `data` so, as far as it can be told without building it."""

    def where(self, data: Rows) -> str:
        """Which rows these are, behind their number."""
        return ""

    def mask(self, data: Rows, labels: Labels | None) -> Mask:
        """Whether a row is held out, (rows,); ValueError with a clause where no rows can be. `labels` are all rows'."""
        raise NotImplementedError

    def code(self, data: Rows, labels: Labels | None, written: str) -> tuple[str, ...]:
        """Lines of numpy that give the same mask the name ``held``; `written` is what the labels are called there."""
        raise NotImplementedError


class NoValidation(Validation):
    label: ClassVar[str] = "No rows"
    about: ClassVar[str] = "Every row is trained on; nothing tells how the model does on rows that it has not seen."
    kind: Literal["none"] = "none"
    holds_out: ClassVar[bool] = False

    def count(self, data: Rows) -> int:
        return 0

    def mask(self, data: Rows, labels: Labels | None) -> Mask:
        return np.zeros(data.rows, dtype=np.bool_)

    def code(self, data: Rows, labels: Labels | None, written: str) -> tuple[str, ...]:
        return ()


def _share() -> Any:
    return setting(0.2, title="Share", description="Of all rows, how many are held out: 0.2 is a fifth.", gt=0, le=0.9)


def _seed() -> Any:
    return setting(
        0,
        title="Seed of the split",
        description="Decides which rows are held out: the same ones whatever the seed of the run.",
        ge=0,
        le=2**63 - 1,
    )


class ShareValidation(Validation):
    label: ClassVar[str] = "A share of the rows"
    about: ClassVar[str] = "Rows drawn at random, once for all: rows in time should be told by a column instead."
    kind: Literal["share"] = "share"
    share: float = _share()
    seed: int = _seed()

    def count(self, data: Rows) -> int:
        return round(self.share * data.rows)

    def check(self, data: Rows) -> None:
        held, rows = self.count(data), data.rows
        if 0 < held < rows:
            return
        left = "no row" if held == 0 else "every row"
        raise FieldError(
            "share", f"{self.share:g} of {plural(rows, 'row')} would hold out {left}: choose another, or more rows"
        )

    def mask(self, data: Rows, labels: Labels | None) -> Mask:
        found = np.zeros(data.rows, dtype=np.bool_)
        found[self._order(data)[: self.count(data)]] = True
        return found

    def _order(self, data: Rows) -> NDArray[Any]:
        order: NDArray[Any] = random_state(self.seed).permutation(data.rows)
        return order

    def code(self, data: Rows, labels: Labels | None, written: str) -> tuple[str, ...]:
        return (
            f"random = {random_state_code(self.seed)}",
            f"{HELD} = np.zeros({data.rows}, dtype=bool)  # the rows held out",
            f"{HELD}[random.permutation({data.rows})[:{self.count(data)}]] = True",
        )


class StratifiedValidation(ShareValidation):
    """Of the rows of each class as many as their share of all rows, to within one."""

    label: ClassVar[str] = "A share of each class"
    about: ClassVar[str] = "Rows drawn at random from each class, so that every class is held out by the same share."
    kind: Literal["stratified"] = "stratified"  # type: ignore[assignment]
    share: float = _share()
    seed: int = _seed()

    def check(self, data: Rows) -> None:
        super().check(data)
        if not data.is_labelled:
            raise FieldError("kind", "the targets are values and no classes: hold out a share of the rows")
        labels = data.known_labels
        if labels is not None:
            self._counts(data, labels)

    def _counts(self, data: Rows, labels: Labels) -> list[int]:
        """Rows that are held out of each class; FieldError where a class is too small to be parted."""
        sizes = np.bincount(labels, minlength=data.outputs).tolist()
        if 1 in sizes:
            number = sizes.index(1)
            name = data.class_names[number][:60] if number < len(data.class_names) else str(number)
            raise FieldError(
                "kind", f"class {name} has one row, which cannot be both trained on and held out: hold out a share"
            )
        held = self.count(data)
        if held > sum(max(size - 1, 0) for size in sizes):
            raise FieldError("share", f"{self.share:g} would leave a class without a row to train on: choose less")
        return apportioned(sizes, held)

    def mask(self, data: Rows, labels: Labels | None) -> Mask:
        assert labels is not None  # `check` has refused values
        found, order = np.zeros(data.rows, dtype=np.bool_), self._order(data)
        for number, count in enumerate(self._counts(data, labels)):
            found[order[labels[order] == number][:count]] = True
        return found

    def code(self, data: Rows, labels: Labels | None, written: str) -> tuple[str, ...]:
        assert labels is not None
        return (
            f"random = {random_state_code(self.seed)}",
            f"order = random.permutation({data.rows})",
            f"{HELD} = np.zeros({data.rows}, dtype=bool)  # the rows held out, of each class the same share",
            f"for number, count in enumerate({self._counts(data, labels)}):",
            f"    {HELD}[order[{written}[order] == number][:count]] = True",
        )


def apportioned(sizes: list[int], held: int) -> list[int]:
    """`held` rows shared out by the `sizes` of classes, by the largest remainder; of each class one row stays.

    Each count differs from its exact share by less than one, unless that one row had to stay.
    """
    total = sum(sizes)
    counts = [max(0, min(held * size // total, size - 1)) for size in sizes]
    for _ in range(held - sum(counts)):
        open_ = [place for place, size in enumerate(sizes) if counts[place] < size - 1]
        counts[max(open_, key=lambda place: (held * sizes[place] - total * counts[place], -place))] += 1
    return counts


class ColumnValidation(Validation):
    label: ClassVar[str] = "Told by a column"
    about: ClassVar[str] = (
        "A column of the table with two values, one of which marks the rows held out; it is no input."
    )
    kind: Literal["column"] = "column"
    column: str = setting(
        "",
        title="Column",
        description="The name of that column; nothing means one with two values, called split or the like if there is.",
        max_length=LONGEST_NAME,
    )
    held: Literal["by its name", "larger", "smaller"] = setting(
        "by its name",
        title="Held out where it is",
        description="Which of its two numbers marks the rows held out. By its name it is the larger, unless the name "
        "says that it marks rows to train on. Two words are 0 and 1 once imported.",
    )

    def count(self, data: Rows) -> int:
        return int(np.count_nonzero(self._marks(data)))

    def _marks(self, data: Rows) -> Mask:
        return np.asarray(self._numbers(data) == self._value(data))

    def _value(self, data: Rows) -> float:
        """The number that marks a row held out."""
        numbers, held = self._numbers(data), self.held
        if held == "by its name":
            name = data.marking_column.rpartition(" = ")[2].lower()  # "set = train" is 1 where the text was train
            held = "smaller" if _OF_TRAINING.search(name) and not _OF_HELD.search(name) else "larger"
        return float(numbers.min() if held == "smaller" else numbers.max())

    def _numbers(self, data: Rows) -> Floats:
        """What stands in the column; FieldError where there is none."""
        numbers = data.marks
        if numbers is None:
            raise FieldError("kind", "this data is no table, so it has no column: hold out a share of the rows")
        return numbers

    def where(self, data: Rows) -> str:
        return f", where {data.marking_column[:60]} is {self._value(data):.6g}"

    def check(self, data: Rows) -> None:
        found = np.unique(self._numbers(data))
        name = data.marking_column[:60]
        if len(found) != 2:
            shown = ", ".join(f"{number:.6g}" for number in found[:4].tolist()) + (", …" if len(found) > 4 else "")
            raise FieldError(
                "column",
                f"column {name!r} has {plural(len(found), 'different value')} ({shown}), but it takes two, one of "
                "which marks the rows held out",
            )

    def mask(self, data: Rows, labels: Labels | None) -> Mask:
        return self._marks(data)

    def code(self, data: Rows, labels: Labels | None, written: str) -> tuple[str, ...]:
        return (f"{HELD} = {data.marks_code} == {self._value(data)!r}  # the rows held out",)


AnyValidation = Annotated[
    NoValidation | ShareValidation | StratifiedValidation | ColumnValidation, Field(discriminator="kind")
]
VALIDATIONS: tuple[type[Validation], ...] = alternatives(AnyValidation)
