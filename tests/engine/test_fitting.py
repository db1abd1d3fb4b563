"""A result that does not fit its experiment is refused by the name of what does not, before anything is restored."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from engine_support import NEURONS

from gradviz.core.data.class_datasets import TwoMoons
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.regular import BatchNorm1d
from gradviz.core.objectives.catalogue import FitObjective, TestFunctionObjective
from gradviz.core.objectives.losses import CrossEntropy
from gradviz.core.optimizers.catalogue import LBFGS, OPTIMIZERS, SGD, Adam, Muon, NAdam, Rprop
from gradviz.core.optimizers.mistakes import NoZeroGrad
from gradviz.core.optimizers.schedule_catalogue import Cyclic, Linear, Sequential, StepDecay
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.result import KeptList, LaneResult, LiveEdit, RunResult, ScheduleNumbers
from gradviz.core.runs.state import RunState
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

NORMED = FitObjective(
    data=TwoMoons(points=20),
    model=(LinearLayer(features=3), BatchNorm1d(), LinearLayer(features=2)),
    loss=CrossEntropy(),
)
PLANNED = Sequential(schedules=(Linear(total_iters=4), StepDecay(step_size=3)), milestones=(5,))
EXPERIMENTS = {
    "adam": Experiment(optimizers=(Adam(lr=0.1),), steps=30),
    "nadam": Experiment(optimizers=(NAdam(lr=0.1),), steps=30),
    "lbfgs": Experiment(objective=NEURONS, optimizers=(LBFGS(lr=0.1, history_size=3),), steps=30),
    "race": Experiment(optimizers=(SGD(momentum=0.5), Adam()), steps=30),
    "normed": Experiment(objective=NORMED, optimizers=(SGD(),), steps=30),
    "planned": Experiment(optimizers=(Adam(schedule=PLANNED),), steps=30),
    "cycling": Experiment(optimizers=(Adam(schedule=Cyclic(cycle_momentum=True)),), steps=30),
    "carrying": Experiment(optimizers=(SGD(lr=1e-5, mistake=NoZeroGrad()),), steps=30),
}
Change = Callable[[RunResult], RunResult]


def result_of(experiment: Experiment) -> RunResult:
    trainer = Trainer(experiment)
    trainer.seek(8)
    return copy.deepcopy(trainer.result(RunState.PAUSED))


def lane(index: int = 0, **changes: Any) -> Change:
    """Exchange parts of a lane."""

    def change(result: RunResult) -> RunResult:
        lanes = list(result.lanes)
        lanes[index] = replace(lanes[index], **changes)
        return replace(result, lanes=tuple(lanes))

    return change


def within(part: str, *path: str, value: Any, index: int = 0) -> Change:
    """Set, or with None take out, what lies at a path inside a part of a lane."""

    def change(result: RunResult) -> RunResult:
        place: Any = getattr(result.lanes[index], part)
        for name in path[:-1]:
            place = place[name]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        return result

    return change


def schedule(**changes: Any) -> Change:
    """Other numbers of the first schedule."""

    def change(result: RunResult) -> RunResult:
        old = result.lanes[0].schedule
        assert old is not None
        return lane(schedule=ScheduleNumbers({**old.numbers, **changes}, old.inner))(result)

    return change


def whole(**changes: Any) -> Change:
    return lambda result: replace(result, **changes)


F4 = np.float32
W = "0.weight"
FILLED = KeptList(3, np.zeros((3, 7), F4))
CASES: list[tuple[str, Change, str]] = [
    ("adam", lane(weights={"x": np.zeros((), F4)}), "it has no weights/y"),
    ("adam", within("weights", "z", value=np.zeros((), F4)), "weights/z belongs to nothing"),
    ("adam", within("weights", "x", value=np.zeros(3, F4)), "weights/x has the shape (3,) and not ()"),
    ("adam", within("weights", "x", value=np.zeros(())), "weights/x is of float64 and not of float32"),
    ("adam", within("optimizer", "x", "exp_avg", value=np.zeros(3, F4)), "optimizer/x/exp_avg is of float32 (3,)"),
    ("adam", within("optimizer", "x", "exp_avg", value=np.zeros(())), "optimizer/x/exp_avg is of float64"),
    ("adam", within("optimizer", "x", "exp_avg", value=0.5), "optimizer/x/exp_avg is not a tensor"),
    ("adam", within("optimizer", "x", "exp_avg", value=None), "it has no optimizer/x/exp_avg"),
    ("adam", within("optimizer", "x", "step", value=np.array(-3, F4)), "optimizer/x/step is -3 in a run of 8 steps"),
    ("adam", within("optimizer", "x", "step", value=np.array(np.nan, F4)), "optimizer/x/step is nan"),
    ("adam", within("optimizer", "x", "step", value=np.array(9, F4)), "optimizer/x/step is 9"),
    ("adam", within("optimizer", "x", "wings", value=1), "optimizer/x/wings is nothing that this optimiser keeps"),
    ("adam", within("optimizer", "z", value={"step": 1}), "optimizer/z belongs to no parameter"),
    ("adam", within("group", "lr", value=0.1), "it has a schedule where the experiment has none"),
    ("adam", within("gradients", "x", value=np.zeros((), F4)), "gradient/x belongs to nothing"),
    ("adam", whole(random=None), "it has no random state"),
    ("adam", whole(random=np.zeros(16, np.uint8)), "its random state is none of torch's (uint8 of 16)"),
    ("adam", whole(random=np.zeros(5056, np.float32)), "its random state is none of torch's (float32"),
    ("adam", whole(start={"x": np.zeros((), F4)}), "it has no start/y"),
    ("adam", whole(history=RecordBlock(0, np.zeros((9, 1)), np.empty((9, 1, 0)))), "its history has no positions"),
    ("adam", whole(history=RecordBlock(0, np.zeros((7, 1)), np.empty((7, 1, 0)))), "its history has 7 steps"),
    ("normed", whole(history=RecordBlock(0, np.zeros((9, 1)), np.empty((9, 1, 2)))), "positions that no parameters"),
    ("adam", whole(step=31), "stands at step 31, but the experiment has 30 steps"),
    ("adam", whole(lanes=(LaneResult({}), LaneResult({}))), "its run has 2 optimisers, the experiment has 1"),
    ("adam", whole(edits=(LiveEdit(0, (SGD(),)),)), "the live edit of step 0 has SGD where the experiment has Adam"),
    ("nadam", within("optimizer", "x", "mu_product", value=np.array(1, F4)), "mu_product is 1"),
    ("race", within("optimizer", "x", "step", value=np.zeros((), F4)), "optimizer/x/step is nothing"),
    ("race", within("optimizer", "y", "exp_avg", value=None, index=1), "optimizer/y/exp_avg of optimiser 2"),
    ("normed", lane(buffers={}), "it has no buffers/1.running_mean"),
    ("normed", within("buffers", "1.num_batches_tracked", value=np.array(3.0)), "num_batches_tracked is of float64"),
    ("carrying", within("gradients", "x", value=np.zeros(2, F4)), "gradient/x has the shape (2,)"),
    ("lbfgs", within("optimizer", W, "d", value=np.zeros(3, F4)), f"optimizer/{W}/d is not what LBFGS keeps there"),
    ("lbfgs", within("optimizer", W, "d", value=None), f"it has no optimizer/{W}/d"),
    ("lbfgs", within("optimizer", W, "n_iter", value=None), f"it has no optimizer/{W}/n_iter"),
    ("lbfgs", within("optimizer", W, "n_iter", value=-1), f"optimizer/{W}/n_iter is not what LBFGS keeps there"),
    ("lbfgs", within("optimizer", W, "ro", value=KeptList(2, np.zeros(2, F4))), "are of different lengths"),
    ("lbfgs", within("optimizer", W, "old_dirs", value=KeptList(4, FILLED.filled)), "old_dirs is not what LBFGS keeps"),
    ("lbfgs", within("optimizer", W, "al", value=KeptList(7, None)), "al has 7 places and not 3"),
    ("lbfgs", within("optimizer", W, "al", value=None), f"it has no optimizer/{W}/al"),
    ("lbfgs", within("optimizer", W, "extra", value=1), "extra is nothing that LBFGS keeps"),
    ("lbfgs", within("optimizer", "0.bias", value={"d": 1}), "holds what LBFGS keeps with its first parameter alone"),
    ("planned", lane(schedule=None), "it has nothing of the schedule"),
    ("planned", within("group", "lr", value=None), "it has no group/lr"),
    ("planned", within("group", "lr", value=(0.1, 0.1, 0.1)), "group/lr is not of the kind"),
    ("planned", within("group", "initial_lr", value=0.5), "group/initial_lr differs from the setting"),
    ("planned", within("group", "wings", value=0.5), "group/wings is nothing that this optimiser has"),
    ("planned", schedule(last_epoch=31), "schedule/last_epoch is no count of a run of 8 steps"),
    ("planned", schedule(last_epoch=3.0), "schedule/last_epoch is no count"),
    ("planned", schedule(last_epoch=(3,)), "schedule/last_epoch is not of the kind"),
    ("planned", schedule(wings=3), "schedule/wings is nothing that this schedule has"),
    ("planned", lane(schedule=ScheduleNumbers({"last_epoch": 8})), "schedule has 0 schedules inside and not 2"),
    ("cycling", within("group", "betas", value=(2.0, 0.9)), "group/betas is not at least 0 and below 1"),
    ("cycling", schedule(total_size=0.0), "schedule/total_size differs from the setting"),
]


@pytest.mark.parametrize(("name", "change", "words"), CASES, ids=[f"{name}: {words}" for name, _, words in CASES])
def test_what_does_not_fit_is_named(name: str, change: Change, words: str) -> None:
    experiment = EXPERIMENTS[name]
    result = result_of(experiment)
    assert Trainer(experiment, copy.deepcopy(result)).step == 8
    with pytest.raises(EngineError) as caught:
        Trainer(experiment, change(result))
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.endswith("Press Reset to start from the seed.")
    assert len(sentence) <= 300


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.__name__)
def test_what_every_optimiser_leaves_fits_and_nothing_else_does(optimizer: type[Any]) -> None:
    matrix = FitObjective(model=(LinearLayer(bias=False),)) if optimizer is Muon else NEURONS
    experiment = Experiment(objective=matrix, optimizers=(optimizer(),), steps=30)
    result = result_of(experiment)
    assert Trainer(experiment, copy.deepcopy(result)).step == 8
    for name, state in result.lanes[0].optimizer.items():
        for key in state:
            broken = within("optimizer", name, key, value=np.zeros((2, 3, 4), np.int32))(copy.deepcopy(result))
            with pytest.raises(EngineError, match=key):
                Trainer(experiment, broken)


def test_a_momentum_that_came_or_went_live_leaves_a_result_that_fits() -> None:
    for first, later in ((0.0, 0.5), (0.5, 0.0)):
        experiment = Experiment(optimizers=(SGD(momentum=first),), steps=30)
        trainer = Trainer(experiment)
        trainer.seek(4)
        for steps in (0, 3):
            trainer.apply(with_value(experiment, "optimizers.0.momentum", later))
            trainer.seek(4 + steps)
            again = Trainer(trainer.experiment, trainer.result(RunState.PAUSED))
            assert again.record == trainer.record


def test_a_file_of_another_torch_may_name_other_numbers_of_a_schedule() -> None:
    experiment = EXPERIMENTS["planned"]
    other = replace(schedule(wings=3)(result_of(experiment)), versions={"torch": "1.0"})
    trainer = Trainer(experiment, other)
    assert (trainer.step, trainer.advance().step) == (8, 9)
    assert trainer.lanes[0].scheduler.last_epoch == 9


def test_checking_leaves_the_trainer_what_it_is() -> None:
    """What torch keeps is learned from a twin of the optimiser: it draws nothing and moves nothing."""
    experiment = Experiment(objective=TestFunctionObjective(x=1.0), optimizers=(Adam(lr=0.1), LBFGS()), steps=30)
    straight = Trainer(experiment)
    expected = [straight.seek(step).losses for step in range(20)]
    result = result_of(experiment)
    before = torch.get_rng_state()
    trainer = Trainer(experiment, result)
    assert torch.equal(torch.get_rng_state(), torch.from_numpy(result.random)), "the file's own state, and no other"
    assert before.shape == torch.get_rng_state().shape
    assert [trainer.seek(step).losses for step in range(8, 20)] == expected[8:]


def test_fewer_steps_than_were_done_bring_a_run_to_its_end() -> None:
    trainer = Trainer(Experiment(steps=300))
    records = [trainer.record, *trainer.steps()]
    trainer.apply(Experiment(steps=200))
    assert (trainer.step, trainer.record) == (200, records[200])
    assert trainer.finished
    trainer.apply(Experiment(steps=210))
    assert list(trainer.steps()) == records[201:211]


def test_settings_that_torch_refuses_at_an_update_are_no_foreign_error() -> None:
    result = result_of(Experiment(optimizers=(Rprop(lr=0.01),), steps=30))
    beyond = Rprop(lr=0.01, etas=(0.5, 1e308))
    edits = tuple(replace(edit, optimizers=(beyond,)) for edit in result.edits)
    with pytest.raises(EngineError, match="etas 1e308 is beyond what float32 can hold"):
        Trainer(Experiment(optimizers=(beyond,), steps=30), replace(result, edits=edits))


def test_a_past_with_settings_that_torch_refuses_is_refused_too() -> None:
    """A seek to its beginning, or a replay, would have set them."""
    experiment = Experiment(optimizers=(Rprop(lr=0.01),), steps=30)
    result = result_of(experiment)
    beyond = replace(result.edits[0], optimizers=(Rprop(lr=0.01, etas=(0.5, 1e40)),))
    with pytest.raises(EngineError, match="etas 1e40 is beyond what float32 can hold"):
        Trainer(experiment, replace(result, edits=(beyond, replace(result.edits[0], step=1))))
