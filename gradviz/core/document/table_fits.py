"""The experiment or the document that fits a table: as much of the one before as can be kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import ValidationError

from gradviz.core.data.dataset import Dataset
from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.lesson import titled
from gradviz.core.layers.dense import LinearLayer
from gradviz.core.objectives.catalogue import AnyObjective
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.objectives.fit_starters import Model, starter, starting
from gradviz.core.objectives.losses import MSE, BCEWithLogits, CrossEntropy
from gradviz.core.tables.tables import Table


def fitted_to(data: TableDataset, before: AnyObjective) -> FitObjective:
    """A fit of `data`: with the model, the loss and the batches of `before` where they take it, else a small one."""
    first = starter(data)
    if not isinstance(before, FitObjective):
        return first
    loss = CrossEntropy() if data.is_labelled else MSE()
    last = before.model[-1]
    resized = (*before.model[:-1], last.model_copy(update={"features": data.outputs}))
    candidates: list[dict[str, Any]] = [
        {"model": before.model, "loss": before.loss},
        {"model": before.model, "loss": loss},
    ]
    if data.is_labelled and data.outputs == 2:
        candidates.append({"model": before.model, "loss": BCEWithLogits()})  # a line is logistic regression then
    if isinstance(last, LinearLayer):
        candidates += [{"model": resized, "loss": before.loss}, {"model": resized, "loss": loss}]
    kept: dict[str, Any] = {
        "data": data,
        "batch": before.batch,
        "mode": before.mode,
        "evaluate_every": before.evaluate_every,
    }
    if data.validation.holds_out:
        kept["stopping"] = before.stopping
    for candidate in candidates:
        try:
            return FitObjective.model_validate({**kept, **candidate})
        except ValidationError:
            continue
    return first


def as_table(data: Dataset, seed: int) -> TableDataset | None:
    """The points of other data as a table that can be edited; None where a row is more than a list of numbers."""
    if len(data.input_shape) != 1 or data.vocabulary:
        return None
    inputs, targets = data.arrays(seed)
    columns = targets.reshape(len(targets), -1).astype(np.float64)
    names = (*_numbered("x", inputs.shape[1]), *_numbered("y", columns.shape[1]))
    target: dict[str, Any] = {"kind": "labels" if data.is_labelled else "values"}
    if columns.shape[1] > 1:
        target["columns"] = names[inputs.shape[1] :]
    return TableDataset.model_validate(
        {"table": Table(names, np.hstack([inputs, columns])), "target": target, "validation": data.validation}
    )


def _numbered(stem: str, count: int) -> tuple[str, ...]:
    return (stem,) if count == 1 else tuple(f"{stem}{number}" for number in range(1, count + 1))


def experiment_on(data: TableDataset, before: Experiment) -> Experiment:
    """`before` with a fit of `data` as its objective."""
    return before.model_copy(update={"objective": fitted_to(data, before.objective)})


def document_on(data: TableDataset, before: Document, title: str = "", model: Model | None = None) -> Document:
    """`before` with a fit of `data` as its objective, by the `model` that was asked for, if one was.

    With a new title it is another document: the lesson of a case, and a gradient by hand, would be about what is
    gone.
    """
    experiment = experiment_on(data, before.experiment)
    if model is not None:
        experiment = experiment.model_copy(update={"objective": starting(data, model)})
    if not title:
        return before.with_experiment(experiment)
    return Document(lesson=titled(title[:120]), experiment=experiment.model_copy(update={"hand_gradient": ""}))
