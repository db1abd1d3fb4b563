"""Numbers as people paste them: columns, rows, matrices, what numpy and torch print; and what is ambiguous."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gradviz.core.formulas.generated_tensors import Source, parse_source
from gradviz.core.formulas.typed_numbers import typed_numbers
from gradviz.core.objectives.catalogue import NamedTensor


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2.9 5.1 7.0 9.2", (2.9, 5.1, 7.0, 9.2)),
        ("1, 2, 3, 4", (1.0, 2.0, 3.0, 4.0)),
        ("1,2,3", (1.0, 2.0, 3.0)),
        ("1\n2\n3\n", (1.0, 2.0, 3.0)),
        ("1\t2\t3", (1.0, 2.0, 3.0)),
        ("1; 2; 3", (1.0, 2.0, 3.0)),
        ("\u22121.5 +2e-3", (-1.5, 0.002)),
        ("[1 2 3]", (1.0, 2.0, 3.0)),
        ("[1. 2.5 3.]", (1.0, 2.5, 3.0)),
        ("(1, 2)", (1.0, 2.0)),
        ("[7]", (7.0,)),
        ("1,", (1.0,)),
        (".5", 0.5),
        ("1 2\n3 4", ((1.0, 2.0), (3.0, 4.0))),
        ("1\t2\r\n3\t4\r\n", ((1.0, 2.0), (3.0, 4.0))),
        ("1, 2\n3, 4", ((1.0, 2.0), (3.0, 4.0))),
        ("1 2; 3 4", ((1.0, 2.0), (3.0, 4.0))),
        ("[[1 2]\n [3 4]]", ((1.0, 2.0), (3.0, 4.0))),
        ("[1, 2], [3, 4]", ((1.0, 2.0), (3.0, 4.0))),
        ("[[1, 2]]", ((1.0, 2.0),)),
        ("array([1., 2.])", (1.0, 2.0)),
        ("np.array([[1, 2], [3, 4]], dtype=float32)", ((1.0, 2.0), (3.0, 4.0))),
        ("tensor([1.5000, 2.0000], requires_grad=True)", (1.5, 2.0)),
        ("0, pi/2, -pi", (0.0, 1.5707963267948966, -3.141592653589793)),
        ("1/3", 1 / 3),
        ("2*pi", 6.283185307179586),
    ],
)
def test_pasted_numbers_are_a_value(text: str, wanted: object) -> None:
    assert typed_numbers(text) == wanted
    assert NamedTensor(name="x", value=text).value == wanted


@pytest.mark.parametrize("text", ["", "abc", "1 2 x", "$3 4", "[1, 2", "1)", "randn(3)", "linspace(0, 1, 3)", "x y"])
def test_what_is_no_list_of_numbers_is_left_to_others(text: str) -> None:
    assert typed_numbers(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2,9 5,1 7,0", r"2,9 one number or two\? Write 2.9 with a point, or \[2, 9\]"),
        ("2,9\n5,1", "one number or two"),
        ("1,5", "one number or two"),
        ("1 2\n3", "the rows of a matrix have one length, and these have 1, 2"),
        ("[1, 2], [3]", "one length"),
        ("1e400 1", "too large"),
    ],
)
def test_numbers_that_could_be_others_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        typed_numbers(text)
    with pytest.raises(ValidationError, match=said):
        NamedTensor(name="x", value=text)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12),
    st.sampled_from([" ", ", ", "\n", "\t", " ; ", "\r\n", ",\n"]),
)
def test_any_column_comes_back(numbers: list[float], between: str) -> None:
    assert typed_numbers(between.join(map(repr, numbers))) == tuple(numbers)


@pytest.mark.parametrize(
    "text", ["1" * 30_000 + "x", "1 " * 30_000 + "x", "[" * 3000, "1," * 20_000 + "(", "1" * 30_000 + "e"]
)
def test_no_text_is_slow(text: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(ValueError):
        typed_numbers(text)
    assert time.thread_time() - began < 2


@pytest.mark.parametrize(
    ("text", "limits", "shape"),
    [
        ("linspace(-pi, pi, 200)", (-3.141592653589793, 3.141592653589793), (200,)),
        ("linspace(-2*pi, 2*pi, 11)", (-6.283185307179586, 6.283185307179586), (11,)),
        ("linspace(0, sqrt(2), 3)", (0.0, 1.4142135623730951), (3,)),
        ("linspace(1/3, (1 + 2)*e, 5)", (1 / 3, 8.154845485377136), (5,)),
        ("linspace(0, 1e1, 10+1)", (0.0, 10.0), (11,)),
    ],
)
def test_the_limits_of_a_regular_tensor_may_be_formulas_of_constants(text: str, limits: object, shape: object) -> None:
    assert parse_source(text) == Source("linspace", limits, shape)  # type: ignore[arg-type]
    assert NamedTensor(name="x", value=text).value == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("linspace(x, 1, 3)", "x is not known"),
        ("linspace(-Pi, 1, 3)", "did you mean pi"),
        ("linspace(1/0, 1, 3)", "no finite number"),
        ("linspace(9**9**9, 1, 3)", "is not a number|too large"),
        ("linspace(sum(1), 1, 3)", "is for tensors"),
        ("randn(pi)", "whole number"),
        ("linspace(0, 1)", "1 size"),
    ],
)
def test_other_limits_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_source(text)
