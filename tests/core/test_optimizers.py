"""The catalogue of optimisers against torch.optim itself: every class, every keyword, every default and refusal."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from gradviz.core.declaration import FieldError, SettingError, field_specs, live_fields
from gradviz.core.document.consequence import Consequence, consequence, live_names
from gradviz.core.document.experiment import Experiment, from_data, with_value
from gradviz.core.optimizers.catalogue import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    Adafactor,
    Adam,
    HandDescent,
    Muon,
    Optimizer,
    Rprop,
)
from gradviz.core.optimizers.mistakes import RateTimesTen
from gradviz.core.optimizers.schedule_catalogue import Cyclic, StepDecay
from gradviz.core.runs.state import RunState

OF_TORCH = [entry for entry in OPTIMIZERS if entry is not HandDescent]
EXECUTION_MODES = {
    "capturable": "records the update into a CUDA graph; gradviz launches each update itself",
    "differentiable": "keeps the update in the graph, to differentiate through training; gradviz never does",
}
SPARSE = "SparseAdam"
"""Takes sparse gradients alone, which no layer and no formula of gradviz gives."""


def parameter() -> nn.Parameter:
    """A matrix, which every optimiser can train."""
    return nn.Parameter(torch.arange(6.0).reshape(2, 3))


def torch_class(entry: Any) -> Any:
    return getattr(torch.optim, entry.torch_name)


def torch_signature(entry: Any) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(torch_class(entry)).parameters)
    return {name: given for name, given in found.items() if name not in ("params", *EXECUTION_MODES)}


def named(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else getattr(value, "name", str(value))


def test_every_dense_optimiser_of_torch_is_there() -> None:
    of_torch = {
        name
        for name, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer
    }
    assert len(of_torch) >= 15
    assert {entry.torch_name for entry in OF_TORCH} == of_torch - {SPARSE}


@pytest.mark.parametrize("entry", OF_TORCH, ids=named)
def test_every_hyper_parameter_of_torch_is_a_setting(entry: Any) -> None:
    signature = torch_signature(entry)
    assert set(entry().keywords) == set(signature)
    fields = {spec.name for spec in field_specs(entry)} - {"schedule", "clipping", "mistake"}
    assert fields - {"implementation"} == set(signature) - {"foreach", "fused"}
    assert ("implementation" in fields) == ("foreach" in signature)


@pytest.mark.parametrize("entry", OF_TORCH, ids=named)
def test_defaults_are_those_of_torch(entry: Any) -> None:
    """As the built optimiser has them: torch writes an unset max_eval as 5/4 of max_iter, and None for 'original'."""
    ours = entry().build([parameter()]).param_groups[0]
    theirs = torch_class(entry)([parameter()]).param_groups[0]
    assert set(ours) == set(theirs)
    for name in set(theirs) - {"params", "adjust_lr_fn"}:
        assert ours[name] == theirs[name], name


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=named)
def test_settings_reach_torch_and_a_live_one_reaches_its_groups(entry: Any) -> None:
    built = entry().build([parameter()])
    assert type(built).__name__ == entry.torch_name
    for name, value in entry().keywords.items():
        assert built.param_groups[0][name] == value
    assert set(entry().live_keywords) == set(live_names(entry()))
    assert set(live_names(entry())) <= set(built.param_groups[0])
    assert entry().notes()[""].strip()
    assert bool(entry.formula) == (entry().update_rule() is None), "the rule is told once: line by line, or in words"


@pytest.mark.parametrize(
    ("chosen", "foreach", "fused"),
    [("default", None, None), ("for-loop", False, False), ("foreach", True, False), ("fused", False, True)],
)
def test_the_implementation_is_torchs_two_switches(chosen: Any, foreach: Any, fused: Any) -> None:
    group = Adam(implementation=chosen).build([parameter()]).param_groups[0]
    assert (group["foreach"], group["fused"]) == (foreach, fused)
    if chosen != "fused":
        assert "fused" not in Rprop(implementation=chosen).keywords
        assert Rprop(implementation=chosen).keywords["foreach"] == foreach


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=named)
@given(data=st.data())
def test_what_an_optimiser_accepts_torch_accepts(entry: Any, data: st.DataObject) -> None:
    """And steps with: a combination that torch refuses must have been refused here."""
    values: dict[str, Any] = {}
    for spec in field_specs(entry):
        if spec.shape == "number":
            values[spec.name] = data.draw(st.floats(spec.lower, spec.upper))
        elif spec.shape == "switch":
            values[spec.name] = data.draw(st.booleans())
        elif spec.shape == "choice":
            values[spec.name] = data.draw(st.sampled_from(spec.choices))
    try:
        declared = entry(**values)
    except ValueError:
        return
    trained = parameter()
    built = declared.build([trained])
    trained.grad = torch.ones_like(trained)
    built.step(lambda: 1.0) if declared.needs_closure else built.step()


REFUSED = {
    "nesterov": {"kind": "sgd", "nesterov": True},
    "betas": {"kind": "adam", "betas": [0.9, 1.0]},
    "etas": {"kind": "rprop", "etas": [1.5, 1.2]},
    "step_sizes": {"kind": "rprop", "step_sizes": [2.0, 1.0]},
    "eps": {"kind": "adafactor", "eps": [None, -1.0]},
    "d": {"kind": "adafactor", "d": 0.5},
    "beta2_decay": {"kind": "adafactor", "beta2_decay": 0.1},
    "ns_steps": {"kind": "muon", "ns_steps": 100},
    "line_search_fn": {"kind": "lbfgs", "line_search_fn": "wolfe"},
    "implementation": {"kind": "rprop", "implementation": "fused"},
    "history_size": {"kind": "lbfgs", "history_size": 0},
    "schedule": {"kind": "adagrad", "schedule": {"kind": "cyclic", "cycle_momentum": True}},
}


@pytest.mark.parametrize("field", REFUSED)
def test_an_impossible_value_is_refused_by_its_field(field: str) -> None:
    with pytest.raises(SettingError) as caught:
        from_data({"optimizers": [REFUSED[field]]})
    assert caught.value.path == f"optimizers.0.{field}"
    assert len(str(caught.value)) <= 300


@pytest.mark.parametrize("entry", OPTIMIZERS, ids=named)
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, True, "0.1", -0.1])
def test_fault_34_a_rate_that_is_no_rate_is_refused_with_its_name(entry: Any, value: Any) -> None:
    with pytest.raises(SettingError) as caught:
        with_value(Experiment(optimizers=(entry(),)), "optimizers.0.lr", value)
    assert caught.value.path == "optimizers.0.lr"


@pytest.mark.parametrize(
    ("name", "entry"), [("momentum", SGD), ("momentum", Muon), ("betas", Adam), ("ns_coefficients", Muon)]
)
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_fault_34_no_part_of_a_setting_is_infinite_or_no_number(name: str, entry: Any, value: float) -> None:
    default = getattr(entry(), name)
    wrong = (value, *default[1:]) if isinstance(default, tuple) else value
    with pytest.raises(SettingError) as caught:
        with_value(Experiment(optimizers=(entry(),)), f"optimizers.0.{name}", wrong)
    assert caught.value.path.startswith(f"optimizers.0.{name}")


def accepted(build: Any) -> bool:
    try:
        build()
    except ValueError:
        return False
    return True


WITH_BETAS = [entry for entry in OPTIMIZERS if "betas" in entry.model_fields]


@pytest.mark.parametrize("entry", WITH_BETAS, ids=named)
@given(betas=st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)) | st.tuples(*[st.sampled_from([0.0, 1.0, 0.5])] * 2))
def test_betas_are_refused_where_torch_refuses_them(entry: Any, betas: tuple[float, float]) -> None:
    assert accepted(lambda: entry(betas=betas)) == accepted(lambda: torch_class(entry)([parameter()], betas=betas))


@given(etas=st.tuples(st.floats(-0.5, 2), st.floats(-0.5, 2)))
def test_etas_are_refused_where_torch_refuses_them(etas: tuple[float, float]) -> None:
    assert accepted(lambda: Rprop(etas=etas)) == accepted(lambda: torch.optim.Rprop([parameter()], etas=etas))


@given(first=st.none() | st.floats(-1, 1), second=st.floats(-1, 1))
def test_epsilons_are_refused_where_torch_refuses_them(first: float | None, second: float) -> None:
    pair = (first, second)
    assert accepted(lambda: Adafactor(eps=pair)) == accepted(lambda: torch.optim.Adafactor([parameter()], eps=pair))


@given(iterations=st.integers(1, 50))
def test_lbfgs_counts_its_evaluations_as_torch_does(iterations: int) -> None:
    """In a live change too, where torch would not compute them again."""
    theirs = torch.optim.LBFGS([parameter()], max_iter=iterations).param_groups[0]["max_eval"]
    assert LBFGS(max_iter=iterations).live_keywords["max_eval"] == theirs
    assert LBFGS(max_iter=iterations, max_eval=7).live_keywords["max_eval"] == 7


def test_muon_names_what_is_no_matrix() -> None:
    refusal = Muon().refusal({"0.weight": (2, 3), "0.bias": (3,), "scale": ()})
    assert "0.bias has the shape (3)" in refusal
    assert not Muon().refusal({"0.weight": (2, 3)})
    with pytest.raises(ValueError, match="2D"):
        torch.optim.Muon([nn.Parameter(torch.zeros(3))])


def test_what_a_schedule_drives_is_not_live() -> None:
    assert "lr" in live_names(SGD())
    assert set(live_fields(SGD)) - set(live_names(SGD(schedule=StepDecay()))) == {"lr"}
    moved = Cyclic(cycle_momentum=True)
    assert set(live_fields(SGD)) - set(live_names(SGD(schedule=moved))) == {"lr", "momentum"}
    assert set(live_fields(Adam)) - set(live_names(Adam(schedule=moved))) == {"lr", "betas"}
    scheduled = Experiment(optimizers=(SGD(schedule=StepDecay()),))
    changes = {"lr": 0.5, "momentum": 0.5, "schedule.gamma": 0.5}
    asked = {
        name: consequence(scheduled, with_value(scheduled, f"optimizers.0.{name}", value), RunState.PAUSED, 1)
        for name, value in changes.items()
    }
    assert asked == {
        "lr": Consequence.NEW_RUN,
        "momentum": Consequence.LIVE,
        "schedule.gamma": Consequence.NEW_RUN,
    }
    assert consequence(scheduled, with_value(scheduled, "steps", 7), RunState.PAUSED, 1) is Consequence.LIVE


def test_a_rate_ten_times_as_large_is_so_in_the_schedule_too() -> None:
    plain, wrong = SGD(lr=0.25), SGD(lr=0.25, mistake=RateTimesTen())
    assert wrong.keywords["lr"] == 10 * plain.keywords["lr"]
    cyclic = SGD(schedule=Cyclic(base_lr=0.5, max_lr=2.0), mistake=RateTimesTen())
    built = cyclic.build([parameter()])
    scheduler: Any = cyclic.build_schedule(built, 100)
    assert (scheduler.base_lrs, scheduler.max_lrs) == ([5.0], [20.0])


def test_a_rate_of_zero_moves_nothing() -> None:
    for entry in OPTIMIZERS:
        declared: Optimizer = entry(lr=0.0)
        trained = parameter()
        before = trained.detach().clone()
        built = declared.build([trained])
        trained.grad = torch.ones_like(trained)
        built.step(lambda: 1.0) if declared.needs_closure else built.step()
        if entry is not Rprop:  # its smallest step is not 0
            assert torch.equal(trained, before), entry


def test_a_field_error_of_an_optimiser_names_its_field() -> None:
    with pytest.raises(ValueError, match="Nesterov needs a momentum") as caught:
        SGD(nesterov=True)
    assert isinstance(caught.value.errors()[0]["ctx"]["error"], FieldError)  # type: ignore[attr-defined]
