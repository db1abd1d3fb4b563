"""The objective of a fit against plain PyTorch loops: batches, targets, Dropout, BatchNorm, cuts, and torch.func."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL, fit_with, fit_with_layer, fit_with_loss
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.func import grad, jvp, vmap

from gradviz.core.data.batches import EpochOrders, FullBatch, MiniBatch
from gradviz.core.data.class_datasets import Blobs, TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.activations import Tanh
from gradviz.core.layers.catalogue import LAYERS
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import BatchNorm1d, Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import LOSSES, MSE, BCEWithLogits, CrossEntropy
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.fit import Predict
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.surface import Survey
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.plane import plane_of
from gradviz.engine.surfaces.survey import survey
from gradviz.engine.training.checkpoints import Checkpoints, LaneState, held_by
from gradviz.engine.training.trainer import Trainer

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def descent(declared: FitObjective, seed: int = 3, dtype: torch.dtype = torch.float64) -> FitDescent:
    return FitDescent(declared, seed, dtype, CPU)


def trainer_of(declared: FitObjective, *rules: SGD, seed: int = 3) -> Trainer:
    optimizers = rules or (SGD(lr=1e-3),)
    return Trainer(Experiment(objective=declared, optimizers=optimizers, seed=seed, dtype="float64", steps=1000))


def run(trainer: Trainer, steps: int) -> list[float]:
    losses = [trainer.record.losses[0]]
    losses += [trainer.advance().losses[0] for _ in range(steps)]
    return losses


def running_means(trainer: Trainer) -> list[list[float]]:
    """What eval mode uses, which no loss in training mode depends on."""
    objective = trainer.lanes[0].objective
    assert isinstance(objective, FitDescent)
    return [buffer.reshape(-1).tolist() for buffer in objective.model.buffers()]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("size", [1, 4, 5, 12])
def test_mini_batches_are_those_of_a_plain_loop(size: int, shuffle: bool) -> None:
    declared = FitObjective(data=SMALL, model=(LinearLayer(),), batch=MiniBatch(size=size, shuffle=shuffle))
    found = run(trainer_of(declared), 40)
    x, y = (torch.from_numpy(array) for array in SMALL.arrays(3))
    torch.manual_seed(3)
    model = nn.Linear(3, 1, dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    random, losses = np.random.RandomState(3), []
    while len(losses) < 41:
        order = random.permutation(12) if shuffle else np.arange(12)
        for first in range(0, 12, size):
            rows = torch.from_numpy(order[first : first + size])
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
    assert found == pytest.approx(losses[:41], rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(epochs=st.lists(st.integers(0, 400), min_size=1, max_size=12), seed=st.integers(0, 2**63 - 1))
def test_an_epochs_order_does_not_depend_on_what_was_asked_before(epochs: list[int], seed: int) -> None:
    in_turn = EpochOrders(5, seed)
    expected = [in_turn.order(epoch) for epoch in range(401)]
    orders = EpochOrders(5, seed)
    for epoch in epochs:
        assert orders.order(epoch).tolist() == expected[epoch].tolist()
    assert len(in_turn._states) <= EpochOrders.MOST


def test_going_to_a_known_epoch_does_not_draw_all_of_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = EpochOrders(5, 0)
    orders.order(5000)
    drawn: list[int] = []
    plain = EpochOrders._draw
    monkeypatch.setattr(EpochOrders, "_draw", lambda self: drawn.append(1) or plain(self))
    for epoch in (4999, 4000, 17, 3000, 5000):
        drawn.clear()
        orders.order(epoch)
        assert len(drawn) <= orders.stride + 1 <= 5000 / (EpochOrders.MOST / 2) + 1


@pytest.mark.parametrize("batch", [FullBatch(), MiniBatch(size=5)], ids=["full", "mini"])
@pytest.mark.parametrize("layers", [(), (Dropout(p=0.4),), (BatchNorm1d(),)], ids=["plain", "dropout", "batch norm"])
def test_looking_does_not_change_a_run(layers: tuple[Any, ...], batch: Any) -> None:
    declared = FitObjective(data=SMALL, model=(LinearLayer(features=6), *layers, LinearLayer()), batch=batch)
    alone = trainer_of(declared)
    undisturbed = run(alone, 30)
    trainer = trainer_of(declared)
    moment = Moment(trainer)
    losses = [trainer.record.losses[0]]
    for _ in range(30):
        for question in (TraceGraph(), ReadParameters(), Predict(), Survey(4)):
            ask(question, moment)
        trainer.lanes[0].objective.loss_at(dict(trainer.lanes[0].objective.parameters))
        losses.append(trainer.advance().losses[0])
    assert losses == undisturbed
    assert running_means(trainer) == running_means(alone)


def test_dropout_of_a_step_is_the_same_for_every_lane_and_new_at_every_step() -> None:
    declared = FitObjective(data=SMALL, model=(LinearLayer(features=6), Dropout(p=0.5), LinearLayer()))
    trainer = trainer_of(declared, SGD(lr=0.0001), SGD(lr=0.0001))
    alone = run(trainer_of(declared, SGD(lr=0.0001)), 10)
    for step in range(11):
        assert trainer.record.losses == (alone[step], alone[step])
        trainer.advance()
    assert len({round(loss, 9) for loss in alone}) == 11, "every step has masks of its own"
    objective = trainer.lanes[0].objective
    assert isinstance(objective, FitDescent)
    expected = nn.functional.dropout
    torch.manual_seed(3 + 1 + trainer.step)  # what a script has to write before the forward pass
    model = objective.model
    prediction = model[2](expected(model[0](objective.data.inputs), 0.5))  # type: ignore[index]
    assert nn.functional.mse_loss(prediction, objective.data.targets).item() == trainer.record.losses[0]


def test_batch_norm_is_that_of_a_plain_loop_and_predicts_with_running_means() -> None:
    declared = FitObjective(
        data=SMALL, model=(LinearLayer(features=4), BatchNorm1d(), LinearLayer()), batch=MiniBatch(size=4)
    )
    trainer = trainer_of(declared)
    found = run(trainer, 20)
    x, y = (torch.from_numpy(array) for array in SMALL.arrays(3))
    torch.manual_seed(3)
    f64 = torch.float64
    model = nn.Sequential(nn.Linear(3, 4, dtype=f64), nn.BatchNorm1d(4, dtype=f64), nn.Linear(4, 1, dtype=f64))
    optimizer, random = torch.optim.SGD(model.parameters(), lr=1e-3), np.random.RandomState(3)
    losses: list[float] = []
    for step in range(21):
        if step % 3 == 0:
            order = random.permutation(12)
        rows = torch.from_numpy(order[4 * (step % 3) : 4 * (step % 3) + 4])
        loss = nn.functional.mse_loss(model(x[rows]), y[rows])
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        if step < 20:
            optimizer.step()
    assert found == pytest.approx(losses, rel=1e-12)
    objective = trainer.lanes[0].objective
    assert isinstance(objective, FitDescent)
    torch.testing.assert_close(objective.predict(x), model.eval()(x).detach(), rtol=1e-12, atol=1e-12)
    assert objective.model.training


def test_the_mode_eval_trains_without_dropout() -> None:
    model = (LinearLayer(features=6), Dropout(p=0.9), LinearLayer())
    without = run(trainer_of(FitObjective(data=SMALL, model=(model[0], model[2]))), 5)
    assert run(trainer_of(FitObjective(data=SMALL, model=model, mode="eval")), 5) == without
    assert run(trainer_of(FitObjective(data=SMALL, model=model)), 5) != without


@pytest.mark.parametrize("entry", LOSSES, ids=lambda entry: entry.__name__)
def test_targets_are_what_the_loss_wants(entry: Any) -> None:
    objective = descent(fit_with_loss(entry()))
    x, given = objective.data.inputs, objective.data.given
    prediction = objective.model(x)
    expected = entry().build()(prediction, objective.data.targets)
    assert objective.loss().item() == expected.item()
    if entry.wants == "labels":
        assert objective.data.targets is given
    elif entry.wants == "binary":
        assert objective.data.targets[:, 0].tolist() == given.tolist()


def test_values_wanted_of_labels_are_one_hot() -> None:
    objective = descent(FitObjective(data=Blobs(points=20, classes=4), model=(LinearLayer(features=4),), loss=MSE()))
    assert torch.equal(objective.data.targets, torch.eye(4, dtype=torch.float64)[objective.data.given])


def test_a_cut_prediction_or_module_stops_the_gradient() -> None:
    declared = FitObjective(data=SMALL, model=(LinearLayer(features=2), Tanh(), LinearLayer()))
    objective = descent(declared)
    objective.cut = frozenset({"1"})
    objective.backward(objective.loss())
    gradients = {name: parameter.grad for name, parameter in objective.parameters.items()}
    assert gradients["0.weight"] is None
    assert gradients["2.weight"] is not None
    assert bool(gradients["2.weight"].any())
    assert "0.weight" in grad(objective.loss_at)({k: p.detach() for k, p in objective.parameters.items()})
    objective.cut = frozenset({"prediction"})
    with pytest.raises(RuntimeError, match="does not require grad"):
        objective.backward(objective.loss())
    objective.cut = frozenset()
    objective.backward(objective.loss())
    assert objective.parameters["0.weight"].grad is not None


def parameters_of(objective: FitDescent) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in objective.parameters.items()}


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.__name__)
def test_torch_func_differentiates_and_maps_every_layer(entry: Any) -> None:
    """The directional derivative forward (jvp) equals autograd's gradient, and a mapped surface equals a loop."""
    objective = descent(fit_with_layer(entry()))
    here = parameters_of(objective)
    loss = objective.loss()
    objective.backward(loss)
    torch.manual_seed(0)
    along = {name: torch.randn_like(value) for name, value in here.items()}
    value, slope = jvp(objective.loss_at, (here,), (along,))
    expected = sum((along[name] * p.grad).sum() for name, p in objective.parameters.items() if p.grad is not None)
    assert value.item() == pytest.approx(loss.item(), rel=1e-9)
    assert slope.item() == pytest.approx(float(expected), rel=1e-7, abs=1e-9)

    def at(share: Tensor) -> Tensor:
        return objective.landscape_at({name: here[name] + share * along[name] for name in here})

    shares = torch.linspace(-1, 1, 7, dtype=torch.float64)
    mapped = vmap(at)(shares)
    torch.testing.assert_close(mapped, torch.stack([at(share) for share in shares]), rtol=1e-9, atol=1e-9)
    assert objective.loss().item() == loss.item(), "looking left the objective as it was"


