"""L1 and L2 as parts of the loss, against a plain loop of torch, bit for bit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.data.batches import MiniBatch
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.activations import Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.learning import FrozenLearning
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import MSE
from gradviz.core.objectives.penalties import NoPenalty, Penalty, WeightPenalty, is_bias
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.optimizers.mistakes import Detach
from gradviz.core.questions.bench import CheckGradient
from gradviz.core.questions.parameters import ReadParameters
from gradviz.core.questions.trace import TraceGraph
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 20
BOTH = WeightPenalty(l1=0.02, l2=0.3)


def experiment_of(penalty: Penalty, **fit: Any) -> Experiment:
    first = LinearLayer(features=4, **({"learning": FrozenLearning()} if fit.pop("freezes", False) else {}))
    objective = FitObjective(data=SMALL, model=(first, Tanh(), LinearLayer()), loss=MSE(penalty=penalty), **fit)
    return Experiment(objective=objective, optimizers=(SGD(lr=0.01, momentum=0.9),), steps=STEPS)


def plain_run(l1: float, l2: float, biases: bool, freezes: bool) -> list[Any]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    model[0].requires_grad_(not freezes)
    x, y = SMALL.build(0, torch.float32)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    weights = [p for name, p in model.named_parameters() if p.requires_grad and (biases or "bias" not in name)]
    found = []
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        if l1:
            loss = loss + l1 * sum(p.abs().sum() for p in weights)
        if l2:
            loss = loss + l2 * sum((p**2).sum() for p in weights)
        loss.backward()
        gradients = [p.grad.tolist() for p in model.parameters() if p.grad is not None]
        found.append((loss.item(), [p.tolist() for p in model.parameters()], gradients))
        optimizer.step()
    return found


def here(trainer: Trainer) -> Any:
    parameters = trainer.lanes[0].objective.parameters.values()
    gradients = [p.grad.tolist() for p in parameters if p.grad is not None]
    return trainer.record.losses[0], [p.tolist() for p in parameters], gradients


@pytest.mark.parametrize("freezes", [False, True])
@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize(("l1", "l2"), [(0.02, 0.0), (0.0, 0.3), (0.02, 0.3), (0.0, 0.0)])
def test_a_penalised_run_is_that_of_torch_and_so_is_every_seek(
    l1: float, l2: float, biases: bool, freezes: bool
) -> None:
    expected = plain_run(l1, l2, biases, freezes)
    trainer = Trainer(experiment_of(WeightPenalty(l1=l1, l2=l2, biases=biases), freezes=freezes))
    assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
    for step in (3, 17, 0):
        trainer.seek(step)
        assert here(trainer) == expected[step]
        assert here(Trainer(trainer.experiment, trainer.result(RunState.PAUSED))) == expected[step]


@pytest.mark.parametrize("batch", [{}, {"batch": MiniBatch(size=3, accumulate=3, shuffle=False)}])
def test_the_parts_are_told_and_add_up_to_the_loss(batch: dict[str, Any]) -> None:
    trainer = Trainer(experiment_of(BOTH, **batch))
    trainer.seek(5)
    table: Any = ask(ReadParameters(), Moment(trainer))
    (parts,) = (dict(one) for one in table.parts)
    weights = [p for name, p in trainer.lanes[0].objective.parameters.items() if not is_bias(name)]
    assert list(parts) == ["data", "L1", "L2"]
    assert parts["L1"] == pytest.approx(0.02 * sum(float(p.detach().abs().sum()) for p in weights), rel=1e-5)
    assert parts["L2"] == pytest.approx(0.3 * sum(float((p.detach() ** 2).sum()) for p in weights), rel=1e-5)
    assert sum(parts.values()) == pytest.approx(trainer.record.losses[0], rel=1e-6)
    plain: Any = ask(ReadParameters(), Moment(Trainer(experiment_of(NoPenalty()))))
    assert plain.parts == ()


def test_graph_bench_and_surface_are_of_the_whole_loss() -> None:
    trainer = Trainer(experiment_of(BOTH))
    trainer.seek(5)
    snapshot: Any = ask(TraceGraph(0), Moment(trainer))
    assert {"data loss", "L1 loss", "L2 loss"} <= set(snapshot.structure.names)
    report: Any = ask(CheckGradient(0), Moment(trainer))
    assert report.agrees
    assert report.loss == pytest.approx(trainer.record.losses[0], rel=1e-5)
    objective = trainer.lanes[0].objective
    assert objective.landscape_at(objective.parameters).item() == pytest.approx(trainer.record.losses[0], rel=1e-5)


def test_a_part_of_the_loss_is_nothing_to_detach() -> None:
    mistaken = SGD(mistake=Detach(name="L2 loss"))
    with pytest.raises(EngineError, match=r"There is nothing named 'L2 loss' to detach.*prediction"):
        Trainer(experiment_of(BOTH).with_optimizers((mistaken,)))


def test_l1_makes_weights_small_that_l2_only_shrinks_and_another_loss_keeps_the_penalty() -> None:
    other = with_value(experiment_of(BOTH), "objective.loss.kind", "huber")
    assert other.objective.loss.penalty == BOTH
    labelled = with_value(experiment_of(BOTH), "objective.data.kind", "moons")
    assert labelled.objective.loss.kind == "cross_entropy"
    assert labelled.objective.loss.penalty == BOTH


def test_biases_are_known_by_their_names() -> None:
    assert [is_bias(name) for name in ("0.bias", "b", "2.bias_ih_l0", "0.weight", "w", "1.weight_hh_l0")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
