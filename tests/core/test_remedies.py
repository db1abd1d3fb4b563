"""Target and loss of a table exchanged: what stays, what is said of the rest, and what is offered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradviz.core.data.table_datasets import TableDataset
from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import Experiment, with_value
from gradviz.core.document.remedies import LOSS, TARGET, changed_besides, remedy
from gradviz.core.document.table_fits import fitted_to
from gradviz.core.layers.dense import LinearLayer, LineLayer
from gradviz.core.objectives.fit import FitObjective
from gradviz.core.tables.tables import Table


def fit(classes: int, *model: Any) -> Experiment:
    values = np.array([[float(k), float(k % classes)] for k in range(12)])
    return Experiment(objective=FitObjective(data=TableDataset(table=Table(("x", "y"), values)), model=model))


def parts(experiment: Experiment) -> tuple[tuple[Any, ...], str]:
    objective = experiment.objective
    assert isinstance(objective, FitObjective)
    return objective.model, objective.loss.kind


@pytest.mark.parametrize("line", [LineLayer(), LinearLayer(features=1)])
def test_bug_15_a_line_stays_a_line_and_becomes_logistic_regression(line: Any) -> None:
    before = fit(2, line)
    after = with_value(before, TARGET, "labels")
    assert parts(after) == ((line,), "bce_with_logits")
    said = str(changed_besides(before, after, TARGET))
    assert said.startswith("With this the loss became Binary cross entropy")
    assert said.endswith("; the model stays.")


def test_of_three_classes_a_line_becomes_one_linear_layer_and_that_is_said() -> None:
    before = fit(3, LineLayer())
    after = with_value(before, TARGET, "labels")
    assert parts(after) == ((LinearLayer(features=3),), "cross_entropy")
    assert str(changed_besides(before, after, TARGET)) == (
        "With this the model became Linear, and the loss Cross entropy."
    )
    same = with_value(before, "steps", 7)
    assert not changed_besides(before, same, "steps")
    chosen = with_value(after, LOSS, "nll")
    assert not changed_besides(after, chosen, LOSS), "what was asked for needs no words"


@pytest.mark.parametrize("loss", ["bce_with_logits", "cross_entropy"])
def test_bug_16_a_loss_of_labels_says_how_it_can_be_had_and_offers_it(loss: str) -> None:
    before = fit(2, LineLayer())
    with pytest.raises(SettingError, match="set Target to Class labels"):
        with_value(before, LOSS, loss)
    offered = remedy(before, LOSS, loss)
    assert offered is not None
    assert parts(offered)[1] == loss
    assert offered.objective.data.is_labelled  # type: ignore[union-attr]


def test_a_line_before_is_logistic_regression_on_two_classes_that_are_imported() -> None:
    before = fit(2, LineLayer()).objective
    labelled = with_value(fit(2, LineLayer()), TARGET, "labels").objective.data  # type: ignore[union-attr]
    made = fitted_to(labelled, before)  # type: ignore[arg-type]
    assert (made.model, made.loss.kind) == ((LineLayer(),), "bce_with_logits")


def test_nothing_is_offered_where_it_would_not_help() -> None:
    values = Table(("x", "y"), np.array([[0.0, 0.5], [1.0, 1.5]]))
    halves = Experiment(objective=FitObjective(data=TableDataset(table=values)))
    assert remedy(halves, LOSS, "cross_entropy") is None
    assert remedy(fit(2, LineLayer()), LOSS, "huber") is None
    assert remedy(Experiment(), LOSS, "cross_entropy") is None


@pytest.mark.parametrize(("rows", "size"), [(500, 32), (40, 32), (12, 3), (2, 1)])
def test_mini_batches_begin_with_a_size_that_people_use(rows: int, size: int) -> None:
    values = np.array([[float(k), float(k)] for k in range(rows)])
    before = Experiment(
        objective=FitObjective(data=TableDataset(table=Table(("x", "y"), values)), model=(LineLayer(),))
    )
    after = with_value(before, "objective.batch.kind", "mini").objective
    assert isinstance(after, FitObjective)
    assert after.batch.size_of(rows) == size
    assert (after.model, after.loss) == (before.objective.model, before.objective.loss)  # type: ignore[union-attr]
