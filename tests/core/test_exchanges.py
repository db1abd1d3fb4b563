"""What counts as another experiment than that of a lesson, and what is only what the lesson asks for."""

from __future__ import annotations

from typing import Any

import pytest

from gradviz.core.document.departure import departures
from gradviz.core.document.experiment import Experiment, from_data, with_value
from gradviz.core.objectives.fit import FitObjective
from gradviz.storage.shipped.gallery import gallery

SURFACE = Experiment()
FIT = Experiment(objective=FitObjective())
FORMULA = from_data({"objective": {"kind": "formula", "tensors": [{"name": "w"}], "text": "loss = w**2"}})


@pytest.mark.parametrize(
    ("original", "path", "value", "found"),
    [
        (SURFACE, "objective.function.kind", "beale", ("test function",)),
        (SURFACE, "objective.x", 2.0, ()),
        (SURFACE, "optimizers.0.lr", 0.5, ()),
        (SURFACE, "objective.kind", "fit", ("objective",)),
        (FIT, "objective.data.kind", "parabola", ("data",)),
        (FIT, "objective.batch.kind", "mini", ()),
        (FORMULA, "objective.text", "loss = w**4", ()),
    ],
)
def test_kinds_are_exchanged_and_settings_are_not(
    original: Experiment, path: str, value: Any, found: tuple[str, ...]
) -> None:
    assert departures(original, with_value(original, path, value)) == found
    assert departures(original, original) == ()


def test_another_model_is_one_of_other_layers() -> None:
    objective = FIT.objective
    assert isinstance(objective, FitObjective)
    longer = FIT.model_copy(update={"objective": objective.model_copy(update={"model": objective.model * 2})})
    assert departures(FIT, longer) == ("model",)


def test_another_formula_shares_neither_a_line_nor_a_name() -> None:
    other = from_data({"objective": {"kind": "formula", "tensors": [{"name": "a"}], "text": "b = sin(a)"}})
    assert departures(FORMULA, other) == ("formula",)


def test_no_two_lessons_of_the_gallery_are_the_same() -> None:
    told = [(entry.case, entry.document.lesson.texts.en.lesson) for entry in gallery()]
    assert len(set(told)) == len(told)
