"""Random experiments: their scripts end where gradviz itself does, and gradients by hand are those of autograd."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import executed
from script_runs import deviation, parameter_deviation, trained, written

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.formulas.formula import parse_expression
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS
from gradviz.core.optimizers.catalogue import OPTIMIZERS, Optimizer
from gradviz.core.optimizers.schedule_catalogue import SCHEDULES
from gradviz.scripts.problems import ScriptError

pytestmark = pytest.mark.timeout(300)
few = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = st.floats(0.3, 1.7).map(lambda value: round(value, 3))
DATA = [
    {"kind": "temperatures", "scale": 0.02},
    {"kind": "parabola", "points": 7},
    {"kind": "regression", "points": 12, "inputs": 3, "targets": 2, "noise": 0.5},
]
ACTIVATIONS = ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "softplus", "gelu", "softmax", "log_softmax"]
UPDATES_BY_HAND = [entry().kind for entry in OPTIMIZERS if entry().update_rule() is not None]
SCHEDULES_BY_HAND = [entry().kind for entry in SCHEDULES if entry().closed_form]


@st.composite
def expressions(draw: Any, names: tuple[str, ...], depth: int = 3) -> str:
    """A formula over `names`, finite for positive numbers near 1."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*names, *names, "0.5", "2", "pi/4"]))
    inner = expressions(names, depth - 1)
    form = draw(st.sampled_from(["({} + {})", "({} - {})", "{} * {}", "({}) / (3 + ({})**2)", "f({})", "({})**2"]))
    if form == "f({})":
        function = draw(st.sampled_from("sin cos tanh sigmoid softplus exp square abs".split()))  # noqa: SIM905
        return f"{function}(0.3*({draw(inner)}))"
    return form.format(*(draw(inner) for _ in range(form.count("{}"))))


@st.composite
def formulas(draw: Any) -> dict[str, Any]:
    """A formula experiment over a scalar, a vector and a constant."""
    vector = draw(st.lists(numbers, min_size=2, max_size=3))
    tensors = [
        {"name": "a", "role": "parameter", "value": draw(numbers)},
        {"name": "w", "role": "parameter", "value": vector},
        {"name": "x", "role": "constant", "value": [draw(numbers) for _ in vector]},
    ]
    reduction = draw(st.sampled_from(["mean", "sum"]))
    text = f"h = {draw(expressions(('a', 'w', 'x')))}\nloss = {reduction}((h - x*w)**2 + a*w) + a**2"
    return {"kind": "formula", "tensors": tensors, "text": text}


@st.composite
def fits(draw: Any, activations: list[str]) -> dict[str, Any]:
    data = draw(st.sampled_from(DATA))
    outputs = data.get("targets", 1)
    model: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 2))):
        model += [
            {"kind": "linear", "features": draw(st.integers(1, 4)), "bias": draw(st.booleans())},
            {"kind": draw(st.sampled_from(activations))},
        ]
    model.append({"kind": "linear", "features": outputs})
    loss = {"kind": draw(st.sampled_from(["mse", "l1", "huber", "smooth_l1"]))}
    loss["reduction"] = draw(st.sampled_from(["mean", "sum"]))
    batch = draw(st.sampled_from([{"kind": "full"}, {"kind": "mini", "size": 3}]))
    return {"kind": "fit", "data": data, "model": model, "loss": loss, "batch": batch}


def made(objective: dict[str, Any], optimizer: dict[str, Any], seed: int = 0, dtype: str = "float64") -> Experiment:
    data = {"objective": objective, "optimizers": [optimizer], "seed": seed, "dtype": dtype, "steps": 6}
    return from_data(data)


def kinds(entries: Any) -> list[str]:
    return [str(entry.model_fields["kind"].default) for entry in entries]


def settings_of(entry: type[Optimizer], draw: Any) -> dict[str, Any]:
    """Some settings of an optimiser off their defaults."""
    chosen: dict[str, Any] = {"kind": entry.model_fields["kind"].default, "lr": 0.01}
    switches = ("maximize", "amsgrad", "centered", "decoupled_weight_decay")
    chosen |= {name: draw(st.booleans()) for name in switches if name in entry.model_fields}
    shares = {"momentum": 0.8, "dampening": 0.3, "weight_decay": 0.05, "lr_decay": 0.1, "momentum_decay": 0.01}
    chosen |= {name: value for name, value in shares.items() if name in entry.model_fields and draw(st.booleans())}
    return chosen


