"""Every optimiser, mistake and layer through every dialect: a script ends on the run's own figures, or is refused.

That of torch bit for bit, for it is the same arithmetic; those that recompute within the rounding that the run itself
shows (see `rounding`). TensorFlow's stand in `test_every_tensorflow_script`.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from in_process import executed
from matrix import FACTORS, Case, every_case, experiment_of, rate_cases, short_cases
from rounding import assert_to_rounding
from script_runs import Ended, ended

from gradviz.core.document.experiment import Experiment
from gradviz.engine.objectives.fit_descent import FitDescent
from gradviz.engine.objectives.initial_values import start_of
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer
from gradviz.scripts.language.dialects import DIALECTS, DialectName
from gradviz.scripts.pages.script import script
from gradviz.scripts.problems import ScriptError

SOAKS = "GRADVIZ_SOAK_SECONDS" in os.environ
LEAST_WRITTEN = {"torch": 355, "autograd": 285, "numpy": 145}
"""So many scripts of the short pass there are at least: refusing more would be a loss."""
KNOWN_TO_TORCH = (
    r"graph is used twice|where no gradient is yet"
    r"|whose update is the same|how \w+ is detached|no layer after|depends on no parameter"
)
KNOWN_BY_HAND = KNOWN_TO_TORCH + (
    r"|by hand is not known|not known by hand|not known with an update by hand|which this experiment takes"
    r"|rows do not divide"
)


@dataclass
class Run:
    """What gradviz itself makes of an experiment: where it ends, and its prediction of the first row."""

    experiment: Experiment
    end: Ended
    prediction: Any
    failure: str
    """Why it stopped, if it did."""


def run_of(experiment: Experiment) -> Run:
    trainer = Trainer(experiment)
    for _ in trainer.steps():
        pass
    objective = trainer.lanes[0].objective
    first = None
    if isinstance(objective, FitDescent) and "w" not in objective.parameters:
        first = objective.predict(objective.data.inputs[:1]).squeeze().tolist()
    return Run(experiment, ended(trainer), first, trainer.failure)


def assert_refusal(sentence: str, dialect: str) -> None:
    """A sentence with what to do instead, for one of the reasons that are known; a run that stops has no script."""
    assert len(sentence) <= 300
    assert re.search(r"\. [A-Z].*\.$", sentence), sentence
    assert re.search(KNOWN_TO_TORCH if dialect == "torch" else KNOWN_BY_HAND, sentence), sentence
    assert "PyTorch nn + optim has it" not in sentence or dialect != "torch", sentence


def assert_same(found: Ended, run: Run, dialect: str) -> None:
    recomputes = dialect != "torch" or run.experiment.optimizers[0].by_hand
    if recomputes:
        assert_to_rounding(found, run.end, run.experiment)
        return
    wanted = run.end
    assert text_of(found) == text_of(wanted)  # as text, for NaN is NaN
    if run.prediction is not None:
        said = next(line for line in found.printed if line.startswith("prediction"))
        assert said == f"prediction of the first row {run.prediction}"


def text_of(end: Ended) -> str:
    return json.dumps([end.loss, end.parameters, end.gradients])


def compare(case: Case, dialects: tuple[DialectName, ...]) -> None:
    experiment = experiment_of(case)
    try:
        start = start_of(experiment)
        run = None
        for dialect in dialects:
            try:
                text = script(experiment, dialect, start)
            except ScriptError as error:
                assert_refusal(str(error), dialect)
                continue
            run = run or run_of(experiment)
            assert not run.failure, f"{dialect}: the run stops: {run.failure}"
            assert_same(executed(text), run, dialect)
    except EngineError:
        assert case["optimizer"] == "muon", case  # trains matrices alone: there is no run to be compared with
    except Exception as error:
        error.add_note(f"{case}")
        raise


@pytest.mark.parametrize("optimizer", FACTORS["optimizer"])
def test_a_script_ends_on_the_runs_figures_or_is_refused(optimizer: str) -> None:
    for cases, dialects in ((short_cases(), DIALECTS[:3]), (rate_cases(), DIALECTS[:2])):
        for case in cases:
            if case["optimizer"] == optimizer:
                compare(case, dialects)


def dialects_of(case: Case, dialects: tuple[DialectName, ...]) -> Iterator[DialectName]:
    """Those in which there is a script of a case."""
    experiment = experiment_of(case)
    try:
        start = start_of(experiment)
    except EngineError:
        return
    for dialect in dialects:
        with suppress(ScriptError):
            script(experiment, dialect, start)
            yield dialect


def test_no_dialect_knows_less_than_it_did() -> None:
    passes = ((short_cases(), DIALECTS[:3]), (rate_cases(), DIALECTS[:2]))
    written = Counter(name for cases, dialects in passes for case in cases for name in dialects_of(case, dialects))
    assert {name: written[name] for name, least in LEAST_WRITTEN.items() if written[name] < least} == {}


def test_every_pair_is_tried() -> None:
    cases = [*short_cases(), *rate_cases()]
    for first, second in (("optimizer", "mistake"), ("optimizer", "layer"), ("mistake", "layer")):
        tried = {(case[first], case[second]) for case in cases}
        assert len(tried) == len(FACTORS[first]) * len(FACTORS[second])
    for name, values in FACTORS.items():
        assert {str(case[name]) for case in cases} == set(map(str, values)), name


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("round_number", range(4) if SOAKS else [])
@pytest.mark.parametrize("optimizer", FACTORS["optimizer"])
def test_the_whole_product(optimizer: str, round_number: int) -> None:
    for case in every_case(round_number):
        if case["optimizer"] == optimizer:
            compare(case, DIALECTS[:3])
