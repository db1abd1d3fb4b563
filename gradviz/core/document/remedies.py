"""What an edit changed besides what was edited, in words; and what would make a refused edit possible."""

from __future__ import annotations

from typing import Any

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import SettingError, kind_of
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.layers.layer import Layer
from gradviz.core.objectives.catalogue import FormulaObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.losses import LOSSES
from gradviz.core.words import SILENCE, Words, say, verbatim

LOSS = "objective.loss.kind"
TARGET = "objective.data.target.kind"
_LAYERS_TOLD = 6


def changed_besides(before: Experiment, after: Experiment, path: str) -> Words:
    """What an edit at `path` exchanged that it did not name; silence where it was nothing."""
    old, new = before.objective, after.objective
    if isinstance(old, FormulaObjective) and isinstance(new, FormulaObjective):
        return _roles(old, new, path)
    if not isinstance(old, FitObjective) or not isinstance(new, FitObjective) or not path.startswith("objective."):
        return SILENCE
    is_model = not path.startswith("objective.model") and _kinds(old.model) != _kinds(new.model)
    is_loss = not path.startswith("objective.loss") and old.loss.kind != new.loss.kind
    model, loss = _layers(new.model), type(new.loss).label
    if is_model and is_loss:
        return say("With this the model became {model}, and the loss {loss}.", model=model, loss=loss)
    if is_model:
        return say("With this the model became {model}: the one before does not take it.", model=model)
    return say("With this the loss became {loss}; the model stays.", loss=loss) if is_loss else SILENCE


def _roles(old: FormulaObjective, new: FormulaObjective, path: str) -> Words:
    if path.endswith(".role") or len(old.tensors) != len(new.tensors):
        return SILENCE
    pairs = zip(old.tensors, new.tensors, strict=True)
    changed = [tensor.name for before, tensor in pairs if before.role != tensor.role]
    if not changed:
        return SILENCE
    return say("With this {name} became a constant, for a column is data and is not trained.", name=changed[0])


def _kinds(model: tuple[Layer, ...]) -> list[str]:
    return [layer.kind for layer in model]


def _layers(model: tuple[Layer, ...]) -> Words:
    shown = ", ".join(type(layer).label for layer in model[:_LAYERS_TOLD])
    return verbatim(shown + (", …" if len(model) > _LAYERS_TOLD else ""))


def remedy(experiment: Experiment, path: str, value: Any) -> Experiment | None:
    """The experiment in which a refused loss of class labels has them: the target of its table read as such."""
    objective = experiment.objective
    if path != LOSS or not isinstance(objective, FitObjective) or not isinstance(objective.data, TableDataset):
        return None
    if not any(kind_of(loss) == value and loss.wants != "values" for loss in LOSSES):
        return None
    try:
        return with_value(with_value(experiment, TARGET, "labels"), path, value)
    except SettingError:
        return None
