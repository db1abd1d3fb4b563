"""Numbers as a person reads them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.graph.tensor_summary import TensorSummary, summary_text
from gradviz.core.numbers import duration_text, shape_text, short_number


@given(st.floats())
def test_a_short_number_is_the_number_to_seven_digits(value: float) -> None:
    text = short_number(value)
    if math.isfinite(value):
        assert float(text) == float(f"{value:.7g}")
        assert len(text) <= 14
    else:
        assert text == str(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(129.0, "129"), (0.014859, "0.014859"), (4.4838e-10, "4.4838e-10"), (1e20, "1e20"), (-0.5, "-0.5")],
)
def test_short_numbers_of_the_cases(value: float, text: str) -> None:
    assert short_number(value) == text


def test_shapes_and_summaries() -> None:
    assert (shape_text(()), shape_text((3,)), shape_text((2, 5))) == ("()", "(3)", "(2, 5)")
    scalar = TensorSummary((), "float32", np.array(4.5), 4.5, 4.5, 4.5)
    assert summary_text(scalar) == "4.5"
    few = TensorSummary((2, 3), "float32", np.arange(6.0).reshape(2, 3), 0, 5, 2.5)
    assert summary_text(few) == "[0, 1, 2, 3, …]"
    assert summary_text(few, most=6) == "[0, 1, 2, 3, 4, 5]"
    large = TensorSummary((100,), "float32", None, -1.23456, 2, 0.5)
    assert summary_text(large) == "-1.23 … 2, mean 0.5"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (12.2, "12 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min"), (math.inf, "–")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
