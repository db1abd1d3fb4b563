"""The figures that the lesson on overfitting names are those of its runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradviz
from gradviz.core.document.experiment import with_value

SAVED = gradviz.load("overfitting")
OFF = with_value(SAVED.experiment, "objective.stopping.kind", "none")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_steps_and_the_rows_are_those_of_the_run(language: str) -> None:
    outcome = gradviz.run(SAVED.experiment)
    told = SAVED.document.lesson.in_language(language).lesson
    best = int(outcome.figures[:, 0, 0].argmin())
    data = SAVED.experiment.objective.data  # type: ignore[union-attr]
    numbers = [int(number) for number in re.findall(r"\d+", told.split("\n")[0])]
    trained = data.training_rows
    last = len(outcome.losses) - 1
    assert numbers == [trained, data.rows - trained, best, last - 1, 50, best]
    assert np.array_equal(outcome.figures[last], outcome.figures[best])


def test_without_early_stopping_the_rows_held_out_tell_and_other_settings_mend_it() -> None:
    figures = gradviz.run(OFF).figures[:, 0]
    assert figures[-1, 1] == 1.0
    assert figures[-1, 0] > 4 * figures[:, 0].min()
    gaps = []
    for path, value in (("objective.data.points", 1000), ("objective.model.0.features", 4)):
        outcome = gradviz.run(with_value(OFF, path, value))
        gaps.append(outcome.figures[-1, 0, 0] - outcome.losses[-1, 0])
    assert gaps[0] < 0.1 < gaps[1] < 0.5 < figures[-1, 0] - gradviz.run(OFF).losses[-1, 0]
