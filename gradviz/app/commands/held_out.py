"""What the command line says of the rows held out: the last evaluation, the best one, and early stopping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradviz.core.document.experiment import figure_names, optimizer_names
from gradviz.core.numbers import Floats, short_number
from gradviz.core.runs.figures import VALIDATION_LOSS, latest, score_text

if TYPE_CHECKING:
    from gradviz.engine.runs.whole_run import WholeRun


def held_out_data(whole: WholeRun, optimizer: int) -> dict[str, Any]:
    """For JSON: "validation" and "stopped_early" of one optimiser, null where there is no such thing.

    "validation" has the figures of the last evaluation with its step, and the "best" one by its loss.
    """
    return {"validation": _validation(whole, optimizer), "stopped_early": _stopped(whole, optimizer)}


def _validation(whole: WholeRun, optimizer: int) -> dict[str, Any] | None:
    names, figures = figure_names(whole.trainer.experiment), whole.history.figures
    found = latest(figures[:, optimizer], len(figures)) if len(figures) else None
    if not names or found is None:
        return None
    step, last = found
    told = {"step": step, **dict(zip(names, last.tolist(), strict=True))}
    return told | {"best": _best(figures[:, optimizer])}


def _best(figures: Floats) -> dict[str, Any] | None:
    """The step with the least validation loss, of (steps, 3) figures; None where none is finite."""
    losses = np.where(np.isfinite(figures[:, VALIDATION_LOSS]), figures[:, VALIDATION_LOSS], np.inf)
    step = int(losses.argmin())
    return {"step": step, "validation_loss": float(losses[step])} if np.isfinite(losses[step]) else None


def _stopped(whole: WholeRun, optimizer: int) -> dict[str, Any] | None:
    lane = whole.trainer.lanes[optimizer]
    if lane.watch is None or not lane.is_over:
        return None
    state, stopping = lane.watch.state, lane.watch.stopping
    is_back = stopping is not None and stopping.weights == "best" and state.best is not None
    return {
        "step": state.stop,
        "best_step": None if state.best is None else state.best.step,
        "best_validation_loss": None if state.best is None else state.best.loss,
        "weights_back_at": state.end if is_back else None,
    }


def held_out_text(whole: WholeRun) -> Iterator[str]:
    """A line for each optimiser."""
    experiment, figures = whole.trainer.experiment, whole.history.figures
    names = optimizer_names(experiment)
    is_labelled = "accuracy" in "".join(figure_names(experiment))
    for index, name in enumerate(names if len(figures) else ()):
        found = latest(figures[:, index], len(figures))
        if found is not None:
            who = f"{name}: " if len(names) > 1 else ""
            loss, seen, unseen = found[1].tolist()
            scores = f"{score_text(unseen, is_labelled)}, of the rows trained on {score_text(seen, is_labelled)}"
            yield f"{who}validation loss {short_number(loss)} at step {found[0]:,}; {scores}"