def test_a_surface_shows_all_rows_whatever_the_batch_and_says_so() -> None:
    declared = FitObjective(data=NoisyLine(points=50), batch=MiniBatch(size=5))
    trainer = trainer_of(declared)
    objective = trainer.lanes[0].objective
    grid = survey(trainer.experiment, objective, plane_of(objective, 0), 0, 9, ((0.0, 4.0), (0.0, 2.0)))
    x, y = NoisyLine(points=50).arrays(3)
    expected = ((grid.x[4] * x + grid.y[6] - y) ** 2).mean()
    assert grid.heights[6, 4] == pytest.approx(expected, rel=1e-9)
    assert "all 50 rows" in grid.note
    full = trainer_of(FitObjective(data=NoisyLine(points=50))).lanes[0].objective
    assert full.landscape_note == ""


def test_a_surface_of_a_large_fit_looks_at_fewer_rows_and_says_so() -> None:
    objective = descent(FitObjective(data=NoisyLine(points=20_000)))
    assert "one row in 4" in objective.landscape_note
    x, y = objective.data.inputs[::4], objective.data.targets[::4]
    expected = ((1.0 * x + 0.0 - y) ** 2).mean()
    assert objective.landscape_at(parameters_of(objective)).item() == pytest.approx(expected.item())


