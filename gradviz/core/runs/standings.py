"""Who is ahead in a race: the lowest round loss that anybody has reached, and who reached it at which step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.history import History

LEVELS: Floats = np.array([float(f"{digit}e{power}") for power in range(12, -13, -1) for digit in (5, 2, 1)])
"""The losses that can be told, from high to low. A loss of exactly 0 has reached the lowest."""
NEVER = -1


@dataclass(frozen=True, slots=True)
class Race:
    """`order` are the optimisers, who is ahead first: by the step at which each reached the loss `goal`, the lowest of
    `LEVELS` that anybody has; those that have not, by their loss; last those whose loss is not finite.

    `reached` (by optimiser) are these steps, NEVER where it has not; `goal` is None while nobody is below the start.
    """

    order: tuple[int, ...]
    goal: float | None
    reached: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Standings:
    """Since when each of so many optimisers has been at or below each level.

    It is a value: `after` gives the next one, and costs what is new in the history.
    """

    optimizers: int
    _firsts: Floats = field(default_factory=lambda: np.empty((0, 0)), repr=False)
    """(levels, optimisers); infinite where a level was not reached."""
    _read: int = 0
    _rewrites: int = 0

    def after(self, history: History) -> Standings:
        """With all that the history knows."""
        losses, read, firsts = history.losses, self._read, self._firsts
        if history.rewrites != self._rewrites or len(losses) < read or not firsts.size:
            read, firsts = 0, np.full((len(LEVELS), self.optimizers), np.inf)
        if len(losses) == read:
            return self
        firsts = np.minimum(firsts, read + _first_places(losses[read:]))
        return Standings(self.optimizers, firsts, len(losses), history.rewrites)

    def at(self, history: History, step: int) -> Race:
        """The race as it stands at a step that the history knows."""
        firsts = np.where(self._firsts <= step, self._firsts, np.inf)
        deepest = int(np.isfinite(firsts.min(axis=1)).sum()) - 1
        steps = firsts[deepest] if deepest >= 0 else np.full(self.optimizers, np.inf)
        is_lost = ~np.isfinite(history.losses[step])
        order = np.lexsort((np.where(is_lost, np.inf, history.losses[step]), steps, is_lost))
        told = deepest >= 0 and bool(steps.min() > 0)
        reached = tuple(int(first) if np.isfinite(first) else NEVER for first in steps)
        return Race(tuple(order.tolist()), float(LEVELS[deepest]) if told else None, reached)


def _first_places(losses: Floats) -> Floats:
    """Where in losses (n, optimisers) each first reaches each level, (levels, optimisers); infinite where never."""
    known = np.where(np.isnan(losses), np.inf, losses)
    lowest = np.minimum.accumulate(known, axis=0)
    places = np.stack([np.searchsorted(-column, -LEVELS, side="left") for column in lowest.T], axis=1)
    return np.where(places < len(losses), places, np.inf)


def lost_since(losses: Floats) -> dict[int, int]:
    """Of every optimiser that has no finite loss at the end, the first step without one after its last finite one."""
    gone = np.flatnonzero(~np.isfinite(losses[-1]))
    return {int(k): _after_last_finite(losses[:, k]) for k in gone}


def _after_last_finite(losses: Floats) -> int:
    known = np.flatnonzero(np.isfinite(losses))
    return int(known[-1]) + 1 if known.size else 0
