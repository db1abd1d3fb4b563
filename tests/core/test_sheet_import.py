"""From a sheet to a dataset: roles, bad cells dropped or filled, texts as classes, and the sentence that says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gradviz.core.data.import_choice import BadCells, ImportChoice
from gradviz.core.data.import_guess import first_choice
from gradviz.core.data.sheet_import import dataset_from, outcome_of
from gradviz.core.data.table_datasets import TableDataset, TableSource
from gradviz.core.tables.cells import CellFault
from gradviz.core.tables.delimited_text import TextFormat
from gradviz.core.tables.known_orders import in_order
from gradviz.core.tables.scalings import NoScaling
from gradviz.core.tables.sheets import Sheet, SheetBuilder

ROWS = """day,a,b,kind
mon,1,10,red
tue,,20,blue
wed,3,nan,red
thu,5,40,
fri,7,1_000,green"""


def sheet_of(text: str) -> Sheet:
    builder = SheetBuilder(TextFormat())
    for number, line in enumerate(text.split("\n"), 1):
        builder.add(number, [line.split(",")])
    return builder.sheet()


def made(sheet: Sheet, choice: ImportChoice) -> TableDataset:
    verdict = outcome_of(sheet, choice)
    assert verdict.can_succeed, verdict.sentence
    return dataset_from(sheet, choice, TableSource(file="f.csv"))


def test_the_first_choice_leaves_text_out_and_takes_texts_at_the_end_for_labels() -> None:
    sheet = sheet_of(ROWS)
    choice = first_choice(sheet.profiles)
    assert choice.roles == ("out", "input", "input", "target")
    assert choice.labels
    numbers = sheet_of("a,b,empty\n1,2,\n3,4,")
    choice = first_choice(numbers.profiles)
    assert choice.roles == ("input", "target", "out")
    assert not choice.labels


def test_dropping_rows_with_bad_cells() -> None:
    sheet = sheet_of(ROWS)
    choice = ImportChoice(("out", "input", "target", "out"), scaling=NoScaling())
    assert outcome_of(sheet, choice).sentence == "2 rows, 1 input, 1 target; 3 rows dropped."
    data = made(sheet, choice)
    assert data.table.columns == ("a", "b")
    assert data.table.values.tolist() == [[1, 10], [5, 40]]
    assert not data.source.exact


@pytest.mark.parametrize(("how", "a", "b"), [("mean", 4.0, 70 / 3), ("median", 4.0, 20.0), ("zero", 0.0, 0.0)])
def test_filling_bad_cells(how: BadCells, a: float, b: float) -> None:
    sheet = sheet_of(ROWS)
    choice = ImportChoice(("out", "input", "target", "out"), bad_cells=how)
    with_what = {"mean": "the mean", "median": "the median", "zero": "0"}[how]
    assert outcome_of(sheet, choice).sentence == f"5 rows, 1 input, 1 target; 3 cells filled with {with_what}."
    assert made(sheet, choice).table.values.tolist() == [[1, 10], [a, 20], [3, b], [5, 40], [7, b]]


def test_texts_become_classes_with_their_names_and_rows_without_one_are_dropped() -> None:
    sheet = sheet_of(ROWS)
    choice = ImportChoice(("out", "input", "out", "target"), bad_cells="zero", labels=True)
    assert outcome_of(sheet, choice).sentence == "4 rows, 1 input, 3 classes; 1 row dropped; 1 cell filled with 0."
    data = made(sheet, choice)
    assert data.target.names == ("blue", "green", "red")  # type: ignore[union-attr]
    assert data.arrays(0)[1].tolist() == [2, 0, 2, 1]


def test_numbers_as_classes_keep_their_numbers_as_names() -> None:
    sheet = sheet_of("a,k\n1,5\n2,7\n3,5\n4,x\n5,2.5")
    data = made(sheet, ImportChoice(("input", "target"), labels=True))
    assert data.target.names == ("2.5", "5", "7", "x")  # type: ignore[union-attr]
    assert data.arrays(0)[1].tolist() == [1, 2, 1, 3, 0]
    plain = made(sheet_of("a,k\n1,0\n2,1\n3,2"), ImportChoice(("input", "target"), labels=True))
    assert plain.target.names == ()  # type: ignore[union-attr]
    assert plain.source.exact


def test_roles_keep_their_columns() -> None:
    sheet = sheet_of("a,b,c\n1,2,3\n4,5,6")
    data = made(sheet, ImportChoice(("target", "input", "input"), scaling=NoScaling()))
    inputs, targets = data.arrays(0)
    assert inputs.tolist() == [[2, 3], [5, 6]]
    assert targets.tolist() == [[1], [4]]
    both = made(sheet, ImportChoice(("target", "input", "target")))
    assert both.arrays(0)[1].tolist() == [[1, 3], [4, 6]]


@pytest.mark.parametrize(
    ("roles", "labels", "said"),
    [
        (("out", "input", "input", "out"), False, "Choose a target"),
        (("out", "out", "target", "out"), False, "Choose at least one input"),
        (("out", "input", "target", "target"), True, "Class labels stand in one column"),
        (("input", "input", "target", "out"), False, "“day” has another text in every row: leave it out"),
        (("out", "input", "out", "target"), False, "“kind” holds no numbers: take it as class labels"),
    ],
)
def test_what_is_in_the_way_is_said(roles: tuple, labels: bool, said: str) -> None:
    verdict = outcome_of(sheet_of(ROWS), ImportChoice(roles, labels=labels))
    assert not verdict.can_succeed
    assert said in verdict.sentence


def test_texts_are_read_in_their_order_as_they_come_or_as_columns_of_0_and_1() -> None:
    sheet = sheet_of("size,y\nM,1\nL,2\nS,3\nL,4\n,5")
    choice = ImportChoice(("input", "target"), scaling=NoScaling(), hows=("ordered", "numbers"))
    assert made(sheet, choice).arrays(0)[0].tolist() == [[1], [2], [0], [2]], "S, M, L"
    assert outcome_of(sheet, choice).notes == ("S, M, L: 0, 1, 2, …", "")
    seen = replace(choice, hows=("seen", "numbers"))
    assert made(sheet, seen).arrays(0)[0].tolist() == [[0], [1], [2], [1]]
    columns = made(sheet, replace(choice, hows=("indicators", "numbers"), bad_cells="zero"))
    assert columns.table.columns == ("size = S", "size = M", "size = L", "y")
    assert columns.arrays(0)[0].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert in_order(["10 mm", "9 mm", "9 cm"]) == ["9 cm", "9 mm", "10 mm"]
    assert in_order(["Wed", "Mon", "Sun"]) == ["Mon", "Wed", "Sun"]


def test_none_is_missing_among_numbers_and_a_class_among_texts() -> None:
    counts = sheet_of("a,b\n1,x\nnone,none\n3,x").counts
    assert (counts[0, CellFault.MISSING], counts[0, CellFault.TEXT]) == (1, 0)
    assert (counts[1, CellFault.MISSING], counts[1, CellFault.TEXT]) == (0, 3)


def test_more_that_is_in_the_way() -> None:
    pair = ImportChoice(("input", "target"))
    assert "No row is left" in outcome_of(sheet_of("a,b\n1,x\n,2"), pair).sentence
    assert "only one class, red" in outcome_of(sheet_of("a,b\n1,red\n2,red"), replace(pair, labels=True)).sentence
    dropping = "a,b\n1,red\n,blue\nn/a,blue\n4,red"
    dropped = outcome_of(sheet_of(dropping), replace(pair, labels=True)).sentence
    assert dropped == (
        "Dropping the rows with bad cells leaves only one class of “b”, red: fill the bad cells, or leave “a” out."
    )
    assert outcome_of(sheet_of(dropping), replace(pair, labels=True, bad_cells="mean")).can_succeed
    numbers = outcome_of(sheet_of("a,b\n1,5\nx,7\n3,5"), replace(pair, labels=True)).sentence
    assert numbers.startswith("Dropping the rows with bad cells leaves only one class of “b”, 5")
    same = outcome_of(sheet_of("a,b\n1,red\nx,red\n3,-\n5,red"), replace(pair, labels=True)).sentence
    assert same == "Column “b” names only one class, red: nothing to tell apart."
    many = "a,b\n" + "\n".join(f"{k},{k}" for k in range(1500))
    assert "1,500 different numbers" in outcome_of(sheet_of(many), replace(pair, labels=True)).sentence
    texts = "a,b\n" + "\n".join(f"{k},t{k}" for k in range(1500))
    assert "more than 1,000 different texts" in outcome_of(sheet_of(texts), replace(pair, labels=True)).sentence
    with pytest.raises(ValueError, match="Choose a target"):
        dataset_from(sheet_of(ROWS), ImportChoice(("input",) * 4), TableSource())


def test_a_million_rows_are_judged_at_once() -> None:
    values = np.random.default_rng(0).normal(size=(1_000_000, 3))
    values[::1000, 1] = np.nan
    faults = np.isnan(values).astype(np.uint8)
    sheet = Sheet(("a", "b", "c"), values, faults, ((), (), ()), {})
    assert outcome_of(sheet, ImportChoice(("input", "input", "target"))).sentence.endswith("1,000 rows dropped.")
