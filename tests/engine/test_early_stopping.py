"""Rows held out and early stopping, against loops that a person writes with PyTorch alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gradviz.core.data.batches import FullBatch, MiniBatch
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.data.curve_datasets import NoisyLine, Regression
from gradviz.core.data.shaped_datasets import TokenSequences
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.data.validation import ShareValidation, StratifiedValidation
from gradviz.core.document.experiment import Experiment
from gradviz.core.layers.activations import Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import BatchNorm1d, Dropout
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.fit_starters import starter
from gradviz.core.objectives.losses import BCEWithLogits, CrossEntropy
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.core.optimizers.catalogue import LBFGS, SGD, Adam
from gradviz.core.questions.explanation import Explain
from gradviz.core.runs.state import RunState
from gradviz.core.tables.tables import Table
from gradviz.engine.objectives import fit_descent
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.runs.whole_run import WholeRun
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save

MOONS = TwoMoons(points=60, noise=0.4, validation=StratifiedValidation(share=0.3, seed=2))
LAYERS = (LinearLayer(features=12), Tanh(), LinearLayer(features=2))
NORMED = (LinearLayer(features=12), BatchNorm1d(), Tanh(), Dropout(p=0.3), LinearLayer(features=2))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def moons(**settings: Any) -> FitObjective:
    return FitObjective(**{"data": MOONS, "model": LAYERS, "loss": CrossEntropy(), **settings})


def made(objective: FitObjective, *optimizers: Any, **settings: Any) -> Experiment:
    return Experiment(objective=objective, optimizers=optimizers or (Adam(lr=0.05),), **settings)


@dataclass
class Loop:
    """What a plain loop of PyTorch saw."""

    losses: list[float] = field(default_factory=list)
    figures: list[tuple[float, float, float]] = field(default_factory=list)
    best_step: int = 0
    best: float = math.inf
    stopped: int | None = None
    weights: dict[str, Any] = field(default_factory=dict)


def plain_loop(experiment: Experiment, model: nn.Module, least: float = 0.0) -> Loop:
    """As a person writes it, with nothing of gradviz but the data's arrays: Adam, early stopping, the best put back."""
    fit: Any = experiment.objective
    x, y = (torch.from_numpy(part) for part in fit.data.arrays(experiment.seed))
    x = x.float()
    held = torch.from_numpy(fit.data.held_out(y.numpy()))
    x_held, y_held, x, y = x[held], y[held], x[~held], y[~held]
    random = np.random.RandomState(experiment.seed)
    criterion, optimizer, rows = nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=0.05), len(x)
    size = getattr(fit.batch, "size", rows)
    order, loop, every, is_last = np.arange(rows), Loop(), fit.evaluation_every, False
    patience = getattr(fit.stopping, "patience", 10**9)
    kept: dict[str, Any] = {}
    for step in range(experiment.steps + 1):
        index = step % -(-rows // size)
        if isinstance(fit.batch, MiniBatch) and index == 0:
            order = random.permutation(rows)
        batch = order[index * size : (index + 1) * size]
        torch.manual_seed(experiment.seed + 1 + step)  # what Dropout draws at this step
        loss = criterion(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        loop.losses.append(loss.item())
        if step % every == 0 or is_last:
            model.eval()
            with torch.no_grad():
                seen, unseen = model(x), model(x_held)
                validation = criterion(unseen, y_held).item()
                shares = [(p.argmax(1) == t).double().mean().item() for p, t in ((seen, y), (unseen, y_held))]
            model.train()
            loop.figures.append((validation, *shares))
            if validation < loop.best - least:
                loop.best, loop.best_step, kept = validation, step, copy.deepcopy(model.state_dict())
        if is_last or step == experiment.steps:
            break
        if loop.stopped is None and step % every == 0 and (step - loop.best_step) // every >= patience:
            loop.stopped, is_last = step, True
            model.load_state_dict(kept)
            continue
        optimizer.step()
    loop.weights = {name: p.tolist() for name, p in model.named_parameters()}
    return loop


def torch_model(experiment: Experiment, is_normed: bool) -> nn.Module:
    torch.manual_seed(experiment.seed)
    if is_normed:
        return nn.Sequential(
            nn.Linear(2, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Dropout(0.3), nn.Linear(12, 2)
        )  # fmt: skip
    return nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 2))


CASES: dict[str, tuple[FitObjective, bool, int]] = {
    "all rows": (moons(), False, 40),
    "batches, BatchNorm, Dropout": (moons(model=NORMED, batch=MiniBatch(size=8), evaluate_every=3), True, 40),
    "stops early": (moons(stopping=EarlyStopping(patience=6)), False, 300),
    "stops early, BatchNorm": (
        moons(model=NORMED, batch=MiniBatch(size=8), evaluate_every=2, stopping=EarlyStopping(patience=4, least=0.01)),
        True,
        300,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_losses_figures_and_weights_are_those_of_a_plain_loop(name: str) -> None:
    objective, is_normed, steps = CASES[name]
    experiment = made(objective, steps=steps, seed=5)
    trainer = Trainer(experiment)
    records = [trainer.record, *trainer.steps()]
    stopping = objective.stopping
    loop = plain_loop(experiment, torch_model(experiment, is_normed), getattr(stopping, "least", 0.0))
    assert [record.losses[0] for record in records] == loop.losses
    assert [record.figures for record in records if not math.isnan(record.figures[0])] == loop.figures
    found = {name: p.tolist() for name, p in trainer.lanes[0].objective.parameters.items()}
    assert found == loop.weights
    assert trainer.is_over == stopping.is_early == (loop.stopped is not None)
    if loop.stopped is not None:
        assert trainer.step == loop.stopped + 1 < steps
        told = str(trainer.early_stop())
        assert f"Stopped early at step {loop.stopped}:" in told
        assert f"since step {loop.best_step} (" in told
        assert f"are back at step {loop.stopped + 1}." in told


def test_a_look_changes_nothing_of_the_training_and_draws_nothing() -> None:
    """The same rows in a table without those held out train bit for bit the same, random state included."""
    objective = moons(model=NORMED, batch=MiniBatch(size=8))
    inputs, labels = MOONS.arrays(0)
    seen = ~MOONS.held_out(labels)
    rows = np.column_stack((inputs, labels))[seen]
    table = TableDataset.model_validate({"table": Table(("a", "b", "c"), rows), "target": {"kind": "labels"}})
    runs = []
    for data in (MOONS, table):
        trainer = Trainer(made(objective.model_copy(update={"data": data}), steps=30))
        losses = [record.losses for record in trainer.steps()]
        runs.append((losses, trainer.result(RunState.PAUSED)))
    (watched, one), (alone, other) = runs
    assert watched == alone
    assert np.array_equal(one.random, other.random)
    for part in ("weights", "buffers"):
        for name, value in getattr(one.lanes[0], part).items():
            assert np.array_equal(value, getattr(other.lanes[0], part)[name])


@pytest.mark.parametrize(
    "objective",
    [
        FitObjective(data=Regression(validation=ShareValidation()), model=(LinearLayer(features=2),)),
        moons(model=(LinearLayer(features=1),), loss=BCEWithLogits()),
    ],
    ids=["R2", "one score"],
)
def test_scores_are_what_their_definitions_say(objective: FitObjective) -> None:
    trainer = Trainer(made(objective, SGD(lr=0.01), steps=5, dtype="float64"))
    record = trainer.seek(5)
    descent = trainer.lanes[0].objective
    inputs, given = objective.data.arrays(0)
    mask = objective.data.held_out(given if objective.data.is_labelled else None)
    weight, bias = (p.detach().numpy() for p in descent.parameters.values())
    prediction = inputs @ weight.T + bias
    for rows, score in ((~mask, record.figures[1]), (mask, record.figures[2])):
        if objective.data.is_labelled:
            expected = ((prediction[rows, 0] > 0) == given[rows]).mean()
        else:
            left, spread = ((given - prediction)[rows] ** 2).sum(), ((given - given[rows].mean(0))[rows] ** 2).sum()
            expected = 1 - left / spread
        assert score == pytest.approx(expected, rel=1e-12)


def test_many_rows_are_predicted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = made(moons(batch=MiniBatch(size=8)), steps=3, dtype="float64")
    whole = [record.figures for record in Trainer(experiment).steps()]
    monkeypatch.setattr(fit_descent, "MOST_EVALUATED_NUMBERS", 200)
    seen: list[int] = []
    trainer = Trainer(experiment)
    trainer.lanes[0].objective.model.register_forward_hook(lambda _m, _i, out: seen.append(len(out)))  # type: ignore[attr-defined]
    pieces = [record.figures for record in trainer.steps()]
    assert max(seen) < 12
    np.testing.assert_allclose(pieces, whole, rtol=1e-12)


def test_without_rows_held_out_a_record_has_no_figures() -> None:
    trainer = Trainer(made(starter(NoisyLine()), steps=3))
    assert all(record.figures == () for record in trainer.steps())


def test_a_class_with_one_row_is_refused_once_the_data_is_there() -> None:
    data = TokenSequences(points=20, length=2, tokens=2, validation=StratifiedValidation(share=0.2))
    seed = next(k for k in range(2000) if np.bincount(data.arrays(k)[1], minlength=2).min() == 1)
    with pytest.raises(EngineError, match="has one row, which cannot be both trained on and held out"):
        Trainer(made(starter(data), seed=seed))


EARLY = moons(stopping=EarlyStopping(patience=5))


@pytest.mark.parametrize("weights", ["best", "last"])
@pytest.mark.parametrize("batch", [FullBatch(), MiniBatch(size=8)])
def test_a_run_that_stopped_early_is_saved_reopened_and_replayed(tmp_path: Path, weights: Any, batch: Any) -> None:
    objective = moons(model=NORMED, batch=batch, stopping=EarlyStopping(patience=5, weights=weights))
    experiment = made(objective, Adam(lr=0.05), SGD(lr=1.0), steps=400)
    whole = WholeRun(experiment)
    whole.train(lambda _step: None)
    assert whole.state is RunState.FINISHED
    assert whole.message.startswith("Adam: Stopped early at step")
    assert whole.message.endswith("1 other stopped early, too.")
    path = tmp_path / "early.gradviz"
    save(path, experiment, whole.result())
    saved = load(path)
    assert saved.result is not None
    assert saved.result.history is not None
    assert np.array_equal(saved.result.history.figures, whole.history.figures, equal_nan=True)
    assert replay(saved.experiment, saved.result).matched
    again = Trainer(saved.experiment, saved.result)
    assert (again.step, again.is_over, again.finished) == (whole.trainer.step, True, True)
    np.testing.assert_array_equal(again.record.losses, whole.trainer.record.losses)
    np.testing.assert_array_equal(again.record.figures, whole.trainer.record.figures)
    assert again.early_stop() == whole.trainer.early_stop()
    best = saved.result.lanes[0].watch
    assert best is not None
    gone = Trainer(experiment)
    gone.seek(best.step or 0)
    for name, value in best.weights.items():
        assert np.array_equal(value, gone.lanes[0].objective.parameters[name].detach().numpy())
    again.seek(3)
    assert again.record.losses == tuple(whole.history.losses[3])


def test_a_seek_beyond_an_early_stop_ends_there() -> None:
    trainer = Trainer(made(EARLY, steps=400))
    end = len(list(trainer.steps()))
    for goal in (400, 3, end + 1, 399):
        trainer.seek(goal)
        assert trainer.step == min(goal, end)
    assert (trainer.known, trainer.finished) == (end, True)


def test_a_run_saved_on_its_way_goes_on_to_the_same_early_stop(tmp_path: Path) -> None:
    experiment = made(EARLY, steps=400)
    straight = Trainer(experiment)
    records = [straight.record, *straight.steps()]
    for stood in (0, 7, straight.step - 2, straight.step - 1):
        first = Trainer(experiment)
        first.seek(stood)
        second = Trainer(experiment, first.result(RunState.PAUSED))
        assert [record.figures for record in second.steps()] == [record.figures for record in records[stood + 1 :]]
        assert second.early_stop() == straight.early_stop()


def test_a_file_whose_early_stopping_does_not_fit_is_refused_by_name() -> None:
    experiment = made(EARLY, steps=400)
    trainer = Trainer(experiment)
    trainer.seek(12)
    result = trainer.result(RunState.PAUSED)
    lane = result.lanes[0]
    assert lane.watch is not None
    wrong = {
        "does not tell where its early stopping stands": None,
        "lies ahead of its run": replace(lane.watch, stop=40, end=41),
        "it has no best/": replace(lane.watch, weights={}),
        "has no weights to put back": replace(lane.watch, step=None, stop=12, weights={}),
    }
    for told, watch in wrong.items():
        with pytest.raises(EngineError, match=told):
            Trainer(experiment, replace(result, lanes=(replace(lane, watch=watch),)))
    with pytest.raises(EngineError, match="which is off"):
        Trainer(made(moons(), steps=400), result)


def test_a_step_is_stopped_at_its_patience_and_no_least_improvement_is_forgiven() -> None:
    """Losses that fall by less than is asked for do not count; those that fall by more begin the wait anew."""
    trainer = Trainer(made(moons(stopping=EarlyStopping(patience=3, least=0.2, weights="last")), steps=100))
    watch = trainer.lanes[0].watch
    assert watch is not None
    losses = iter([1.0, 0.9, 0.85, 0.75, 0.74, 0.7, 0.56])
    watch._objective.figures = lambda: (next(losses), 0.0, 0.0)  # type: ignore[method-assign]
    watch.state = type(watch.state)()
    for step, expected in enumerate([None] * 6 + [6]):
        watch.look(step)
        assert watch.state.end == expected, step
    assert watch.state.best is not None
    assert (watch.state.best.step, watch.state.best.loss) == (3, 0.75)


def test_who_stopped_early_is_given_no_other_reason_and_lbfgs_stops_too() -> None:
    whole = WholeRun(made(EARLY, LBFGS(lr=0.5, max_iter=4), steps=200))
    whole.train(lambda _step: None)
    assert whole.trainer.is_over
    found = whole.answer(Explain(whole.state, whole.trainer.step)).value
    assert not getattr(found, "reasons", ("refused",))
    assert whole.message == str(whole.trainer.early_stop())
