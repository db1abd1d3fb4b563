"""What an experiment starts from: the numbers of its tensors before the first step, as torch draws them."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from gradviz.core.experiment import Experiment
from gradviz.core.objectives import FormulaObjective
from gradviz.engine.formula_descent import tensors_of
from gradviz.engine.objectives import build_objective


def start_of(experiment: Experiment) -> dict[str, NDArray[Any]]:
    """Every parameter by name, and of a formula every constant; EngineError where it cannot be built."""
    state = torch.get_rng_state()
    try:
        made: dict[str, torch.Tensor] = dict(build_objective(experiment, torch.device("cpu")).parameters)
        if isinstance(experiment.objective, FormulaObjective):
            dtype: torch.dtype = getattr(torch, experiment.dtype)
            made = {**tensors_of(experiment.objective, experiment.seed, dtype), **made}
    finally:
        torch.set_rng_state(state)
    return {name: tensor.detach().numpy().copy() for name, tensor in made.items()}
