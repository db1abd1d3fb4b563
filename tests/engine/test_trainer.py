"""The trainer against plain PyTorch loops: bit for bit, with live edits, seeks back and forth, and restored runs."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import HIMMELBLAU, LINE, NEURONS, formula_experiment
from fits import fit_with
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gradviz.core.data.batches import BATCHES
from gradviz.core.data.catalogue import DATASETS
from gradviz.core.data.curve_datasets import Regression
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.initialisations import INITIALISATIONS
from gradviz.core.objectives.catalogue import OBJECTIVES, FitObjective, TestFunctionObjective
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.objectives.test_functions import TEST_FUNCTIONS
from gradviz.core.optimizers.catalogue import LBFGS, OPTIMIZERS, SGD, Adagrad, Adam, AdamW, Muon, RMSprop
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState
from gradviz.engine.devices import available_devices, resolve_device
from gradviz.engine.problems import EngineError
from gradviz.engine.training.memory_limit import memory_of_machine
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints")
RULES: dict[str, tuple[Any, Callable[[Any], torch.optim.Optimizer]]] = {
    "sgd": (SGD(lr=1e-3), lambda p: torch.optim.SGD(p, lr=1e-3)),
    "nesterov": (
        SGD(lr=1e-3, momentum=0.9, weight_decay=0.01, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9, weight_decay=0.01, nesterov=True),
    ),
    "dampened": (
        SGD(lr=1e-3, momentum=0.5, dampening=0.25),
        lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.5, dampening=0.25),
    ),
    "adam": (Adam(lr=0.01), lambda p: torch.optim.Adam(p, lr=0.01)),
    "amsgrad": (
        Adam(lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1, amsgrad=True),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1, amsgrad=True),
    ),
    "adamw": (AdamW(lr=0.01), lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=1e-2)),
    "rmsprop": (RMSprop(lr=0.01), lambda p: torch.optim.RMSprop(p, lr=0.01)),
    "centred": (
        RMSprop(lr=0.01, alpha=0.9, momentum=0.5, centered=True),
        lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.5, centered=True),
    ),
    "adagrad": (
        Adagrad(lr=0.1, lr_decay=0.01, initial_accumulator_value=0.5),
        lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.01, initial_accumulator_value=0.5),
    ),
}
T_Y = (0.5, 14, 15, 28, 11, 8, 3, -4, 6, 13, 21)
T_X = (35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4)


def plain_himmelblau(dtype: torch.dtype, seed: int) -> tuple[list[nn.Parameter], Callable[[], torch.Tensor]]:
    x, y = (nn.Parameter(torch.tensor(0.0, dtype=dtype)) for _ in range(2))
    return [x, y], lambda: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def plain_line(dtype: torch.dtype, seed: int) -> tuple[list[nn.Parameter], Callable[[], torch.Tensor]]:
    w, b = (nn.Parameter(torch.tensor(value, dtype=dtype)) for value in (1.0, 0.0))
    t_x, t_y = (torch.tensor(values, dtype=dtype).unsqueeze(1) for values in (T_X, T_Y))
    inputs = t_x * 0.1
    return [w, b], lambda: nn.functional.mse_loss(w * inputs + b, t_y)


def plain_neurons(dtype: torch.dtype, seed: int) -> tuple[list[nn.Parameter], Callable[[], torch.Tensor]]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(1, 2, dtype=dtype), nn.Sigmoid(), nn.Linear(2, 1, dtype=dtype))
    points = np.linspace(0, 1, 10).reshape(-1, 1)
    x, y = (torch.from_numpy(values).to(dtype) for values in (points, points**2 - 0.5 * points + 1.5625))
    return list(model.parameters()), lambda: nn.functional.l1_loss(model(x), y, reduction="sum")


PROBLEMS = {
    "himmelblau": (HIMMELBLAU, plain_himmelblau),
    "line": (LINE, plain_line),
    "neurons": (NEURONS, plain_neurons),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights_of(trainer: Trainer, lane: int = 0) -> list[list[float]]:
    return [p.detach().reshape(-1).tolist() for p in trainer.lanes[lane].objective.parameters.values()]


def straight(experiment: Experiment, rates: dict[int, float], steps: int) -> list[tuple[float, ...]]:
    """The losses of every step of a run that never goes back, with a new rate at some steps."""
    trainer = Trainer(experiment)
    losses = [trainer.record.losses]
    for step in range(steps):
        if step in rates:
            trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", rates[step]))
        losses.append(trainer.advance().losses)
    return losses


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_run_is_a_plain_loop_bit_for_bit(problem: str, rule: str, dtype: Any) -> None:
    objective, plain = PROBLEMS[problem]
    declared, build = RULES[rule]
    trainer = Trainer(Experiment(objective=objective, optimizers=(declared,), dtype=dtype, seed=5))
    parameters, loss_of = plain(getattr(torch, dtype), 5)
    optimizer = build(parameters)
    for step in range(30):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        assert trainer.record.step == step
        assert trainer.record.losses == (loss.item(),)
        assert weights_of(trainer) == [p.detach().reshape(-1).tolist() for p in parameters]
        optimizer.step()
        trainer.advance()


def test_a_record_holds_the_position_before_the_update() -> None:
    trainer = Trainer(Experiment())
    assert trainer.record.position == (0.0, 0.0)
    assert trainer.record.losses == (170.0,)
    first = trainer.advance()
    assert first.position == pytest.approx((0.001 * 14, 0.001 * 22))
    assert Trainer(Experiment(objective=NEURONS)).record.position == ()


@pytest.mark.parametrize("problem", PROBLEMS)
def test_equal_seeds_start_equally_whatever_was_drawn_before(problem: str) -> None:
    experiment = Experiment(objective=PROBLEMS[problem][0], seed=2**63 - 1, optimizers=(SGD(), Adam()))
    first = Trainer(experiment)
    torch.rand(17)
    second = Trainer(experiment)
    assert weights_of(first) == weights_of(second) == weights_of(second, 1)
    assert first.record == second.record


def test_another_seed_starts_elsewhere() -> None:
    first, second = (Trainer(Experiment(objective=NEURONS, seed=seed)) for seed in (0, 1))
    assert weights_of(first) != weights_of(second)


@pytest.mark.parametrize("rule", RULES)
def test_a_new_rate_takes_effect_exactly_at_its_step(rule: str) -> None:
    declared, build = RULES[rule]
    found = straight(Experiment(optimizers=(declared,), dtype="float64"), {7: 5e-4, 12: 2e-3}, 20)
    parameters, loss_of = plain_himmelblau(torch.float64, 0)
    optimizer = build(parameters)
    for step in range(21):
        optimizer.param_groups[0]["lr"] = {7: 5e-4, 12: 2e-3}.get(step, optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        assert found[step] == (loss.item(),), step
        optimizer.step()


@settings(max_examples=12)
@given(rule=st.sampled_from(["nesterov", "amsgrad", "centred", "adagrad"]), data=st.data())
def test_seeking_back_and_forth_equals_the_straight_run(rule: str, data: st.DataObject) -> None:
    length = 100
    experiment = Experiment(optimizers=(RULES[rule][0],), dtype="float64", steps=length)
    rates = data.draw(st.dictionaries(st.integers(0, length - 1), st.floats(1e-4, 1e-3), max_size=3))
    expected = straight(experiment, rates, length)
    trainer = Trainer(experiment)
    for step in range(length):
        if step in rates:
            trainer.apply(with_value(trainer.experiment, "optimizers.0.lr", rates[step]))
        trainer.advance()
    for step in data.draw(st.lists(st.integers(0, length), min_size=1, max_size=8)):
        record = trainer.seek(step)
        assert (record.step, record.losses) == (step, expected[step])
    assert trainer.known == length
    trainer.seek(length)
    assert trainer.record.losses == expected[length]


@settings(max_examples=12)
@given(data=st.data())
def test_an_edit_after_a_seek_back_makes_what_came_later_void(data: st.DataObject) -> None:
    """Checkpoints of the first branch must not come back in the second."""
    length = 100
    experiment = Experiment(optimizers=(RULES["adam"][0],), dtype="float64", steps=length)
    back = data.draw(st.integers(0, length - 1))
    rate = data.draw(st.floats(0.02, 0.1))
    expected = straight(experiment, {back: rate}, length)
    trainer = Trainer(experiment)
    trainer.seek(length)
    trainer.seek(back)
    trainer.apply(with_value(experiment, "optimizers.0.lr", rate))
    assert trainer.known == back
    for _ in trainer.steps():
        pass
    for step in data.draw(st.lists(st.integers(0, length), min_size=1, max_size=6)):
        assert trainer.seek(step).losses == expected[step], step


def test_running_on_from_the_past_does_again_what_was_done_with_the_edits_of_then() -> None:
    experiment = Experiment(dtype="float64", steps=100)
    trainer = Trainer(experiment)
    trainer.seek(50)
    trainer.apply(with_value(experiment, "optimizers.0.lr", 2e-3))
    trainer.seek(80)
    expected = straight(experiment, {50: 2e-3}, 100)
    trainer.seek(20)
    assert [record.losses for record in trainer.steps()] == expected[21:]
    assert [edit.step for edit in trainer.edits] == [0, 50]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_a_restored_run_goes_on_and_goes_back_bit_for_bit(rule: str, dtype: Any) -> None:
    experiment = Experiment(objective=NEURONS, optimizers=(RULES[rule][0], SGD(lr=1e-4)), dtype=dtype, steps=60, seed=3)
    whole = Trainer(experiment)
    losses = [whole.record.losses] + [record.losses for record in whole.steps()]
    part = Trainer(experiment)
    part.seek(30)
    result = part.result(RunState.PAUSED)
    torch.rand(5)
    restored = Trainer(experiment, result)
    assert (restored.record.step, restored.record.losses) == (30, losses[30])
    assert [record.losses for record in restored.steps()] == losses[31:]
    assert weights_of(restored) == weights_of(whole)
    for step in (31, 30, 12, 60, 0):
        assert restored.seek(step).losses == losses[step]


def test_a_result_is_of_arrays_of_its_own() -> None:
    trainer = Trainer(Experiment(optimizers=(Adam(lr=0.1),)))
    trainer.advance()
    result = trainer.result(RunState.PAUSED)
    before = copy.deepcopy(result)
    trainer.advance()
    (lane,), (then,) = result.lanes, before.lanes
    assert set(lane.weights) == set(lane.optimizer) == set("xy")
    for name in "xy":
        np.testing.assert_array_equal(lane.weights[name], then.weights[name])
        assert set(lane.optimizer[name]) == {"step", "exp_avg", "exp_avg_sq"}
        for key, value in lane.optimizer[name].items():
            np.testing.assert_array_equal(value, then.optimizer[name][key])
    np.testing.assert_array_equal(result.random, before.random)
    assert (result.step, result.device, result.state) == (1, "cpu", RunState.PAUSED)
    assert result.versions["torch"] == torch.__version__
    assert result.finite


def test_weights_that_do_not_fit_are_refused_with_a_sentence() -> None:
    result = Trainer(Experiment()).result(RunState.READY)
    with pytest.raises(EngineError, match=r"it has no weights/w. Press Reset"):
        Trainer(Experiment(objective=LINE), result)


def test_a_race_is_what_each_runs_alone() -> None:
    rules = (SGD(lr=1e-3), Adam(lr=0.01), AdamW(lr=0.01), RMSprop(lr=0.01), Adagrad(lr=0.1))
    race = Trainer(Experiment(objective=NEURONS, optimizers=rules, seed=9))
    alone = [Trainer(Experiment(objective=NEURONS, optimizers=(rule,), seed=9)) for rule in rules]
    for _ in range(25):
        assert race.record.losses == tuple(one.record.losses[0] for one in alone)
        race.advance()
        for one in alone:
            one.advance()
    assert [weights_of(race, lane) for lane in range(5)] == [weights_of(one) for one in alone]


def test_a_run_that_diverges_stops_with_a_sentence() -> None:
    experiment = Experiment(objective=FitObjective(), optimizers=(SGD(lr=1e-2),), steps=5000)
    trainer = Trainer(experiment)
    records = list(trainer.steps())
    assert trainer.diverged
    assert not trainer.finished
    assert math.isfinite(records[-2].losses[0])
    assert not math.isfinite(records[-1].losses[0])
    sentence = trainer.divergence()
    assert sentence.startswith(f"Diverged at step {records[-1].step}: the loss grew beyond what float32 can hold.")
    assert len(sentence) <= 300


def test_one_that_diverged_does_not_stop_the_others() -> None:
    experiment = Experiment(optimizers=(SGD(lr=1.0), SGD(lr=1e-3)), steps=60)
    trainer = Trainer(experiment)
    records = list(trainer.steps())
    alone = list(Trainer(experiment.with_optimizers((SGD(lr=1e-3),))).steps())
    assert len(records) == 60
    assert not math.isfinite(records[-1].losses[0])
    assert [record.losses[1] for record in records] == [record.losses[0] for record in alone]
    assert trainer.finished
    assert not trainer.diverged
    assert all(math.isfinite(value) for value in records[-1].position[2:])
    stopped = next(record for record in records if not math.isfinite(record.losses[0]))
    np.testing.assert_array_equal(records[-1].position[:2], stopped.position[:2])


def test_a_failure_on_the_way_can_be_left_by_a_seek(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment(dtype="float64", steps=60)
    expected = straight(experiment, {}, 60)
    trainer = Trainer(experiment)
    trainer.seek(20)
    with monkeypatch.context() as patch:
        patch.setattr(trainer.lanes[0].objective, "evaluate", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trainer.advance()
    for step in (40, 20, 60):
        assert trainer.seek(step).losses == expected[step]


def catalogue_experiments() -> Iterator[tuple[str, Experiment]]:
    for function in TEST_FUNCTIONS:
        yield function.__name__, Experiment(objective=TestFunctionObjective(function=function(), x=0.5, y=0.3))
    fits = {
        **{kind.__name__: fit_with(kind) for kind in (*DATASETS, *LOSSES, *LAYERS, *INITIALISATIONS, *BATCHES)},
        **{objective.__name__: objective() for objective in OBJECTIVES},
    }
    for name, objective in fits.items():
        yield name, Experiment(objective=objective, optimizers=(SGD(lr=1e-5),))
    for rule in OPTIMIZERS:
        matrix = FitObjective(model=(LinearLayer(bias=False),))
        yield rule.__name__, Experiment(objective=matrix if rule is Muon else HIMMELBLAU, optimizers=(rule(),))


@pytest.mark.parametrize(
    "experiment", [pytest.param(experiment, id=name) for name, experiment in catalogue_experiments()]
)
def test_every_entry_of_every_catalogue_runs_five_steps(experiment: Experiment) -> None:
    trainer = Trainer(experiment.model_copy(update={"steps": 5}))
    assert trainer.fault_at_start() == ""
    losses = [trainer.record.losses[0], *(record.losses[0] for record in trainer.steps())]
    assert len(losses) == 6
    assert all(math.isfinite(loss) for loss in losses)
    assert trainer.finished
    assert losses[-1] != losses[0]


def test_a_device_that_is_gone_is_replaced_with_one_notice() -> None:
    gone = next(name for name in ("cuda:0", "cuda:999", "xpu:9") if name not in available_devices())
    trainer = Trainer(Experiment(device=gone))
    assert trainer.device == torch.device("cpu")
    assert gone in trainer.notice
    assert "CPU" in trainer.notice
    assert trainer.record == Trainer(Experiment()).record
    assert Trainer(Experiment()).notice == ""


def test_devices_begin_with_the_cpu() -> None:
    assert available_devices()[0] == "cpu"
    assert len(set(available_devices())) == len(available_devices())
    for name in available_devices():
        assert resolve_device(name, "float32") == (torch.device(name), "")


def test_a_formula_by_hand_trains_as_by_autograd() -> None:
    text = "p = w*x + b\nloss = mean((p - y)**2)\nd_w = mean(2*(p - y)*x)\nd_b = mean(2*(p - y))"
    values = {"w": 1.0, "b": 0.0, "x": tuple(value * 0.1 for value in T_X), "y": T_Y}
    runs = [
        Trainer(formula_experiment(text, gradient=kind, constants=("x", "y"), **values))
        for kind in ("by_hand", "autograd")
    ]
    for _ in range(200):
        by_hand, by_autograd = (trainer.advance() for trainer in runs)
        assert by_hand.losses == pytest.approx(by_autograd.losses, rel=1e-12)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("rule", RULES)
def test_every_device_trains_as_the_cpu_does(problem: str, rule: str) -> None:
    base = Experiment(objective=PROBLEMS[problem][0], optimizers=(RULES[rule][0],), dtype="float64", seed=4, steps=50)
    on_cpu = Trainer(base)
    expected = [record.losses[0] for record in on_cpu.steps()]
    for device in available_devices()[1:]:
        trainer = Trainer(base.model_copy(update={"device": device}))
        assert trainer.notice == ""
        assert all(p.device.type == trainer.device.type for p in trainer.lanes[0].objective.parameters.values())
        assert [record.losses[0] for record in trainer.steps()] == pytest.approx(expected, rel=1e-5)
        restored = Trainer(trainer.experiment, trainer.result(RunState.FINISHED))
        assert restored.record.losses == pytest.approx(trainer.record.losses, rel=1e-12)
        assert trainer.seek(10).losses == pytest.approx((expected[9],), rel=1e-5)


def test_weights_of_a_file_that_are_not_finite_stop_even_a_race() -> None:
    """Fault 15: one lane of two is enough, and the sentence names the file's weights."""
    experiment = Experiment(steps=20).with_optimizers((SGD(), SGD(lr=2e-3)))
    first = Trainer(experiment)
    first.seek(5)
    result = first.result(RunState.PAUSED)
    result.lanes[1].weights["x"][...] = np.nan
    restored = Trainer(experiment, result)
    assert restored.diverged
    assert list(restored.steps()) == []
    assert "weights in this file" in restored.divergence()


