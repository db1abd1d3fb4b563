"""Experiments into objectives."""

from __future__ import annotations

from typing import Any

import torch

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.engine.objectives.accumulated_fit import AccumulatedFit
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.formula_descent import FormulaDescent, TestFunctionDescent
from gradviz.engine.objectives.objective import Objective


def build_objective(experiment: Experiment, device: torch.device) -> Objective:
    """The objective of `experiment` at its start; equal seeds give equal parameters on every call."""
    dtype: torch.dtype = getattr(torch, experiment.dtype)
    declared: Any = experiment.objective
    if isinstance(declared, TestFunctionObjective):
        return TestFunctionDescent(declared, dtype, device)
    if isinstance(declared, FormulaObjective):
        return FormulaDescent(declared, experiment.seed, dtype, device)
    made = FitDescent if declared.batch.per_update == 1 else AccumulatedFit
    return made(declared, experiment.seed, dtype, device)
