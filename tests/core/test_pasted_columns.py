"""A column that is pasted over a number to be trained is data; everything else stays what it is."""

from __future__ import annotations

from typing import Any

import pytest

from gradviz.core.document.document import Document
from gradviz.core.document.experiment import Experiment
from gradviz.core.document.pasted_columns import with_typed
from gradviz.core.document.remedies import changed_besides
from gradviz.core.objectives.catalogue import FormulaObjective, NamedTensor

PATH = "objective.tensors.0.value"
TWO = (NamedTensor(name="x", value=1.0), NamedTensor(name="w", value=1.0))


def typed(value: Any, tensors: tuple[NamedTensor, ...] = TWO) -> tuple[FormulaObjective, str]:
    """The objective after an edit of the first tensor, and what is said of it."""
    before = Document(experiment=Experiment(objective=FormulaObjective(tensors=tensors, text="l = sum(w*x)")))
    after = with_typed(before, PATH, value)
    assert isinstance(after.experiment.objective, FormulaObjective)
    return after.experiment.objective, str(changed_besides(before.experiment, after.experiment, PATH))


@pytest.mark.parametrize("text", ["2.9\n5.1\n7.0", "1 2 3", "1, 2, 3, 4", "2.9\t5.1", "0, pi/2, pi"])
def test_a_column_is_data_and_that_is_said(text: str) -> None:
    made, said = typed(text)
    assert made.tensors[0].role == "constant"
    assert made.tensors[0].element_count > 1
    assert said == "With this x became a constant, for a column is data and is not trained."


@pytest.mark.parametrize("value", [[1.0, 2.0], "[1, 2, 3]", "randn(3)", 2.5, "2.5", "tensor([1., 2.])"])
def test_what_is_written_as_mathematics_is_trained_as_before(value: Any) -> None:
    made, said = typed(value)
    assert (made.tensors[0].role, said) == ("parameter", "")


def test_a_vector_that_is_trained_takes_other_numbers() -> None:
    made, _ = typed("4 5 6", (NamedTensor(name="x", value=(1.0, 2.0)), TWO[1]))
    assert made.tensors[0].role == "parameter"


def test_what_alone_is_trained_stays_so() -> None:
    made, _ = typed("4 5 6", (TWO[0], NamedTensor(name="w", role="constant", value=1.0)))
    assert (made.tensors[0].role, made.tensors[0].value) == ("parameter", (4.0, 5.0, 6.0))
