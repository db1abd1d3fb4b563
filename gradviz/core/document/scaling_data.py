"""How the columns of a table were scaled, and what they and the classes are called, to travel with the weights."""

from __future__ import annotations

import json
from typing import Any

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats
from gradviz.core.objectives.fit import FitObjective

SCALING = "gradviz.scaling"


def about_weights(experiment: Experiment) -> dict[str, str]:
    """Texts for the metadata of a file of weights: what a row must go through before the model; empty where nothing."""
    objective = experiment.objective
    if not isinstance(objective, FitObjective) or not isinstance(objective.data, TableDataset):
        return {}
    return {SCALING: json.dumps(scaling_data(objective.data), ensure_ascii=False)}


def scaling_data(data: TableDataset) -> dict[str, Any]:
    """Every input and target by its name: x becomes (x - minus) / divided_by."""
    columns = {
        "inputs": _columns(data.input_names, *data.input_terms),
        "targets": _columns(data.target_names, *data.target_terms),
    }
    return columns | ({"classes": list(data.class_names)} if data.class_names else {})


def _columns(names: tuple[str, ...], shift: Floats, spread: Floats) -> list[dict[str, Any]]:
    return [
        {"name": name, "minus": minus, "divided_by": by}
        for name, minus, by in zip(names, shift.tolist(), spread.tolist(), strict=True)
    ]
