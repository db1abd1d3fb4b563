"""What was exchanged since an experiment of the gallery was opened, so that its lesson tells about something else."""

from __future__ import annotations

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.core.objectives.fit import FitObjective


def departures(original: Experiment, experiment: Experiment) -> tuple[str, ...]:
    """``objective``, ``test function``, ``formula``, ``data``, ``model``: what is of another kind than it was.

    A setting that was changed, such as a start, a rate or the width of a layer, is what lessons ask for: it is none.
    """
    before, now = original.objective, experiment.objective
    if isinstance(before, TestFunctionObjective) and isinstance(now, TestFunctionObjective):
        return ("test function",) if before.function.kind != now.function.kind else ()
    if isinstance(before, FormulaObjective) and isinstance(now, FormulaObjective):
        return () if _lines(before) & _lines(now) or _names(before) & _names(now) else ("formula",)
    if isinstance(before, FitObjective) and isinstance(now, FitObjective):
        is_other_data = before.data.kind != now.data.kind
        is_other_model = [layer.kind for layer in before.model] != [layer.kind for layer in now.model]
        return ("data",) * is_other_data + ("model",) * is_other_model
    return ("objective",)


def _lines(formula: FormulaObjective) -> set[str]:
    return {line.strip() for line in formula.text.splitlines() if line.strip()}


def _names(formula: FormulaObjective) -> set[str]:
    return {tensor.name for tensor in formula.tensors}
