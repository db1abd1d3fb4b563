"""A formula of whatever kind is refused with a sentence, or it is built and goes on for a step.

Anything but the program's own exceptions fails, and so does more than a second of the processor's time for one
operation, or more memory than was estimated.
"""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from formula_mutations import FormulaMutator
from fuzzing import (
    Tally,
    at_most,
    cases,
    check_sentence,
    fresh_seed,
    needs_case,
    needs_signals,
    needs_time,
    one_case,
    outcome_of,
)

from gradviz.core.declaration import SettingError
from gradviz.core.document.experiment import from_data
from gradviz.engine.problems import EngineError
from gradviz.engine.training.trainer import Trainer

SHORT = 600
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
"""torch warns of a variance of one number, say, and goes on."""
GOOD = frozenset({"ran", "refused as a setting", "refused by the engine", "stopped with a sentence"})


def tried(data: dict[str, Any]) -> str:
    """What became of an experiment; the sentence of a refusal is fit for a person."""
    try:
        with at_most():
            experiment = from_data(data)
    except SettingError as error:
        check_sentence(str(error))
        return "refused as a setting"
    try:
        with at_most():
            trainer = Trainer(experiment)
    except EngineError as error:
        check_sentence(str(error))
        return "refused by the engine"
    fault = trainer.fault_at_start()
    if fault:
        check_sentence(fault)
        return "stopped with a sentence"
    return went_on(trainer)


def went_on(trainer: Trainer) -> str:
    with at_most():
        trainer.advance()
    for sentence in trainer.faults:
        check_sentence(sentence)
    if trainer.diverged:
        check_sentence(trainer.divergence())
    return "stopped with a sentence" if trainer.faults else "ran"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    yield
    torch.set_num_threads(before)


@needs_signals
def test_random_formulas_are_refused_or_run() -> None:
    tally = Tally("random_formula", fresh_seed(), GOOD)
    mutator = FormulaMutator(tally.seed)
    for index in range(SHORT):
        data = mutator.made(index)
        tally.add(index, outcome_of(lambda data=data: tried(data)))
    tally.check()
    assert all(tally.found[outcome] > SHORT // 60 for outcome in GOOD), tally.found


@needs_signals
@pytest.mark.soak
@needs_time
def test_many_random_formulas_are_refused_or_run() -> None:
    tally = Tally("random_formula", fresh_seed(), GOOD)
    mutator = FormulaMutator(tally.seed)
    for index in cases():
        data = mutator.made(index)
        tally.add(index, outcome_of(lambda data=data: tried(data)))
    tally.check()


@needs_signals
@pytest.mark.soak
@needs_case
def test_one_random_formula() -> None:
    seed, index = one_case()
    assert tried(FormulaMutator(seed).made(index)) in GOOD
