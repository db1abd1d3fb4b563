"""What a card tells of a tensor without its histogram is what its spread tells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gradviz.core.tape.tensor_numbers import TensorNumbers, spread_of


@pytest.mark.parametrize(
    "entries",
    [
        np.random.default_rng(0).normal(size=(7, 5)),
        np.array([1.0, np.nan, 2.0]),
        np.array([1.0, np.inf, -np.inf]),
        np.zeros((3, 4)),
        np.array([1e200, 1e200]),
        np.array([1e-200, 1e-200]),
        np.zeros((0, 3)),
        np.array([3 + 4j, 1j]),
        np.array(-2.5),
    ],
)
def test_an_outline_is_a_spread_without_its_histogram(entries: NDArray[np.generic]) -> None:
    numbers = TensorNumbers(entries.shape, "float64", entries)
    spread = spread_of(entries)
    outline = numbers.outline
    assert outline is not None
    expected = (spread.minimum, spread.maximum, spread.mean, spread.norm, spread.not_finite)
    np.testing.assert_allclose(outline, expected, rtol=1e-12)
    known = TensorNumbers(entries.shape, "float64", None, spread)
    np.testing.assert_array_equal(known.outline, expected)


def test_of_what_cannot_be_read_there_is_no_outline() -> None:
    assert TensorNumbers((2,), "float64", None).outline is None
