"""What is known of one optimiser's end: its first step, its last ones, and an objective of its own to ask."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Generator, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradviz.core.document.experiment import Experiment, optimizer_names, with_value, without_autocast
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.questions.question import Progress
from gradviz.core.words import SILENCE, Words, say
from gradviz.engine.evidence.curvature import Curvature, curvature_of
from gradviz.engine.evidence.trials import SECONDS, Trial, tried
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError
from gradviz.engine.training.lanes import Lane
from gradviz.engine.training.trainer import Trainer

FRAMES, FRAMES_OF_LARGE, LARGE = 64, 12, 200_000
"""How many of the last steps are looked at, and how many where a step makes or copies so many numbers."""
MOST_PARAMETERS = 5_000_000
REPEATED_S = 1.0
"""Seconds of the processor for which a run is repeated up to its last steps: one that comes from a file knows no step
on the way, and 400,000 of them would keep the engine busy for a minute."""


class Frame(NamedTuple):
    """One step of one optimiser, copied."""

    step: int
    loss: float
    parameters: dict[str, Tensor]
    gradients: dict[str, Tensor | None]
    rate: float

    @property
    def is_finite(self) -> bool:
        """Whether its loss and its gradient are."""
        found = (gradient for gradient in self.gradients.values() if gradient is not None)
        return math.isfinite(self.loss) and all(bool(torch.isfinite(gradient).all()) for gradient in found)

    @property
    def place(self) -> Tensor:
        """All parameters in a row, in double precision."""
        return _row(self.parameters)

    @property
    def slope(self) -> Tensor:
        """The whole gradient in a row, in double precision; 0 where there is none."""
        filled = {
            name: torch.zeros_like(self.parameters[name]) if gradient is None else gradient
            for name, gradient in self.gradients.items()
        }
        return _row(filled)


class Evidence:
    """The end of one optimiser. `frames` are its last steps, the newest last; `first` is step 0.

    `is_over` says whether all its steps are done, or whether it was paused.
    """

    def __init__(self, twin: Trainer, index: int, first: Frame, frames: list[Frame], is_over: bool) -> None:
        self.experiment: Experiment = twin.experiment
        self.index = index
        self.first, self.frames, self.is_over = first, frames, is_over
        self._twin = twin

    @property
    def declared(self) -> Any:
        """The optimiser's settings."""
        return self.experiment.optimizers[self.index]

    @property
    def path(self) -> str:
        """Where its settings stand."""
        return f"optimizers.{self.index}"

    @property
    def last(self) -> Frame:
        """The last step."""
        return self.frames[-1]

    @property
    def is_broken(self) -> bool:
        """Whether its loss or gradient is no number any more."""
        return not self.last.is_finite

    @property
    def sound(self) -> list[Frame]:
        """The frames with a finite loss."""
        return [frame for frame in self.frames if math.isfinite(frame.loss)]

    @property
    def steps(self) -> int:
        """How many updates it has made."""
        return self.last.step

    @property
    def gain(self) -> float:
        """By how much the loss is better than at the start."""
        gain = self.first.loss - self.last.loss
        return -gain if getattr(self.declared, "maximize", False) else gain

    @cached_property
    def has_moved(self) -> bool:
        """Whether any parameter is another than at the start."""
        return not torch.equal(self.first.place, self.last.place)

    @property
    def objective(self) -> Objective:
        """The twin's own, which may be set to any place."""
        return self._twin.lanes[self.index].objective

    @cached_property
    def is_whole(self) -> bool:
        """Whether every step looks at the same rows, with no Dropout between them."""
        fit: Any = self.experiment.objective
        return not hasattr(fit, "batch") or (
            fit.batch.size_of(fit.data.training_rows) >= fit.data.training_rows
            and not any(layer.is_random for layer in fit.model)
        )

    def rate_at(self, step: int) -> float:
        """The rate at another step of the run."""
        self._twin.seek(step)
        return self._twin.lanes[self.index].rate

    def rests_since(self) -> int:
        """The first step at which the parameters were those of the last; the first frame where that takes long."""
        end, limit = self.last.place, time.perf_counter() + SECONDS
        self._twin.seek(0)
        while self._twin.step < self.steps and time.perf_counter() < limit:
            if frame_of(self._twin.lanes[self.index], 0).place.equal(end):
                return self._twin.step
            self._twin.advance()
        return next(frame.step for frame in self.frames if frame.place.equal(end))

    def at(self, frame: Frame) -> Objective:
        """The objective, set to the parameters and the batch of a frame."""
        objective = self.objective
        with torch.no_grad():
            for name, parameter in objective.learned.items():
                parameter.copy_(frame.parameters[name])
        objective.at_step(frame.step)
        return objective

    def exactly_at(self, frame: Frame) -> Objective:
        """The same in double precision, on the CPU: not every device has it."""
        self._double.adopt(self.at(frame))
        return self._double

    @cached_property
    def _double(self) -> Objective:
        exact = with_value(without_autocast(self.experiment), "dtype", "float64")
        return build_objective(exact, torch.device("cpu"))

    def curvature(self, frame: Frame) -> Curvature | None:
        """The curvature of the loss at a frame; None where it would take too long, or is not finite."""
        if not all(bool(torch.isfinite(value).all()) for value in frame.parameters.values()):
            return None
        return curvature_of(self.exactly_at(frame))

    def tried(self, *edits: Edit, steps: int | None = None) -> Trial | None:
        """What comes of the run with these edits; None where they are not allowed, or the run fails again."""
        return tried(self.experiment, self.index, edits, self._twin.start, steps or self.experiment.steps)

    def those_that_work(self, *edits: Edit) -> tuple[Edit, ...]:
        """The edits, if a run goes well with them; none of them else."""
        return edits if edits and self.tried(*edits) is not None else ()

    def edit(self, name: str, value: Any) -> Edit:
        """Of a setting of this optimiser."""
        return Edit(f"{self.path}.{name}", value)

    @property
    def who(self) -> str:
        """The optimiser's name where several race; else empty."""
        return optimizer_names(self.experiment)[self.index] if len(self.experiment.optimizers) > 1 else ""

    def reason(
        self,
        kind: str,
        cause: Words,
        advice: Words,
        figures: dict[str, float],
        edits: tuple[Edit, ...] = (),
        action: Words = SILENCE,
    ) -> Reason:
        """Why it ended so, in words that name it where others race."""
        told = self._told(cause, advice)
        return Reason(kind, told, self.index, tuple(figures.items()), edits, action if edits else SILENCE)

    def _told(self, cause: Words, advice: Words) -> Words:
        step = self.last.step
        if self.is_broken and step and not math.isfinite(self.last.loss):
            if self.who:
                pattern = "{who} diverged at step {step:,}. {cause} {advice}"
                return say(pattern, who=self.who, step=step, cause=cause, advice=advice)
            return say("Diverged at step {step:,}. {cause} {advice}", step=step, cause=cause, advice=advice)
        if self.who:
            return say("{who}: {cause} {advice}", who=self.who, cause=cause, advice=advice)
        return say("{cause} {advice}", cause=cause, advice=advice)


