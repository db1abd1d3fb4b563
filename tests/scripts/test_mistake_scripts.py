"""Every mistake of the catalogue runs, and its script with torch.optim makes it too, or a sentence says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_process import executed
from script_runs import ended, trained, written

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.document.with_mistake import compared_with
from gradviz.core.optimizers.mistakes import MISTAKES, Mistake
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.problems import ScriptError

TENSORS = [{"name": name, "role": "parameter", "value": value} for name, value in (("a", 0.8), ("b", [0.4, 0.7]))]
FORMULA = {"kind": "formula", "tensors": TENSORS, "text": "u = a*b\nv = u + b**2\nloss = mean(v**2) + a**2"}
LAYERS = {
    "kind": "fit",
    "model": [{"kind": "linear", "features": 3}, {"kind": "tanh"}, {"kind": "linear", "features": 1}],
}
OBJECTIVES = {"formula": FORMULA, "layers": LAYERS}


def race_of(objective: Any, mistake: type[Mistake]) -> Experiment:
    optimizer = {"kind": "sgd", "lr": 0.01, "momentum": 0.5}
    return compared_with(from_data({"objective": objective, "optimizers": [optimizer], "steps": 5}), mistake())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.__name__)
@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
def test_a_script_makes_the_mistake_that_the_run_makes(objective: Any, mistake: type[Mistake]) -> None:
    alone = race_of(objective, mistake)
    alone = alone.with_optimizers(alone.optimizers[1:])
    assert Trainer(alone).record.step == 0
    if mistake.stops_scripts:
        with pytest.raises(ScriptError, match=mistake.stops_scripts):
            written(alone, "torch")
        return
    found, wanted = executed(written(alone, "torch")), trained(alone)
    assert (found.loss, found.parameters, found.gradients) == (wanted.loss, wanted.parameters, wanted.gradients)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.__name__)
def test_a_race_makes_it_in_one_optimiser_alone(mistake: type[Mistake]) -> None:
    race = race_of(FORMULA, mistake)
    is_known = not mistake.stops_scripts and (not mistake.changes_loop or mistake.race_switch)
    if not is_known:
        with pytest.raises(ScriptError):
            written(race, "torch")
        return
    trainer = Trainer(race)
    for _ in trainer.steps():
        pass
    printed = executed(written(race, "torch")).printed
    results = json.loads(printed[-1])["optimizers"]
    for index, racer in enumerate(results.values()):
        lane = ended(trainer, index)
        assert (racer["loss"], racer["parameters"]) == (lane.loss, lane.parameters), index


@pytest.mark.parametrize("mistake", [one for one in MISTAKES if one.changes_loop], ids=lambda one: one.__name__)
@pytest.mark.parametrize("dialect", ["numpy", "autograd", "tensorflow"])
def test_an_update_by_hand_refuses_another_loop(mistake: type[Mistake], dialect: Any) -> None:
    race = race_of(FORMULA, mistake)
    with pytest.raises(ScriptError):
        written(race.with_optimizers(race.optimizers[1:]), dialect)