def test_a_run_too_large_for_the_machine_is_refused_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("a layer was built")

    monkeypatch.setattr("gradviz.engine.training.memory_limit.memory_of_machine", lambda device: 2**30)
    monkeypatch.setattr(LinearLayer, "build", forbidden)
    large = FitObjective(data=Regression(), model=(LinearLayer(features=10**7 // 2), LinearLayer(features=2)))
    with pytest.raises(EngineError, match=r"needs about .* but cpu has 1.0 GiB"):
        Trainer(Experiment(objective=large))


def test_the_memory_of_this_machine_is_known() -> None:
    assert 2**28 < memory_of_machine(torch.device("cpu")) < 2**50


def test_a_twin_stands_where_its_trainer_does_and_goes_anywhere_for_itself() -> None:
    experiment = Experiment(objective=NEURONS, optimizers=(Adam(lr=0.01), SGD(lr=1e-3, momentum=0.9)), steps=60, seed=3)
    alone = [Trainer(experiment).seek(step).losses for step in (0, 20, 40, 60)]
    trainer = Trainer(experiment)
    trainer.seek(40)
    twin = trainer.twin()
    assert (twin.step, twin.record.losses) == (40, alone[2])
    assert [twin.seek(step).losses for step in (0, 20, 60)] == [alone[0], alone[1], alone[3]]
    assert (trainer.step, trainer.record.losses) == (40, alone[2])
    assert trainer.seek(60).losses == alone[3]


def test_a_twin_of_a_run_with_imported_weights_begins_with_them() -> None:
    experiment = Experiment(objective=LINE, steps=20)
    start = {"w": np.array(2.0, dtype=np.float32), "b": np.array(-1.0, dtype=np.float32)}
    trainer = Trainer(experiment, RunResult.beginning_with(start))
    first = trainer.record.losses
    twin = trainer.twin()
    assert twin.record.losses == first
    trainer.seek(15)
    assert trainer.twin().seek(0).losses == first


def test_the_last_finite_step_is_one_that_can_be_gone_back_to() -> None:
    trainer = Trainer(Experiment(objective=FitObjective(), optimizers=(SGD(lr=1e-2), SGD(lr=1e-4)), steps=100))
    trainer.seek(100)
    step = trainer.last_finite(0)
    assert math.isfinite(trainer.twin().seek(step).losses[0])
    assert trainer.last_finite(1) == 100 or step <= trainer.last_finite(1)


def test_a_line_search_without_a_rate_stops_its_optimiser_with_a_sentence() -> None:
    """torch's own search divides by the step that it tries."""
    searching = LBFGS(lr=0.0, line_search_fn="strong_wolfe")
    trainer = Trainer(Experiment(objective=TestFunctionObjective(x=1.0), optimizers=(searching, SGD(lr=1e-3)), steps=5))
    assert [record.step for record in trainer.steps()] == [1, 2, 3, 4, 5]
    (sentence,) = trainer.faults
    assert "LBFGS" in sentence
    assert "give it a learning rate above 0" in sentence
