"""The experiments of the gallery, with their scripts and where gradviz itself ends with each of them."""

from __future__ import annotations

from functools import cache

import pytest
from script_runs import Ended, parameter_deviation, trained, written

from gradviz.core.document.experiment import Experiment
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.problems import ScriptError
from gradviz.storage.shipped.gallery import gallery

SHORT = 200
"""Steps in the everyday tests; the full length of every experiment is behind `make soak`."""
TOLERANCE = {"float64": 1e-9, "float32": 2e-5}
"""Of float32 hundreds of steps with another order of rounding: an eps of 6e-8 each, a few hundred times."""
ENTRIES = {entry.name: entry.experiment for entry in gallery()}


@cache
def shortened(name: str) -> Experiment:
    experiment = ENTRIES[name]
    return experiment.model_copy(update={"steps": min(experiment.steps, SHORT)})


@cache
def text_of(name: str, dialect: str, full: bool = False) -> str:
    """The script; empty where the dialect is refused."""
    try:
        return written(ENTRIES[name] if full else shortened(name), dialect)
    except ScriptError:
        return ""


@cache
def expected(name: str) -> Ended:
    return trained(shortened(name))


@cache
def first_loss(name: str) -> float:
    return Trainer(shortened(name)).lanes[0].loss


def assert_same_end(found: Ended, wanted: Ended, dtype: str, first: float) -> None:
    """The figures of the end; a loss is compared on the scale of where it came from."""
    tolerance = TOLERANCE[dtype]
    assert parameter_deviation(found, wanted) <= tolerance
    if wanted.loss != found.loss:
        assert abs(found.loss - wanted.loss) <= tolerance * max(abs(first), abs(wanted.loss))


CASES_OF_H = {"himmelblau": (2.999997, 2.000005, 4.4838e-10), "himmelblau-adam": (3.0, 2.0, 0.0)}
"""x, y and f after all steps: E1 and E2."""


def assert_own_figures(found: Ended, name: str) -> None:
    x, y, loss = CASES_OF_H[name]
    assert [*found.parameters.values()] == pytest.approx([x, y], abs=2e-5)
    assert found.loss == pytest.approx(loss, abs=2e-9)
