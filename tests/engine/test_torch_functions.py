"""Every function that torch computes element by element with a derivative: known to formulas, or left out for a reason.

Values are torch's own for random inputs, and derivatives those of differences in float64.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gradviz.core.formulas.formula import parse_formula
from gradviz.core.formulas.formula_function import FormulaFunction
from gradviz.core.formulas.functions import ALIASES, AS_OPERATORS, FUNCTIONS
from gradviz.core.formulas.suggestions import LEFT_OUT
from gradviz.engine.objectives.formula_program import Program

CPU = torch.device("cpu")
SPACES: tuple[Any, ...] = (torch, torch.nn.functional, torch.special)
KNOWN = {*FUNCTIONS, *ALIASES, *AS_OPERATORS, "neg", "negative"}
ARGUMENTS = ([0.31, 0.72, 0.55], [0.62, 0.24, 0.81], [0.93, 0.88, 0.97])
STEP = 1e-5


def is_elementwise(function: Callable[..., Any], count: int) -> bool:
    """Whether torch has a derivative of it, which is that of element after element."""
    tensors = [torch.tensor(values, dtype=torch.float64) for values in ARGUMENTS[:count]]

    def of_first(first: Tensor) -> Tensor:
        torch.manual_seed(0)
        found: Tensor = function(first, *tensors[1:])
        return found

    try:
        value = of_first(tensors[0].clone().requires_grad_())
        if not isinstance(value, Tensor) or value.shape != (3,) or value.grad_fn is None:
            return False
        slopes = torch.autograd.functional.jacobian(of_first, tensors[0])
    except Exception:  # of some other arguments than tensors, or of others than these
        return False
    return bool((slopes - torch.diag(torch.diag(slopes))).eq(0).all())


def elementwise_names() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for space in SPACES:
            for name in dir(space):
                function = getattr(space, name)
                is_public = not name.startswith("_") and callable(function) and not isinstance(function, type)
                if is_public and any(is_elementwise(function, count) for count in (1, 2, 3)):
                    yield name


def test_every_elementwise_function_of_torch_is_known_or_left_out_for_a_reason() -> None:
    found = set(elementwise_names())
    assert len(found) > 100
    assert {"sin", "leaky_relu", "erfcx", "lerp", "mul"} <= found
    assert {name for name in found if name not in KNOWN and name.rstrip("123d") not in LEFT_OUT} == set()
    assert not KNOWN & set(LEFT_OUT)


def test_a_function_that_is_left_out_is_one_of_torch() -> None:
    for name in LEFT_OUT:
        assert any(hasattr(space, name) for space in SPACES), name


# Values and derivatives


ELEMENTWISE = [
    name
    for name, one in FUNCTIONS.items()
    if one.effect == "elementwise" and isinstance(one.torch, str) and not one.cuts and name != "retain_grad"
]


def torch_value(function: FormulaFunction, tensors: list[Tensor]) -> Tensor:
    """What torch itself gives, by the name that it has there."""
    if function.name in ("t", "transpose"):
        return tensors[0].T
    path: Any = torch
    for part in str(function.torch).split("."):
        path = getattr(path, part)
    if function.name == "where":
        return torch.where(tensors[0] > 0.5, *tensors[1:])
    value: Tensor = path(*tensors)
    return value


NUMBERS = st.lists(st.floats(-6, 6, allow_subnormal=False), min_size=3, max_size=3)


@pytest.mark.parametrize("name", ELEMENTWISE)
@settings(max_examples=25, deadline=None)
@given(first=NUMBERS, second=NUMBERS, third=NUMBERS)
def test_values_are_torchs_and_slopes_those_of_differences(
    name: str, first: list[float], second: list[float], third: list[float]
) -> None:
    function = FUNCTIONS[name]
    names = ["x", "y", "z"][: function.most]
    tensors = {
        key: torch.tensor(values, dtype=torch.float64)
        for key, values in zip(names, (first, second, third), strict=False)
    }
    given_ = ["x > 0.5", *names[1:]] if name == "where" else names
    program = Program(parse_formula(f"f = {name}({', '.join(given_)})", tensors), torch.float64, CPU)
    value = program.evaluate(tensors)["f"]
    torch.testing.assert_close(value, torch_value(function, list(tensors.values())), rtol=0, atol=0, equal_nan=True)
    for key in names:
        assert_slope(program, tensors, key)


def is_apart(numbers: list[float]) -> bool:
    """Whether no number is 0 or another: there torch makes a choice of its own."""
    ends = [0.0, *numbers]
    return all(abs(one - other) > 1e-3 for place, one in enumerate(ends) for other in ends[place + 1 :])


def assert_slope(program: Program, tensors: dict[str, Tensor], key: str) -> None:
    """Autograd's slope is that of differences wherever these are the same to the left and to the right."""
    at = tensors[key].clone().requires_grad_()
    value = program.evaluate({**tensors, key: at})["f"]
    if value.grad_fn is None:
        return
    (slope,) = torch.autograd.grad(value.sum(), at)

    def moved(step: float) -> Tensor:
        return program.evaluate({**tensors, key: tensors[key] + step})["f"].detach()

    here = value.detach()
    left, right = (here - moved(-STEP)) / STEP, (moved(STEP) - here) / STEP
    for place in range(3):
        a, b, found = (float(one[place]) for one in (left, right, slope))
        allowed = 1e-3 * (1 + abs(b)) + 1e-9 * float(here[place].abs())
        is_smooth = math.isfinite(a) and math.isfinite(b) and abs(a - b) <= allowed and abs(a) < 0.1 / STEP
        if is_smooth and is_apart([float(one[place]) for one in tensors.values()]):
            assert found == pytest.approx((a + b) / 2, rel=0, abs=2 * allowed), (key, place)


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if FUNCTIONS[name].options])
@settings(max_examples=20, deadline=None)
@given(first=NUMBERS, setting=st.floats(0.1, 0.9))
def test_a_setting_is_torchs_by_keyword_and_by_place(name: str, first: list[float], setting: float) -> None:
    options = FUNCTIONS[name].options
    x = torch.tensor(first, dtype=torch.float64)
    keywords = {option.name: setting + place for place, option in enumerate(options)}
    wanted = getattr(torch.nn.functional, name)(x, **keywords)
    for written in (", ".join(map(str, keywords.values())), ", ".join(f"{k}={v}" for k, v in keywords.items())):
        found = Program(parse_formula(f"f = {name}(x, {written})", ("x",)), torch.float64, CPU).evaluate({"x": x})["f"]
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


