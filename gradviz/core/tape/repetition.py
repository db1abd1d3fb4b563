"""Repetition in a sequence: 500 equal steps of a recurrent net, 12 equal blocks of a transformer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gradviz.core.tape.tensor_numbers import Ints

LEAST_COUNT = 3
LEAST_COVERED = 8
"""Items that a repetition must cover at least, or it is shorter to show them."""
LONGEST_PERIOD = 600
MOST_REPEATS = 64


@dataclass(frozen=True, slots=True)
class Repeat:
    """`count` times the same `period` items, from `start` on."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        """The place after its last item."""
        return self.start + self.period * self.count


def repeats(tokens: Sequence[int]) -> list[Repeat]:
    """Repetitions that do not overlap, in their order: the one that covers most first, then those beside it."""
    array = np.asarray(tokens, dtype=np.int64)
    found: list[Repeat] = []
    waiting = [(0, len(array))]
    while waiting and len(found) < MOST_REPEATS:
        begin, end = waiting.pop()
        best = _longest(array[begin:end])
        if best is None:
            continue
        found.append(Repeat(best.start + begin, best.period, best.count))
        waiting += [(begin, found[-1].start), (found[-1].end, end)]
    return sorted(found, key=lambda repeat: repeat.start)


def _longest(array: Ints) -> Repeat | None:
    """The repetition that covers most of a sequence, of the shortest period; None where there is none."""
    best: Repeat | None = None
    covered = LEAST_COVERED - 1
    for repeat in _candidates(array):
        if repeat.count >= LEAST_COUNT and repeat.period * repeat.count > covered:
            best, covered = repeat, repeat.period * repeat.count
            if covered + repeat.period > len(array) - repeat.period:
                break  # nothing longer can be there
    return best


def _candidates(array: Ints) -> Iterator[Repeat]:
    for period in range(1, min(len(array) // LEAST_COUNT, LONGEST_PERIOD) + 1):
        equal = array[period:] == array[:-period]
        if np.count_nonzero(equal) < (LEAST_COUNT - 1) * period:
            continue
        breaks = np.concatenate(([-1], np.flatnonzero(~equal), [len(equal)]))
        lengths = np.diff(breaks) - 1
        longest = int(lengths.argmax())
        yield Repeat(int(breaks[longest]) + 1, period, int(lengths[longest]) // period + 1)
