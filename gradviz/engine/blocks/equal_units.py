"""Neurons that start alike stay alike: equal weights get equal gradients, and a layer is as good as one neuron."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.questions.explanation import Edit, Reason
from gradviz.core.words import say
from gradviz.engine.evidence.evidence import Evidence
from gradviz.engine.evidence.reasoning import Cause


class EqualUnits(Cause):
    kind: ClassVar[str] = "equal neurons"
    rank: ClassVar[int] = 65

    def reason(self, evidence: Evidence) -> Reason | None:
        found = _alike(evidence)
        if found is None:
            return None
        name, count, is_column = found
        cause = say(
            "The {count:,} {what} of {name} are equal and get equal gradients at every step: they stay alike, and do "
            "the work of one.",
            count=count,
            what="columns" if is_column else "rows (neurons)",
            name=name,
        )
        figures = {"equal neurons": float(count)}
        edits = _drawn(evidence, name)
        trial = evidence.tried(*edits, steps=20) if edits else None
        mends = trial is not None and not _are_equal(trial.parameters[name], is_column)
        advice = say("Let them start apart: draw the weights at random.")
        return evidence.reason(self.kind, cause, advice, figures, edits if mends else (), say("Draw the weights"))


def _alike(evidence: Evidence) -> tuple[str, int, bool] | None:
    """A weight of hidden neurons that are all alike, then and now: how many, and whether they stand in columns."""
    is_fit = isinstance(evidence.experiment.objective, FitObjective)
    names = [name for name, value in evidence.last.parameters.items() if value.dim() >= 2]
    for name in names[:-1]:
        for is_column in (False,) if is_fit else (True, False):
            first, last, slope = (
                one[name] for one in (evidence.first.parameters, evidence.last.parameters, evidence.first.gradients)
            )
            if slope is None or first is None or last is None or not bool(slope.any()):
                continue
            if all(_are_equal(one, is_column) for one in (first, last, slope)):
                return name, last.shape[1 if is_column else 0], is_column
    return None


def _are_equal(value: Tensor, is_column: bool) -> bool:
    """Whether all rows, or columns, of a matrix are one, and there are several."""
    rows = value.detach().transpose(0, 1) if is_column else value.detach()
    return len(rows) > 1 and bool(torch.isclose(rows, rows[:1], rtol=1e-5, atol=0).all())


def _drawn(evidence: Evidence, name: str) -> tuple[Edit, ...]:
    objective = evidence.experiment.objective
    if isinstance(objective, FormulaObjective):
        places = [k for k, tensor in enumerate(objective.tensors) if tensor.name == name]
        shape = ", ".join(str(size) for size in evidence.last.parameters[name].shape)
        return (Edit(f"objective.tensors.{places[0]}.value", f"randn({shape})"),)
    layer = name.rpartition(".")[0] or "0"
    return (Edit(f"objective.model.{layer}.init.kind", "default"),)
