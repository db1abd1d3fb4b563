"""The catalogue of schedules against torch.optim.lr_scheduler, and the formulas of one number that two of them take."""

from __future__ import annotations

import inspect
import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler

from gradviz.core.declaration import SettingError, field_specs
from gradviz.core.document.consequence import Consequence, consequence
from gradviz.core.document.experiment import Experiment, from_data, with_value
from gradviz.core.formulas.scalar_formula import scalar_function
from gradviz.core.formulas.text import FormulaError
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.optimizers.schedule_catalogue import (
    SCHEDULES,
    Chained,
    ConstantFactor,
    CosineAnnealing,
    Cyclic,
    Exponential,
    Lambda,
    Linear,
    Multiplicative,
    MultiStep,
    NoSchedule,
    OneCycle,
    Polynomial,
    Schedule,
    Sequential,
    StepDecay,
)
from gradviz.core.runs.state import RunState

RESTART = {"last_epoch": "where a scheduler is made again in the middle; gradviz puts its numbers back instead"}
BASE_CLASSES = {"LRScheduler"}
GIVEN = {"optimizer", "schedulers"}


def optimizer(lr: float = 0.5) -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.5)


def rates(schedule: Schedule, steps: int, lr: float = 0.5) -> list[float]:
    """The rates of steps 0 to `steps`, from torch's group."""
    stepped = optimizer(lr)
    scheduler: Any = schedule.build(stepped, steps)
    found = [stepped.param_groups[0]["lr"]]
    for _ in range(steps):
        stepped.step()
        scheduler.step(1.0) if schedule.needs_loss else scheduler.step()
        found.append(stepped.param_groups[0]["lr"])
    return found


@pytest.mark.parametrize(
    ("text", "per_epoch", "meant"),
    [
        ("0.95**epoch", 1, "0.95**step"),
        ("0.95**epoch", 4, "0.95**floor(step/4)"),
        ("where(epoch < 2, 1, 0.1)*(1 + step)", 3, "where(floor(step/3) < 2, 1, 0.1)*(1 + step)"),
        ("0.9 ** step", 4, "0.9 ** step"),
    ],
)
def test_an_epoch_is_as_many_steps_as_there_are_batches(text: str, per_epoch: int, meant: str) -> None:
    for kind in (Lambda, Multiplicative):
        assert kind(lr_lambda=text).in_steps(per_epoch) == kind(lr_lambda=meant)
    inner = Sequential(schedules=(Lambda(lr_lambda=text), Exponential()), milestones=(5,)).in_steps(per_epoch)
    assert isinstance(inner, Sequential)
    assert inner.schedules == (Lambda(lr_lambda=meant), Exponential())


def test_an_epoch_of_all_rows_is_a_step() -> None:
    assert rates(Lambda(lr_lambda="0.5**epoch"), 3) == rates(Lambda(lr_lambda="0.5**step"), 3)


def test_every_scheduler_of_torch_is_there() -> None:
    assert len(lr_scheduler.__all__) >= 16
    assert {entry.torch_name for entry in SCHEDULES if entry is not NoSchedule} == (
        set(lr_scheduler.__all__) - BASE_CLASSES
    )


@pytest.mark.parametrize("entry", SCHEDULES[1:], ids=lambda entry: entry.label)
def test_every_hyper_parameter_of_torch_is_a_setting(entry: Any) -> None:
    signature = set(inspect.signature(getattr(lr_scheduler, entry.torch_name)).parameters)
    fields = {spec.name for spec in field_specs(entry)} - {"schedules"}
    assert fields == signature - set(RESTART) - GIVEN
    assert entry().notes()[""]
    assert entry.formula or entry().closed_form
    assert entry().needs_loss == (
        "metrics" in inspect.signature(getattr(lr_scheduler, entry.torch_name).step).parameters
    )


@pytest.mark.parametrize("entry", SCHEDULES[1:], ids=lambda entry: entry.label)
def test_a_schedule_survives_its_run_with_its_defaults(entry: Any) -> None:
    for steps in (0, 1, 2, 1000):
        entry().check(steps)
        assert all(math.isfinite(rate) for rate in rates(entry(), steps))


