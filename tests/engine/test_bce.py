"""BCELoss on probabilities: a plain loop of torch bit for bit, its warning, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from gradviz.core.data.class_datasets import Blobs, TwoMoons
from gradviz.core.declaration import SettingError, notes_of
from gradviz.core.document.experiment import Experiment, from_data, to_data, with_value
from gradviz.core.layers.activations import Sigmoid, Tanh
from gradviz.core.layers.dense import Flatten, LinearLayer
from gradviz.core.layers.initialisations import ConstantInitialisation
from gradviz.core.layers.regular import Dropout
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.objectives.losses import BCE
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.bench import CheckGradient
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.surfaces.plane import plane_of
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("one_thread")
STEPS = 20
MOONS = TwoMoons(points=20)
MODEL = (LinearLayer(features=4), Tanh(), LinearLayer(), Sigmoid())
EXPERIMENT = Experiment(
    objective=FitObjective(data=MOONS, model=MODEL, loss=BCE()), optimizers=(SGD(lr=0.5),), steps=STEPS
)


def test_a_run_is_that_of_torch() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1), nn.Sigmoid())
    x, labels = MOONS.build(0, torch.float32)
    y = labels.to(torch.float32).unsqueeze(1)
    optimizer, expected = torch.optim.SGD(model.parameters(), lr=0.5), []
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy(model(x), y)
        loss.backward()
        expected.append(loss.item())
        optimizer.step()
    trainer = Trainer(EXPERIMENT)
    found = [trainer.record.losses[0], *(record.losses[0] for record in trainer.steps())]
    assert found == expected
    assert trainer.seek(7).losses[0] == expected[7]


def test_the_form_warns_and_says_what_is_better() -> None:
    assert "Numerically worse than Binary cross entropy without the Sigmoid" in notes_of(EXPERIMENT)["objective.loss"]


@pytest.mark.parametrize(
    "model", [(LinearLayer(),), (LinearLayer(), Tanh()), (LinearLayer(), Sigmoid(), Dropout(p=0.2))]
)
def test_outputs_that_may_lie_elsewhere_are_refused_in_a_sentence(model: Any) -> None:
    with pytest.raises(ValueError, match=r"wants outputs between 0 and 1, but .* gives others: end the model with Sig"):
        FitObjective(data=MOONS, model=model, loss=BCE())
    with pytest.raises(ValueError, match="wants two classes"):
        FitObjective(data=Blobs(classes=3), model=(LinearLayer(), Sigmoid()), loss=BCE())


def test_what_only_changes_the_shape_may_come_after_the_sigmoid() -> None:
    assert FitObjective(data=MOONS, model=(LinearLayer(), Sigmoid(), Flatten()), loss=BCE()).needed_outputs == 1


def test_a_model_gets_its_sigmoid_with_the_loss_and_loses_it_with_another() -> None:
    plain = Experiment(
        objective=FitObjective(data=MOONS, model=(LinearLayer(features=2),), loss={"kind": "cross_entropy"})
    )
    made = with_value(plain, "objective.loss.kind", "bce").objective
    assert [layer.kind for layer in made.model] == ["linear", "sigmoid"]
    assert made.model[0].features == 1
    back = with_value(plain.model_copy(update={"objective": made}), "objective.loss.kind", "cross_entropy").objective
    assert [layer.kind for layer in back.model] == ["linear"]
    assert back.model[0].features == 2


def test_bench_surface_and_probabilities_are_those_of_the_loss() -> None:
    trainer = Trainer(EXPERIMENT)
    trainer.seek(STEPS)
    report: Any = ask(CheckGradient(0), Moment(trainer))
    assert report.agrees
    objective = trainer.lanes[0].objective
    assert isinstance(objective, FitDescent)
    losses = plane_of(objective, 0).loss_over(objective, torch.tensor([[0.0, 0.0], [1.0, 2.0]]))
    assert losses[0].item() == pytest.approx(trainer.record.losses[0], rel=1e-5)
    shares = objective.probabilities(objective.predict(objective.data.inputs))
    assert torch.allclose(shares.sum(dim=1), torch.ones(20))


def test_a_logarithm_is_cut_at_minus_100_where_that_of_logits_goes_on() -> None:
    sure = (LinearLayer(init=ConstantInitialisation(weight=0.0, bias=-1000.0)), Sigmoid())
    trainer = Trainer(Experiment(objective=FitObjective(data=MOONS, model=sure, loss=BCE()), steps=3))
    assert trainer.record.losses[0] == pytest.approx(50.0), "half of the labels are 1"


def test_a_prediction_that_is_no_number_stops_with_torchs_words_and_an_advice() -> None:
    trainer = Trainer(EXPERIMENT)
    lane = trainer.lanes[0]
    with torch.no_grad():
        for parameter in lane.objective.parameters.values():
            parameter.fill_(float("nan"))
    lane.evaluate(1)
    assert lane.fault is not None
    assert "between 0 and 1" in lane.fault.words
    assert "smaller learning rate" in lane.fault.sentence("SGD")
    objective: Any = lane.objective
    assert torch.isnan(objective.landscape_at(dict(objective.parameters)).detach())


def test_a_refusal_names_the_setting() -> None:
    data = to_data(EXPERIMENT)
    data["objective"]["model"] = data["objective"]["model"][:-1]
    with pytest.raises(
        SettingError, match=r"objective\.loss: Binary cross entropy of probabilities wants outputs between"
    ):
        from_data(data)
