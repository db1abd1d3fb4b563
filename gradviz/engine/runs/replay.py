"""Run a saved run again, and say whether it matched bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradviz.core.document.experiment import Experiment
from gradviz.core.runs.records import RecordBlock, StepRecord
from gradviz.core.runs.result import Arrays, RunResult
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer


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
    if result.history is None or not len(result.history.losses):
        raise EngineError("The file holds no history to compare with: run the experiment and save it first.")
    saved = result.history.losses
    trainer = Trainer(_at_start(experiment, result), RunResult.beginning_with(result.start))
    trainer.edits = list(result.edits) or trainer.edits
    last = len(saved) - 1
    for step in range(last + 1):
        record = trainer.seek(step)
        found = record.losses
        if trainer.step < step:  # it diverged before, where the saved run went on
            return Replay(step, False, step, float(saved[step][0]), float("nan"), _differences(trainer, result))
        if not np.array_equal(saved[step], np.array(found), equal_nan=True):
            lane = np.flatnonzero(~np.isclose(saved[step], found, rtol=0, atol=0, equal_nan=True))[0]
            expected, other = float(saved[step][lane]), float(found[lane])
            return Replay(step, False, step, expected, other, _differences(trainer, result))
        if not _have_same_figures(record, result.history):
            return Replay(step, False, step, float("nan"), float("nan"), _differences(trainer, result))
        if step == result.step and not _have_same_weights(trainer, result):
            return Replay(step, False, step, float("nan"), float("nan"), _differences(trainer, result))
        if progress is not None:
            progress(step, last)
    return Replay(last, True, None, float("nan"), float("nan"), _differences(trainer, result))


def _at_start(experiment: Experiment, result: RunResult) -> Experiment:
    """The experiment with the optimisers that the run began with."""
    return experiment.with_optimizers(result.edits[0].optimizers) if result.edits else experiment


def _have_same_figures(record: StepRecord, history: RecordBlock) -> bool:
    """Whether the rows held out gave the same, where a file has that."""
    if history.figures is None:
        return True
    return np.array_equal(history.figures[record.step].reshape(-1), np.array(record.figures), equal_nan=True)


def _have_same_weights(trainer: Trainer, result: RunResult) -> bool:
    """Losses alone could agree while a weight does not, so the weights are compared where the run was saved."""
    again = trainer.result(result.state).lanes
    pairs = zip(again, result.lanes, strict=False)
    return all(_are_same(now.weights, then.weights) for now, then in pairs)


def _are_same(now: Arrays, then: Arrays) -> bool:
    return now.keys() == then.keys() and all(np.array_equal(now[name], then[name], equal_nan=True) for name in now)


def _differences(trainer: Trainer, result: RunResult) -> tuple[str, ...]:
    from gradviz.engine.training.versions import versions

    now = {**versions(), "device": str(trainer.device)}
    before = {**result.versions, "device": result.device}
    return tuple(
        f"{name} {before[name]} then, {now[name]} now" for name in now if name in before and before[name] != now[name]
    )
