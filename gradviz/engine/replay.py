"""Run a saved run again, and say whether it matched bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradviz.core.experiment import Experiment
from gradviz.core.records import RunResult
from gradviz.engine.problems import EngineError
from gradviz.engine.trainer import Trainer


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found. `first_difference` is the first step that differs, None if none does.

    `differences` names the versions that are others now than when the run was saved.
    """

    steps: int
    matched: bool
    first_difference: int | None
    expected: float
    found: float
    differences: tuple[str, ...]


def replay(experiment: Experiment, result: RunResult, progress: Callable[[int, int], None] | None = None) -> Replay:
    """Train `experiment` from its seed with the live edits of `result`, and compare losses and weights.

    `progress` is told the steps done and to be done. EngineError if the file holds no history.
    """
    saved = result.tensors.get("history/losses")
    if saved is None or not len(saved):
        raise EngineError("The file holds no history to compare with: run the experiment and save it first.")
    trainer = Trainer(_at_start(experiment, result))
    trainer.edits = list(result.edits)
    last = len(saved) - 1
    for step in range(last + 1):
        found = trainer.seek(step).losses
        expected = tuple(saved[step])
        if not np.array_equal(np.array(found), np.array(expected), equal_nan=True):
            lane = next(k for k in range(len(expected)) if found[k] != expected[k])
            return Replay(step, False, step, float(expected[lane]), float(found[lane]), _differences(trainer, result))
        if progress is not None:
            progress(step, last)
        if trainer.diverged:
            break
    return _compare_weights(trainer, result, last)


def _at_start(experiment: Experiment, result: RunResult) -> Experiment:
    """The experiment with the optimisers that the run began with."""
    if not result.edits:
        return experiment
    from gradviz.core.experiment import from_data, to_data

    data = to_data(experiment) | {"optimizers": [dict(plain) for plain in result.edits[0].optimizers]}
    return from_data(data)


def _compare_weights(trainer: Trainer, result: RunResult, last: int) -> Replay:
    """Losses alone could agree while a weight does not, so the weights are compared where the run was saved."""
    differences = _differences(trainer, result)
    if trainer.step == result.step:
        again = trainer.result(result.state).tensors
        for name, weights in result.tensors.items():
            if name.startswith("weights/") and not np.array_equal(again[name], weights, equal_nan=True):
                return Replay(last, False, last, float("nan"), float("nan"), differences)
    return Replay(last, True, None, float("nan"), float("nan"), differences)


def _differences(trainer: Trainer, result: RunResult) -> tuple[str, ...]:
    from gradviz.engine.versions import versions

    now = {**versions(), "device": str(trainer.device)}
    before = {**result.versions, "device": result.device}
    return tuple(
        f"{name} {before[name]} then, {now[name]} now" for name in now if name in before and before[name] != now[name]
    )
