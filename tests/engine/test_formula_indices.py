"""Indices and kept dimensions: torch's values, shapes and refusals, and their slopes in every way that there is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import formula_experiment
from hypothesis import given, settings
from hypothesis import strategies as st

from gradviz.core.formulas.exact_slopes import ExactPoint
from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.symbols import symbolic_gradients
from gradviz.core.formulas.text import FormulaError
from gradviz.core.formulas.work import work_of
from gradviz.core.questions.bench import Verdict
from gradviz.core.questions.bench_text import report_text
from gradviz.engine.bench.bench import bench
from gradviz.engine.objectives.formula_program import Program

CPU = torch.device("cpu")
PLACES = st.one_of(
    st.integers(-4, 4),
    st.none(),
    st.just(...),
    st.tuples(*[st.one_of(st.none(), st.integers(-4, 4))] * 2, st.one_of(st.none(), st.integers(1, 3))),
)


def written(place: Any) -> str:
    if place is ...:
        return "..."
    if not isinstance(place, tuple):
        return str(place)
    return ":".join("" if part is None else str(part) for part in place)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([(), (1,), (3,), (1, 4), (3, 1), (2, 3), (4, 4)]),
    st.lists(PLACES, min_size=1, max_size=3).filter(lambda places: places.count(...) < 2),
)
def test_an_index_has_the_elements_of_torch_or_is_refused_as_torch_refuses_it(shape: Any, places: list[Any]) -> None:
    x = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape) + 1
    python = tuple(slice(*place) if isinstance(place, tuple) else place for place in places)
    formula = parse_formula(f"f = x[{', '.join(map(written, places))}]", ("x",))
    program = Program(formula, torch.float64, CPU)
    work = work_of(formula, {"x": shape})
    try:
        wanted = x[python]
    except IndexError:
        with pytest.raises(FormulaError, match="PyTorch refuses this"):
            program.check({"x": x})
        assert work.numbers == 0
        return
    assert program.evaluate({"x": x})["f"].equal(wanted)
    assert work.numbers == wanted.numel()
    exact = ExactPoint(formula, {"x": x.numpy()}).values(formula.lines, 30)["f"]
    assert np.array_equal(exact.astype(float), wanted.numpy())
    assert exact.shape == tuple(wanted.shape)


SLOPES = (
    "(w[0]*2 + w[1] - 5)**2",
    "sum(m[:, 1]**2*m[:, 0])",
    "sum(m[-1]*w) + m[0, 0]**3",
    "sum((w[:, None] - w)**2*m[:3])",
    "sum(exp(m[::2, 1:]))",
    "sum((m - mean(m, 1, keepdim=True))**2)",
    "sum((m - amax(m, dim=0, keepdim=True))**3)",
    "logsumexp(m) + sum(logsumexp(m, 1)**2)",
    "sum(var(m, 0, correction=0)*w) + std(w, correction=0)",
    "sum(norm(m, 1, keepdim=True)*m)",
    "w[1:][0]*w[..., -1]**2",
    "sum(transpose(m)[0]) + sum(where(w[:2] > 0.5, w[1:], 0)) + sum(m)",
)


@pytest.mark.parametrize("text", SLOPES)
def test_every_way_to_a_gradient_goes_through_an_index(text: str) -> None:
    m = ((0.3, 0.7, 0.1), (0.2, 0.9, 0.4), (0.6, 0.15, 0.8))
    experiment = formula_experiment(f"loss = {text} + sum(w*w) + sum(m*m)", "float64", w=(1.2, -0.4, 0.8), m=m)
    report = bench(experiment)
    # not `agrees` alone: what symbols and many digits get wrong together is excused there as rounding
    assert {row.verdict for row in report.rows} == {Verdict.REFERENCE, Verdict.AGREES}, report_text(report)


def test_symbols_name_the_element_that_an_index_takes() -> None:
    formula = parse_formula("l = w[0]*w[-1]**2", ("w",))
    steps = symbolic_gradients(formula, {"w": np.array([2.0, 3.0, 5.0])}, {"w": np.arange(3)})
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            found = ended.value["w"]
            break
    assert found.values.tolist() == [25.0, 0.0, 20.0]
    assert found.text.split("\n")[1] == "∂l/∂w[1] = 0"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("w[5]", "out of bounds for dimension 0 with size 2"),
        ("w[0, 0]", "too many indices"),
        ("s[0]", "dimension 0"),
        ("w[0][0]", "dimension 0"),
        ("pi[0]", "dimension 0"),
        ("hardtanh(w, 2, 1)", "min_val cannot be greater than max_val"),
        ("sum(w, dim=1)", "Dimension out of range"),
        ("mean(w, dim=-2, keepdim=True)", "Dimension out of range"),
    ],
)
def test_what_torch_refuses_is_said_in_its_words_at_the_place(text: str, wanted: str) -> None:
    tensors = {"w": torch.ones(2), "s": torch.ones(())}
    program = Program(parse_formula(f"a = w\nf = {text} + sum(a)*s", tensors), torch.float32, CPU)
    with pytest.raises(FormulaError) as caught:
        program.check(tensors)
    assert wanted in caught.value.reason
    assert (caught.value.line, caught.value.column) == (2, 5)


def test_an_index_into_a_million_numbers_is_estimated_without_making_them() -> None:
    formula = parse_formula("f = x[0, ::2]", ("x",))
    work = work_of(formula, {"x": (10**6, 10**6)})
    assert work.numbers == 500_000
    assert work.shape == (500_000,)
