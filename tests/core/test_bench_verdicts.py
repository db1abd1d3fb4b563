"""Verdicts: a gradient that is wrong in a known way is called by that way, for any right gradient."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradviz.core.questions.bench import FAULTS, BenchMethod, BenchReport, BenchRow, Tolerance, Verdict
from gradviz.core.questions.bench_verdicts import judge

NUMBERS = st.floats(-100, 100).filter(lambda x: abs(x) > 0.01)
MATRICES = arrays(np.float64, (3, 3), elements=NUMBERS, unique=True)


def verdict(candidate: Any, reference: Any, **sizes: int) -> tuple[Verdict, str]:
    reference = np.asarray(reference, dtype=np.float64)
    return judge(
        np.asarray(candidate, dtype=np.float64), reference, Tolerance(1e-7, np.full(reference.shape, 1e-9)), sizes
    )


@given(MATRICES, st.floats(-1e-8, 1e-8))
def test_what_differs_by_rounding_agrees(right: np.ndarray, share: float) -> None:
    assert verdict(right * (1 + share), right)[0] is Verdict.AGREES


@given(MATRICES)
def test_the_wrong_sign_is_named(right: np.ndarray) -> None:
    found, sentence = verdict(-right, right)
    assert found is Verdict.SIGN
    assert "sign is wrong" in sentence


@given(MATRICES, st.floats(0.1, 9).filter(lambda c: abs(c - 1) > 0.01))
def test_a_constant_factor_is_named_with_its_number(right: np.ndarray, factor: float) -> None:
    found, sentence = verdict(factor * right, right)
    assert found is Verdict.FACTOR
    word = sentence.removeprefix("Wrong by a factor of ").rstrip(".")
    told = Fraction(word) if "/" in word else float(word)
    assert float(told) == pytest.approx(factor, rel=1e-4)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (2.0, "factor of 2."),
        (0.5, "factor of 1/2."),
        (-2.0, "−2. The sign is wrong too."),
        (11.0, "11, rows of x: a sum stands where a mean is meant"),
        (1 / 11, "1/11, one over rows of x: a mean stands where a sum is meant"),
        (2 / 11, "2/11, two over rows of x"),
    ],
)
@pytest.mark.parametrize("right", [3.7, [3.7, -1.2, 0.4]])
def test_a_factor_that_a_person_knows_is_called_by_its_name(factor: float, words: str, right: Any) -> None:
    found, sentence = verdict(factor * np.asarray(right), right, **{"rows of x": 11})
    assert found is Verdict.FACTOR
    assert words in sentence


def test_a_number_that_is_just_wrong_is_no_factor() -> None:
    assert verdict(1.7373, 1.0) == (Verdict.DIFFERS, "Differs: 1.7373 instead of 1.")


@given(MATRICES)
def test_a_transposed_square_is_named(right: np.ndarray) -> None:
    assume(not np.allclose(right, right.T))
    assert verdict(right.T, right)[0] is Verdict.TRANSPOSED


def test_a_transposed_shape_is_named_and_another_shape_too() -> None:
    right = np.arange(6.0).reshape(2, 3)
    assert verdict(right.T, right)[0] is Verdict.TRANSPOSED
    assert verdict(right.sum(0), right)[0] is Verdict.SHAPE
    found, sentence = verdict(np.ones(11), 1.0)
    assert found is Verdict.SHAPE
    assert "sum over what the parameter is shared by" in sentence


@given(MATRICES, st.integers(0, 2), st.integers(0, 2))
def test_a_wrong_element_is_pointed_at(right: np.ndarray, row: int, column: int) -> None:
    wrong = right.copy()
    wrong[row, column] += 1
    found, sentence = verdict(wrong, right)
    assert found is Verdict.DIFFERS
    assert sentence.startswith("1 of 9 elements")
    assert f"element [{row}, {column}]" in sentence


@given(MATRICES)
def test_zero_is_named(right: np.ndarray) -> None:
    assert verdict(np.zeros((3, 3)), right)[0] is Verdict.ZERO


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_no_number_is_named_with_its_place(odd: float) -> None:
    found, sentence = verdict([1.0, odd, 3.0], [1.0, 2.0, 3.0])
    assert found is Verdict.NAN
    assert sentence.startswith("element [1]")


def row(found: Verdict, method: BenchMethod = BenchMethod.HAND, name: str = "w") -> BenchRow:
    return BenchRow(name, method, "float64", (), found, f"Sentence of {found}.")


def test_a_report_agrees_only_without_a_fault() -> None:
    for found in Verdict:
        assert BenchReport(0, 1.0, (row(found),)).agrees is (found not in FAULTS)
    assert not BenchReport(0, 1.0, fault="The loss is nan here.").agrees


def test_a_summary_says_the_first_fault_and_how_many_more() -> None:
    report = BenchReport(0, 1.0, (row(Verdict.AGREES), row(Verdict.SIGN), row(Verdict.ZERO, name="b")))
    assert report.summary == "w, by hand: Sentence of wrong sign. 1 more differs."
    named = BenchReport(0, 1.0, (row(Verdict.AGREES), row(Verdict.KINK)))
    assert named.summary == (
        "No gradient is wrong. w, by hand: Sentence of not differentiable here. In all: 1 row not differentiable here."
    )
    assert BenchReport(0, 1.0, (row(Verdict.AGREES),)).summary == "All gradients agree."


def test_a_summary_says_that_autograd_has_no_number() -> None:
    """Whatever else is named, and whichever row comes first."""
    odd = replace(row(Verdict.KINK, BenchMethod.BACKWARD), values=np.array([0.0, math.nan]))
    report = BenchReport(0, 1.0, (row(Verdict.ROUNDING), odd))
    assert report.agrees
    assert report.summary.startswith("Autograd has no number here. w, autograd backward: Sentence")
