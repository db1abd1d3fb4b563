"""A schedule that has no finite rate at some step stops its run there: no script goes on beyond it."""

from __future__ import annotations

from typing import Any

import pytest
from in_process import executed
from script_runs import trained, written

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.language.dialects import DIALECTS
from gradviz.scripts.problems import ScriptError

WITHOUT_RATE: dict[str, dict[str, Any]] = {
    "division": {"kind": "lambda", "lr_lambda": "1/(step - 3)"},
    "root": {"kind": "lambda", "lr_lambda": "(4.5 - step)**0.5"},
    "logarithm": {"kind": "lambda", "lr_lambda": "log(step)"},
    "whole numbers": {"kind": "lambda", "lr_lambda": "1 + 0*9**9**9*step"},
    "growth": {"kind": "lambda", "lr_lambda": "exp(step**3*9)"},
    "product": {"kind": "multiplicative", "lr_lambda": "10**(step*20)"},
    "cycle": {"kind": "cyclic", "scale_fn": "1/(x - 2)", "step_size_up": 2},
    "iterations": {"kind": "cyclic", "scale_fn": "1/(x - 5)", "scale_mode": "iterations", "step_size_up": 2},
    "in a sequence": {"kind": "sequential", "milestones": [4],
                      "schedules": [{"kind": "linear"}, {"kind": "lambda", "lr_lambda": "1/(3 - step)"}]},
}  # fmt: skip


def of(schedule: dict[str, Any], steps: int = 8, lr: float = 1e-4) -> Experiment:
    objective = {"kind": "test_function", "function": {"kind": "booth"}, "x": 0.7, "y": -0.4}
    optimizer = {"kind": "sgd", "lr": lr, "schedule": schedule}
    return from_data({"objective": objective, "optimizers": [optimizer], "steps": steps})


@pytest.mark.parametrize("name", WITHOUT_RATE)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_schedule_without_a_rate_is_refused_with_the_step(name: str, dialect: Any) -> None:
    experiment = of(WITHOUT_RATE[name])
    trainer = Trainer(experiment)
    for _ in trainer.steps():
        pass
    assert trainer.diverged
    with pytest.raises(ScriptError, match=r"no finite learning rate at step \d.*\. Change"):
        written(experiment, dialect)


def test_a_formula_that_has_no_value_after_the_end_is_written() -> None:
    ends = {"kind": "sequential", "milestones": [3],
            "schedules": [{"kind": "lambda", "lr_lambda": "1/(6 - step)"}, {"kind": "linear"}]}  # fmt: skip
    for experiment in (of({"kind": "lambda", "lr_lambda": "1/(9 - step)"}), of(ends)):
        assert executed(written(experiment, "torch")).parameters == trained(experiment).parameters
