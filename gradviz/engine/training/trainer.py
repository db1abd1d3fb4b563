"""The trainer: an experiment's optimisers, stepping side by side, one evaluation a step.

A step k is a *state*: the parameters after k updates, with their loss and gradient. Record k holds exactly
these, so graph, curves, surface and table can all show the same k.
"""

from __future__ import annotations

import math
import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.numbers import short_number
from gradviz.core.optimizers.catalogue import Optimizer
from gradviz.core.runs.figures import NOT_EVALUATED
from gradviz.core.runs.records import StepRecord
from gradviz.core.runs.result import Array, LiveEdit, RunResult
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words
from gradviz.engine.devices import resolve_device
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.problems import EngineError
from gradviz.engine.training.checkpoints import Checkpoints
from gradviz.engine.training.explanations import LIMIT
from gradviz.engine.training.fitting import check_fit
from gradviz.engine.training.lanes import Lane, check_settings
from gradviz.engine.training.memory_limit import check_memory
from gradviz.engine.training.saved_state import restore_lane, result_of
from gradviz.engine.training.trail import Trail
from gradviz.engine.training.turns import Turn
from gradviz.engine.training.versions import versions
from gradviz.engine.training.watch import stop_words, watch_of

LARGE_MODEL = 1_000_000


class Trainer:
    """Runs one experiment. Belongs to one thread.

    EngineError where the experiment cannot be built. `notice` says what was chosen otherwise than asked for.
    """

    def __init__(self, experiment: Experiment, start: RunResult | None = None) -> None:
        self.experiment = experiment
        self.device, self.notice = resolve_device(experiment.device, experiment.dtype)
        check_memory(experiment, self.device)
        self._turn = Turn(_threads_for(experiment))
        self._turn.take()
        self.lanes = [self._lane(optimizer) for optimizer in experiment.optimizers]
        self.step = 0
        self.edits: list[LiveEdit] = [_edit(0, experiment)]
        self._checkpoints = Checkpoints()
        self._told: set[int] = set()
        self._is_torn = False
        self.names = self.lanes[0].objective.numbers
        """What the numbers of a record's position are called; none where there are more than two."""
        self._readers = _readers(self.lanes) if self.names else []
        self._is_watched = any(lane.watch is not None for lane in self.lanes)
        self.trail = Trail(self.lanes, kept=not self.names)
        self._restored_unfit = start is not None and not start.finite
        self._start: dict[str, Array] = {}
        if start is not None:
            if start.lanes:
                check_fit(experiment, self.lanes, start)
            self._begin_with(dict(start.start))
            self._checkpoints.keep(0, self.lanes)
            if start.lanes:
                self._restore(start)
        self.record = self._evaluate()
        for lane in self.lanes:
            lane.check_rate()
        if self.step:
            self._checkpoints.keep(self.step, self.lanes)
        self.known = self.step
        """The last step whose record is that of the present settings: after a seek back it lies ahead."""

    def _lane(self, optimizer: Optimizer) -> Lane:
        experiment = self.experiment
        declared = optimizer.in_steps(experiment.objective.steps_per_epoch)
        lane = Lane(build_objective(experiment, self.device), declared, experiment.steps)
        lane.watch = watch_of(experiment.objective, lane.objective)
        return lane

    def twin(self) -> Trainer:
        """Another trainer of this run, where this one stands: it goes anywhere, and this one knows nothing of it."""
        self._turn.take()
        kept = self._checkpoints.copy()
        kept.keep(self.step, self.lanes)
        made = Trainer(self.experiment)
        made.edits, made.known, made._checkpoints = list(self.edits), self.step, kept
        made._start = self._start
        made.trail.begin_like(self.trail, self.step)
        made._is_torn = True
        made._jump(self.step)
        return made

    def last_finite(self, index: int) -> int:
        """The last step that can be gone back to at once at which the loss of an optimiser was finite."""
        return self._checkpoints.last_finite(index)

    def _begin_with(self, weights: dict[str, Array]) -> None:
        """Let every lane begin with imported weights; those of another model are left, with a notice."""
        wanted = {name: tuple(p.shape) for name, p in self.lanes[0].objective.parameters.items()}
        if not weights:
            return
        if {name: value.shape for name, value in weights.items()} != wanted:
            given = ", ".join(f"{name} {value.shape}" for name, value in list(weights.items())[:3])
            misfit = f"The imported weights ({given}) do not fit this model: it starts from its seed."
            self.notice = f"{self.notice} {misfit}".strip()[:LIMIT]
            return
        self._start = weights
        with torch.no_grad():
            for lane in self.lanes:
                for name, parameter in lane.objective.parameters.items():
                    parameter.copy_(torch.from_numpy(np.array(weights[name])))

    @property
    def start(self) -> dict[str, Array]:
        """The imported weights that step 0 has; empty where it has those of the seed."""
        return self._start

    @property
    def begins_unfit(self) -> bool:
        """Whether it was restored with weights that are not finite, and goes nowhere."""
        return self._restored_unfit

    @property
    def begins_with_weights(self) -> bool:
        """Whether imported weights are those of step 0."""
        return bool(self._start)

    def steps(self) -> Iterator[StepRecord]:
        """Update and evaluate until the experiment's steps are done or no optimiser can go on.

        After a seek back it is what was done before; the settings of now hold from the last known step on.
        """
        while not self.finished and not self.diverged:
            yield self.advance()

    def advance(self) -> StepRecord:
        """One update of every optimiser that goes on, then the evaluation of the new step.

        In the past it is the update that was made there, with the settings of then.
        """
        self._turn.take()
        if self.step % self._checkpoints.stride:
            return self._advanced()
        self._checkpoints.keep(self.step, self.lanes)
        begin = time.perf_counter()
        record = self._advanced()
        self._checkpoints.pace(time.perf_counter() - begin)
        return record

    def _advanced(self) -> StepRecord:
        self._is_torn = True
        for lane in self.lanes:
            if lane.goes_on:
                try:
                    if lane.watch is not None and lane.watch.puts_back:
                        lane.watch.put_back()
                    else:
                        lane.update()
                except RuntimeError as error:  # where the update is torch's own step, nothing stands around it
                    lane.fail(error)
        self.step += 1
        if self.step <= self.edits[-1].step:  # also at the last known step: what was set there holds for its update
            self._apply_edit_of_this_step()
        self.record = self._evaluate()
        self.known = max(self.known, self.step)
        return self.record

    def _evaluate(self) -> StepRecord:
        step = self.step
        losses = tuple([lane.evaluate(step) for lane in self.lanes])
        position: list[float] = []
        for read in self._readers:
            position += read()
        figures = self._figures(step) if self._is_watched else ()
        if step >= self.trail.due:
            self.trail.keep(step, self.lanes)
        self._is_torn = False
        return StepRecord(step, losses, tuple(position), figures)

    def _figures(self, step: int) -> tuple[float, ...]:
        """What each optimiser's evaluation of the rows held out gives, if the step has one."""
        found: tuple[float, ...] = ()
        for lane in self.lanes:
            found += NOT_EVALUATED if lane.watch is None or lane.fault is not None else lane.watch.look(step)
        return found

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or no optimiser goes on for some have stopped early."""
        return self.step >= self.experiment.steps or self.is_over

    @property
    def is_over(self) -> bool:
        """Whether early stopping has ended the run: one optimiser at least, and no other goes on."""
        if not self._is_watched or not any(lane.is_over for lane in self.lanes):
            return False
        return not any(lane.goes_on for lane in self.lanes)

    @property
    def diverged(self) -> bool:
        """Whether no optimiser can go on: no loss is finite any more, faults stopped them, or a file's weights did."""
        return self._restored_unfit or not any(lane.goes_on or lane.is_over for lane in self.lanes)

    def early_stop(self) -> Words:
        """That and why the run of an optimiser ended early; silence where none did."""
        stopped = [index for index, lane in enumerate(self.lanes) if lane.is_over]
        if not stopped:
            return SILENCE
        watch = self.lanes[stopped[0]].watch
        name = optimizer_names(self.experiment)[stopped[0]] if len(self.lanes) > 1 else ""
        return stop_words(watch, name, len(stopped) - 1) if watch is not None else SILENCE

    @property
    def failure(self) -> str:
        """The sentence of the first fault, where faults alone have stopped every optimiser; else empty."""
        if not self._restored_unfit and all(lane.fault is not None for lane in self.lanes):
            return self._fault_sentence(0)
        return ""

    def _fault_sentence(self, index: int) -> str:
        fault = self.lanes[index].fault
        return "" if fault is None else fault.sentence(optimizer_names(self.experiment)[index])

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence on each optimiser that an error has stopped."""
        return tuple(self._fault_sentence(k) for k, lane in enumerate(self.lanes) if lane.fault is not None)

    def untold_faults(self) -> str:
        """A sentence on each optimiser that has stopped by a fault since the last call, the others racing on."""
        stopped = {index for index, lane in enumerate(self.lanes) if lane.fault is not None}
        new = sorted(stopped - self._told)
        self._told = stopped
        if not new:
            return ""
        others = f" {len(new) - 1} more stopped by a fault of their own." if len(new) > 1 else ""
        return self._fault_sentence(new[0])[: LIMIT - len(others)] + others

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rate of each optimiser's next update."""
        return tuple(lane.rate for lane in self.lanes)

    def fault_at_start(self) -> str:
        """A sentence if the first loss or gradient is not finite, so that a run must not start; else empty."""
        lane = next((lane for lane in self.lanes if lane.fault is None), None)
        if lane is None:
            return self.failure
        if not math.isfinite(lane.loss):
            return lane.objective.fault() or f"The loss is {lane.loss} at the start: choose other initial values."
        for name, parameter in lane.objective.parameters.items() if lane.scaling is None else ():
            if parameter.grad is not None and not bool(torch.isfinite(parameter.grad).all()):
                odd = int((~torch.isfinite(parameter.grad)).reshape(-1).nonzero()[0])
                what = f"The loss is finite ({short_number(lane.loss)}), but the gradient of {name} is not, at "
                return f"{what}{_element(name, parameter, odd)}. Start elsewhere."
        return ""

    def divergence(self) -> str:
        """That the run stopped, and at which step: for a person; why it did is asked of the whole run."""
        if self._restored_unfit:
            return "The weights in this file are not finite, so the run cannot go on. Reset starts again from the seed."
        if self.failure:
            return self.failure
        diverged = [lane for lane in self.lanes if lane.fault is None]
        loss = diverged[0].loss
        word = "is no longer a number" if math.isnan(loss) else f"grew beyond what {self.experiment.dtype} can hold"
        return f"Diverged at step {self.step}: the loss {word}. Reset starts again."

    def apply(self, experiment: Experiment) -> None:
        """Take over the live settings of `experiment` from this step on."""
        if experiment.optimizers != self.experiment.optimizers:
            self.edits = [edit for edit in self.edits if edit.step < self.step]
            self.edits.append(_edit(self.step, experiment))
            self._set_live(experiment.optimizers)
            self._forget_beyond()
        self.experiment = experiment
        if self.step > experiment.steps:  # a run never stands beyond its end
            self.seek(experiment.steps)

    def _forget_beyond(self) -> None:
        """The settings change here: what is known of later steps holds no more."""
        self._checkpoints.forget_beyond(self.step)
        self.trail.forget_beyond(self.step)
        self.known = min(self.known, self.step)

    def _set_live(self, optimizers: tuple[Any, ...]) -> None:
        for lane, declared in zip(self.lanes, optimizers, strict=True):
            lane.set_live(declared)

    def seek(self, step: int) -> StepRecord:
        """Go to `step`, back or forth, by the nearest checkpoint and the same updates as before."""
        for _ in self.towards(step):
            pass
        return self.record

    def towards(self, step: int) -> Iterator[StepRecord]:
        """The updates of a seek to `step`, one at a time, so that it can be left on the way."""
        if self._is_torn or step < self.step or self.step < self.known:
            self._jump(step)
        self._apply_edit_of_this_step()
        while self.step < step and not self.diverged and not self.is_over:
            yield self.advance()

    def _jump(self, step: int) -> None:
        """Go to the nearest checkpoint at or before `step`, unless the run stands between the two."""
        found = self._checkpoints.latest(step)
        if found is None:
            raise EngineError(f"Step {step} lies before what this run can go back to.")
        checkpoint, moment = found
        if checkpoint <= self.step <= step and not self._is_torn:
            return
        self._turn.take()
        self._is_torn = True
        self.step = checkpoint
        moment.put_back(self.lanes)
        self.trail.go_to(checkpoint)
        self.record = self._evaluate()

    def _apply_edit_of_this_step(self) -> None:
        place = bisect_right(self.edits, self.step, key=lambda edit: edit.step)
        if place and self.edits[place - 1].step == self.step:
            self._set_live(self.edits[place - 1].optimizers)

    def result(self, state: RunState) -> RunResult:
        """The run so far, without its history, and without the edits that lie ahead after a seek back."""
        self._turn.take()
        return RunResult(
            state,
            self.step,
            str(self.device),
            versions(),
            tuple(edit for edit in self.edits if edit.step <= self.step),
            lanes=tuple(result_of(lane) for lane in self.lanes),
            random=torch.get_rng_state().numpy().copy(),
            start=dict(self._start),
        )

    def _restore(self, saved: RunResult) -> None:
        """Continue `saved`, which fits: its weights, optimiser, schedule and random state, step and live edits."""
        self.step = saved.step
        self.edits = list(saved.edits)
        for edit in self.edits:  # what is set again on the way through the run's past is checked as what is set now
            for lane, declared in zip(self.lanes, edit.optimizers, strict=True):
                check_settings(declared, lane.objective)
        for lane, kept in zip(self.lanes, saved.lanes, strict=True):
            restore_lane(lane, kept)
        assert saved.random is not None
        torch.set_rng_state(torch.from_numpy(saved.random.copy()))
        if self.edits[-1].optimizers != self.experiment.optimizers:  # saved in its past, by an older gradviz
            self.edits = [edit for edit in self.edits if edit.step < self.step]
            self.edits.append(_edit(self.step, self.experiment))
        self._set_live(self.experiment.optimizers)


def _threads_for(experiment: Experiment) -> int:
    """One thread for small models: with torch's default a loaded machine falls from 1108 to 8 steps/s."""
    large = experiment.objective.parameter_count > LARGE_MODEL
    return (os.cpu_count() or 1) if large else 1


def _readers(lanes: list[Lane]) -> list[Callable[[], list[float]]]:
    """What gives the learned numbers of every lane, in the order of a record's position."""
    return [_reader(parameter) for lane in lanes for parameter in lane.objective.learned.values()]


def _reader(parameter: torch.nn.Parameter) -> Callable[[], list[float]]:
    item = parameter.item  # half the time of tolist
    if parameter.numel() == 1:
        return lambda: [item()]
    return lambda: parameter.detach().reshape(-1).tolist()


def _element(name: str, parameter: Tensor, flat: int) -> str:
    """One element with its number: x = 0, x[1] = 100."""
    place = [str(int(at)) for at in np.unravel_index(flat, tuple(parameter.shape))]
    shown = f"{name}[{', '.join(place)}]" if place else name
    return f"{shown} = {short_number(float(parameter.detach().reshape(-1)[flat]))}"


def _edit(step: int, experiment: Experiment) -> LiveEdit:
    return LiveEdit(step, experiment.optimizers)
