"""Looks at the rows held out, for one optimiser: their loss and score, the best of them so far, and early stopping.

A look changes nothing of the training: it is made in eval mode, without a graph, and draws no random number. Which
steps have one is decided by their number alone, so that a run is the same whichever way it comes to a step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gradviz.core.numbers import short_number
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.stopping import EarlyStopping
from gradviz.core.runs.figures import NOT_EVALUATED, VALIDATION_LOSS
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.objective import Objective

Figures = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Best:
    """The evaluation with the least validation loss, and copies of what it was made with, which nobody changes."""

    step: int
    loss: float
    weights: tuple[Tensor, ...]
    buffers: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that a watch is at a step. `stop` is when its patience ended, `end` the last step of its optimiser."""

    best: Best | None = None
    stop: int | None = None
    end: int | None = None
    figures: Figures = NOT_EVALUATED
    """Of the last look."""


class Watch:
    """Of one optimiser. Belongs to the thread of its trainer."""

    def __init__(self, objective: FitDescent, every: int, stopping: EarlyStopping | None) -> None:
        self._objective = objective
        self._every = every
        self.stopping = stopping
        self.state = WatchState()

    @property
    def is_over(self) -> bool:
        """Whether its optimiser has stopped early, and makes no further step."""
        return self.state.end is not None

    @property
    def puts_back(self) -> bool:
        """Whether the next step puts the best weights back instead of an update."""
        return self.state.stop is not None and self.state.end is None

    def look(self, step: int) -> Figures:
        """The figures of a step that was evaluated just now, and what follows from them."""
        if self.is_over:
            return self.state.figures if step == self.state.end else NOT_EVALUATED
        is_last = self.puts_back and step != self.state.stop
        if step % self._every and not is_last:
            return NOT_EVALUATED
        figures = self._objective.figures()
        best, stop, end = self.state.best, self.state.stop, self.state.end
        if is_last:
            end = step
        elif self.stopping is not None:
            best = self._best_of(best, step, figures[VALIDATION_LOSS])
            if self._waited(best, step) >= self.stopping.patience:
                stop = step
                end = step if self.stopping.weights == "last" or best is None else None
        self.state = WatchState(best, stop, end, figures)
        return figures

    def _best_of(self, best: Best | None, step: int, loss: float) -> Best | None:
        assert self.stopping is not None
        if not math.isfinite(loss) or (best is not None and not loss < best.loss - self.stopping.least):
            return best
        model = self._objective.model
        weights = tuple(parameter.detach().clone() for parameter in self._objective.parameters.values())
        return Best(step, loss, weights, tuple(buffer.clone() for buffer in model.buffers()))

    def _waited(self, best: Best | None, step: int) -> int:
        """Evaluations since the best one."""
        return step // self._every - (0 if best is None else best.step // self._every)

    def put_back(self) -> None:
        """Make the best weights those of the next step."""
        best = self.state.best
        assert best is not None
        with torch.no_grad():
            for parameter, value in zip(self._objective.parameters.values(), best.weights, strict=True):
                parameter.copy_(value)
            for buffer, value in zip(self._objective.model.buffers(), best.buffers, strict=True):
                buffer.copy_(value)


def watch_of(declared: object, objective: Objective) -> Watch | None:
    """The watch of an objective; None where no rows are held out."""
    if not isinstance(declared, FitObjective) or not isinstance(objective, FitDescent):
        return None
    every = declared.evaluation_every
    stopping = declared.stopping if isinstance(declared.stopping, EarlyStopping) else None
    return Watch(objective, every, stopping) if every else None


def stop_words(watch: Watch, name: str, more: int) -> Words:
    """That an optimiser stopped early, at which step and why; its `name` in a race, and how many `more` did."""
    state, stopping = watch.state, watch.stopping
    assert stopping is not None
    assert state.stop is not None
    best = state.best
    if best is None:
        first = say("Stopped early at step {step:,}: no validation loss was a finite number.", step=state.stop)
    else:
        by = say(" by more than {least}", least=short_number(stopping.least)) if stopping.least else SILENCE
        first = say(
            "Stopped early at step {step:,}: the validation loss has not improved{by} since step {best:,} ({loss}).",
            step=state.stop,
            by=by,
            best=best.step,
            loss=short_number(best.loss),
        )
        if stopping.weights == "best":
            back = "{first} The weights of step {best:,} are back at step {end:,}."
            first = say(back, first=first, best=best.step, end=state.end)
    if name:
        first = say("{name}: {first}", name=name, first=first)
    return say("{first} {count:other|others} stopped early, too.", first=first, count=more) if more else first
