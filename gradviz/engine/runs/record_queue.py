"""The records of a run on their way from the training thread to the one that draws, as plain numbers.

A step adds its numbers to growing arrays and takes no lock; whoever drains copies slices. Kept as one object a step,
thousands a second would be taken apart by the drawing thread, one by one, while it holds Python's lock.
"""

from __future__ import annotations

from array import array
from collections import deque

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.records import RecordBlock, StepRecord

FULL = 1 << 14
"""Records of one stretch; what was taken of it is let go of with the whole."""


class _Stretch:
    """Consecutive records. Losses come last: a record is there once its losses are."""

    __slots__ = ("losses", "next", "positions", "start", "taken")

    def __init__(self, start: int) -> None:
        self.start = self.next = start
        self.taken = 0
        self.losses, self.positions = array("d"), array("d")


class RecordQueue:
    """Filled by one thread, emptied by one other; none of the records is ever lost."""

    def __init__(self, optimizers: int) -> None:
        self._optimizers = optimizers
        self._last = _Stretch(0)
        self._stretches = deque([self._last])

    def append(self, record: StepRecord) -> None:
        """Add a record; one that does not follow its forerunner begins anew (the run went back)."""
        last = self._last
        if record.step != last.next or record.step - last.start >= FULL:
            last = self._last = _Stretch(record.step)
            self._stretches.append(last)
        last.next += 1
        last.positions.extend(record.position)
        last.losses.extend(record.losses)

    def take(self) -> tuple[RecordBlock | None, bool]:
        """The records up to the first that does not follow its forerunner; whether that is all."""
        blocks: list[RecordBlock] = []
        while True:
            stretch, is_complete = self._stretches[0], len(self._stretches) > 1
            if blocks and blocks[-1].start + len(blocks[-1].losses) != stretch.start + stretch.taken:
                return _joined(blocks), False
            block = self._taken(stretch)
            if len(block.losses):
                blocks.append(block)
            if not is_complete:
                return (_joined(blocks) if blocks else None), True
            self._stretches.popleft()

    def _taken(self, stretch: _Stretch) -> RecordBlock:
        """What is new of a stretch. A slice of an array is a copy made in one go, so the other thread may go on."""
        many, first = self._optimizers, stretch.taken
        losses = np.frombuffer(stretch.losses[first * many :])
        count = len(losses) // many
        width = len(stretch.positions) and 2 * many
        positions = np.frombuffer(stretch.positions[first * width : (first + count) * width])
        stretch.taken += count
        losses.flags.writeable = positions.flags.writeable = False
        return RecordBlock(
            stretch.start + first, losses.reshape(count, many), positions.reshape(count, many, width and 2)
        )


def _joined(blocks: list[RecordBlock]) -> RecordBlock:
    """Blocks that follow one another as one."""
    if len(blocks) == 1:
        return blocks[0]
    losses = np.concatenate([block.losses for block in blocks])
    positions: Floats = np.concatenate([block.positions for block in blocks])
    losses.flags.writeable = positions.flags.writeable = False
    return RecordBlock(blocks[0].start, losses, positions)