@given(objective=formulas() | fits(ACTIVATIONS), kind=st.sampled_from(kinds(OPTIMIZERS)), data=st.data(),
       seed=st.integers(0, 2**31), dtype=st.sampled_from(["float32", "float64"]))  # fmt: skip
@few
def test_the_torch_script_of_any_experiment_is_bit_for_bit_the_trainer(
    objective: Any, kind: str, data: st.DataObject, seed: int, dtype: str
) -> None:
    optimizer = settings_of(next(one for one in OPTIMIZERS if kinds([one]) == [kind]), data.draw)
    schedule = data.draw(st.sampled_from(kinds(SCHEDULES)))
    try:
        experiment = made(objective, optimizer | {"schedule": {"kind": schedule}}, seed, dtype)
        wanted = trained(experiment)
    except Exception:
        return  # Muon trains matrices alone, a cycle of momentum needs one
    if kind == "by_hand" and schedule not in ("none", *SCHEDULES_BY_HAND):
        with pytest.raises(ScriptError):
            written(experiment, "torch")
        return
    text = written(experiment, "torch")
    found = executed(text)
    assert deviation(found.loss, wanted.loss) == 0
    assert parameter_deviation(found, wanted) == 0


def assert_close(found: Any, wanted: Any, tolerance: float = 1e-9) -> None:
    if not math.isfinite(wanted.loss):
        return
    assert parameter_deviation(found, wanted) <= tolerance
    assert abs(found.loss - wanted.loss) <= tolerance * max(1.0, abs(wanted.loss))


@given(objective=formulas(), seed=st.integers(0, 2**31))
@few
def test_a_gradient_that_nobody_wrote_is_that_of_autograd(objective: Any, seed: int) -> None:
    experiment = made(objective, {"kind": "sgd", "lr": 0.01}, seed)
    wanted = trained(experiment)
    for dialect in ("numpy", "autograd"):
        assert_close(executed(written(experiment, dialect)), wanted)


@given(objective=fits([name for name in ACTIVATIONS if name != "gelu"]), seed=st.integers(0, 2**31))
@few
def test_back_propagation_by_hand_is_autograds(objective: Any, seed: int) -> None:
    experiment = made(objective, {"kind": "sgd", "lr": 0.01}, seed)
    wanted = trained(experiment)
    for dialect in ("numpy", "autograd"):
        assert_close(executed(written(experiment, dialect)), wanted)


@pytest.mark.parametrize("kind", UPDATES_BY_HAND)
@given(data=st.data())
@settings(parent=few, max_examples=3)
def test_an_update_by_hand_is_that_of_torch(kind: str, data: st.DataObject) -> None:
    optimizer = settings_of(next(one for one in OPTIMIZERS if kinds([one]) == [kind]), data.draw)
    objective = {"kind": "test_function", "function": {"kind": "beale"}, "x": 0.7, "y": -0.4}
    experiment = made(objective, optimizer)
    wanted = trained(experiment)
    for dialect in ("numpy", "autograd"):
        assert_close(executed(written(experiment, dialect)), wanted)


def test_what_is_known_by_hand_is_no_less_than_it_was() -> None:
    assert len(UPDATES_BY_HAND) >= 12
    assert len(SCHEDULES_BY_HAND) >= 9


def test_a_formula_of_a_schedule_is_written_as_a_function() -> None:
    schedule = {"kind": "cyclic", "scale_fn": "1/x**2", "step_size_up": 2, "max_lr": 0.05}
    objective = {"kind": "test_function", "function": {"kind": "booth"}, "x": 0.7, "y": -0.4}
    experiment = made(objective, {"kind": "sgd", "lr": 0.02, "schedule": schedule})
    text = written(experiment, "torch")
    assert "scale_fn=lambda x: 1 / x**2" in text
    assert deviation(executed(text).loss, trained(experiment).loss) == 0


@pytest.mark.parametrize("kind", SCHEDULES_BY_HAND)
def test_a_schedule_by_hand_is_that_of_torch(kind: str) -> None:
    short: dict[str, Any] = {
        "step": {"step_size": 2}, "multi_step": {"milestones": [1, 4]}, "constant": {"total_iters": 3},
        "linear": {"total_iters": 4}, "polynomial": {"total_iters": 5, "power": 2.0},
        "cosine_annealing": {"T_max": 4, "eta_min": 0.001}, "cosine_warm_restarts": {"T_0": 3},
    }  # fmt: skip
    schedule = {"kind": kind} | short.get(kind, {})
    objective = {"kind": "test_function", "function": {"kind": "booth"}, "x": 0.7, "y": -0.4}
    experiment = made(objective, {"kind": "sgd", "lr": 0.02, "schedule": schedule})
    assert_close(executed(written(experiment, "numpy")), trained(experiment))


