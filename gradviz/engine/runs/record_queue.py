"""The records of a run on their way from the training thread to the one that draws, as plain numbers.

A step adds its numbers to growing arrays and takes no lock; whoever drains copies slices. Kept as one object a step,
thousands a second would be taken apart by the drawing thread, one by one, while it holds Python's lock.
"""

from __future__ import annotations

from array import array
from collections import deque

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.figures import COUNT
from gradviz.core.runs.records import RecordBlock, StepRecord

FULL = 1 << 14
"""Records of one stretch; what was taken of it is let go of with the whole."""


class _Stretch:
    """Consecutive records. Losses come last: a record is there once its losses are."""

    __slots__ = ("figures", "losses", "next", "positions", "start", "taken", "width")

    def __init__(self, start: int, width: int) -> None:
        self.start = self.next = start
        self.taken, self.width = 0, width
        self.losses, self.positions, self.figures = array("d"), array("d"), array("d")


class RecordQueue:
    """Filled by one thread, emptied by one other; none of the records is ever lost."""

    def __init__(self, optimizers: int) -> None:
        self._optimizers = optimizers
        self._last = _Stretch(0, 0)
        self._stretches = deque([self._last])

    @property
    def newest(self) -> int:
        """The step of the newest record, -1 before the first; any thread may ask."""
        return self._last.next - 1

    def append(self, record: StepRecord) -> None:
        """Add a record; one that does not follow its forerunner begins anew (the run went back)."""
        last = self._last
        position = record.position
        if record.step != last.next or record.step - last.start >= FULL or len(position) != last.width:
            last = self._last = _Stretch(record.step, len(position))
            self._stretches.append(last)
        last.next += 1
        last.positions.extend(position)
        if record.figures:
            last.figures.extend(record.figures)
        last.losses.extend(record.losses)

    def take(self, names: tuple[str, ...] = ()) -> tuple[RecordBlock | None, bool]:
        """The records up to the first that does not follow its forerunner; whether that is all.

        `names` are what the numbers of a position are called.
        """
        blocks: list[RecordBlock] = []
        while True:
            stretch, is_complete = self._stretches[0], len(self._stretches) > 1
            if blocks and blocks[-1].start + len(blocks[-1].losses) != stretch.start + stretch.taken:
                return _joined(blocks, names), False
            block = self._taken(stretch)
            if len(block.losses):
                blocks.append(block)
            if not is_complete:
                return (_joined(blocks, names) if blocks else None), True
            self._stretches.popleft()

    def _taken(self, stretch: _Stretch) -> RecordBlock:
        """What is new of a stretch. A slice of an array is a copy made in one go, so the other thread may go on."""
        many, width, first = self._optimizers, stretch.width, stretch.taken
        losses = np.frombuffer(stretch.losses[first * many :])
        count = len(losses) // many
        positions = np.frombuffer(stretch.positions[first * width : (first + count) * width])
        figures = self._figures(stretch, first, count) if stretch.figures else None
        stretch.taken += count
        shape = (count, many, width // many)
        losses = losses.reshape(count, many)
        return RecordBlock(stretch.start + first, losses, positions.reshape(shape), figures=figures)

    def _figures(self, stretch: _Stretch, first: int, count: int) -> Floats:
        """Those of so many records from the first that was not taken."""
        width = self._optimizers * COUNT
        figures = np.frombuffer(stretch.figures[first * width : (first + count) * width])
        return figures.reshape(count, self._optimizers, COUNT)


def _joined(blocks: list[RecordBlock], names: tuple[str, ...]) -> RecordBlock:
    """Blocks that follow one another as one, read-only."""
    losses, positions, figures = blocks[0].losses, blocks[0].positions, blocks[0].figures
    if len(blocks) > 1:
        losses = np.concatenate([block.losses for block in blocks])
        positions = np.concatenate([block.positions for block in blocks])
        known = [block.figures for block in blocks if block.figures is not None]
        figures = np.concatenate(known) if known else None
    losses.flags.writeable = positions.flags.writeable = False
    if figures is not None:
        figures.flags.writeable = False
    return RecordBlock(blocks[0].start, losses, positions, names, figures)
