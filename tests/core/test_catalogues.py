"""Every entry of every catalogue: builds with its defaults, survives a round trip, and is what it says."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from fits import fit_with
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.data.batches import BATCHES
from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.data.validation import VALIDATIONS, ColumnValidation, ShareValidation
from gradviz.core.declaration import Alternative, Declaration, FieldSpec, field_specs, kind_of
from gradviz.core.document.experiment import Experiment, from_data, to_data
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.initialisations import INITIALISATIONS
from gradviz.core.layers.learning import LEARNINGS
from gradviz.core.objectives.autocast import AUTOCASTS
from gradviz.core.objectives.catalogue import OBJECTIVES, TestFunctionObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.objectives.losses import LOSSES, MSE
from gradviz.core.objectives.penalties import PENALTIES
from gradviz.core.objectives.stopping import STOPPINGS
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS, Ackley, Quadratic, Saddle
from gradviz.core.optimizers.catalogue import OPTIMIZERS, Adam
from gradviz.core.optimizers.clipping import CLIPPINGS
from gradviz.core.optimizers.mistakes import MISTAKES
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES

PAIRS = ("betas", "etas", "step_sizes", "eps", "ns_coefficients", "milestones", "actions")
CATALOGUES: dict[str, tuple[type[Alternative], ...]] = {
    "test functions": TEST_FUNCTIONS,
    "datasets": DATASETS,
    "layers": LAYERS,
    "initialisations": INITIALISATIONS,
    "learnings": LEARNINGS,
    "losses": LOSSES,
    "penalties": PENALTIES,
    "autocasts": AUTOCASTS,
    "batches": BATCHES,
    "optimisers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "clippings": CLIPPINGS,
    "mistakes": MISTAKES,
    "objectives": OBJECTIVES,
    "validations": VALIDATIONS,
    "stoppings": STOPPINGS,
}
ENTRIES = [entry for catalogue in CATALOGUES.values() for entry in catalogue]
LIMITED = [
    (model, spec)
    for model in (*ENTRIES, Experiment)
    for spec in field_specs(model)
    if spec.shape in ("number", "integer") and (spec.lower is not None or spec.upper is not None)
]


def experiment_with(entry: type[Alternative]) -> Experiment:
    """An experiment that holds the default of a catalogue's entry."""
    default: Any = entry()
    if entry in OBJECTIVES:
        return Experiment(objective=default)
    if entry in OPTIMIZERS:
        return Experiment(optimizers=(default,))
    if entry in SCHEDULES:
        return Experiment(optimizers=(Adam(schedule=default),))
    if entry in CLIPPINGS:
        return Experiment(optimizers=(Adam(clipping=default),))
    if entry in MISTAKES:
        return Experiment(optimizers=(Adam(mistake=default),))
    if entry in TEST_FUNCTIONS:
        return Experiment(objective=TestFunctionObjective(function=default))
    return Experiment(objective=declared_fit(entry, default))


def declared_fit(entry: type[Alternative], default: Any) -> FitObjective:
    """A fit that holds the default of a catalogue's entry."""
    if entry in LEARNINGS:
        return FitObjective(model=(LinearLayer(features=2, learning=default), LinearLayer()))
    if entry in AUTOCASTS:
        return FitObjective(autocast=default)
    if entry in PENALTIES:
        return FitObjective(loss=MSE(penalty=default))
    if entry in STOPPINGS:
        watched = starter(TwoMoons(validation=ShareValidation()))
        return FitObjective.model_validate({**dict(watched), "stopping": default})
    if entry in VALIDATIONS:
        table = {"columns": ["a", "split", "y"], "rows": [[1.0, 0.0, 2.0], [2.0, 1.0, 3.0]]}
        is_column = isinstance(default, ColumnValidation)
        return starter(TableDataset(table=table, validation=default) if is_column else TwoMoons(validation=default))
    return fit_with(entry)


def named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else getattr(value, "name", str(value))


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_kinds_and_labels_are_unique_and_told(catalogue: tuple[type[Alternative], ...]) -> None:
    assert len({kind_of(entry) for entry in catalogue}) == len(catalogue)
    assert len({entry.label for entry in catalogue}) == len(catalogue)
    assert all(entry.label and entry.about for entry in catalogue)


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_entry_survives_a_round_trip_through_json(entry: type[Alternative]) -> None:
    experiment = experiment_with(entry)
    data = json.loads(json.dumps(to_data(experiment), allow_nan=False))
    assert from_data(data) == experiment
    assert kind_of(entry) in json.dumps(data)


