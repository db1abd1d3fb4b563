"""Mixed precision by torch.autocast against a plain loop, bit for bit, and what is looked at besides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.layers.activations import Sigmoid, Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import BCE
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.bench import CheckGradient
from gradviz.core.questions.explanation import Explain
from gradviz.core.questions.graph import CaptureGraph
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.surfaces.plane import plane_of
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 20
MODEL = (LinearLayer(features=8), Tanh(), LinearLayer())
EXPERIMENT = Experiment(
    objective=FitObjective(data=SMALL, model=MODEL, autocast="bfloat16"), optimizers=(Adam(lr=0.01),), steps=STEPS
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
    snapshot: Any = ask(CaptureGraph(0), Moment(trainer))
    assert "ToCopyBackward0" in {node.op for node in snapshot.structure.nodes}
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
    with pytest.raises(SettingError, match=r"objective\.autocast: it casts float32, and the Precision is float64"):
        with_value(EXPERIMENT, "dtype", "float64")
    shares = FitObjective(data=TwoMoons(points=20), model=(LinearLayer(), Sigmoid()), loss=BCE())
    data = to_data(Experiment(objective=shares, optimizers=(SGD(),)))
    data["objective"]["autocast"] = "bfloat16"
    with pytest.raises(SettingError, match=r"objective\.autocast: Binary cross entropy of probabilities is unsafe"):
        from_data(data)