@pytest.mark.parametrize(
    ("schedule", "closed_form"),
    [
        (Lambda(lr_lambda="1 / (1 + step)"), lambda t: 0.5 / (1 + t)),
        (StepDecay(step_size=7, gamma=0.5), lambda t: 0.5 * 0.5 ** (t // 7)),
        (MultiStep(milestones=(3, 9), gamma=0.1), lambda t: 0.5 * 0.1 ** ((t >= 3) + (t >= 9))),
        (ConstantFactor(factor=0.25, total_iters=6), lambda t: 0.5 * (0.25 if t < 6 else 1)),
        (Linear(start_factor=0.2, end_factor=0.8, total_iters=10), lambda t: 0.5 * (0.2 + 0.6 * min(t, 10) / 10)),
        (Exponential(gamma=0.9), lambda t: 0.5 * 0.9**t),
        (Polynomial(total_iters=10, power=2.0), lambda t: 0.5 * (1 - min(t, 10) / 10) ** 2),
        (CosineAnnealing(T_max=10, eta_min=0.1), lambda t: 0.1 + 0.4 * (1 + math.cos(math.pi * t / 10)) / 2),
        (Cyclic(base_lr=0.1, max_lr=0.3, step_size_up=4), lambda t: 0.1 + 0.2 * (1 - abs((t % 8) - 4) / 4)),
        (
            Sequential(schedules=(Linear(total_iters=5), Exponential(gamma=0.5)), milestones=(5,)),
            lambda t: 0.5 * (1 / 3 + 2 / 3 * t / 5) if t < 5 else 0.5 * 0.5 ** (t - 5),
        ),
        (
            Chained(schedules=(ConstantFactor(factor=0.5, total_iters=4), Exponential(gamma=0.9))),
            lambda t: 0.5 * (0.5 if t < 4 else 1) * 0.9**t,
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, Schedule) else "",
)
def test_a_schedule_is_its_formula(schedule: Schedule, closed_form: Any) -> None:
    if schedule.closed_form:
        told = scalar_function(schedule.closed_form_in_numbers.replace("lr0", "0.5"), "step")
        assert [told(t) for t in range(26)] == pytest.approx([closed_form(t) for t in range(26)], rel=1e-9, abs=1e-12)
    assert rates(schedule, 25) == pytest.approx([closed_form(t) for t in range(26)], rel=1e-9, abs=1e-12)


def test_one_cycle_is_as_long_as_the_run_unless_told() -> None:
    found = rates(OneCycle(max_lr=1.0, div_factor=10.0, pct_start=0.5), 100)
    assert found[0] == pytest.approx(0.1)
    assert max(found) == pytest.approx(1.0, rel=1e-3)
    assert found[99] == pytest.approx(0.1 / 1e4)
    assert OneCycle(epochs=5, steps_per_epoch=30).length(100) == 150
    assert OneCycle(total_steps=120).length(100) == 120


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"kind": "one_cycle", "total_steps": 99}, "total_steps"),
        ({"kind": "one_cycle", "epochs": 3, "steps_per_epoch": 33}, "epochs"),
        ({"kind": "one_cycle", "pct_start": 0.01}, "pct_start"),
        ({"kind": "one_cycle", "pct_start": 1.0}, "pct_start"),
        ({"kind": "sequential", "schedules": [{"kind": "one_cycle", "total_steps": 9}], "milestones": []},
         "schedules.0.total_steps"),
        ({"kind": "sequential", "milestones": []}, "milestones"),
        ({"kind": "sequential", "milestones": [0]}, "milestones"),
        ({"kind": "sequential", "schedules": [{"kind": "reduce_on_plateau"}]}, "schedules.0"),
        ({"kind": "multi_step", "milestones": [5, 5]}, "milestones"),
        ({"kind": "lambda", "lr_lambda": "0.9 **"}, "lr_lambda"),
        ({"kind": "lambda", "lr_lambda": "0.9 ** batch"}, "lr_lambda"),
        ({"kind": "lambda", "lr_lambda": "__import__('os')"}, "lr_lambda"),
        ({"kind": "multiplicative", "lr_lambda": "softmax(step)"}, "lr_lambda"),
        ({"kind": "cyclic", "scale_fn": "y"}, "scale_fn"),
        ({"kind": "reduce_on_plateau", "factor": 1.0}, "factor"),
        ({"kind": "constant", "factor": 0.0}, "factor"),
        ({"kind": "step", "step_size": 0}, "step_size"),
        ({"kind": "chained", "schedules": []}, "schedules"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)  # fmt: skip
def test_an_impossible_schedule_is_refused_by_its_field(schedule: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingError) as caught:
        from_data({"optimizers": [{"kind": "sgd", "schedule": schedule}], "steps": 100})
    assert caught.value.path == f"optimizers.0.schedule.{field}"
    assert len(str(caught.value)) <= 300


@given(data=st.data(), steps=st.integers(0, 60))
def test_what_one_cycle_accepts_survives_the_run(data: st.DataObject, steps: int) -> None:
    schedule = OneCycle(
        total_steps=data.draw(st.integers(0, 80)),
        pct_start=data.draw(st.floats(0, 1) | st.sampled_from([0.1, 0.25, 0.5, 1 / steps if steps > 1 else 0.5])),
        three_phase=data.draw(st.booleans()),
        cycle_momentum=data.draw(st.booleans()),
    )
    try:
        schedule.check(steps)
    except ValueError:
        return
    rates(schedule, steps)


def test_the_steps_of_a_planned_run_are_not_live() -> None:
    planned = Experiment(optimizers=(SGD(schedule=OneCycle()),), steps=50)
    assert consequence(planned, with_value(planned, "steps", 60), RunState.PAUSED, 1) is Consequence.NEW_RUN
    with pytest.raises(SettingError, match="ends after 50 of 60 steps"):
        with_value(with_value(planned, "optimizers.0.schedule.total_steps", 50), "steps", 60)
    inside = Experiment(optimizers=(SGD(schedule=Chained(schedules=(OneCycle(),))),), steps=50)
    assert consequence(inside, with_value(inside, "steps", 60), RunState.PAUSED, 1) is Consequence.NEW_RUN


def test_every_schedule_can_be_chosen_in_the_form() -> None:
    for entry in SCHEDULES:
        experiment = with_value(Experiment(optimizers=(Adam(),)), "optimizers.0.schedule.kind", entry().kind)
        assert experiment.optimizers[0].schedule == entry()


def test_a_schedule_in_sequence_is_added_after_its_milestone() -> None:
    """A form edits one setting at a time."""
    experiment = Experiment(optimizers=(SGD(schedule=Sequential()),))
    more = [*from_plain(experiment), {"kind": "cosine_annealing"}]
    with pytest.raises(SettingError, match="add a milestone first"):
        with_value(experiment, "optimizers.0.schedule.schedules", more)
    experiment = with_value(experiment, "optimizers.0.schedule.milestones", [100, 500])
    schedule: Any = with_value(experiment, "optimizers.0.schedule.schedules", more).optimizers[0].schedule
    assert schedule.lengths(1000) == [100, 400, 500]


def from_plain(experiment: Experiment) -> list[Any]:
    schedule: Any = experiment.optimizers[0].schedule
    return [part.model_dump() for part in schedule.schedules]


@given(x=st.floats(-50, 50))
@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("0.95 ** x", lambda x: 0.95**x),
        ("-x + 2 * x - x / 4", lambda x: x - x / 4),
        ("where(x < 3, 1, 1 / 2)", lambda x: 1.0 if x < 3 else 0.5),
        ("clamp(x, -1, 1) + max(x, 0) - min(x, 0)", lambda x: min(max(x, -1), 1) + abs(x)),
        ("cos(pi * x) + sigmoid(x) * e", lambda x: math.cos(math.pi * x) + math.e / (1 + math.exp(-x))),
        ("max(x) + relu(x) + sign(x)", lambda x: x + max(x, 0) + (x > 0) - (x < 0)),
        ("x % 7 + floor(x) ** 2", lambda x: x % 7 + math.floor(x) ** 2),
    ],
)
def test_a_formula_of_one_number_is_what_python_makes_of_it(text: str, function: Any, x: float) -> None:
    assert scalar_function(text, "x")(x) == pytest.approx(function(x), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "x"), [("1 / x", 0.0), ("log(x)", -1.0), ("x ** 0.5", -2.0), ("10 ** x", 400.0), ("exp(x)", 1e4)]
)
def test_a_formula_without_a_finite_value_is_no_number_and_no_crash(text: str, x: float) -> None:
    assert not math.isfinite(scalar_function(text, "x")(x))


@pytest.mark.parametrize("text", ["", "x @ x", "sum(x)", "softmax(x)", "x.real", "9**9**9 + y", "f(x)", "x, x"])
def test_what_is_no_formula_of_one_number_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        scalar_function(text, "x")
