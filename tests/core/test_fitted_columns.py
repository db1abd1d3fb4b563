"""What a formula fits to what, read from its lines."""

from __future__ import annotations

import pytest

from gradviz.core.formulas.fitted_columns import FittedColumns, fitted_columns
from gradviz.core.formulas.formula import parse_formula
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor

COLUMNS, PARAMETERS = ("x", "y", "z"), ("w", "b")


def fitted(text: str) -> FittedColumns | None:
    return fitted_columns(parse_formula(text, (*COLUMNS, *PARAMETERS)), COLUMNS, PARAMETERS)


@pytest.mark.parametrize(
    ("text", "target", "inputs", "is_compared"),
    [
        ("p = w*x + b\nl = mean((p - y)**2)", "y", ("x",), True),
        ("l = mean((y - w*x - b)**2)", "y", ("x",), True),
        ("l = mean((w*y + b - x)**2)", "x", ("y",), True),
        ("r = y - (w*x + b)\nl = sum(abs(r)) + 0.1*w**2", "y", ("x",), True),
        ("l = mean((-y + b + exp(w*x))**2)", "y", ("x",), True),
        ("p = w*x + b*z\nl = mean((p - y)**2)", "y", ("x", "z"), True),
        ("p = sigmoid(w*x + b)\nl = -mean(y*log(p) + (1 - y)*log(1 - p))", "y", ("x",), False),
        ("z1 = w*x + b\nl = mean(softplus(z1) - y*z1)", "y", ("x",), False),
    ],
)
def test_target_and_prediction(text: str, target: str, inputs: tuple[str, ...], is_compared: bool) -> None:
    found = fitted(text)
    assert found is not None
    assert found.target == target
    assert found.predictions[0].inputs == inputs
    assert found.predictions[0].is_compared == is_compared


@pytest.mark.parametrize("text", ["l = w**2 + b**2", "l = mean((w*x + b)**2)", "p = w*y - x\nl = (w - 1)**2"])
def test_less_than_two_columns_are_no_fit(text: str) -> None:
    assert fitted(text) is None


def test_without_a_prediction_the_columns_are_known() -> None:
    assert fitted("l = w*mean(x*y)") == FittedColumns("y", ("x",), ())


def test_what_is_not_trained_predicts_nothing() -> None:
    found = fitted("l = mean((2*x - y)**2)*w")
    assert found is not None
    assert not found.predictions


def constant(name: str, value: object) -> NamedTensor:
    return NamedTensor.model_validate({"name": name, "role": "constant", "value": value})


def test_columns_are_constants_of_one_length_in_a_row_or_a_column() -> None:
    tensors = (
        NamedTensor(name="w", value=(1.0, 2.0, 3.0)),
        constant("x", (1.0, 2.0, 3.0)),
        constant("y", ((1.0,), (2.0,), (3.0,))),
        constant("k", (1.0, 2.0)),
        constant("m", ((1.0, 2.0), (3.0, 4.0))),
        constant("c", 3.0),
        constant("t", "linspace(0, 1, 3)"),
    )
    assert FormulaObjective(tensors=tensors, text="l = sum(w)").columns == ("x", "y", "t")
    assert not FormulaObjective().has_fit
