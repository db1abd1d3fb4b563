"""The document: refusals that name the field, changes at a path, live changes, starts, and sizes (faults 16 and 19)."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import (
    Experiment,
    from_data,
    to_data,
    value_at,
    with_start,
    with_value,
)
from gradviz.core.layers.catalogue import LinearLayer, LineLayer, Sigmoid
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor
from gradviz.core.optimizers.adaptive_optimizers import AdamW
from gradviz.core.optimizers.catalogue import SGD, Adam, RMSprop
from gradviz.core.optimizers.plain_schedules import Exponential

SLOW = 20


def refusal(data: Any) -> SettingError:
    with pytest.raises(SettingError) as caught:
        from_data(data)
    error = caught.value
    assert len(str(error)) <= 300
    assert "\n" not in str(error)
    return error


def fit(*layers: Any) -> dict[str, Any]:
    return {"objective": {"kind": "fit", "model": list(layers)}}


@pytest.mark.parametrize(
    ("data", "path", "part"),
    [
        ({"optimizers": [{"kind": "sgd", "lr": math.nan}]}, "optimizers.0.lr", "finite"),
        ({"optimizers": [{"kind": "sgd", "lr": json.loads("1e999")}]}, "optimizers.0.lr", "finite"),
        ({"optimizers": [{"kind": "sgd", "lr": -1.0}]}, "optimizers.0.lr", "greater than or equal to 0"),
        ({"optimizers": [{"kind": "adam"}, {"kind": "sgd", "lr": "1"}]}, "optimizers.1.lr", "number"),
        ({"optimizers": [{"kind": "sgd", "lr": 10**5000}]}, "optimizers.0.lr", "number"),
        ({"optimizers": [{"kind": "sgd", "momentum": 1.0}]}, "optimizers.0.momentum", "less than 1"),
        ({"optimizers": [{"kind": "adam", "betas": [0.9, 1.0]}]}, "optimizers.0.betas", "below 1"),
        ({"optimizers": [{"kind": "adam", "betas": [0.9]}]}, "optimizers.0.betas.1", "missing"),
        ({"optimizers": [{"kind": "sgd", "nesterov": True}]}, "optimizers.0.nesterov", "momentum"),
        ({"optimizers": [{"kind": "lion"}]}, "optimizers.0", "lion"),
        ({"optimizers": [{"kind": "sgd", "speed": 1}]}, "optimizers.0.speed", "not known"),
        ({"optimizers": []}, "optimizers", "at least 1"),
        ({"steps": True}, "steps", "integer"),
        ({"steps": 10**5000}, "steps", "75 digits"),
        ({"steps": 1.5}, "steps", "integer"),
        ({"steps": -1}, "steps", "greater than or equal to 0"),
        ({"seed": 2**63}, "seed", "less than or equal"),
        ({"dtype": "float16"}, "dtype", "float32"),
        ({"device": "cuda:0; rm"}, "device", "pattern"),
        ({"title": "x"}, "title", "not known"),
        ({"hand_gradient": "x" * 4001}, "hand_gradient", "4000"),
        ({"unknown": 1}, "unknown", "not known"),
        ({"objective": {"kind": "test_function", "x": math.inf}}, "objective.x", "finite"),
        (
            {"objective": {"kind": "test_function", "function": {"kind": "quadratic", "condition": 0}}},
            "objective.function.condition",
            "greater than 0",
        ),
        (fit({"kind": "linear", "features": True}), "objective.model.0.features", "integer"),
        (fit({"kind": "linear", "features": 2}), "objective", "2 outputs"),
        (fit({"kind": "sigmoid"}), "objective", "no parameter"),
        (fit(), "objective.model", "at least 1"),
        (fit({"kind": "transformer"}), "objective.model.0", "transformer"),
        ({"objective": {"kind": "formula", "text": "loss = x + q"}}, "objective.text", "q is not known"),
        (
            {"objective": {"kind": "formula", "text": "loss = x*x", "tensors": [{"name": "x", "value": math.nan}]}},
            "objective.tensors.0.value",
            "finite",
        ),
        (
            {"objective": {"kind": "formula", "text": "loss = x*x", "tensors": [{"name": "2a"}]}},
            "objective.tensors.0.name",
            "is not a name",
        ),
        ([], "", "JSON object"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_path(data: Any, path: str, part: str) -> None:
    error = refusal(data)
    assert error.path.startswith(path), error
    assert part in error.reason, error


def test_an_integer_of_5000_digits_in_json_never_reaches_a_setting() -> None:
    limit = sys.get_int_max_str_digits()
    assert limit < 5000
    with pytest.raises(ValueError, match="digits"):
        json.loads('{"steps": ' + "9" * 5000 + "}")


def test_the_place_of_a_fault_in_a_formula_comes_with_it() -> None:
    error = refusal({"objective": {"kind": "formula", "text": "a = x\nloss = a + q"}})
    assert error.place == (2, 12)


@pytest.mark.parametrize(
    ("tensors", "text", "part"),
    [
        ([{"name": "x"}, {"name": "x"}], "loss = x", "one name"),
        ([{"name": "x", "role": "constant"}], "loss = x", "at least one"),
        ([{"name": "x", "value": []}], "loss = x", "one number"),
        ([{"name": "x", "value": [[1.0], []]}], "loss = x", "one number"),
        ([{"name": "x", "value": [[1.0], [1.0, 2.0]]}], "loss = x", "one length"),
        ([{"name": "1x"}], "loss = 1", "is not a name"),
        ([{"name": "_x"}], "loss = 1", "is not a name"),
    ],
)
def test_tensors_of_a_formula(tensors: list[dict[str, Any]], text: str, part: str) -> None:
    error = refusal({"objective": {"kind": "formula", "tensors": tensors, "text": text}})
    assert part in error.reason


def test_a_gradient_by_hand_needs_a_line_for_every_parameter() -> None:
    objective = {"kind": "formula", "text": "loss = x*y\nd_x = y", "gradient": "by_hand"}
    error = refusal({"objective": objective})
    assert error.path == "objective.gradient"
    assert "d_y" in error.reason
    assert from_data({"objective": {**objective, "text": objective["text"] + "\nd_y = x"}})


@pytest.mark.parametrize(
    ("layers", "part", "budget_s"),
    [
        ([{"kind": "linear", "features": 10**6}] * 2 + [{"kind": "linear"}], "1,000,004,000,001 parameters", 0.05),
        ([{"kind": "linear", "features": 10**9}] * 2 + [{"kind": "linear"}], "GiB", 0.05),
        ([{"kind": "linear"}] * 10**6, "1,000,000 layers", 0.3),
    ],
    ids=["1e12 parameters", "1e18 parameters", "1e6 layers"],
)
def test_a_model_too_large_is_refused_before_anything_is_built(
    layers: list[Any], part: str, budget_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("a layer was built")

    monkeypatch.setattr(LinearLayer, "build", forbidden)
    begin = time.thread_time()
    error = refusal(fit(*layers))
    assert time.thread_time() - begin < budget_s * SLOW
    assert part in error.reason


def test_the_largest_allowed_model_is_accepted() -> None:
    layers = (LinearLayer(), *[Sigmoid()] * 998, LinearLayer())
    assert len(FitObjective(model=layers).model) == 1000
    with pytest.raises(ValueError, match="1,001 layers"):
        FitObjective(model=(*layers, Sigmoid()))


@given(
    steps=st.integers(0, 10**9),
    seed=st.integers(0, 2**63 - 1),
    hand_gradient=st.text(max_size=120),
    rate=st.floats(0, 1e6, exclude_min=True),
    x=st.floats(-1e6, 1e6),
)
def test_a_document_survives_json(steps: int, seed: int, hand_gradient: str, rate: float, x: float) -> None:
    experiment = Experiment(
        hand_gradient=hand_gradient,
        steps=steps,
        seed=seed,
        optimizers=(SGD(lr=rate), Adam(lr=rate)),
        objective=FormulaObjective(tensors=(NamedTensor(name="x", value=((x, 1.0),)),), text="loss = sum(x)"),
    )
    assert from_data(json.loads(json.dumps(to_data(experiment)))) == experiment


def test_a_document_is_frozen_and_strict() -> None:
    experiment = Experiment()
    with pytest.raises(ValueError, match="frozen"):
        experiment.steps = 3  # type: ignore[misc]
    assert Experiment() == experiment
    assert with_value(experiment, "steps", 3) != experiment


def test_a_value_is_read_and_written_at_its_path() -> None:
    experiment = Experiment(optimizers=(SGD(), Adam()))
    changed = with_value(experiment, "optimizers.1.betas", [0.5, 0.6])
    assert value_at(changed, "optimizers.1.betas") == [0.5, 0.6]
    assert changed.optimizers[1] == Adam(betas=(0.5, 0.6))
    assert experiment.optimizers[1] == Adam()
    with_layer = with_value(Experiment(objective=FitObjective()), "objective.model", [{"kind": "linear"}])
    assert value_at(with_layer, "objective.model.0.features") == 1


@pytest.mark.parametrize(
    "path", ["nothing", "optimizers.2.lr", "optimizers.x", "objective.function.condition", "a.b", ""]
)
def test_a_path_that_is_not_there_is_refused(path: str) -> None:
    for change in (lambda: value_at(Experiment(), path), lambda: with_value(Experiment(), path, 1)):
        with pytest.raises(SettingError, match="no such setting"):
            change()


def test_a_new_kind_keeps_the_settings_that_both_have() -> None:
    experiment = Experiment(optimizers=(SGD(lr=0.25, momentum=0.9, weight_decay=0.5, nesterov=True),))
    adam = with_value(experiment, "optimizers.0.kind", "adam").optimizers[0]
    assert adam == Adam(lr=0.25, weight_decay=0.5)
    rmsprop = with_value(experiment, "optimizers.0.kind", "rmsprop").optimizers[0]
    assert rmsprop == RMSprop(lr=0.25, momentum=0.9, weight_decay=0.5)
    with pytest.raises(SettingError, match="lion"):
        with_value(experiment, "optimizers.0.kind", "lion")


def test_a_new_kind_deep_in_the_document_keeps_what_is_around_it() -> None:
    model = (LinearLayer(features=3, bias=False), Sigmoid(), LinearLayer())
    experiment = Experiment(objective=FitObjective(model=model))
    changed = with_value(experiment, "objective.model.1.kind", "tanh")
    assert value_at(changed, "objective.model.0.features") == 3
    assert value_at(changed, "objective.model.1.kind") == "tanh"
    mended = with_value(experiment, "objective.model.2.kind", "relu")
    assert [layer["kind"] for layer in value_at(mended, "objective.model")] == [
        "linear",
        "sigmoid",
        "relu",
        "linear",
    ]


def test_a_start_is_set_where_there_are_one_or_two_numbers_whatever_their_shape() -> None:
    assert value_at(with_start(Experiment(), 1.5, -2.0), "objective.y") == -2.0
    line = with_start(Experiment(objective=FitObjective()), 1.5, -2.0)
    assert (value_at(line, "objective.model.0.w"), value_at(line, "objective.model.0.b")) == (1.5, -2.0)
    tensors = (NamedTensor(name="c", role="constant"), NamedTensor(name="x"), NamedTensor(name="y"))
    formula = with_start(Experiment(objective=FormulaObjective(tensors=tensors, text="loss = x*y*c")), 1.5, -2.0)
    assert [tensor["value"] for tensor in value_at(formula, "objective.tensors")] == [0.0, 1.5, -2.0]
    vector = FormulaObjective(tensors=(NamedTensor(name="x", value=(1.0, 2.0)),), text="loss = sum(x)")
    assert value_at(with_start(Experiment(objective=vector), 3, 4), "objective.tensors.0.value") == [3.0, 4.0]
    for shape, value in {(1.0,): [3.0], ((1.0, 2.0),): [[3.0, 4.0]], ((1.0,), (2.0,)): [[3.0], [4.0]]}.items():
        objective = FormulaObjective(tensors=(NamedTensor(name="x", value=shape),), text="loss = sum(x)")
        assert value_at(with_start(Experiment(objective=objective), 3, 4), "objective.tensors.0.value") == value
    three = FormulaObjective(tensors=(NamedTensor(name="x", value=(1.0, 2.0, 3.0)),), text="loss = sum(x)")
    assert with_start(Experiment(objective=three), 0, 0) is None
    for model, path in (((LinearLayer(),), "0"), ((Sigmoid(), LinearLayer()), "1")):
        begun = with_start(Experiment(objective=FitObjective(model=model)), 3, 4)
        assert value_at(begun, f"objective.model.{path}.init") == {"kind": "constant", "weight": 3.0, "bias": 4.0}
    sigmoid = with_start(Experiment(objective=FitObjective(model=(LineLayer(), Sigmoid()))), 3, 4)
    assert (value_at(sigmoid, "objective.model.0.w"), value_at(sigmoid, "objective.model.0.b")) == (3.0, 4.0)
    assert with_start(Experiment(objective=FitObjective(model=(LinearLayer(features=2), LinearLayer()))), 0, 0) is None
    two = FitObjective(model=(LinearLayer(bias=False), LinearLayer(bias=False)))
    assert with_start(Experiment(objective=two), 0, 0) is None, "each has a weight of its own to be asked for"
    with pytest.raises(SettingError, match=r"objective\.x"):
        with_start(Experiment(), 1e7, 0)


def test_another_kind_takes_its_own_defaults_for_what_was_never_edited() -> None:
    """AdamW decays weights by 0.01, and a race in which RMSprop did so unasked would not be fair."""
    adamw = Experiment(optimizers=(AdamW(),))
    exchanged = with_value(adamw, "optimizers.0.kind", "rmsprop").optimizers[0]
    assert exchanged == RMSprop()
    assert with_value(adamw, "optimizers.0.kind", "sgd").optimizers[0] == SGD()


def test_another_kind_keeps_what_was_edited_and_what_it_can_take_of_it() -> None:
    edited = Experiment(optimizers=(AdamW(lr=0.5, weight_decay=0.2, amsgrad=True, schedule=Exponential(gamma=0.5)),))
    exchanged = with_value(edited, "optimizers.0.kind", "sgd").optimizers[0]
    assert exchanged == SGD(lr=0.5, weight_decay=0.2, schedule=Exponential(gamma=0.5))
    back = with_value(with_value(edited, "optimizers.0.kind", "sgd"), "optimizers.0.kind", "adamw").optimizers[0]
    assert back == AdamW(lr=0.5, weight_decay=0.2, schedule=Exponential(gamma=0.5))
