"""What of a result does not fit its experiment, as far as it can be told without torch."""

from __future__ import annotations

from itertools import pairwise

from gradviz.core.document.consequence import live_names
from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import plural
from gradviz.core.optimizers.optimizer import Optimizer
from gradviz.core.runs.result import LiveEdit, RunResult

MOST_EDITS = 10_000


def misfit(experiment: Experiment, result: RunResult) -> str:
    """The first thing that does not fit, as a clause; empty where nothing is wrong."""
    return _of_step(experiment, result) or _of_history(experiment, result) or _of_edits(experiment, result)


def _of_step(experiment: Experiment, result: RunResult) -> str:
    lanes, optimizers = len(result.lanes), len(experiment.optimizers)
    if result.step > experiment.steps:
        return (
            f"its run stands at step {_short(result.step)}, but the experiment has {plural(experiment.steps, 'step')}"
        )
    if lanes not in (0, optimizers):
        return f"its run has {plural(lanes, 'optimiser')}, the experiment has {optimizers}"
    if result.step and not lanes:
        return f"its run stands at step {result.step:,}, but there are no weights"
    return ""


def _of_history(experiment: Experiment, result: RunResult) -> str:
    history = result.history
    if history is None:
        return ""
    if history.losses.shape != (result.step + 1, len(experiment.optimizers)):
        lanes_shown = plural(history.losses.shape[1], "optimiser")
        return (
            f"its history has {plural(len(history.losses), 'step')} of {lanes_shown}, but the run "
            f"stands at step {result.step:,} with {len(experiment.optimizers)}"
        )
    return ""


def _of_edits(experiment: Experiment, result: RunResult) -> str:
    edits = result.edits
    if len(edits) > MOST_EDITS:
        return f"its run has {len(edits):,} live edits; at most {MOST_EDITS:,} are read"
    if result.lanes and (not edits or edits[0].step != 0):
        return "its live edits do not begin at step 0"
    if any(later.step <= before.step for before, later in pairwise(edits)):
        return "its live edits are not in order"
    if edits and edits[-1].step > result.step:
        return f"a live edit is of step {_short(edits[-1].step)}, after the run's {result.step:,}"
    return next((wrong for edit in edits if (wrong := _of_edit(experiment, edit))), "")


def _of_edit(experiment: Experiment, edit: LiveEdit) -> str:
    where = f"the live edit of step {edit.step:,}"
    if len(edit.optimizers) != len(experiment.optimizers):
        return f"{where} has another number of optimisers than the experiment"
    for index, (then, now) in enumerate(zip(edit.optimizers, experiment.optimizers, strict=True)):
        if type(then) is not type(now):
            return f"{where} has {then.label} where the experiment has {now.label}"
        name = _frozen_difference(then, now)
        if name:
            return f"{where} changes optimizers.{index}.{name}, which no live edit can"
    return ""


def _frozen_difference(then: Optimizer, now: Optimizer) -> str:
    """The first setting that differs though it is not live; empty where there is none."""
    live = live_names(now)
    names = (name for name in type(now).model_fields if name not in live)
    return next((name for name in names if getattr(then, name) != getattr(now, name)), "")


def _short(step: int) -> str:
    """A step for a person, whatever stands in a file."""
    return f"{step:,}" if step < 10**15 else f"{step:.3g}"
