"""The gradient bench: one gradient found in several ways, compared.

It works on objectives of its own, with the parameters and the data of the run's, so the trainer, its gradients and
its random state stay as they are. Every evaluation begins with the same random state: a Dropout drops the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from gradviz.core.document.experiment import Experiment, without_autocast
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.questions.bench import BenchReport
from gradviz.engine.bench.comparison import Comparison, Slices
from gradviz.engine.bench.gradients import first_line
from gradviz.engine.devices import resolve_device
from gradviz.engine.objectives.build import build_objective
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.problems import EngineError

DOUBLE = "float64"
LONGEST = 300


def bench(
    experiment: Experiment,
    parameters: Mapping[str, Any] | None = None,
    source: Objective | None = None,
    step: int = 0,
) -> BenchReport:
    """The whole bench at once: at the parameters of `source`, else at `parameters` by name, else at the start."""
    work = compared(experiment, source, step, parameters)
    device, _ = resolve_device(experiment.device, experiment.dtype)
    with torch.random.fork_rng([device] if device.type == "cuda" else []), np.errstate(all="ignore"):
        while True:
            try:
                next(work)
            except StopIteration as end:
                report: BenchReport = end.value
                return report


def compared(
    experiment: Experiment, source: Objective | None, step: int, parameters: Mapping[str, Any] | None = None
) -> Slices:
    """The bench in small parts, between which anything may happen to the run; EngineError where there is none.

    Whoever advances it keeps torch's random state, and bears that gradients may be infinite.
    """
    device, _ = resolve_device(experiment.device, experiment.dtype)
    try:
        same, double = _own_objectives(experiment, source, step, device)
        _put(same, double, parameters or {})
        return (yield from Comparison(experiment, same, double, step).slices())
    except RuntimeError as error:
        raise EngineError(f"The bench stopped: {first_line(error)}"[:LONGEST]) from error


def _own_objectives(
    experiment: Experiment, source: Objective | None, step: int, device: torch.device
) -> tuple[Objective, Objective]:
    """The experiment's objective by autograd in its own dtype, and in float64, at the place of `source`."""
    if isinstance(experiment.objective, FormulaObjective):
        by_autograd = experiment.objective.model_copy(update={"gradient": "autograd"})
        experiment = experiment.model_copy(update={"objective": by_autograd})
    experiment = without_autocast(experiment)
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
