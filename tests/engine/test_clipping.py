"""Clipping against plain loops of torch, bit for bit; what is shown is the gradient before it."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch
from fits import SMALL
from torch import nn

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, optimizer_names, with_value
from gradviz.core.layers.activations import Tanh
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import FitObjective, FormulaObjective, NamedTensor
from gradviz.core.optimizers.catalogue import LBFGS, SGD, Adam, HandDescent, Optimizer
from gradviz.core.optimizers.clipping import CLIPPINGS, ClipByNorm, ClipByValue, Clipping
from gradviz.core.optimizers.mistakes import Cycle, NoZeroGrad
from gradviz.core.optimizers.schedule_catalogue import Exponential
from gradviz.core.questions.explanation import Explain
from gradviz.core.runs.state import RunState
from gradviz.engine.answers.answering import ask
from gradviz.engine.answers.moment import Moment
from gradviz.engine.problems import EngineError
from gradviz.engine.surfaces.basins import basins
from gradviz.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("frequent_checkpoints", "one_thread")
STEPS = 25
MODEL = FitObjective(data=SMALL, model=(LinearLayer(features=4), Tanh(), LinearLayer()))
SOME: tuple[Clipping, ...] = (
    ClipByNorm(max_norm=0.3),
    ClipByNorm(max_norm=0.5, norm_type="1"),
    ClipByNorm(max_norm=0.1, norm_type="inf"),
    ClipByValue(clip_value=0.05),
)


def clip(declared: Clipping, parameters: list[nn.Parameter]) -> None:
    if isinstance(declared, ClipByNorm):
        nn.utils.clip_grad_norm_(parameters, declared.max_norm, norm_type=float(declared.norm_type))
    elif isinstance(declared, ClipByValue):
        nn.utils.clip_grad_value_(parameters, declared.clip_value)


def seen(loss: float, parameters: list[nn.Parameter]) -> tuple[float, list[Any], list[Any]]:
    return loss, [p.tolist() for p in parameters], [p.grad.tolist() for p in parameters if p.grad is not None]


def plain_run(optimizer: Any, declared: Clipping, zeroes: bool = True) -> list[tuple[float, list[Any], list[Any]]]:
    """Loss, parameters and gradients of a loop without gradviz."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x, y = SMALL.build(0, torch.float32)
    made = optimizer(model.parameters())
    scheduler = torch.optim.lr_scheduler.ExponentialLR(made, 0.9)
    parameters, found = list(model.parameters()), []
    for _ in range(STEPS + 1):
        if zeroes:
            made.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        found.append(seen(loss.item(), parameters))
        clip(declared, parameters)
        made.step()
        scheduler.step()
    return found


