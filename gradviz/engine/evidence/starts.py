"""Other initial values as advice: a little aside, or on the positive side, where an objective has them written out."""

from __future__ import annotations

import torch

from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.core.questions.explanation import Edit
from gradviz.engine.evidence.evidence import Evidence


def starts_aside(evidence: Evidence, offset: float) -> list[tuple[Edit, ...]]:
    """Edits that move one parameter, or all, by about `offset`."""
    objective = evidence.experiment.objective
    if isinstance(objective, TestFunctionObjective):
        return [
            (Edit("objective.y", objective.y + offset),),
            (Edit("objective.x", objective.x + offset),),
            (Edit("objective.x", objective.x + offset), Edit("objective.y", objective.y + offset)),
        ]
    if not isinstance(objective, FormulaObjective):
        return []
    edits = []
    for index, tensor in enumerate(objective.tensors):
        if tensor.role == "parameter":
            value = evidence.first.parameters[tensor.name].double()
            # each element by another amount: equal ones would stay on a line of symmetry
            steps = torch.linspace(1.0, 1.5, max(1, value.numel()), dtype=value.dtype).reshape(value.shape)
            edits.append(Edit(f"objective.tensors.{index}.value", (value.cpu() + offset * steps).tolist()))
    return [*([(edit,) for edit in edits] if len(edits) > 1 else []), tuple(edits)]


def drawn_weights(evidence: Evidence) -> tuple[Edit, ...]:
    """Edits that let PyTorch draw the weights of every layer that starts otherwise."""
    return tuple(
        Edit(f"objective.model.{index}.init.kind", "default")
        for index, layer in enumerate(getattr(evidence.experiment.objective, "model", ()))
        if getattr(getattr(layer, "init", None), "kind", "default") != "default"
    )


def positive_starts(evidence: Evidence) -> list[tuple[Edit, ...]]:
    """Edits that start every parameter at its size, at 1 or at 1/2."""
    objective = evidence.experiment.objective
    if not isinstance(objective, FormulaObjective):
        return []
    places = [index for index, tensor in enumerate(objective.tensors) if tensor.role == "parameter"]
    values = [evidence.first.parameters[objective.tensors[index].name].double().cpu() for index in places]
    made = [
        [value.abs().clamp_min(0.1) for value in values],
        *([torch.full_like(v, x) for v in values] for x in (1, 0.5)),
    ]
    return [
        tuple(
            Edit(f"objective.tensors.{index}.value", value.tolist()) for index, value in zip(places, one, strict=True)
        )
        for one in made
    ]
