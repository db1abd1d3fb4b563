"""An experiment beside the same with a mistake in it."""

from __future__ import annotations

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FormulaObjective, TestFunctionObjective
from gradviz.core.optimizers.mistakes import Mistake

MOST_OPTIMIZERS = 16


def compared_with(experiment: Experiment, mistake: Mistake) -> Experiment:
    """The experiment with a copy of its first optimiser that makes `mistake`, as one more in the race."""
    if len(experiment.optimizers) >= MOST_OPTIMIZERS:
        raise SettingError("optimizers", f"at most {MOST_OPTIMIZERS} optimisers can race: remove one first")
    about = mistake.about_value(name_to_detach(experiment))
    wrong = experiment.optimizers[0].model_copy(update={"mistake": about})
    return experiment.with_optimizers((*experiment.optimizers, wrong))


def name_to_detach(experiment: Experiment) -> str:
    """The first value on the way to the loss: a line of a formula, a layer, or a parameter where there is neither."""
    objective = experiment.objective
    if isinstance(objective, TestFunctionObjective):
        return "x"
    if isinstance(objective, FormulaObjective):
        lines = objective.parsed.lines
        return lines[0].name if len(lines) > 1 else objective.parameters[0].name
    return "0" if len(objective.model) > 1 else "prediction"
