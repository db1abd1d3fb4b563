"""A table while it is typed or pasted: every edit a new value, and every fault in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.data.features import Lag, Power
from gradviz.core.data.grids import NAMES_ROW, Grid, grid_from
from gradviz.core.data.table_datasets import TableDataset, TableSource
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.tables import Table


def test_a_paste_with_names_from_a_spreadsheet() -> None:
    grid = Grid().with_pasted(1, 0, "温度\tn\ty\r\n1,5\t2\t3\r\n4\t5\t6,25\r\n")
    assert grid.names == ("温度", "n", "y")
    assert grid.roles == ("input", "input", "target")
    assert grid.rows == (("1.5", "2", "3"), ("4", "5", "6.25"))
    assert grid.verdict(None).sentence == "2 rows, 2 inputs, 1 target."


def test_a_paste_into_the_middle_grows_the_grid_and_keeps_the_rest() -> None:
    grid = Grid(rows=(("1", "2"), ("3", "4")))
    grid = grid.with_pasted(2, 1, "7,8\n9,10\n")
    assert grid.rows == (("1", "2", ""), ("3", "7", "8"), ("", "9", "10"))
    assert grid.names == ("x", "y", "x1")
    assert grid.roles == ("input", "target", "input")


def test_a_paste_of_text_that_is_no_table_is_refused_with_the_line() -> None:
    with pytest.raises(ValueError, match="Line 3: it has 1 cell"):
        Grid().with_pasted(1, 0, "1,2\n3,4\n5")
    with pytest.raises(ValueError, match="too many to edit"):
        Grid().with_pasted(1, 0, "1,2\n" * 60_000)
    assert Grid().with_pasted(1, 0, "\n\n") == Grid()


def test_names_can_be_pasted_alone() -> None:
    grid = Grid(rows=(("1", "2"),)).with_pasted(NAMES_ROW, 0, "a\tb")
    assert grid.names == ("a", "b")
    assert grid.rows == (("1", "2"),)


def test_bad_cells_are_named_and_empty_rows_at_the_end_are_none() -> None:
    grid = Grid(rows=(("1", "2"), ("", "1_000"), ("", "")))
    assert grid.faults.tolist() == [[0, 0], [CellFault.EMPTY, CellFault.GROUPED]]
    assert grid.bad_in(0) == 1
    assert grid.verdict(None).sentence == "2 bad cells; the first is row 2 of “x”. The cell is empty."
    mended = grid.with_cell(1, 0, " 3 ").with_cell(1, 1, "4")
    assert mended.dataset(None).table.values.tolist() == [[1, 2], [3, 4]]


def test_what_else_is_in_the_way_is_said() -> None:
    good = Grid(rows=(("1", "2"),))
    assert "Type or paste" in Grid().verdict(None).sentence
    assert "Two columns are called “x”" in good.with_name(1, "x").verdict(None).sentence
    assert "Column 2 needs a name" in good.with_name(1, "").verdict(None).sentence
    assert "Choose a target" in good.with_role(1, "input").verdict(None).sentence
    assert "at least one input" in good.with_role(0, "out").verdict(None).sentence


def test_rows_and_columns_come_and_go() -> None:
    grid = Grid(rows=(("1", "2"), ("3", "4")))
    assert grid.with_rows(1).rows == (("1", "2"), ("", ""), ("3", "4"))
    assert grid.with_columns(1).names == ("x", "x1", "y")
    assert grid.with_columns(1).rows[0] == ("1", "", "2")
    assert grid.without_rows({0}).rows == (("3", "4"),)
    assert grid.without_rows({0, 1}).rows == (("", ""),)
    assert grid.without_columns({0}).names == ("y",)
    assert grid.without_columns({0, 1}).names == ("x",)
    assert grid.cleared([(0, 1)]).rows[0] == ("1", "")


@given(
    st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=1, max_size=6),
    st.permutations(["input", "target", "out"]),
)
def test_a_table_is_the_same_after_it_was_looked_at(rows: list, roles: list) -> None:
    names = ("a", "b", "c")
    before = TableDataset.model_validate(
        {
            "table": Table(names, np.array(rows)),
            "inputs": (names[roles.index("input")],),
            "target": {"kind": "values", "columns": (names[roles.index("target")],)},
            "scaling": Standardise(),
            "source": TableSource(file="f.csv"),
        }
    )
    after = grid_from(before).dataset(before)
    assert after.table == before.table
    assert (after.input_places, after.target_places) == (before.input_places, before.target_places)
    assert (after.scaling, after.source) == (before.scaling, before.source)


def test_a_changed_table_is_no_longer_the_file_it_came_from() -> None:
    before = TableDataset(source=TableSource(file="f.csv"))
    after = grid_from(before).with_cell(0, 0, "9").dataset(before)
    assert (after.source.file, after.source.exact) == ("f.csv", False)


def test_features_stay_while_their_columns_do() -> None:
    before = TableDataset(features=(Power(column="x"), Lag(column="y")))
    grid = grid_from(before)
    assert grid.with_cell(0, 0, "9").dataset(before).features == before.features
    renamed = grid.with_name(0, "z")
    assert renamed.dataset(before).features == (Lag(column="y"),)
    assert renamed.verdict(before).sentence.endswith(" 1 feature less: the columns they name are gone.")


def test_a_column_left_out_may_hold_text_and_is_then_not_kept() -> None:
    grid = Grid(("day", "a", "y"), ("out", "input", "target"), (("mon", "1", "2"), ("tue", "3", "4")))
    assert "“day” is not kept" in grid.verdict(None).sentence
    assert grid.dataset(None).table.columns == ("a", "y")