RULES: dict[str, tuple[Optimizer, Any]] = {
    "sgd": (SGD(lr=0.1, momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "adam": (Adam(lr=0.05), lambda p: torch.optim.Adam(p, lr=0.05)),
}


def experiment_of(declared: Optimizer, clipping: Clipping, **more: Any) -> Experiment:
    update = {"clipping": clipping, "schedule": Exponential(gamma=0.9), **more}
    return Experiment(objective=MODEL, optimizers=(declared.model_copy(update=update),), steps=STEPS)


def here(trainer: Trainer) -> tuple[float, list[Any], list[Any]]:
    return seen(trainer.record.losses[0], list(trainer.lanes[0].objective.parameters.values()))


@pytest.mark.parametrize("clipping", SOME, ids=lambda one: one.told)
@pytest.mark.parametrize("name", RULES)
def test_a_clipped_run_is_that_of_torch_bit_for_bit_and_so_is_every_seek(name: str, clipping: Clipping) -> None:
    declared, build = RULES[name]
    expected = plain_run(build, clipping)
    trainer = Trainer(experiment_of(declared, clipping))
    assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
    assert expected != plain_run(build, CLIPPINGS[0]()), "it clips"
    for step in (3, 20, 0, 11, STEPS):
        trainer.seek(step)
        assert here(trainer) == expected[step]
        assert here(Trainer(trainer.experiment, trainer.result(RunState.PAUSED))) == expected[step]


def test_gradients_that_add_up_add_to_what_was_clipped() -> None:
    clipping = ClipByNorm(max_norm=0.3)
    experiment = experiment_of(SGD(lr=0.01), clipping, mistake=NoZeroGrad())
    expected = plain_run(lambda p: torch.optim.SGD(p, lr=0.01), clipping, zeroes=False)
    trainer = Trainer(experiment)
    assert [here(trainer), *(here(trainer) for _ in trainer.steps())] == expected
    trainer.seek(7)
    assert here(trainer) == expected[7]


def test_the_update_by_hand_is_clipped_as_sgd_is() -> None:
    clipping = ClipByValue(clip_value=0.01)
    optimizers = (SGD(lr=0.1, clipping=clipping), HandDescent(lr=0.1, clipping=clipping))
    trainer = Trainer(Experiment(objective=MODEL, optimizers=optimizers, steps=STEPS))
    assert all(record.losses[0] == record.losses[1] for record in trainer.steps())


def test_without_clipping_the_update_is_torchs_own_step_and_nothing_stands_around_it() -> None:
    lane = Trainer(Experiment(objective=MODEL, optimizers=(SGD(),))).lanes[0]
    update = lane.update
    assert isinstance(update, functools.partial)
    assert (update.func, update.args, update.keywords) == (type(lane.optimizer).step.__wrapped__, (lane.optimizer,), {})


def test_lbfgs_refuses_clipping_in_a_sentence_and_another_kind_leaves_it() -> None:
    clipped = Experiment(objective=MODEL, optimizers=(SGD(clipping=ClipByNorm()),))
    with pytest.raises(SettingError, match=r"optimizers\.0\.clipping\.kind: LBFGS learns the curvature"):
        with_value(Experiment(objective=MODEL, optimizers=(LBFGS(),)), "optimizers.0.clipping.kind", "norm")
    other = with_value(clipped, "optimizers.0.kind", "lbfgs").optimizers[0]
    assert not other.clipping.told
    assert with_value(clipped, "optimizers.0.kind", "adam").optimizers[0].clipping == ClipByNorm()


def test_the_names_of_a_race_and_the_rule_tell_it() -> None:
    race = Experiment(objective=MODEL, optimizers=(SGD(), SGD(clipping=ClipByNorm(max_norm=0.5))))
    assert optimizer_names(race) == ("SGD", "SGD, norm clipped at 0.5")
    assert race.optimizers[1].notes()[""] == "g = g*min(1, 0.5/(norm of all g + 1e-06))\np = p - lr*g"
    assert race.optimizers[0].notes()[""] == "p = p - lr*g"


def test_a_run_that_clipping_holds_back_is_told_so_and_one_that_it_does_not_is_not() -> None:
    objective = FormulaObjective(tensors=(NamedTensor(name="x", value=300.0),), text="loss = x**2")

    def reason(most: float) -> str:
        declared = SGD(lr=0.1, clipping=ClipByNorm(max_norm=most))
        trainer = Trainer(Experiment(objective=objective, optimizers=(declared,), steps=100))
        trainer.seek(100)
        found: Any = ask(Explain(RunState.FINISHED, 100), Moment(trainer))
        return found.reasons[0].kind if found.reasons else ""

    assert reason(0.5) == "clipping"
    assert reason(1000.0) != "clipping"


def test_a_map_of_basins_clips_by_value_and_refuses_what_looks_at_all_numbers() -> None:
    def ends(clipping: Clipping) -> Any:
        work = basins(Experiment(optimizers=(SGD(lr=0.01, clipping=clipping),), steps=100), ((-6, 6), (-6, 6)), 8)
        while True:
            try:
                next(work)
            except StopIteration as end:
                return end.value

    assert len(ends(ClipByValue(clip_value=10.0)).ends) == 4
    assert not np.array_equal(ends(ClipByValue(clip_value=0.1)).labels, ends(CLIPPINGS[0]()).labels)
    with pytest.raises(EngineError, match="Clipping by norm looks at all numbers together"):
        ends(ClipByNorm())


def test_a_run_whose_gradients_were_never_computed_is_clipped_without_an_error() -> None:
    declared = SGD(clipping=ClipByValue(), mistake=Cycle(actions=("zero", "backward")))
    trainer = Trainer(Experiment(objective=MODEL, optimizers=(declared,), steps=4))
    assert trainer.seek(4).step == 4
    assert not trainer.faults
