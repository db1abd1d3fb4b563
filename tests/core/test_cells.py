"""Cells of text to numbers: exactly the plain ones, and each other one named (fault 29)."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.tables.cells import CellFault, cell_number, cell_numbers


def bits(number: float) -> bytes:
    return struct.pack("<d", number)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_every_finite_float_reads_back_bit_for_bit(number: float, decimal: str) -> None:
    read, fault = cell_number(f" {number!r} ".replace(".", decimal), decimal)
    assert fault is CellFault.NONE
    assert bits(read) == bits(number)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", CellFault.EMPTY),
        ("  ", CellFault.EMPTY),
        ("NA", CellFault.MISSING),
        ("n/a", CellFault.MISSING),
        ("null", CellFault.MISSING),
        ("-", CellFault.MISSING),
        ("nan", CellFault.NAN),
        ("-NaN", CellFault.NAN),
        ("inf", CellFault.INFINITE),
        ("-Infinity", CellFault.INFINITE),
        ("1e999", CellFault.INFINITE),
        ("1_000", CellFault.GROUPED),
        ("1_0", CellFault.GROUPED),
        ("1,000", CellFault.GROUPED),
        ("1 000.5", CellFault.GROUPED),
        ("1'000", CellFault.GROUPED),
        ("١٢٣", CellFault.FOREIGN_DIGITS),
        ("١٫٥", CellFault.FOREIGN_DIGITS),
        ("３．５", CellFault.FOREIGN_DIGITS),
        ("red", CellFault.TEXT),
        ("12 kg", CellFault.TEXT),
        ("0x10", CellFault.TEXT),
        ("1.2.3", CellFault.TEXT),
        ("--1", CellFault.TEXT),
        ("1e", CellFault.TEXT),
        ("True", CellFault.TEXT),
    ],
)
def test_a_cell_without_a_plain_number_is_named(text: str, fault: CellFault) -> None:
    number, found = cell_number(text)
    assert math.isnan(number)
    assert found is fault
    assert found.sentence
    values, faults = cell_numbers([["1"], [text]], ".")
    assert faults[:, 0].tolist() == [0, fault], "alone and in a block alike"
    assert np.isnan(values[1, 0])


@pytest.mark.parametrize(("text", "number"), [("1,5", 1.5), ("-3", -3.0), (",5", 0.5), ("1e-3", 1e-3)])
def test_a_decimal_comma(text: str, number: float) -> None:
    assert cell_number(text, ",") == (number, CellFault.NONE)


def test_a_point_among_decimal_commas_is_not_guessed_away() -> None:
    assert cell_number("1.234,5", ",")[1] is CellFault.GROUPED
    assert cell_number("1.5", ",")[1] is CellFault.TEXT
    assert cell_numbers([["1,5", "1.000"]], ",")[1].tolist() == [[0, CellFault.GROUPED]]


def test_a_pasted_minus_is_a_minus() -> None:
    assert cell_number("−2.5") == (-2.5, CellFault.NONE)


CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(st.sampled_from("0123456789+-.eE,_ \n\u0661naif"), max_size=8),
)


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=6)))
def test_a_block_gives_what_its_cells_give_alone(rows: list[list[str]]) -> None:
    for decimal in ".,":
        values, faults = cell_numbers(rows, decimal)
        for k, row in enumerate(rows):
            for j, cell in enumerate(row):
                number, fault = cell_number(cell, decimal)
                assert faults[k, j] == fault, cell
                assert math.isnan(values[k, j]) if math.isnan(number) else bits(values[k, j]) == bits(number)
