"""A mutated file is refused with a sentence, or it opens, goes on for three steps, goes back to step 0 and is
replayed.

Anything but the program's own exceptions fails, and so does more than a second of the processor's time for one
operation.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
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
from mutations import Mutator, Parts, good_files

from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import SavedExperiment, load
from gradviz.storage.problems import FileError

SHORT = 400
GOOD = frozenset({"opened", "refused by storage", "refused by the engine"})


def tried(path: Path) -> str:
    """What became of a file: opened, or refused where; the sentence of a refusal is fit for a person."""
    try:
        with at_most():
            saved = load(path)
    except FileError as error:
        check_sentence(str(error))
        return "refused by storage"
    try:
        with at_most():
            trainer = Trainer(saved.experiment, saved.result)
    except EngineError as error:
        check_sentence(str(error))
        return "refused by the engine"
    went_on(trainer)
    replayed(saved)
    return "opened"


def went_on(trainer: Trainer) -> None:
    """Three steps, and back to the first."""
    for _ in range(3):
        if not (trainer.finished or trainer.diverged):
            with at_most():
                trainer.advance()
    with at_most():
        if trainer.seek(0).step != 0:
            raise AssertionError("the run did not go back to step 0")


def replayed(saved: SavedExperiment) -> None:
    if saved.result is not None and saved.result.history is not None:
        with at_most(3.0):  # as many steps as the run has
            replay(saved.experiment, saved.result)


def try_one(parts: Parts, path: Path) -> str:
    parts.write(path)
    return outcome_of(lambda: tried(path))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Parts]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    found = good_files(tmp_path_factory.mktemp("good"))
    torch.set_num_threads(before)
    gc.collect()
    gc.freeze()  # torch is 300,000 objects, which no collection between two files needs to look at
    return found


@pytest.fixture
def path() -> Iterator[Path]:
    """A file that is written a million times, in memory where the system has a folder for that."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder) / "mutated.gradviz"


def test_what_was_not_mutated_opens(files: list[Parts], path: Path) -> None:
    found = [try_one(parts, path) for parts in files]
    assert set(found) == {"opened"}, found


@needs_signals
def test_mutated_files_are_refused_or_go_on(files: list[Parts], path: Path) -> None:
    tally = Tally("mutated_file", fresh_seed(), GOOD)
    mutator = Mutator(files, tally.seed)
    for index in range(SHORT):
        tally.add(index, try_one(mutator.mutated(index), path))
    tally.check()
    assert tally.found["opened"] > SHORT // 20, "too few get as far as the trainer"
    assert tally.found["refused by the engine"] > SHORT // 20, "too few get as far as the trainer's check"


@needs_signals
@pytest.mark.soak
@needs_time
def test_many_mutated_files_are_refused_or_go_on(files: list[Parts], path: Path) -> None:
    tally = Tally("mutated_file", fresh_seed(), GOOD)
    mutator = Mutator(files, tally.seed)
    for index in cases():
        tally.add(index, try_one(mutator.mutated(index), path))
    tally.check()


@needs_signals
@pytest.mark.soak
@needs_case
def test_one_mutated_file(files: list[Parts], path: Path) -> None:
    seed, index = one_case()
    Mutator(files, seed).mutated(index).write(path)
    assert tried(path) in GOOD
