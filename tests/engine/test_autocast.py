"""Mixed precision by torch.autocast against a plain loop, bit for bit, and what is looked at besides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.data.batches import FullBatch, MiniBatch
from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.declaration import SettingError
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.layers.activations import Sigmoid, Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.autocast import BFloat16, Float16
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import BCE
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.optimizers.clipping import ClipByNorm
from gradviz.core.optimizers.schedule_catalogue import Exponential
from gradviz.core.questions.bench import CheckGradient
from gradviz.core.questions.explanation import Explain
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.surfaces.plane import plane_of
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load, save

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 20
MODEL = (LinearLayer(features=8), Tanh(), LinearLayer())
EXPERIMENT = Experiment(
    objective=FitObjective(data=SMALL, model=MODEL, autocast=BFloat16()), optimizers=(Adam(lr=0.01),), steps=STEPS
)


def plain_run(dtype: torch.dtype | None) -> list[Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    x, y = SMALL.build(0, torch.float32)
    optimizer, found = torch.optim.Adam(model.parameters(), lr=0.01), []
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        found.append(
            (loss.item(), [p.tolist() for p in model.parameters()], [p.grad.tolist() for p in model.parameters()])
        )
        optimizer.step()
    return found


def here(trainer: Trainer) -> Any:
    parameters = trainer.lanes[0].objective.parameters.values()
    gradients = [p.grad.tolist() for p in parameters if p.grad is not None]
    return trainer.record.losses[0], [p.tolist() for p in parameters], gradients


def test_a_run_in_mixed_precision_is_that_of_torch_and_so_is_every_seek() -> None:
    expected = plain_run(torch.bfloat16)
    assert expected != plain_run(None)
    trainer = Trainer(EXPERIMENT)
    assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
    for step in (3, 17, 0):
        trainer.seek(step)
        assert here(trainer) == expected[step]
        assert here(Trainer(EXPERIMENT, trainer.result(RunState.PAUSED))) == expected[step]


def test_the_graph_has_the_casts_and_the_bench_leaves_them_out() -> None:
    trainer = Trainer(EXPERIMENT)
    trainer.seek(5)
    before = here(trainer)
    snapshot: Any = ask(TraceGraph(0), Moment(trainer))
    assert "ToCopyBackward0" in snapshot.structure.ops
    report: Any = ask(CheckGradient(0), Moment(trainer))
    assert report.agrees
    assert any("Autocast is left out" in note for note in report.notes)
    assert here(trainer) == before


def test_surface_prediction_and_reasons_are_at_hand() -> None:
    trainer = Trainer(EXPERIMENT)
    trainer.seek(STEPS)
    objective = trainer.lanes[0].objective
    assert isinstance(objective, FitDescent)
    losses = plane_of(objective, 0).loss_over(objective, torch.tensor([[0.0, 0.0], [1.0, 1.0]]))
    assert losses[0].item() == pytest.approx(trainer.record.losses[0], rel=1e-2)
    assert objective.predict(objective.data.inputs).numpy().dtype == np.float32
    found: Any = ask(Explain(RunState.FINISHED, STEPS), Moment(trainer))
    assert isinstance(found.reasons, tuple)
    slow = Trainer(with_value(EXPERIMENT, "optimizers", [{"kind": "sgd", "lr": 1e-9}]))
    slow.seek(STEPS)
    found = ask(Explain(RunState.FINISHED, STEPS), Moment(slow))
    assert [reason.kind for reason in found.reasons] == ["rate too small"]


def test_what_torch_does_not_cast_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        SettingError, match=r"objective\.autocast\.kind: it casts float32, and the Precision is float64"
    ):
        with_value(EXPERIMENT, "dtype", "float64")
    shares = FitObjective(data=TwoMoons(points=20), model=(LinearLayer(), Sigmoid()), loss=BCE())
    data = to_data(Experiment(objective=shares, optimizers=(SGD(),)))
    data["objective"]["autocast"] = {"kind": "bfloat16"}
    with pytest.raises(
        SettingError, match=r"objective\.autocast\.kind: Binary cross entropy of probabilities is unsafe"
    ):
        from_data(data)


# Float16, whose loss is scaled for backward

SCALED: dict[str, Any] = {
    "as torch has it": {},
    "grows": {"growth_interval": 3, "init_scale": 8.0},
    "overflows": {"init_scale": 2.0**30},
}


def scaled_run(accumulate: int, init_scale: float = 65536.0, growth_interval: int = 2000) -> list[Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    x, y = SMALL.build(0, torch.float32)
    optimizer, found = torch.optim.Adam(model.parameters(), lr=0.01), []
    scaler = torch.amp.GradScaler("cpu", init_scale=init_scale, growth_interval=growth_interval)
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        total: Any = 0.0
        for inputs, targets in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
            with torch.autocast("cpu", dtype=torch.float16):
                loss = nn.functional.mse_loss(model(inputs), targets)
            loss = loss / accumulate
            scaler.scale(loss).backward()
            total = total + loss.detach()
        scaler.unscale_(optimizer)
        gradients = [p.grad.tolist() for p in model.parameters() if p.grad is not None]
        found.append((float(total), [p.tolist() for p in model.parameters()], gradients, scaler.get_scale()))
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        scaler.step(optimizer)
        scaler.update()
    return found


def scaled_here(trainer: Trainer) -> Any:
    scaling = trainer.lanes[0].scaling
    assert scaling is not None
    return (*here(trainer), scaling.scale)


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("name", SCALED)
def test_a_scaled_run_in_float16_is_that_of_torch_and_so_is_every_seek(name: str, accumulate: int) -> None:
    expected = scaled_run(accumulate, **SCALED[name])
    batch = MiniBatch(size=4, shuffle=False, accumulate=3) if accumulate == 3 else FullBatch()
    objective = FitObjective(data=SMALL, model=MODEL, autocast=Float16(**SCALED[name]), batch=batch)
    adam = Adam(lr=0.01, clipping=ClipByNorm(max_norm=5.0))
    experiment = Experiment(objective=objective, optimizers=(adam,), steps=STEPS)
    trainer = Trainer(experiment)
    np.testing.assert_equal([scaled_here(trainer), *(scaled_here(trainer) for _ in trainer.steps())], expected)
    assert expected[0][3] != expected[-1][3], "the scale moves"
    for step in (3, 17, 0):
        trainer.seek(step)
        np.testing.assert_equal(scaled_here(trainer), expected[step])
        again = Trainer(experiment, trainer.result(RunState.PAUSED))
        np.testing.assert_equal([scaled_here(again), *(scaled_here(again) for _ in again.steps())], expected[step:])


def test_a_gradient_that_overflows_at_the_start_is_no_fault_and_the_table_tells_the_scale() -> None:
    objective = FitObjective(data=SMALL, model=MODEL, autocast=Float16(init_scale=2.0**40))
    adam = Adam(lr=0.01, schedule=Exponential(gamma=0.99))
    trainer = Trainer(Experiment(objective=objective, optimizers=(adam,), steps=60))
    assert not trainer.fault_at_start()
    table: Any = ask(ReadParameters(), Moment(trainer))
    assert table.scales == (2.0**40,)
    trainer.seek(3)
    found: Any = ask(Explain(RunState.PAUSED, 3), Moment(trainer))
    assert all("finite" not in str(reason.words) for reason in found.reasons)
    for record in trainer.steps():
        assert np.isfinite(record.losses[0])
    table = ask(ReadParameters(), Moment(trainer))
    assert table.scales[0] < 2.0**30


def test_a_file_with_another_scale_is_refused(tmp_path: Path) -> None:
    objective = FitObjective(data=SMALL, model=MODEL, autocast=Float16(init_scale=8.0))
    experiment = Experiment(objective=objective, optimizers=(Adam(),), steps=9)
    trainer = Trainer(experiment)
    losses = np.array([[trainer.record.losses[0]], *([record.losses[0]] for record in trainer.steps())])
    result = replace(trainer.result(RunState.PAUSED), history=RecordBlock(0, losses, np.empty((10, 1, 0))))
    save(tmp_path / "run.gradviz", Document(experiment=experiment), result)
    loaded = load(tmp_path / "run.gradviz").result
    assert loaded is not None
    assert loaded.lanes[0].scaling == {"scale": 8.0, "_growth_tracker": 9}
    assert replay(experiment, loaded).matched
    for scaling in ({}, {"scale": -1.0, "_growth_tracker": 9}, {"scale": 8.0, "_growth_tracker": 0.5}):
        lane = replace(loaded.lanes[0], scaling=scaling)
        with pytest.raises(EngineError, match=r"does not fit: (it has no scale|scaling/)"):
            Trainer(experiment, replace(loaded, lanes=(lane,)))


def test_what_a_scaler_cannot_do_is_refused_in_a_sentence() -> None:
    data = to_data(EXPERIMENT) | {"optimizers": [{"kind": "lbfgs"}]}
    assert from_data(data).optimizers[0].needs_closure
    data["objective"]["autocast"] = {"kind": "float16"}
    with pytest.raises(SettingError, match="GradScaler cannot step LBFGS: try bfloat16"):
        from_data(data)
    data["optimizers"] = [{"kind": "sgd", "mistake": {"kind": "no_zero_grad"}}]
    with pytest.raises(SettingError, match="do not go together: try bfloat16"):
        from_data(data)
