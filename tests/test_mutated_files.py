"""A mutated file is refused with a sentence, or it opens, goes on for three steps, goes back to step 0 and is
replayed.

Anything but the program's own exceptions fails, and so does more than a second of this thread's time.
"""

from __future__ import annotations

import collections
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from mutations import Mutator, Parts, good_files

from gradviz.engine.problems import EngineError
from gradviz.engine.runs.replay import replay
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.experiments.experiment_file import load
from gradviz.storage.problems import FileError

MOST_S = 1.0
SHORT = 400
LONG_SECONDS = "GRADVIZ_SOAK_SECONDS"

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there is no timer of the processor's time")


class HungError(BaseException):
    """It took longer than MOST_S."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """HungError in whatever Python code runs when this process has worked for `seconds`."""

    def interrupt(*_: object) -> None:
        raise HungError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def tried(path: Path) -> str:
    """What became of a file: opened, or refused where; the sentence of a refusal is fit for a person."""
    try:
        saved = load(path)
    except FileError as error:
        check_sentence(str(error))
        return "refused by storage"
    try:
        trainer = Trainer(saved.experiment, saved.result)
    except EngineError as error:
        check_sentence(str(error))
        return "refused by the engine"
    for _ in range(3):
        if not (trainer.finished or trainer.diverged):
            trainer.advance()
    if trainer.seek(0).step != 0:
        raise AssertionError("the run did not go back to step 0")
    if saved.result is not None and saved.result.history is not None:
        replay(saved.experiment, saved.result)
    return "opened"


def check_sentence(sentence: str) -> None:
    if not sentence or len(sentence) > 300 or "\n" in sentence:
        raise AssertionError(f"no sentence: {sentence!r}")


def try_one(parts: Parts, path: Path) -> str:
    parts.write(path)
    try:
        with at_most(MOST_S):
            return tried(path)
    except HungError:
        return "hung"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:160]}"


GOOD = {"opened", "refused by storage", "refused by the engine"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Parts]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    found = good_files(tmp_path_factory.mktemp("good"))
    torch.set_num_threads(before)
    return found


def test_what_was_not_mutated_opens(files: list[Parts], tmp_path: Path) -> None:
    found = [try_one(parts, tmp_path / "good.gradviz") for parts in files]
    assert set(found) == {"opened"}, found


def run_of(files: list[Parts], path: Path, seed: int, count: int, until: float) -> collections.Counter[str]:
    """What became of `count` files, or of as many as there were until `until`; faults keep their file beside."""
    mutator, found = Mutator(files, seed), collections.Counter[str]()
    for index in range(count):
        outcome = try_one(mutator.mutated(), path)
        found[outcome] += 1
        if outcome not in GOOD:
            path.rename(path.with_name(f"{seed}-{index}.gradviz"))
        if time.monotonic() > until:
            break
    return found


def check(found: collections.Counter[str], seed: int) -> None:
    print(f"seed {seed}: {found.total():,} files, {dict(found)}")
    foreign: dict[str, Any] = {outcome: count for outcome, count in found.items() if outcome not in GOOD}
    assert not foreign, f"seed {seed}: {foreign}"


@needs_signals
def test_mutated_files_are_refused_or_go_on(files: list[Parts], tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "little")
    found = run_of(files, tmp_path / "mutated.gradviz", seed, SHORT, float("inf"))
    check(found, seed)
    assert found["opened"] > SHORT // 20, "too few get as far as the trainer"
    assert found["refused by the engine"] > SHORT // 20, "too few get as far as the trainer's check"


@needs_signals
@pytest.mark.soak
@pytest.mark.skipif(LONG_SECONDS not in os.environ, reason="make soak tries as many as there is time for")
def test_many_mutated_files_are_refused_or_go_on(files: list[Parts], tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "little")
    until = time.monotonic() + float(os.environ[LONG_SECONDS])
    check(run_of(files, tmp_path / "mutated.gradviz", seed, 200_000, until), seed)
