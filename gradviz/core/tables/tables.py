"""Tables of numbers with named columns: values of an experiment, told apart by what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from gradviz.core.declaration import Declaration
from gradviz.core.numbers import Floats, plural

MOST_COLUMNS = 10_000
MOST_CELLS = 25_000_000
MOST_INLINE = 10_000
"""A table with more numbers than this stands in JSON by its digest alone."""
LONGEST_NAME = 120


class Table:
    """A frozen table: column names and finite float64 numbers of shape (rows, columns).

    Equal tables have equal names and equal bytes. As a field of a declaration it is written into JSON in full
    if it is small, and else by its digest, which finds it again as long as anything holds it.
    """

    __slots__ = ("__weakref__", "_columns", "_digest", "_values")

    def __init__(self, columns: Sequence[str], values: Floats) -> None:
        self._columns = _checked_names(columns)
        self._values = _checked_values(self._columns, values)
        self._digest = _digest_of(self._columns, self._values)
        _ALIVE[self._digest] = self

    @property
    def columns(self) -> tuple[str, ...]:
        """The names, each different from the others."""
        return self._columns

    @property
    def values(self) -> Floats:
        """The numbers, (rows, columns), read-only."""
        return self._values

    @property
    def digest(self) -> str:
        """SHA-256 over names, shape and bytes, in hexadecimal."""
        return self._digest

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self._values)

    @property
    def is_inline(self) -> bool:
        """Whether JSON holds the numbers themselves."""
        return self._values.size <= MOST_INLINE

    def to_data(self) -> dict[str, Any]:
        """The table as plain JSON data."""
        if self.is_inline:
            return {"columns": list(self._columns), "rows": self._values.tolist()}
        return {"digest": self._digest, "columns": list(self._columns), "rows": self.rows}

    def __eq__(self, other: object) -> bool:
        return self._digest == other._digest if isinstance(other, Table) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._digest)

    def __repr__(self) -> str:
        return f"Table({self.rows} rows, {len(self._columns)} columns, {self._digest[:8]})"

    def __copy__(self) -> Table:
        return self

    def __deepcopy__(self, memo: Any) -> Table:
        return self

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _table_from,
            serialization=core_schema.plain_serializer_function_ser_schema(_data_of, info_arg=True),
        )


_ALIVE: WeakValueDictionary[str, Table] = WeakValueDictionary()


def known_table(digest: str) -> Table | None:
    """The living table with this digest: whoever reads a file makes its tables first, and holds them."""
    return _ALIVE.get(digest)


def tables_in(value: Any) -> tuple[Table, ...]:
    """Every table within a declaration, in order."""
    if isinstance(value, Table):
        return (value,)
    if isinstance(value, Declaration):
        return tuple(table for name in type(value).model_fields for table in tables_in(getattr(value, name)))
    if isinstance(value, tuple):
        return tuple(table for item in value if isinstance(item, Declaration) for table in tables_in(item))
    return ()


def _data_of(table: Table, info: Any) -> Any:
    return table.to_data() if info.mode == "json" else table


def _table_from(value: Any) -> Table:
    """A table from itself or from its plain JSON data; ValueError says what is wrong with it."""
    if isinstance(value, Table):
        return value
    if not isinstance(value, dict):
        raise ValueError("a table is an object with columns and rows")
    unknown = set(value) - {"columns", "rows", "digest"}
    if unknown or not {"columns", "rows"} <= set(value):
        raise ValueError("a table needs columns and rows, and nothing else")
    return _found_table(value) if "digest" in value else Table(value["columns"], _numbers_of(value["rows"]))


def _found_table(value: dict[str, Any]) -> Table:
    digest = value["digest"]
    table = known_table(digest) if isinstance(digest, str) else None
    if table is None:
        raise ValueError("the rows of this table are not in this file: only a .gradviz file holds a large table")
    if list(table.columns) != list(value["columns"]) or table.rows != value["rows"]:
        raise ValueError("the table has other columns or rows than the file says")
    return table


def _numbers_of(rows: Any) -> Floats:
    """The rows of JSON data as an array; bool and text are no numbers, although numpy would take them."""
    if not isinstance(rows, list | tuple):
        raise ValueError("rows must be a list of rows")
    if len(rows) > MOST_INLINE:
        raise ValueError(f"has {len(rows):,} rows written out; at most {MOST_INLINE:,} numbers are")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, list | tuple):
            raise ValueError(f"row {number} is not a list of numbers")
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {plural(len(row), 'number')}, row 1 has {len(rows[0])}")
        if not all(type(item) in (int, float) for item in row):
            raise ValueError(f"row {number} holds something that is not a number")
    try:
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0]) if rows else 0)
    except OverflowError:
        raise ValueError("holds a number that is too large") from None


def _checked_names(columns: Any) -> tuple[str, ...]:
    if not isinstance(columns, list | tuple) or not columns:
        raise ValueError("a table needs at least one column")
    if len(columns) > MOST_COLUMNS:
        raise ValueError(f"has {plural(len(columns), 'column')}; at most {MOST_COLUMNS:,} are possible")
    seen: set[str] = set()
    for name in columns:
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise ValueError(f"the name of a column must be a text of 1 to {LONGEST_NAME} printable characters")
        if name in seen:
            raise ValueError(f"two columns are called {name[:60]!r}")
        seen.add(name)
    return tuple(columns)


def _checked_values(columns: tuple[str, ...], values: Floats) -> Floats:
    """The numbers in one piece and read-only; a copy, unless nobody else can write to them."""
    if values.ndim != 2 or values.dtype != np.float64 or values.shape[1] != len(columns):
        raise ValueError(f"the rows must have {plural(len(columns), 'number')} each, one for each column")
    if len(values) == 0:
        raise ValueError("a table needs at least one row")
    if values.size > MOST_CELLS:
        raise ValueError(f"has {values.size:,} numbers; at most {MOST_CELLS:,} are possible")
    finite = np.isfinite(values)
    if not finite.all():
        row, column = (int(index) for index in np.argwhere(~finite)[0])
        raise ValueError(f"row {row + 1} of column {columns[column][:60]!r} is not a finite number")
    if values.flags.writeable or not values.flags.c_contiguous:
        values = np.array(values, order="C")
    values.flags.writeable = False
    return values


def _digest_of(columns: tuple[str, ...], values: Floats) -> str:
    digest = hashlib.sha256()
    for name in columns:
        # a length before each name, so that no two lists of names run together
        raw = name.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "little") + raw)
    digest.update(np.array(values.shape, dtype="<i8").tobytes())
    digest.update(values.astype("<f8", copy=False).data)
    return digest.hexdigest()