@pytest.mark.parametrize("entry", TEST_FUNCTIONS, ids=lambda entry: entry.__name__)
@given(x=st.floats(-2, 2), y=st.floats(-2, 2))
@settings(deadline=None)
def test_the_gradient_that_a_test_function_declares_is_that_of_autograd(entry: Any, x: float, y: float) -> None:
    """Away from the origin, where Ackley has none."""
    if abs(x) + abs(y) < 1e-3:
        return
    from gradviz.core.formulas.formula import Assignment, Formula
    from gradviz.engine.objectives.formula_program import Program

    function = entry()
    point = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (x, y)]
    wanted = torch.autograd.grad(function.evaluate(*point), point, allow_unused=True)
    known = {name: torch.tensor(value, dtype=torch.float64) for name, value in function if name != "kind"}
    known |= {"x": point[0].detach(), "y": point[1].detach()}
    for text, gradient in zip(function.gradient, wanted, strict=True):
        line = Assignment("g", parse_expression(text, tuple(known)), 1, text)
        found = Program(Formula((line,), ()), torch.float64, torch.device("cpu")).evaluate(known)["g"]
        torch.testing.assert_close(found, gradient, rtol=1e-9, atol=1e-9)


def test_a_gradient_by_hand_that_is_wrong_is_not_followed() -> None:
    """Neither silently nor at all: the run follows autograd."""
    objective = {
        "kind": "formula",
        "tensors": [{"name": "w", "role": "parameter", "value": 1.5}],
        "text": "loss = w**2\nd_w = -2*w",
    }
    with pytest.raises(ScriptError, match="not that of autograd"):
        written(made(objective, {"kind": "sgd"}), "numpy")
    right = objective | {"text": "loss = w**2\nd_w = 2*w"}
    assert "d_w = 2 * w" in written(made(right, {"kind": "sgd"}), "numpy")
    by_hand = objective | {"gradient": "by_hand"}
    assert "d_w = -2 * w" in written(made(by_hand, {"kind": "sgd"}), "numpy")
    with pytest.raises(ScriptError, match="by hand"):
        written(made(by_hand, {"kind": "sgd"}), "autograd")


def test_a_gradient_that_is_a_parameter_is_copied() -> None:
    """The update changes parameters in place: d_b = w must not change with w."""
    tensors = [{"name": name, "role": "parameter", "value": value} for name, value in (("w", 1.5), ("b", 0.5))]
    objective = {"kind": "formula", "tensors": tensors, "text": "loss = w*b\nd_w = b\nd_b = w", "gradient": "by_hand"}
    experiment = made(objective, {"kind": "sgd", "lr": 0.1})
    for dialect in ("numpy", "torch"):
        assert_close(executed(written(experiment, dialect)), trained(experiment))


def test_names_that_python_or_the_script_need_are_changed() -> None:
    names = ("l", "step", "np", "print", "lr")
    tensors = [{"name": name, "role": "parameter", "value": 0.5 + k} for k, name in enumerate(names)]
    objective = {"kind": "formula", "tensors": tensors, "text": "torch = " + " + ".join(f"{name}**2" for name in names)}
    experiment = made(objective, {"kind": "adam", "lr": 0.1})
    for dialect in ("numpy", "autograd", "torch"):
        assert_close(executed(written(experiment, dialect)), trained(experiment))


def test_a_gradient_by_hand_that_is_right_at_the_start_alone_is_not_followed() -> None:
    """2*w at w = 1.5 is 3, and 4*w - 3 is, too."""
    objective = {
        "kind": "formula",
        "tensors": [{"name": "w", "role": "parameter", "value": 1.5}],
        "text": "loss = w**2\nd_w = 4*w - 3",
    }
    with pytest.raises(ScriptError, match="not that of autograd"):
        written(made(objective, {"kind": "sgd"}), "numpy")
    nearly = objective | {"text": "loss = w**2/3\nd_w = 0.66667*w"}
    with pytest.raises(ScriptError, match="not that of autograd"):
        written(made(nearly, {"kind": "sgd"}), "numpy")
    narrow = objective | {"text": "loss = log(w - 1.4)\nd_w = 1/(w - 1.4)"}
    assert "np.log" in written(made(narrow, {"kind": "sgd"}), "numpy")
