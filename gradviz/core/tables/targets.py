"""What a table is to be fitted to: values of some columns, or the class labels of one."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gradviz.core.declaration import Alternative, FieldError, setting
from gradviz.core.numbers import Floats, plural
from gradviz.core.tables.scalings import AnyScaling, NoScaling
from gradviz.core.tables.tables import LONGEST_NAME, MOST_COLUMNS, Table

MOST_CLASSES = 1000


def _columns() -> Any:
    return setting(
        (),
        title="Columns",
        description="The names of the target columns, with commas between them; nothing means the last column.",
        editor="names",
        max_length=MOST_COLUMNS,
    )


class TableTarget(Alternative):
    """The target columns of a table, and what is made of them."""

    columns: tuple[str, ...] = _columns()

    @property
    def is_labelled(self) -> bool:
        """Whether a row's target is the number of its class."""
        return False

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called, from 0; empty where they have no names."""
        return ()

    def outputs(self, columns: Floats) -> int:
        """Values of a row's target, or classes."""
        raise NotImplementedError

    def check(self, names: tuple[str, ...], columns: Floats) -> None:
        """FieldError, with the row, where the columns cannot be a target of this kind."""

    def arrays(self, columns: Floats, seen: Floats) -> NDArray[Any]:
        """The targets, (rows, outputs) float64 or (rows,) int64; `seen` are the columns in the rows trained on."""
        raise NotImplementedError

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        """What is taken off each target column, and what it is divided by then."""
        return np.zeros(columns.shape[1]), np.ones(columns.shape[1])

    def code(self, seen: Floats, of: str) -> tuple[str, ...]:
        """Lines of numpy that make the targets from the columns called ``y``; `of` are those in the rows `seen`."""
        raise NotImplementedError


class ValuesTarget(TableTarget):
    label: ClassVar[str] = "Values"
    about: ClassVar[str] = "The numbers of one or several columns."
    kind: Literal["values"] = "values"
    columns: tuple[str, ...] = _columns()
    scaling: AnyScaling = setting(
        NoScaling(), title="Scaling of the target", description="What is done to the target before the fit."
    )

    def outputs(self, columns: Floats) -> int:
        return int(columns.shape[1])

    def arrays(self, columns: Floats, seen: Floats) -> NDArray[Any]:
        return self.scaling.apply(columns, seen)

    def terms(self, columns: Floats) -> tuple[Floats, Floats]:
        return self.scaling.terms(columns)

    def code(self, seen: Floats, of: str) -> tuple[str, ...]:
        return self.scaling.code("y", seen, of)


class LabelsTarget(TableTarget):
    label: ClassVar[str] = "Class labels"
    about: ClassVar[str] = "One column with the numbers of classes: 0, 1, 2, ..."
    kind: Literal["labels"] = "labels"
    columns: tuple[str, ...] = _columns()
    names: tuple[Annotated[str, Field(max_length=LONGEST_NAME)], ...] = setting(
        (),
        title="Names of the classes",
        description="The names of the classes 0, 1, 2, ...; nothing means that they have none.",
        editor="names",
        max_length=MOST_CLASSES,
    )

    @property
    def is_labelled(self) -> bool:
        return True

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.names

    def outputs(self, columns: Floats) -> int:
        return len(self.names) or int(columns.max()) + 1

    def arrays(self, columns: Floats, seen: Floats) -> NDArray[Any]:
        return columns[:, 0].astype(np.int64)

    def code(self, seen: Floats, of: str) -> tuple[str, ...]:
        return ("y = y[:, 0].astype(np.int64)",)

    def check(self, names: tuple[str, ...], columns: Floats) -> None:
        if len(names) != 1:
            raise FieldError("target.columns", "class labels stand in one column; choose one, or values")
        labels, most = columns[:, 0], len(self.names) or MOST_CLASSES
        wrong = (labels != np.rint(labels)) | (labels < 0) | (labels >= most)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise FieldError("target", self._said(names[0], row, float(labels[row])))
        if len(self.names) == 1 or labels.min() == labels.max():
            raise FieldError("target", f"column {names[0][:60]!r} names only one class: there is nothing to tell apart")

    def _said(self, column: str, row: int, label: float) -> str:
        where = f"row {row + 1:,} of column {column[:60]!r} holds {label:.15g}"
        if label != round(label):
            return f"{where}, but a class label is a whole number from 0; choose values, or correct it"
        if self.names:
            classes = plural(len(self.names), "class", "classes")
            return f"{where}, but the {classes} have the labels 0 to {len(self.names) - 1}"
        return f"{where}, but class labels go from 0 to {MOST_CLASSES - 1:,}"


AnyTarget = Annotated[ValuesTarget | LabelsTarget, Field(discriminator="kind")]


def chosen_columns(table: Table, names: tuple[str, ...], field: str) -> list[int]:
    """The places of columns by their names; FieldError names one that is not there, or is there twice."""
    places = {name: place for place, name in enumerate(table.columns)}
    found: list[int] = []
    for name in names:
        if name not in places:
            known = ", ".join(table.columns[:8]) + (", …" if len(table.columns) > 8 else "")
            raise FieldError(field, f"there is no column {name[:60]!r}; there are {known[:160]}")
        if places[name] in found:
            raise FieldError(field, f"column {name[:60]!r} is named twice")
        found.append(places[name])
    return found
