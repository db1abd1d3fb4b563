"""What happens at each position of a walk through a graph: the parts of the walk, and the events of a pass."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gradviz.core.tape.tensor_numbers import Ints


class Phase(StrEnum):
    """The part of a walk that a position lies in."""

    START = "start"
    FORWARD = "forward"
    BACKWARD = "backward"
    SECOND = "second"


class What(StrEnum):
    """What happens at a position: a node is at work, the pass fails at one, or it is over."""

    BEGIN = "begin"
    NODE = "node"
    FAILURE = "failure"
    END = "end"


class Event(NamedTuple):
    """What happens at one position: the rows that are at work, all uses of a leaf together, and after how many others
    of this phase."""

    phase: Phase
    what: What
    place: int
    rows: tuple[int, ...] = ()

    @property
    def is_backwards(self) -> bool:
        """Whether gradients flow."""
        return self.phase in (Phase.BACKWARD, Phase.SECOND)

    @property
    def last(self) -> int:
        """The place of the last node of this pass that has passed something, -1 where none has."""
        return -1 if not self.is_backwards else self.place - (self.what is What.FAILURE)


def events_of(
    phase: Phase, ran: Ints, uses: tuple[tuple[int, ...], ...], is_failed: bool, row: int
) -> tuple[Event, ...]:
    """The events of one pass; none where nothing was tried."""
    rows = np.flatnonzero(ran >= 0)
    order = rows[np.argsort(ran[rows], kind="stable")].tolist()
    firsts = [row for row in order if uses[row][0] == row]
    events = [Event(phase, What.NODE, place, uses[row]) for place, row in enumerate(firsts)]
    if is_failed:
        events.append(Event(phase, What.FAILURE, len(events), uses[row] if row >= 0 else ()))
    elif events:
        events.append(Event(phase, What.END, len(events)))
    return tuple(events)
