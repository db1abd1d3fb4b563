"""Inputs made of columns: powers, products, sines, logarithms, and what stood some rows before.

Adding one: a frozen class here and its name in `AnyFeature`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from gradviz.core.declaration import Alternative, FieldError, alternatives, setting
from gradviz.core.numbers import Floats, short_number
from gradviz.core.tables.tables import LONGEST_NAME, Table

Place = Callable[[str, str], int]
"""The place of a column by its name and by the setting that names it."""


class Feature(Alternative):
    """One more input of every row, made of the numbers of the table as they stand, before they are scaled."""

    column: str = setting(
        "",
        title="Column",
        description="The column that it is made of; nothing means the first input.",
        max_length=LONGEST_NAME,
    )

    @property
    def rows_lost(self) -> int:
        """Rows at the beginning that have no such input."""
        return 0

    @property
    def named_columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return (self.column,) if self.column else ()

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        """What the input is called."""
        raise NotImplementedError

    def values(self, table: Floats, place: Place) -> Floats:
        """The input of every row of (rows, columns) numbers; what `rows_lost` says at the beginning means nothing."""
        raise NotImplementedError

    def code(self, place: Place, lost: int) -> str:
        """The numpy expression that gives the same out of ``table``, from row `lost` on."""
        raise NotImplementedError

    def check(self, table: Table, place: Place) -> None:
        """FieldError where a row has no such input."""

    def _at(self, place: Place) -> int:
        return place(self.column, "column")


def _from(lost: int, place: int) -> str:
    return f"table[{lost or ''}:, {place}]"


class Power(Feature):
    label: ClassVar[str] = "Power"
    about: ClassVar[str] = "The column to a power, such as x^2."
    kind: Literal["power"] = "power"
    exponent: int = setting(2, title="Exponent", description="2 for squares, -1 for 1/x.", ge=-9, le=9)

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        return f"{columns[self._at(place)]}^{self.exponent}"

    def values(self, table: Floats, place: Place) -> Floats:
        return np.asarray(table[:, self._at(place)] ** float(self.exponent))

    def code(self, place: Place, lost: int) -> str:
        return f"{_from(lost, self._at(place))} ** {float(self.exponent)!r}"

    def check(self, table: Table, place: Place) -> None:
        if self.exponent < 0:
            _refuse(table, self._at(place), table.values[:, self._at(place)] == 0, "the power of 0 is no number")


class Product(Feature):
    label: ClassVar[str] = "Product"
    about: ClassVar[str] = "Two columns multiplied: how one changes what the other does."
    kind: Literal["product"] = "product"
    other: str = setting(
        "",
        title="Times",
        description="The column that it is multiplied by; nothing means the second input.",
        max_length=LONGEST_NAME,
    )

    @property
    def named_columns(self) -> tuple[str, ...]:
        return (*super().named_columns, *((self.other,) if self.other else ()))

    def _other(self, place: Place) -> int:
        return place(self.other, "other")

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        return f"{columns[self._at(place)]}*{columns[self._other(place)]}"

    def values(self, table: Floats, place: Place) -> Floats:
        return np.asarray(table[:, self._at(place)] * table[:, self._other(place)])

    def code(self, place: Place, lost: int) -> str:
        return f"{_from(lost, self._at(place))} * {_from(lost, self._other(place))}"


class _Wave(Feature):
    """A function of the column times a factor."""

    function: ClassVar[str]
    factor: float = setting(
        1.0, title="Factor", description="What the column is multiplied by before.", ge=-1e6, le=1e6
    )

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        factor = "" if self.factor == 1 else f"{short_number(self.factor)}*"
        return f"{self.function}({factor}{columns[self._at(place)]})"

    def values(self, table: Floats, place: Place) -> Floats:
        function: Callable[[Floats], Floats] = getattr(np, self.function)
        return function(self.factor * table[:, self._at(place)])

    def code(self, place: Place, lost: int) -> str:
        return f"np.{self.function}({self.factor!r} * {_from(lost, self._at(place))})"


class Sine(_Wave):
    label: ClassVar[str] = "Sine"
    about: ClassVar[str] = "sin of the column times a factor: what comes again."
    function: ClassVar[str] = "sin"
    kind: Literal["sin"] = "sin"


class Cosine(_Wave):
    label: ClassVar[str] = "Cosine"
    about: ClassVar[str] = "cos of the column times a factor: what comes again, a quarter later."
    function: ClassVar[str] = "cos"
    kind: Literal["cos"] = "cos"


class Logarithm(Feature):
    label: ClassVar[str] = "Logarithm"
    about: ClassVar[str] = "The natural logarithm: what grows by factors grows evenly."
    kind: Literal["log"] = "log"

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        return f"log({columns[self._at(place)]})"

    def values(self, table: Floats, place: Place) -> Floats:
        return np.log(table[:, self._at(place)])

    def code(self, place: Place, lost: int) -> str:
        return f"np.log({_from(lost, self._at(place))})"

    def check(self, table: Table, place: Place) -> None:
        _refuse(table, self._at(place), table.values[:, self._at(place)] <= 0, "only numbers above 0 have a logarithm")


class Lag(Feature):
    label: ClassVar[str] = "Lag"
    about: ClassVar[str] = "What the column held some rows before: a series told by its past. The first rows fall away."
    kind: Literal["lag"] = "lag"
    rows_before: int = setting(1, title="Rows before", description="How far back.", ge=1, le=10_000)

    @property
    def rows_lost(self) -> int:
        return self.rows_before

    def name(self, columns: tuple[str, ...], place: Place) -> str:
        return f"{columns[self._at(place)]}, {self.rows_before} before"

    def values(self, table: Floats, place: Place) -> Floats:
        return np.roll(table[:, self._at(place)], self.rows_before)

    def code(self, place: Place, lost: int) -> str:
        return f"table[{lost - self.rows_before or ''}:-{self.rows_before}, {self._at(place)}]"

    def check(self, table: Table, place: Place) -> None:
        if self.rows_before >= table.rows:
            raise FieldError("rows_before", f"must be less than {table.rows:,}, the rows of the table")


def _refuse(table: Table, place: int, wrong: np.ndarray, why: str) -> None:
    """FieldError with the first wrong row."""
    if wrong.any():
        row = int(np.argmax(wrong))
        name, number = table.columns[place][:60], float(table.values[row, place])
        raise FieldError("column", f"row {row + 1:,} of column {name!r} holds {number:.6g}: {why}")


AnyFeature = Annotated[Power | Product | Sine | Cosine | Logarithm | Lag, Field(discriminator="kind")]
FEATURES: tuple[type[Feature], ...] = alternatives(AnyFeature)
