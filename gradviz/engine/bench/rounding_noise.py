"""What rounding does to a gradient, measured: the gradient at parameters that differ in their last digit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from gradviz.core.numbers import Floats
from gradviz.engine.bench.gradients import Gradients, backward_gradients
from gradviz.engine.objectives.objective import Objective

DTYPES = ("float64", "float32")
PERTURBATIONS = 3
Noise = dict[str, Floats]


def rounding_noise(objective: Objective, gradients: Gradients, loss: float, seed: int) -> dict[str, Noise]:
    """By how much each element of `gradients` changes with the last digit of the parameters, for each dtype.

    Never less than half the last digit of the `loss` over the size of the parameter: terms of that size may have
    cancelled without a trace. `objective` is in float64; its parameters are moved, in directions drawn by `seed`, and
    put back. At a kink the gradient changes by all of its jump: what is said there is said of the kink.
    """
    kept = {name: parameter.detach().clone() for name, parameter in objective.learned.items()}
    generator = np.random.default_rng(seed)
    noise: dict[str, Noise] = {name: {} for name in gradients}
    for name, parameter in kept.items():
        scale = max(1.0, float(parameter.abs().max()))
        floors = {dtype: 0.5 * float(np.finfo(dtype).eps) * abs(loss) / scale for dtype in DTYPES}
        noise[name] = {dtype: np.full(gradients[name].shape, floor) for dtype, floor in floors.items()}
    for dtype in DTYPES:
        for _ in range(PERTURBATIONS):
            _nudge(objective, kept, float(np.finfo(dtype).eps), generator)
            for name, values in backward_gradients(objective, seed).items():
                change = np.abs(values - gradients[name])
                noise[name][dtype] = np.maximum(noise[name][dtype], np.where(np.isfinite(change), change, 0.0))
    with torch.no_grad():
        for name, parameter in objective.learned.items():
            parameter.copy_(kept[name])
    return noise


def _nudge(objective: Objective, kept: Mapping[str, Tensor], epsilon: float, generator: np.random.Generator) -> None:
    with torch.no_grad():
        for name, parameter in objective.learned.items():
            signs = torch.from_numpy(generator.choice([-1.0, 1.0], tuple(parameter.shape))).to(parameter)
            parameter.copy_(kept[name] + epsilon * signs * kept[name].abs().clamp(min=1.0))
