"""The gradient bench: one gradient found in several ways, compared.

It works on objectives of its own, with the parameters and the data of the run's, so the trainer, its gradients and
its random state stay as they are. Every evaluation begins with the same random state: a Dropout drops the same.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.bench import BenchProgress, BenchReport
from gradviz.engine.bench.comparison import Comparison
from gradviz.engine.bench.gradients import first_line
from gradviz.engine.devices import resolve_device
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError

DOUBLE = "float64"


def bench(
    experiment: Experiment,
    parameters: Mapping[str, Any] | None = None,
    source: Objective | None = None,
    step: int = 0,
) -> BenchReport:
    """The whole bench at once: at the parameters of `source`, else at `parameters` by name, else at the start."""
    run = BenchRun(experiment, source, step, parameters)
    while True:
        report = run.advance(math.inf)
        if report is not None:
            return report


class BenchRun:
    """A bench that is done in slices, between which anything may happen to the run. Belongs to one thread."""

    def __init__(
        self,
        experiment: Experiment,
        source: Objective | None,
        step: int,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.progress = BenchProgress(0.0, "Preparing")
        self.began = time.perf_counter()
        self._step = step
        self._device, _ = resolve_device(experiment.device, experiment.dtype)
        with self._random_kept():
            same, double = _own_objectives(experiment, source, step, self._device)
            _put(same, double, parameters or {})
        self._slices = Comparison(experiment, same, double, step).slices()

    def advance(self, seconds: float) -> BenchReport | None:
        """Go on for about `seconds`; the report when it is done."""
        until = time.perf_counter() + seconds
        with self._random_kept(), np.errstate(all="ignore"):  # gradients may be infinite
            try:
                self.progress = next(self._slices)
                while time.perf_counter() < until:
                    self.progress = next(self._slices)
            except StopIteration as end:
                report: BenchReport = end.value
                return report
            except Exception as error:
                return BenchReport(self._step, math.nan, fault=f"The bench stopped: {first_line(error)}"[:300])
        return None

    @contextlib.contextmanager
    def _random_kept(self) -> Iterator[None]:
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            yield


def _own_objectives(
    experiment: Experiment, source: Objective | None, step: int, device: torch.device
) -> tuple[Objective, Objective]:
    """The experiment's objective by autograd in its own dtype, and in float64, at the place of `source`."""
    if isinstance(experiment.objective, FormulaObjective):
        by_autograd = experiment.objective.model_copy(update={"gradient": "autograd"})
        experiment = experiment.model_copy(update={"objective": by_autograd})
    same = build_objective(experiment, device)
    same.at_step(step)
    if source is not None:
        same.adopt(source)
    capable = torch.device("cpu") if device.type == "mps" else device
    double = build_objective(experiment.model_copy(update={"dtype": DOUBLE}), capable)
    double.at_step(step)
    double.adopt(same)
    return same, double


def _put(same: Objective, double: Objective, parameters: Mapping[str, Any]) -> None:
    """Set parameters by name; EngineError where a name or a shape is wrong."""
    with torch.no_grad():
        for name, value in parameters.items():
            if name not in same.parameters:
                raise EngineError(f"There is no parameter {name[:40]!r}; there are {', '.join(same.parameters)[:160]}.")
            for parameter in (same.parameters[name], double.parameters[name]):
                parameter.copy_(torch.as_tensor(np.asarray(value, dtype=np.float64)).reshape(parameter.shape))