BY_HAND = [name for name in ELEMENTWISE if FUNCTIONS[name].derivative and name != "where"]


@pytest.mark.parametrize("name", BY_HAND)
@settings(max_examples=25, deadline=None)
@given(first=NUMBERS, second=NUMBERS, third=NUMBERS)
def test_the_declared_derivative_is_that_of_autograd(
    name: str, first: list[float], second: list[float], third: list[float]
) -> None:
    function = FUNCTIONS[name]
    letters, given_ = "uvw"[: function.most], (first, second, third)
    tensors = {one: torch.tensor(numbers, dtype=torch.float64) for one, numbers in zip(letters, given_, strict=False)}
    settings_ = {
        letter: torch.tensor(option.default, dtype=torch.float64)
        for letter, option in zip("uvw"[function.most :], function.options, strict=False)
    }
    lines = [f"h = {name}({', '.join(letters)})"]
    lines += [f"by_{letter} = {text}" for letter, text in zip(letters, function.derivative, strict=False)]
    program = Program(parse_formula("\n".join(lines), {**tensors, **settings_}), torch.float64, CPU)
    leaves = {letter: numbers.clone().requires_grad_() for letter, numbers in tensors.items()}
    values = program.evaluate({**leaves, **settings_})
    for letter, text in zip(letters, function.derivative, strict=False):
        slope = torch.zeros(3, dtype=torch.float64)
        if values["h"].grad_fn is not None:
            (found,) = torch.autograd.grad(values["h"].sum(), leaves[letter], retain_graph=True, allow_unused=True)
            slope = slope if found is None else found
        by_hand = values[f"by_{letter}"].detach() * torch.ones(3, dtype=torch.float64)
        for place in range(3):
            numbers = [float(one[place]) for one in tensors.values()]
            if is_apart(numbers) and math.isfinite(float(slope[place])):
                assert float(by_hand[place]) == pytest.approx(float(slope[place]), rel=2e-6, abs=1e-9), (text, numbers)
