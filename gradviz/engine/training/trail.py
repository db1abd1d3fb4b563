"""Where the optimisers came along: copies of all learned numbers, closer together the nearer they lie to the start.

A record holds the place of one or two numbers. Of more a picture needs a projection, and onto which plane is known
only when it is asked: so the numbers themselves are kept, at each step of the first octave, and at as many of every
later one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gradviz.core.document.memory import TRAIL_BYTES, TRAIL_OCTAVES, TRAIL_OF_OCTAVE
from gradviz.engine.objectives.objective import Objective
from gradviz.engine.training.lanes import Lane


class Trail:
    """Belongs to the thread of its trainer. Which steps it keeps is decided by their number alone."""

    def __init__(self, lanes: list[Lane], kept: bool = True) -> None:
        """Nothing is kept where a record says all, or where a copy is too large to keep one an octave."""
        size = sum(p.nbytes for lane in lanes for p in lane.objective.learned.values())
        self.of_octave = _of_octave(size) if kept else 0
        self.due: float = 0.0 if self.of_octave else math.inf
        """The next step that is to be kept."""
        self.version = 0
        """Another one where a copy that was there is gone."""
        self._rows: dict[int, Tensor] = {}
        """Of all lanes (lanes, n) at a step."""

    def keep(self, step: int, lanes: list[Lane]) -> None:
        """Copy the numbers of every lane at `step`, if it is one of those."""
        if step == self._aligned(step) and step not in self._rows:
            self._rows[step] = torch.stack([flat_numbers(lane.objective) for lane in lanes])
        self.due = self._aligned(step) + self._stride(step)

    def go_to(self, step: int) -> None:
        """The trainer stands at another step than the one after the last."""
        if self.of_octave:
            self.due = step

    def forget_beyond(self, step: int) -> None:
        """The settings change here: later steps will be others."""
        if any(known > step for known in self._rows):
            self._rows = {known: rows for known, rows in self._rows.items() if known <= step}
            self.version += 1

    def begin_like(self, other: Trail, step: int) -> None:
        """Another run came the same way, up to `step`."""
        self._rows |= {known: rows for known, rows in other._rows.items() if known <= step}

    def steps_to(self, step: int) -> list[int]:
        """The steps that are kept, up to `step`, back to the last that is missing: no leap is among them."""
        found: list[int] = []
        if not self.of_octave:
            return found
        at = self._aligned(step)
        while at in self._rows:
            found.append(at)
            if at == 0:
                break
            at = self._aligned(at - 1)
        return found[::-1]

    def rows(self, steps: list[int]) -> Tensor:
        """The numbers (k, lanes, n) at steps that are kept."""
        return torch.stack([self._rows[step] for step in steps])

    def _stride(self, step: int) -> int:
        return 1 << max(0, (step // self.of_octave).bit_length() - 1)

    def _aligned(self, step: int) -> int:
        """The last step at or before this one that is to be kept."""
        return step - step % self._stride(step)


def flat_numbers(objective: Objective) -> Tensor:
    """A copy (n,) of all learned numbers, in their order."""
    return torch.cat([parameter.detach().reshape(-1) for parameter in objective.learned.values()])


def _of_octave(size: int) -> int:
    """How many copies of so many bytes an octave gets: a power of two, or none."""
    count = TRAIL_OF_OCTAVE
    while count and count * TRAIL_OCTAVES * size > TRAIL_BYTES:
        count //= 2
    return count
