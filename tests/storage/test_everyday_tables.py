"""Tables as people have them, imported with nothing chosen: right by hand, and as pandas reads them when told how."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from everyday_tables import TABLES, Everyday

from gradviz.core.data.default_import import DefaultImport, default_import
from gradviz.core.tables.sheets import Asked
from gradviz.storage.tables.table_reading import read_table

BY_NAME = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


def imported(table: Everyday, folder: Path) -> tuple[DefaultImport, Path]:
    path = folder / "made up.csv"
    path.write_bytes(table.text.encode(table.encoding))
    asked = Asked(format={"missing": table.missing} if table.missing else {})
    reading = list(read_table(path, asked))[-1]
    assert reading.sheet is not None
    return default_import(reading, reading.sheet, path.name, table.target_named), path


def test_there_are_sixty_of_them_and_no_two_are_alike() -> None:
    assert len({table.text for table in TABLES}) == len(TABLES) >= 60


@BY_NAME
def test_an_everyday_table_is_right_with_nothing_chosen(table: Everyday, tmp_path: Path) -> None:
    made, _ = imported(table, tmp_path)
    left_out = table.left_out.split(",") if table.left_out else []
    inputs = table.inputs.split(",")
    assert (made.names("input"), made.names("target"), made.names("out")) == (inputs, [table.target], left_out)
    wanted = table.columns.split(",") if table.columns else sorted([*inputs, table.target, *left_out])
    assert sorted(made.columns) == sorted(wanted)
    assert (made.rows, made.data.rows) == (table.rows, table.used or table.rows)
    for name, numbers in table.values.items():
        assert made.data.table.values[:, made.data.table.columns.index(name)].tolist() == pytest.approx(numbers)


@BY_NAME
def test_pandas_reads_the_same_numbers_when_it_is_told_how(table: Everyday, tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas", reason="the oracle is in the dev extra")
    made, path = imported(table, tmp_path)
    frame = pd.read_csv(path, **{"skipinitialspace": True, **table.pandas})
    columns = frame if table.made is None else table.made(pd, frame)
    for name in table.values:
        mine = made.data.table.values[:, made.data.table.columns.index(name)]
        other = np.asarray(columns[name], dtype=np.float64)
        assert np.allclose(mine, other, rtol=0, atol=1e-12), name
