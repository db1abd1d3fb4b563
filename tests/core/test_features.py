"""Inputs made of columns: against numpy by hand, in the lines of a script, by their names, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from gradviz.core.data.features import FEATURES, Cosine, Lag, Logarithm, Power, Product, Sine
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import setting_error
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.document.line_fits import line_document, suited_rate
from gradviz.core.document.table_fits import experiment_on
from gradviz.core.tables.scalings import Standardise
from gradviz.core.tables.tables import Table

VALUES = np.array([[1.0, 5.0, 2.0], [2.0, 4.0, 3.0], [4.0, 3.0, 5.0], [8.0, 1.0, 9.0]])
A, B, Y = VALUES.T


def dataset(*features: Any, **settings: Any) -> TableDataset:
    return TableDataset.model_validate({"table": Table(("a", "b", "y"), VALUES), "features": features, **settings})


MADE = (
    (Power(), A**2, "a^2"),
    (Power(column="b", exponent=-1), 1 / B, "b^-1"),
    (Product(), A * B, "a*b"),
    (Product(column="b", other="b"), B * B, "b*b"),
    (Sine(factor=0.5), np.sin(A / 2), "sin(0.5*a)"),
    (Cosine(column="b"), np.cos(B), "cos(b)"),
    (Logarithm(column="b"), np.log(B), "log(b)"),
)


@pytest.mark.parametrize(("feature", "numbers", "name"), MADE, ids=lambda value: str(value)[:12])
def test_a_feature_is_one_more_input(feature: Any, numbers: Any, name: str) -> None:
    data = dataset(feature)
    inputs, _ = data.arrays(0)
    assert data.input_shape == (3,)
    assert data.input_names == ("a", "b", name)
    assert np.allclose(inputs, np.column_stack((A, B, numbers)), rtol=1e-15)


def test_a_lag_is_what_stood_before_and_its_first_rows_fall_away() -> None:
    data = dataset(Lag(column="y", rows_before=2), Lag(column="y"), inputs=("a",))
    inputs, targets = data.arrays(0)
    assert data.rows == 2
    assert inputs.tolist() == [[4, 2, 3], [8, 3, 5]]
    assert targets.tolist() == [[5], [9]]
    assert data.input_names == ("a", "y, 2 before", "y, 1 before")
    alone = TableDataset.model_validate(
        {"table": Table(("y",), VALUES[:, 2:]), "features": (Lag(column="y"),), "target": {"kind": "values"}}
    )
    assert alone.arrays(0)[0].tolist() == [[2], [3], [5]]


@pytest.mark.parametrize("scaling", [None, Standardise()])
def test_the_lines_of_a_script_make_the_same_bit_for_bit(scaling: Any) -> None:
    features = [feature for feature, _, _ in MADE] + [Lag(column="y", rows_before=2), Lag(rows_before=1)]
    data = dataset(*features, **({} if scaling is None else {"scaling": scaling}))
    names: dict[str, Any] = {"np": np}
    exec("\n".join(data.code(0)), names)
    inputs, targets = data.arrays(0)
    assert names["x"].tobytes() == inputs.tobytes()
    assert names["y"].tobytes() == targets.tobytes()


@pytest.mark.parametrize(
    ("features", "path", "said"),
    [
        ([Logarithm(column="c")], "features.0.column", "there is no column 'c'"),
        ([Power(), Lag(rows_before=4)], "features.1.rows_before", "less than 4, the rows of the table"),
        ([Product(other="q")], "features.0.other", "there is no column 'q'"),
    ],
)
def test_what_cannot_be_made_is_refused_at_its_setting(features: list[Any], path: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        dataset(*features)
    error = setting_error(caught.value)
    assert error.path == path
    assert said in error.reason


def test_no_logarithm_and_no_reciprocal_of_nothing() -> None:
    zero = Table(("a", "y"), np.array([[1.0, 1.0], [0.0, 2.0]]))
    for feature, said in ((Logarithm(), "only numbers above 0"), (Power(exponent=-2), "the power of 0 is no number")):
        with pytest.raises(ValidationError, match="row 2 of column 'a' holds 0") as caught:
            TableDataset.model_validate({"table": zero, "features": (feature,)})
        assert said in str(caught.value)


def test_features_are_a_list_of_the_form_that_is_edited_saved_and_takes_the_model_along() -> None:
    experiment = experiment_on(dataset(), Experiment())
    for kind in FEATURES:
        name = kind.model_fields["kind"].default
        changed = with_value(experiment, "objective.data.features", [{"kind": name}])
        assert changed.objective.data.features == (kind(),)  # type: ignore[union-attr]
        assert changed.objective.shapes[0] == (3,)  # type: ignore[union-attr]
        assert from_data(to_data(changed)) == changed
    power = with_value(experiment, "objective.data.features", [{"kind": "power"}])
    assert with_value(power, "objective.data.features.0.exponent", 3).objective.data.features == (Power(exponent=3),)  # type: ignore[union-attr]


def test_a_scaling_is_told_in_numbers_with_the_names_of_the_inputs() -> None:
    notes = dataset(Power(), scaling=Standardise()).notes()
    assert notes["scaling"].split("\n") == ["(a − 3.75) / 2.681", "(b − 3.25) / 1.479", "(a^2 − 21.25) / 25.312"]
    target = {"kind": "values", "scaling": {"kind": "standardise"}}
    assert dataset(target=target).notes()["target.scaling"].startswith("(y − 4.75) / ")
    assert "scaling" not in dataset().notes()


def test_the_rate_of_a_line_is_below_the_one_at_which_it_would_diverge() -> None:
    chance = np.random.default_rng(3)
    for scale in (1.0, 300.0, 1e-3):
        inputs = chance.normal(size=(50, 4)) * scale
        rows = np.column_stack((inputs, np.ones(50)))
        largest = np.linalg.eigvalsh(2 * rows.T @ rows / 50)[-1]
        assert 0.4 / largest <= suited_rate(inputs) <= max(1 / largest, 1e-12)
    document = line_document(dataset(scaling=Standardise()), "a line")
    inputs, _ = document.experiment.objective.data.build(0, torch.float32)  # type: ignore[union-attr]
    assert inputs.shape == (4, 2)
