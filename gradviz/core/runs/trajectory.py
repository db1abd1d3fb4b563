"""The path of one optimiser, thinned by length: what a picture of it needs, at any number of steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.history import History


def _nowhere(width: int = 2) -> Floats:
    return np.empty((0, width))


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Points of a path, one for each `spacing` of its length, and always its newest one.

    It is a value: `after` gives the next one, and costs what is new in the history. A history that was rewritten
    (the run went back) is read again from the start.
    """

    optimizer: int
    spacing: float
    path: Floats = field(default_factory=_nowhere)
    """The path from step 0 to the step that was asked for, (k, 2 or 1); steps before the newest may be thinned out."""
    _kept: tuple[Floats, ...] = field(default=(), repr=False)
    _shown: int = 0
    _read: int = 0
    _rewrites: int = 0
    _length: float = 0.0
    _last: Floats | None = None

    def after(self, history: History, step: int) -> Trajectory:
        """This trajectory, with its path as it is at `step`."""
        known = history.positions
        if history.rewrites != self._rewrites or len(known) < self._read:
            return Trajectory(self.optimizer, self.spacing, _rewrites=history.rewrites).after(history, step)
        shown = min(step + 1, len(known))
        if shown == self._shown:
            return self
        if shown < self._read:
            return replace(self, path=_thinned(known[:shown, self.optimizer]), _shown=shown)
        return self._extended(known[self._read : shown, self.optimizer])

    def _extended(self, fresh: Floats) -> Trajectory:
        finite = fresh[np.isfinite(fresh).all(axis=1)]
        read = self._read + len(fresh)
        if not len(finite):
            return replace(self, path=_joined(self._kept, self._last), _shown=read, _read=read)
        before = self._last if self._last is not None else finite[0]
        marks = self._length + np.cumsum(np.linalg.norm(np.diff(finite, axis=0, prepend=before[None]), axis=1))
        passed = np.floor(marks / self.spacing)
        earlier = np.floor(self._length / self.spacing) if self._last is not None else -1.0
        keep = np.diff(passed, prepend=earlier) > 0
        kept, last = (*self._kept, finite[keep]) if keep.any() else self._kept, finite[-1].copy()
        if len(kept) > 64:
            kept = (np.concatenate(kept),)
        length, path = float(marks[-1]), _joined(kept, last)
        return Trajectory(self.optimizer, self.spacing, path, kept, read, read, self._rewrites, length, last)


def _joined(kept: tuple[Floats, ...], last: Floats | None) -> Floats:
    return _nowhere() if last is None else np.concatenate([*kept, last[None]])


def _thinned(positions: Floats) -> Floats:
    """Of steps gone by: read afresh, since the points that are kept know nothing of where they began."""
    finite = positions[np.isfinite(positions).all(axis=1)]
    every = max(1, len(finite) // 4000)
    path: Floats = np.concatenate([finite[::every], finite[-1:]])
    return path
