"""The CSV of a history is read back with Python's csv and compared bit for bit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gradviz.storage.problems import FileError
from gradviz.storage.tables.history_csv import ROWS_PER_CHUNK, write_history

NONE = np.empty((0, 1, 2))


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(newline="", encoding="utf-8") as stream:
        names, *rows = csv.reader(stream)
    return names, np.array([[float(cell) for cell in row] for row in rows]).reshape(len(rows), len(names))


def test_one_optimiser_without_positions(tmp_path: Path) -> None:
    write_history(tmp_path / "a.csv", np.array([[0.1], [1e-300]]), NONE, ("SGD",))
    assert (tmp_path / "a.csv").read_text() == "step,loss\n0,0.1\n1,1e-300\n"


def test_several_optimisers_with_positions(tmp_path: Path) -> None:
    losses, positions = np.arange(4.0).reshape(2, 2), np.arange(8.0).reshape(2, 2, 2)
    write_history(tmp_path / "a.csv", losses, positions, ("SGD", 'a "b", c'))
    names, table = read(tmp_path / "a.csv")
    assert names == ["step", "loss_SGD", 'loss_a "b", c', "x_SGD", "y_SGD", 'x_a "b", c', 'y_a "b", c']
    assert table.tolist() == [[0, 0, 1, 0, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7]]


def test_figures_of_rows_held_out_come_last_and_are_empty_between_two_evaluations(tmp_path: Path) -> None:
    losses, figures = np.array([[1.0, 2.0], [0.5, 1.5]]), np.full((2, 2, 3), np.nan)
    figures[1] = [[0.1, 0.25, 0.75], [1e-300, 1.0, 0.0]]
    names = ("validation_loss", "training_r2", "validation_r2")
    write_history(tmp_path / "a.csv", losses, NONE, ("SGD", "Adam"), (), figures, names)
    head, first, second = (tmp_path / "a.csv").read_text().splitlines()
    assert head == "step,loss_SGD,loss_Adam," + ",".join(f"{name}_{who}" for who in ("SGD", "Adam") for name in names)
    assert first == "0,1.0,2.0,,,,,,"
    assert second == "1,0.5,1.5,0.1,0.25,0.75,1e-300,1.0,0.0"
    with pytest.raises(ValueError, match="do not fit"):
        write_history(tmp_path / "a.csv", losses, NONE, ("SGD", "Adam"), (), figures, names[:2])


@pytest.mark.parametrize(
    ("names", "heads"),
    [
        (("w", "b"), ["step", "loss_SGD", "loss_Adam", "w_SGD", "b_SGD", "w_Adam", "b_Adam"]),
        (("weight[0, 0]", "weight[0, 1]"), None),
        (("weight",), ["step", "loss_SGD", "loss_Adam", "weight_SGD", "weight_Adam"]),
    ],
)
def test_the_columns_have_the_names_of_the_numbers(
    tmp_path: Path, names: tuple[str, ...], heads: list[str] | None
) -> None:
    losses, positions = np.zeros((3, 2)), np.arange(6.0 * len(names)).reshape(3, 2, len(names))
    write_history(tmp_path / "a.csv", losses, positions, ("SGD", "Adam"), names)
    found, table = read(tmp_path / "a.csv")
    expected = heads or ["step", "loss_SGD", "loss_Adam", *(f"{n}_{o}" for o in ("SGD", "Adam") for n in names)]
    assert found == expected
    np.testing.assert_array_equal(table[:, 3:], positions.reshape(3, -1))


def test_optimisers_of_one_label_have_columns_of_their_own(tmp_path: Path) -> None:
    write_history(tmp_path / "a.csv", np.zeros((1, 3)), NONE, ("SGD", "SGD", "SGD"))
    assert read(tmp_path / "a.csv")[0] == ["step", "loss_SGD", "loss_SGD_2", "loss_SGD_3"]


@settings(deadline=None, max_examples=50)
@given(losses=arrays.arrays(np.float64, st.tuples(st.integers(0, 20), st.integers(1, 3))))
def test_every_float_reads_back_exactly(tmp_path_factory: pytest.TempPathFactory, losses: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    write_history(path, losses, NONE, tuple("abc"[: losses.shape[1]]))
    _, table = read(path)
    assert np.array_equal(table[:, 1:], losses, equal_nan=True)
    assert np.array_equal(np.signbit(table[:, 1:]), np.signbit(losses)) or np.isnan(losses).any()


def test_long_histories_are_written_in_chunks_without_a_gap(tmp_path: Path) -> None:
    steps = 2 * ROWS_PER_CHUNK + 1
    losses = np.random.default_rng(0).normal(size=(steps, 1))
    write_history(tmp_path / "a.csv", losses, np.repeat(losses[:, None], 2, axis=2), ("SGD",))
    names, table = read(tmp_path / "a.csv")
    assert names == ["step", "loss", "x", "y"]
    assert np.array_equal(table[:, 0], np.arange(steps))
    assert all(np.array_equal(table[:, column], losses[:, 0]) for column in (1, 2, 3))


def test_shapes_that_do_not_fit_are_a_fault_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 label for 2 optimisers"):
        write_history(tmp_path / "a.csv", np.zeros((1, 2)), NONE, ("SGD",))
    with pytest.raises(ValueError, match="positions"):
        write_history(tmp_path / "a.csv", np.zeros((2, 1)), np.zeros((1, 1, 2)), ("SGD",))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="folder does not exist"):
        write_history(tmp_path / "missing" / "a.csv", np.zeros((1, 1)), NONE, ("SGD",))
