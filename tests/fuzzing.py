"""What the fuzzers share: the limit of an operation, the count of what became of each case, and a way back to one."""

from __future__ import annotations

import collections
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gradviz.core.problems import GradvizError

MOST_S = 1.0
TELL_EVERY_S = 20.0
LONG_SECONDS = "GRADVIZ_SOAK_SECONDS"
CASES = "GRADVIZ_SOAK_CASES"
"""How many cases the soak tries at most."""
ONE = "GRADVIZ_FUZZ_CASE"
"""``seed:index`` of one case to try alone, with the trace of what it raises."""

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="there is no timer of the processor's time")
needs_time = pytest.mark.skipif(LONG_SECONDS not in os.environ, reason="make soak tries as many as there is time for")
needs_case = pytest.mark.skipif(ONE not in os.environ, reason=f"{ONE}=seed:index tries one case again")


class HungError(BaseException):
    """An operation took longer than MOST_S."""


@contextmanager
def at_most(seconds: float = MOST_S) -> Iterator[None]:
    """One operation: HungError in whatever Python code runs when this process has worked for `seconds` at it.

    Counted is the processor's time and not the clock's, for others use this machine too.
    """

    def interrupt(*_: object) -> None:
        raise HungError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    begin = time.process_time()
    try:
        yield
        if time.process_time() - begin > seconds:  # it stayed in one call of C, which no signal interrupts
            raise HungError
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def check_sentence(sentence: str) -> None:
    """Fit for a person, and for a terminal."""
    if not sentence or len(sentence) > 300 or not sentence.isprintable():
        raise AssertionError(f"no sentence: {sentence!r}")


def outcome_of(tried: Callable[[], str]) -> str:
    """What became of a case; a foreign exception by its kind, its place in gradviz and its words."""
    try:
        return tried()
    except HungError as error:
        return f"hung in {_place(error)}"
    except GradvizError as error:
        return f"not expected there: {type(error).__name__}: {str(error)[:120]}"
    except Exception as error:
        return f"{type(error).__name__} in {_place(error)}: {str(error)[:120]}"


def _place(error: BaseException) -> str:
    """The innermost line of gradviz's own."""
    place, trace = "?", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}gradviz{os.sep}" in file and "tests" not in file.split(os.sep):
            place = f"{os.path.basename(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


class Tally:
    """Counts outcomes, and prints how far it is: counts, rate and the most memory so far."""

    def __init__(self, name: str, seed: int, good: frozenset[str]) -> None:
        self.name, self.seed, self.good = name, seed, good
        self.found = collections.Counter[str]()
        self.first: dict[str, int] = {}
        self._begin = self._told = time.monotonic()

    def add(self, index: int, outcome: str) -> None:
        """The outcome of a case; the first of each bad kind is printed at once, with the way back to it."""
        self.found[outcome] += 1
        if outcome not in self.good and outcome not in self.first:
            self.first[outcome] = index
            self._print(f"{outcome}\n    again: {ONE}={self.seed}:{index} pytest -k one_{self.name}")
        if time.monotonic() - self._told > TELL_EVERY_S:
            self._told = time.monotonic()
            self._print(self.summary())

    def summary(self) -> str:
        """One line."""
        seconds = max(time.monotonic() - self._begin, 1e-9)
        good = {outcome: count for outcome, count in self.found.items() if outcome in self.good}
        bad = self.found.total() - sum(good.values())
        rate = self.found.total() / seconds
        return f"{self.found.total():,} tried, {good}, {bad:,} bad; {rate:.0f} a second, at most {peak_mib():,.0f} MiB"

    def _print(self, text: str) -> None:
        print(f"{self.name} {self.seed}: {text}", file=sys.__stderr__, flush=True)

    def check(self) -> None:
        """Fails where anything was bad."""
        self._print(self.summary())
        bad = {outcome: count for outcome, count in self.found.items() if outcome not in self.good}
        again = {outcome: f"{self.seed}:{index}" for outcome, index in self.first.items()}
        assert not bad, f"{bad}, first at {again}"


def peak_mib() -> float:
    """The most memory that this process has had, in MiB."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def cases() -> Iterator[int]:
    """The numbers of the soak's cases, until its time or its count is over."""
    until = time.monotonic() + float(os.environ[LONG_SECONDS])
    for index in range(int(os.environ.get(CASES, "1000000"))):
        if time.monotonic() > until:
            return
        yield index


def fresh_seed() -> int:
    """A seed of its own for each run of the tests; it is printed."""
    return int.from_bytes(os.urandom(4), "little")


def one_case() -> tuple[int, int]:
    """Seed and index of the one case that is asked for."""
    seed, _, index = os.environ[ONE].partition(":")
    return int(seed), int(index)
