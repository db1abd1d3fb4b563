"""Large tables of an experiment, which travel beside its JSON as tensors named by their digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradviz.core.document.experiment import Experiment
from gradviz.core.tables.tables import Table, tables_in
from gradviz.storage.experiments.run_section import DAMAGED
from gradviz.storage.problems import FileError

PREFIX = "data/"
Tensors = dict[str, NDArray[Any]]


def refuse_large(experiment: Experiment) -> None:
    """FileError where the experiment has a table that plain JSON does not hold."""
    for table in tables_in(experiment):
        if not table.is_inline:
            raise FileError(
                f"The file was not saved. Its table of {table.rows:,} rows does not fit into a .json file.",
                "Save it as .gradviz.",
            )


def tensors_of(experiment: Experiment) -> Tensors:
    """The large tables of an experiment by the names of their tensors."""
    return {PREFIX + table.digest: table.values for table in tables_in(experiment) if not table.is_inline}


def split(tensors: Tensors) -> tuple[Tensors, Tensors]:
    """The tensors that are data, by their digest, and the others."""
    data = {name.removeprefix(PREFIX): value for name, value in tensors.items() if name.startswith(PREFIX)}
    return data, {name: value for name, value in tensors.items() if not name.startswith(PREFIX)}


def tables_from(experiment: Any, data: Tensors, may_be_unknown: bool = False) -> tuple[Table, ...]:
    """The tables that the plain data of an experiment asks for; each is known as long as it is held.

    FileError where one is missing, is not what its digest says, or belongs to nothing.
    """
    tables = []
    unused = dict(data)
    for wanted in _references(experiment):
        digest = wanted["digest"]
        if not isinstance(digest, str) or digest not in data:
            raise FileError(f"The file lacks the rows of its table {str(digest)[:12]!r}.", DAMAGED)
        unused.pop(digest, None)
        tables.append(_table(digest, wanted.get("columns"), data[digest]))
    if unused and not may_be_unknown:
        raise FileError(f"The file has a table {min(unused)[:12]!r} that its experiment does not use.", DAMAGED)
    return tuple(tables)


def _references(value: Any) -> Iterator[dict[str, Any]]:
    """Every place in plain data that names a table by its digest. Strict JSON is not deep."""
    if isinstance(value, dict):
        if "digest" in value and "columns" in value:
            yield value
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list):
                yield from _references(item)


def _table(digest: str, columns: Any, values: NDArray[Any]) -> Table:
    if values.dtype != np.float64 or values.ndim != 2:
        raise FileError(f"The table {digest[:12]!r} is not a float64 table of rows and columns.", DAMAGED)
    try:
        table = Table(columns, values)
    except ValueError as error:
        raise FileError(f"The table {digest[:12]!r} cannot be used: {error}.", DAMAGED) from None
    if table.digest != digest:
        raise FileError(f"The table {digest[:12]!r} holds other numbers than it was saved with.", DAMAGED)
    return table
