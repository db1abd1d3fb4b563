"""A line through a table: the experiment that fits one, and the line in the units of its columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import titled
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.layers.initialisations import ZerosInitialisation
from gradviz.core.numbers import Floats
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.losses import MSE, CrossEntropy
from gradviz.core.optimizers.catalogue import SGD

STEPS = 2000
MOST_EXACT = 400
"""Columns up to which the largest curvature is computed; beyond that a bound of it is enough."""


def line_document(data: TableDataset, title: str) -> Document:
    """A document that fits one linear layer, by plain gradient descent at a rate that suits the columns."""
    loss = CrossEntropy() if data.is_labelled else MSE()
    # from 0: of the lines that fit equally well, as where columns of 0 and 1 add up to 1, the plainest is found
    line = LinearLayer(features=data.outputs, init=ZerosInitialisation())
    fit = FitObjective(data=data, model=(line,), loss=loss)
    seen = data.arrays(0)[0][~data.held_out(data.known_labels)]
    experiment = Experiment(objective=fit, optimizers=(SGD(lr=suited_rate(seen)),), steps=STEPS)
    return Document(lesson=titled(title[:120]), experiment=experiment)


def suited_rate(inputs: Floats) -> float:
    """A learning rate at which gradient descent on the squared error of a line falls at every step.

    One over the largest curvature, which the columns alone decide; rounded down to one digit, as a person writes it.
    """
    with np.errstate(all="ignore"):
        rows = np.column_stack((inputs, np.ones(len(inputs))))
        wide = min(rows.shape) > MOST_EXACT
        largest = float(np.linalg.norm(rows) if wide else np.linalg.norm(rows, 2)) if np.isfinite(rows).all() else 0.0
    curvature = 2 * largest**2 / max(len(rows), 1)
    if not math.isfinite(curvature) or curvature <= 0:
        return 0.01
    step = 10 ** math.floor(math.log10(1 / curvature))
    return min(max(float(f"{math.floor(1 / curvature / step) * step:.1g}"), 1e-12), 0.5)


def line_in_units(data: TableDataset, parameters: dict[str, Any]) -> dict[str, Any] | None:
    """Intercept and slopes of a fitted line for the columns as they stand in the table; None where it is no one line.

    `parameters` are those of the one linear layer, by their names.
    """
    weight = next((value for name, value in parameters.items() if name.endswith("weight")), None)
    bias = next((value for name, value in parameters.items() if name.endswith("bias")), None)
    if data.is_labelled or weight is None or bias is None or np.shape(weight)[0] != 1:
        return None
    shift, spread = data.input_terms
    of_target, target_spread = data.target_terms
    slopes = np.array(weight[0]) / spread * target_spread[0]
    intercept = float(bias[0]) * target_spread[0] + of_target[0] - float((slopes * shift).sum())
    return {"intercept": intercept, "slopes": dict(zip(data.input_names, slopes.tolist(), strict=True))}
