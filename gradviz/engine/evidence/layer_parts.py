"""The layers of a fit with what goes through them: outputs and gradients of one evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.objective import Objective


@dataclass(frozen=True, slots=True, eq=False)
class LayerPart:
    """A layer with its output (rows, ...), before anything is cut from it."""

    name: str
    module: nn.Module
    given: Tensor
    output: Tensor

    @property
    def label(self) -> str:
        """For a sentence: layer 1 (ReLU)."""
        kind = type(self.module).__name__
        return f"layer {self.name or 0} ({kind})"


def layers_of(objective: Objective) -> list[LayerPart]:
    """Every layer as the rows of the step pass it; empty of what is no fit."""
    if not isinstance(objective, FitDescent):
        return []
    found: dict[str, LayerPart] = {}
    hooks = []
    for name, module in objective.modules.items():

        def look(layer: nn.Module, given: Any, output: Any, name: str = name) -> None:
            part = LayerPart(name, layer, given[0].detach(), output.detach())
            earlier = found.pop(name, None)
            found[name] = part if earlier is None else _joined(earlier, part)

        hooks.append(module.register_forward_hook(look))
    try:
        with torch.no_grad():
            objective.loss()
    finally:
        for hook in hooks:
            hook.remove()
    return list(found.values())


def _joined(first: LayerPart, second: LayerPart) -> LayerPart:
    """The same layer with the rows of two batches: a step may look at several, one after the other."""
    given = torch.cat((first.given, second.given))
    return LayerPart(first.name, first.module, given, torch.cat((first.output, second.output)))


def first_odd_layer(objective: Objective) -> tuple[LayerPart, int] | None:
    """The first layer whose output is not finite, and the flat place of the first such number."""
    for part in layers_of(objective):
        places = (~torch.isfinite(part.output)).reshape(-1).nonzero()
        if len(places):
            return part, int(places[0])
    return None
