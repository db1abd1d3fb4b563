"""The work of a formula by its shapes: those that torch makes, and the place of the largest."""

from __future__ import annotations

import math

import pytest
import torch

from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.work import work_of

SHAPES: dict[str, tuple[int, ...]] = {"s": (), "v": (3,), "r": (1, 4), "c": (5, 1), "m": (5, 4), "q": (4, 3)}
EXPRESSIONS = (
    "s + 1", "-v", "v * s", "r + c", "c * r - m", "m @ q", "v @ v", "q @ v", "r @ q", "transpose(c) + 0*s", "t(m) @ c",
    "sum(m)", "sum(m, 0)", "mean(m, -1)", "amax(m, 1)", "softmax(m, 0)", "log_softmax(v)", "where(m > 0, m, 0)",
    "clamp(c, -1, 1)", "maximum(r, c)", "max(m)", "max(r, c)", "one_hot(abs(v)*0, 7)", "sum(one_hot(c*0, 3), 1)",
    "norm(r + c, 0)", "dot(v, v)", "detach(m) @ q", "pi + 2*e", "(v > 0) * (v < 1)",
    "sin(r) ** c", "m % 2", "no_grad(m)",
    "sum(m, 0, keepdim=True)", "mean(m, -1, keepdim=True)*m", "logsumexp(m, 1)", "m[:, 1]", "m[0]", "m[::2, None]",
    "v[-1]", "var(m, 0, correction=0)", "leaky_relu(m)", "m[..., 0] + c[:, 0]",
)  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_largest_value_has_the_shape_that_torch_makes(text: str) -> None:
    from gradviz.engine.objectives.formula_program import Program

    tensors = {name: torch.rand(shape) for name, shape in SHAPES.items()}
    formula = parse_formula(f"wide = {text}\nz = wide + zeros", [*SHAPES, "zeros"])
    large = torch.zeros(6, 1, 1, 1)  # broadcast over everything that went before: the last value is the largest
    values = Program(formula, torch.float32, torch.device("cpu")).evaluate({**tensors, "zeros": large})
    work = work_of(formula, {**SHAPES, "zeros": (6, 1, 1, 1)})
    assert work.numbers >= values["wide"].numel() + values["z"].numel()
    assert math.prod(work.shape) == max(value.numel() for value in (values["wide"], values["z"]))
    assert (work.line, work.shape) == (2, tuple(values["z"].shape))


def test_all_values_are_counted() -> None:
    work = work_of(parse_formula("a = r + c\nloss = sum(a * a)", SHAPES), SHAPES)
    assert work.numbers == 20 + 20 + 1
    assert (work.line, work.column, work.shape) == (1, 5, (5, 4))


@pytest.mark.parametrize("text", ["m @ m", "v + r", "sum(v, 3)", "one_hot(v, s)", "m @ s"])
def test_what_torch_refuses_counts_as_nothing(text: str) -> None:
    assert work_of(parse_formula(f"loss = {text}", SHAPES), SHAPES).numbers == 0


@pytest.mark.parametrize("text", ["one_hot(v, 1e308)", "exp(one_hot(v, 1e308))", "t(one_hot(v, 1e308)) @ v"])
def test_a_value_beyond_all_memory_is_counted_in_bounds(text: str) -> None:
    work = work_of(parse_formula(f"loss = sum({text})", SHAPES), SHAPES)
    assert 2**60 < work.numbers < 2**70
    assert math.isfinite(work.seconds)


def test_time_grows_with_the_numbers_and_a_product_with_its_inner_length() -> None:
    def seconds(text: str, **shapes: tuple[int, ...]) -> float:
        return work_of(parse_formula(f"loss = {text}", shapes), shapes).seconds

    assert seconds("x * x", x=(1000,)) == pytest.approx(10 * seconds("x * x", x=(100,)))
    assert seconds("x ** x", x=(1000,)) > seconds("x * x", x=(1000,))
    assert seconds("a @ b", a=(10, 10_000), b=(10_000, 10)) > 50 * seconds("a @ b", a=(10, 100), b=(100, 10))
    assert seconds("sum(x)", x=(1000,)) > 100 * seconds("sum(x)", x=(1,))
