"""Heat maps of tensors: every number in its place and colour, and what is no number marked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.tape.heat_map import MARKED, MOST_CELLS, TABLE, Mark, arrangement, colour_limit, heat_map, mark_words
from gradviz.core.tape.tensor_numbers import TensorNumbers, spread_of

SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)


def numbers(entries: object) -> TensorNumbers:
    array = np.array(entries, dtype=complex if np.iscomplexobj(entries) else float)
    return TensorNumbers(array.shape, "complex128" if np.iscomplexobj(array) else "float64", array)


@given(SHAPES)
def test_every_entry_of_any_shape_has_a_cell_of_its_own_with_its_index(shape: tuple[int, ...]) -> None:
    entries = np.arange(1.0, 1.0 + math.prod(shape)).reshape(shape)
    shown = heat_map(numbers(entries))
    if entries.size == 1:
        assert shown is None
        return
    assert shown is not None
    plan = shown.arrangement
    assert sorted(plan.down + plan.across) == list(range(len(shape)))
    assert sorted(shown.cells.reshape(-1)) == sorted(entries.reshape(-1))
    for row, column in np.ndindex(shown.cells.shape):
        assert entries[plan.index(row, column)] == shown.cells[row, column]
    assert len(shape) < 2 or plan.down[-1] == len(shape) - 2, "the last two axes are one tile"
    assert plan.across[-1] == len(shape) - 1


def test_a_matrix_stands_as_it_is_written() -> None:
    shown = heat_map(numbers([[1.0, -2.0, 0.0], [4.0, 5.0, 6.0]]))
    assert shown is not None
    np.testing.assert_array_equal(shown.cells, [[1.0, -2.0, 0.0], [4.0, 5.0, 6.0]])
    assert str(shown.cell_words(1, 2)) == "[1, 2]  6"
    assert not shown.note
    assert not shown.marks()


def test_colours_lie_around_zero_and_zero_is_what_is_behind() -> None:
    shown = heat_map(numbers([-4.0, -2.0, 0.0, 2.0, 4.0]))
    assert shown is not None
    red, blue, opacity = (shown.colours[0, :, channel].astype(int) for channel in (0, 2, 3))
    assert opacity.tolist() == [255, 128, 0, 128, 255]
    assert (blue[:2] > red[:2]).all()
    assert (red[3:] > blue[3:]).all()
    assert shown.limit == 4.0


def test_what_is_no_number_and_what_is_beyond_the_colours_is_marked() -> None:
    ordinary = np.linspace(-1, 1, 200)
    shown = heat_map(numbers(np.concatenate((ordinary, [np.nan, np.inf, -np.inf, 1e6, -1e6])).reshape(41, 5)))
    assert shown is not None
    assert shown.marks() == dict.fromkeys(Mark, 1)
    assert 0.9 < shown.limit <= 1
    for mark, colour in MARKED.items():
        assert tuple(TABLE[mark]) == (*colour, 255)
    assert len(set(MARKED.values())) == len(Mark)
    assert str(mark_words(Mark.HIGH, 0.5)) == "above 0.5"
    assert str(shown.cell_words(40, 0)) == "[40, 0]  nan"


@pytest.mark.parametrize(
    "entries", [[0.0, 0.0], [np.nan, np.nan], [1e308, -1e308], [5e-324, 0.0], [0.0, 0.0, 0.0, 7.0]]
)
def test_colours_of_odd_tensors_have_a_range(entries: list[float]) -> None:
    limit = colour_limit(np.array(entries))
    assert 0 < limit < math.inf
    shown = heat_map(numbers(entries))
    assert shown is not None
    assert shown.colours.shape == (1, len(entries), 4)


def test_a_large_tensor_is_reduced_by_blocks_and_says_so() -> None:
    entries = np.arange(400.0)
    entries[5] = np.inf
    shown = heat_map(numbers(entries))
    assert shown is not None
    assert shown.arrangement.block == (1, 4)
    assert shown.cells.shape == (1, 100)
    assert str(shown.note) == "each cell is the mean of 1 × 4 entries"
    assert shown.marks() == {Mark.INFINITE: 1}
    assert str(shown.cell_words(0, 0)) == "[0] … [3]  mean 1.5"
    assert str(shown.cell_words(0, 1)) == "[4] … [7]  mean inf"


@given(SHAPES, st.integers(1, 9))
def test_blocks_at_the_ends_are_means_of_what_is_there(shape: tuple[int, ...], most: int) -> None:
    plan = arrangement(shape, most)
    assert max(plan.cells) <= most
    rows, columns = plan.size
    assert rows * columns == math.prod(shape)
    last = ((plan.cells[0] - 1) * plan.block[0], (plan.cells[1] - 1) * plan.block[1])
    assert last[0] < rows
    assert last[1] < columns
    assert max(arrangement(shape, MOST_CELLS).block) == 1 or max(plan.size) > MOST_CELLS


def test_of_complex_numbers_the_sizes_are_shown() -> None:
    shown = heat_map(numbers(np.array([3 + 4j, 0])))
    assert shown is not None
    assert shown.is_absolute
    assert shown.cells.tolist() == [[5.0, 0.0]]


def test_there_is_no_map_of_one_number_or_of_a_range_alone() -> None:
    assert heat_map(numbers(3.0)) is None
    assert heat_map(numbers([[3.0]])) is None
    assert heat_map(TensorNumbers((500,), "float64", None, spread_of(np.arange(500.0)))) is None