def test_lanes_share_their_data_and_nobody_else_keeps_it() -> None:
    declared = FitObjective(data=TwoMoons(), model=(LinearLayer(features=2),), loss=CrossEntropy())
    first, second = descent(declared), descent(declared)
    assert first.data is second.data
    assert descent(declared, seed=4).data is not first.data
    one_output = FitObjective(data=TwoMoons(), model=(LinearLayer(),), loss=BCEWithLogits())
    assert descent(one_output).data is not first.data


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.__name__)
def test_the_loss_of_every_layer_falls_along_its_gradient(entry: Any) -> None:
    objective = descent(fit_with(entry))
    before = objective.loss()
    objective.backward(before)
    steps = {name: p.detach() - 1e-6 * p.grad for name, p in objective.parameters.items() if p.grad is not None}
    assert steps
    lower = objective.loss_at(parameters_of(objective) | steps).item()
    assert math.isfinite(lower)
    assert lower < before.item()


NORMED = FitObjective(
    data=SMALL, model=(LinearLayer(features=4), BatchNorm1d(), Dropout(p=0.3), LinearLayer()), batch=MiniBatch(size=4)
)


@pytest.mark.usefixtures("frequent_checkpoints")
@settings(max_examples=12, deadline=None)
@given(places=st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_seeking_gives_the_records_of_before_with_batches_dropout_and_batch_norm(places: list[int]) -> None:
    plain = trainer_of(NORMED)
    straight, means = [plain.record.losses], [running_means(plain)]
    for _ in range(60):
        straight.append(plain.advance().losses)
        means.append(running_means(plain))
    trainer = trainer_of(NORMED)
    for place in places:
        assert trainer.seek(place).losses == straight[place]
        assert running_means(trainer) == means[place]


def test_a_restored_run_goes_on_with_the_running_means_of_its_file() -> None:
    whole = trainer_of(NORMED)
    straight = run(whole, 30)
    first = trainer_of(NORMED)
    run(first, 13)
    result = first.result(RunState.PAUSED)
    assert result.lanes[0].buffers["1.num_batches_tracked"] == 13
    again = Trainer(first.experiment, result)
    assert run(again, 17) == straight[13:]
    assert running_means(again) == running_means(whole)
    lacking = replace(result, lanes=(replace(result.lanes[0], buffers={}),))
    with pytest.raises(EngineError, match=r"it has no buffers/1\.running_mean"):
        Trainer(first.experiment, lacking)


def test_checkpoints_of_a_large_model_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = trainer_of(NORMED.model_copy(update={"batch": FullBatch()}))
    random = held_by(torch.get_rng_state())
    size = LaneState.of(trainer.lanes[0]).bytes
    assert size >= sum(p.nbytes for p in trainer.lanes[0].objective.parameters.values())
    monkeypatch.setattr("gradviz.engine.training.checkpoints.CHECKPOINT_BYTES", 5 * size + random)
    kept = Checkpoints()
    for step in range(200):
        if step % kept.stride == 0:
            kept.keep(step, trainer.lanes)
        assert len(kept._moments) <= 5
        assert kept.bytes == sum(moment.bytes for moment in kept._moments.values()) + random
    assert kept.latest(0) is not None
    assert kept.latest(199)[0] >= 128  # type: ignore[index]
