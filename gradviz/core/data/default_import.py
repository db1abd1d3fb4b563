"""An import with everything as it is guessed: for the command line, and to begin a dialog with."""

from __future__ import annotations

from dataclasses import dataclass

from gradviz.core.data.import_choice import ImportChoice
from gradviz.core.data.import_columns import ImportRefusedError, quoted
from gradviz.core.data.import_guess import first_choice
from gradviz.core.data.sheet_import import column_notes, dataset_from
from gradviz.core.data.table_datasets import TableDataset, TableSource
from gradviz.core.numbers import plural
from gradviz.core.tables.column_profiles import ColumnProfile
from gradviz.core.tables.sheets import Reading, Sheet


@dataclass(frozen=True)
class DefaultImport:
    """A dataset, and what became of the columns of its file."""

    data: TableDataset
    choice: ImportChoice
    profiles: tuple[ColumnProfile, ...]
    rows: int
    """Of the file; the dataset has fewer where cells are missing."""
    notes: tuple[str, ...]

    def names(self, role: str) -> list[str]:
        """The columns of the file that have a role."""
        return [profile.name for profile, one in zip(self.profiles, self.choice.roles, strict=True) if one == role]

    @property
    def columns(self) -> list[str]:
        """The columns of the file, without those that have neither a name nor a cell."""
        return [
            profile.name
            for profile in self.profiles
            if not profile.is_nameless or profile.numbers or profile.text_cells
        ]

    @property
    def summary(self) -> str:
        """What was read, and what is made of it, for a person."""
        told = dict(zip((profile.name for profile in self.profiles), self.notes, strict=True))
        parts = [f"{plural(self.rows, 'row')} of {plural(len(self.columns), 'column')}"]
        if self.data.rows != self.rows:
            parts.append(f"{plural(self.rows - self.data.rows, 'row')} dropped")
        parts.append(f"target {self.names('target')[0][:60]}")
        parts.append("inputs " + ", ".join(_with_note(name, told[name]) for name in self.names("input")[:12]))
        out = [_with_note(name, told[name]) for name in self.names("out")]
        return "; ".join([*parts, *(["left out " + ", ".join(out[:12])] if out else [])]) + "."


def _with_note(name: str, note: str) -> str:
    return f"{name[:60]} ({note})" if note else name[:60]


def source_of(reading: Reading, file: str) -> TableSource:
    """Where a table comes from, and how it was read."""
    layout = reading.format
    return TableSource(
        file=file[:255],
        encoding=reading.encoding or "utf-8",
        separator=layout.separator,
        decimal=layout.decimal,
        header=layout.header,
        exact=layout.is_plain,
    )


def default_import(reading: Reading, sheet: Sheet, file: str, target: str = "") -> DefaultImport:
    """The dataset of a sheet, with its defaults but for the target that a person named; ValueError says why none."""
    place = _place_of(sheet.names, target) if target else -1
    choice = first_choice(sheet.profiles, reading.format.header, place)
    data = dataset_from(sheet, choice, source_of(reading, file))
    return DefaultImport(data, choice, sheet.profiles, sheet.rows, column_notes(sheet.profiles, choice, sheet))


def _place_of(names: tuple[str, ...], wanted: str) -> int:
    """The place of a column by its name, as it is written or but for its letters' size."""
    for found in (names, tuple(name.lower() for name in names)):
        given = wanted if found is names else wanted.lower()
        if found.count(given) == 1:
            return found.index(given)
    known = ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
    raise ImportRefusedError(f"There is no column {quoted(wanted)}; there are {known[:180]}.")