def gathered(trainer: Trainer) -> Generator[Progress, None, list[Evidence]]:
    """The evidence on every optimiser that no error of PyTorch has stopped; the trainer is left as it is."""
    count = trainer.experiment.objective.parameter_count
    if count * len(trainer.lanes) > MOST_PARAMETERS:
        raise EngineError("The model is too large to be run a second time beside itself: no reason is looked for.")
    twin = trainer.twin()
    is_slow = max(count, twin.lanes[0].objective.landscape_numbers) > LARGE
    most = FRAMES_OF_LARGE if is_slow else FRAMES
    found = []
    for index, lane in enumerate(trainer.lanes):
        if lane.fault is not None:
            continue
        end = trainer.step
        if not math.isfinite(lane.loss):
            end = yield from _progressing(_end_of(twin, index, trainer.last_finite(index), trainer.step))
        frames = yield from _progressing(_film(twin, index, max(0, end - most + 1), end))
        twin.seek(0)
        first = frame_of(twin.lanes[index], 0)
        found.append(Evidence(twin, index, first, frames, trainer.finished))
    return found


def _progressing(work: Iterator[Any]) -> Generator[Progress, None, Any]:
    """The last of what `work` yields, with a word between."""
    last = None
    for last in work:  # noqa: B007 - it is what is returned
        yield Progress(0.0, say("Looking for the reason"))
    return last


def _end_of(twin: Trainer, index: int, begin: int, limit: int) -> Iterator[int]:
    """The first step after `begin` at which an optimiser's loss is not finite."""
    for _ in _repeating(twin, begin):
        yield twin.step
    yield twin.step
    while twin.step < limit and math.isfinite(twin.lanes[index].loss):
        twin.advance()
        yield twin.step


def _film(twin: Trainer, index: int, begin: int, end: int) -> Iterator[list[Frame]]:
    lane = twin.lanes[index]
    for _ in _repeating(twin, begin):
        yield []
    frames = deque([frame_of(lane, twin.step)])
    yield list(frames)
    while twin.step < end:
        next(iter(twin.towards(twin.step + 1)), None)
        if frames[-1].step == twin.step:
            raise EngineError("The run cannot be followed to its end.")
        frames.append(frame_of(lane, twin.step))
        yield list(frames)


def _repeating(twin: Trainer, step: int) -> Iterator[None]:
    """A seek that is given up where it takes too long; EngineError says so."""
    steps, spent_s = iter(twin.towards(step)), 0.0
    while True:
        begin = time.thread_time()
        if next(steps, None) is None:
            return
        spent_s += time.thread_time() - begin
        if spent_s > REPEATED_S:
            raise EngineError("The run is too long to be repeated up to its end: no reason is looked for.")
        yield


def frame_of(lane: Lane, step: int) -> Frame:
    """A lane as it stands."""
    trained = lane.objective.learned
    return Frame(
        step,
        lane.loss,
        {name: parameter.detach().clone() for name, parameter in trained.items()},
        {name: _gradient_of(lane, parameter) for name, parameter in trained.items()},
        lane.rate,
    )


def _gradient_of(lane: Lane, parameter: Tensor) -> Tensor | None:
    """A copy; 0 for what overflows in a scaled loss, for its update is left out."""
    if parameter.grad is None or lane.scaling is None:
        return None if parameter.grad is None else parameter.grad.clone()
    return parameter.grad.nan_to_num(0.0, 0.0, 0.0)


def _row(tensors: dict[str, Tensor]) -> Tensor:
    return torch.cat([tensor.detach().double().reshape(-1) for tensor in tensors.values()])