@pytest.mark.parametrize("entry", ENTRIES, ids=named)
def test_every_field_tells_a_form_what_it_is(entry: type[Alternative]) -> None:
    for spec in field_specs(entry):
        assert spec.title
        assert spec.description.endswith(".")
        assert spec.shape != "value" or spec.editor or spec.name in (*PAIRS, "value", "model", "shape", "upstream"), (
            f"{entry.__name__}.{spec.name}"
        )


def accepts(model: type[Declaration], spec: FieldSpec, value: float) -> bool:
    try:
        model(**{spec.name: value})
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("model", "spec"), LIMITED, ids=named)
def test_limits_of_a_field_are_those_that_validation_keeps(model: type[Declaration], spec: FieldSpec) -> None:
    schema = model.model_json_schema()["properties"][spec.name]
    assert spec.lower == schema.get("minimum", schema.get("exclusiveMinimum"))
    assert spec.upper == schema.get("maximum", schema.get("exclusiveMaximum"))
    for limit, away, is_inclusive in (
        (spec.lower, -math.inf, "minimum" in schema),
        (spec.upper, math.inf, "maximum" in schema),
    ):
        if limit is None:
            continue
        is_integer = spec.shape == "integer"
        past = limit + int(math.copysign(1, away)) if is_integer else math.nextafter(limit, away)
        inside = limit - int(math.copysign(1, away)) if is_integer else math.nextafter(limit, -away)
        assert not accepts(model, spec, past)
        assert accepts(model, spec, inside)
        assert accepts(model, spec, limit) == is_inclusive


@pytest.mark.parametrize(("model", "spec"), LIMITED, ids=named)
@given(value=st.floats())
def test_a_number_is_accepted_where_it_lies_within_the_limits(
    model: type[Declaration], spec: FieldSpec, value: float
) -> None:
    lower, upper = -math.inf if spec.lower is None else spec.lower, math.inf if spec.upper is None else spec.upper
    number: float = value
    if spec.shape == "integer":
        number = int(value) if math.isfinite(value) else 10**400
    if lower < number < upper:
        assert accepts(model, spec, number)
    elif number not in (lower, upper):
        assert not accepts(model, spec, number)


POINT = st.floats(-5, 5, allow_nan=False)


def at(function: Any, x: float, y: float) -> tuple[float, list[float]]:
    """Value and gradient by autograd in float64."""
    point = torch.tensor([x, y], dtype=torch.float64, requires_grad=True)
    value = function.evaluate(point[0], point[1])
    value.backward()
    return value.item(), point.grad.tolist()


MINIMA = [(entry, minimum) for entry in TEST_FUNCTIONS for minimum in entry.minima]


@pytest.mark.parametrize(("entry", "minimum"), MINIMA, ids=named)
def test_a_known_minimum_is_one(entry: Any, minimum: tuple[float, float]) -> None:
    x, y = minimum
    value, gradient = at(entry(), x, y)
    assert value == pytest.approx(0, abs=1e-9)
    if entry is Ackley:  # a cone: the root at 0 has no derivative, and autograd says NaN
        assert all(math.isnan(part) for part in gradient)
    else:  # Himmelblau's are known to 6 decimals, and its curvature is about 100
        assert gradient == pytest.approx([0, 0], abs=2e-4)
    for turn in range(8):
        angle = turn * math.pi / 4
        assert at(entry(), x + 0.01 * math.cos(angle), y + 0.01 * math.sin(angle))[0] > value
    assert entry.domain[0][0] <= x <= entry.domain[0][1]
    assert entry.domain[1][0] <= y <= entry.domain[1][1]


def test_only_the_saddle_has_no_minimum() -> None:
    assert [entry for entry in TEST_FUNCTIONS if not entry.minima] == [Saddle]
    assert at(Saddle(), 0, 0) == (0, [0, 0])
    assert at(Saddle(), 0, 1)[0] < 0 < at(Saddle(), 1, 0)[0]


@given(x=POINT, y=POINT, condition=st.floats(0.01, 100))
def test_condition_number_is_the_ratio_of_the_curvatures(x: float, y: float, condition: float) -> None:
    point = torch.tensor([x, y], dtype=torch.float64)
    function = Quadratic(condition=condition)
    hessian = torch.func.hessian(lambda p: function.evaluate(p[0], p[1]))(point)
    torch.testing.assert_close(hessian, torch.diag(torch.tensor([1.0, condition], dtype=torch.float64)))


@pytest.mark.parametrize("entry", TEST_FUNCTIONS, ids=named)
def test_a_test_function_is_elementwise(entry: Any) -> None:
    x, y = torch.rand(2, 3, 4, dtype=torch.float64)
    whole = entry().evaluate(x, y)
    assert whole.shape == (3, 4)
    assert whole[1, 2].item() == pytest.approx(at(entry(), x[1, 2].item(), y[1, 2].item())[0], rel=1e-12)
