"""A table where an experiment is asked for: read with the import's defaults, and fitted by a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradviz.core.data.default_import import DefaultImport, default_import
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document
from gradviz.core.document.line_fits import line_document, line_in_units
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.tables.sheets import Asked, Reading
from gradviz.storage.problems import FileError
from gradviz.storage.shipped.by_name import path_of
from gradviz.storage.tables.table_reading import TABLES, read_table

EXPERIMENTS = (".gradviz", ".json")
CHOOSE_TARGET = "Name the target with --target, or import it in the window."


@dataclass(frozen=True)
class TableRun:
    """A table, and the document that fits a line to it."""

    imported: DefaultImport
    document: Document

    def _data(self, document: Document) -> TableDataset:
        """The dataset as it was set, if it still is one of a table."""
        data = getattr(document.experiment.objective, "data", None)
        return data if isinstance(data, TableDataset) else self.imported.data

    def summary(self, document: Document) -> dict[str, Any]:
        """What --json says of the table: columns of the file by what they are, and its rows."""
        imported, data = self.imported, self._data(document)
        targets = imported.names("target")
        return {
            "columns": imported.columns,
            "inputs": imported.names("input"),
            "target": targets[0],
            "rows": imported.rows,
            "left_out": imported.names("out"),
            "rows_used": data.rows,
            "input_columns": list(data.input_names),
            "classes": list(data.class_names) or None,
            "notes": dict(zip((profile.name for profile in imported.profiles), imported.notes, strict=True)),
        }

    def line(self, document: Document, parameters: dict[str, Any]) -> dict[str, Any] | None:
        """Intercept and slopes in the units of the columns; None once another model was set."""
        objective = document.experiment.objective
        is_line = isinstance(objective, FitObjective) and len(objective.model) == 1
        return line_in_units(self._data(document), parameters) if is_line else None


def is_table(name: str) -> bool:
    """Whether a name is that of a file with a table: by its ending, or a file that is no experiment."""
    path = path_of(name)
    if path.suffix.lower() in TABLES:
        return True
    return path.suffix.lower() not in EXPERIMENTS and path.is_file()


def table_run(name: str, target: str, missing: list[str], page: str) -> TableRun:
    """Read a table with what is guessed of it; FileError says what is wrong, and what to do."""
    path = path_of(name)
    asked = Asked(page=page, format={"missing": tuple(missing)} if missing else {})
    try:
        reading = _last_of(path, asked)
    except FileError as error:
        raise FileError(f"{path.name[:60]}: {error.cause}", error.next_step) from None
    assert reading.sheet is not None
    try:
        imported = default_import(reading, reading.sheet, path.name, target)
    except ValueError as error:
        cause = str(error).removesuffix(": click the head of a column.")
        cause = cause.replace("Choose a target", "No column can be the target by itself")
        cause = cause.replace("Choose at least one input", "No column can be an input by itself")
        raise FileError(f"{path.name[:60]}: {cause.rstrip('.')}.", CHOOSE_TARGET) from None
    return TableRun(imported, line_document(imported.data, path.stem or path.name))


def _last_of(path: Path, asked: Asked) -> Reading:
    """The reading with the whole sheet."""
    *_, last = read_table(path, asked)
    return last
