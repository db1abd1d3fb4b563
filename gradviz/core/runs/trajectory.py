"""The path of one optimiser, thinned by length: what a picture of it needs, at any number of steps."""

from __future__ import annotations

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.runs.history import History


class Trajectory:
    """Points of a path, one for each `spacing` of its length, and always its newest one.

    It reads a history as it grows, so a frame costs what is new. A history that was rewritten (the run went
    back) is read again from the start.
    """

    def __init__(self, optimizer: int, spacing: float) -> None:
        self._optimizer = optimizer
        self._spacing = spacing
        self._kept: list[Floats] = []
        self._read = 0
        self._rewrites = 0
        self._length = 0.0
        self._last: Floats | None = None

    def read(self, history: History, step: int) -> Floats:
        """The path from step 0 to `step`, (k, 2); steps before the newest may be thinned out."""
        if history.rewrites != self._rewrites or len(history.positions) < self._read:
            self.__init__(self._optimizer, self._spacing)  # type: ignore[misc]
            self._rewrites = history.rewrites
        positions = history.positions[:, self._optimizer]
        if step + 1 < self._read:
            return self._thinned_anew(positions[: step + 1])
        self._extend(positions[self._read : step + 1])
        self._read = max(self._read, min(step + 1, len(positions)))
        if self._last is None:
            return np.empty((0, 2))
        return np.concatenate([*self._kept, self._last[None]])

    def _extend(self, fresh: Floats) -> None:
        finite = fresh[np.isfinite(fresh).all(axis=1)]
        if not len(finite):
            return
        before = self._last if self._last is not None else finite[0]
        marks = self._length + np.cumsum(np.hypot(*np.diff(finite, axis=0, prepend=before[None]).T))
        passed = np.floor(marks / self._spacing)
        earlier = np.floor(self._length / self._spacing) if self._last is not None else -1.0
        keep = np.diff(passed, prepend=earlier) > 0
        if keep.any():
            self._kept.append(finite[keep])
        self._length, self._last = float(marks[-1]), finite[-1].copy()
        if len(self._kept) > 64:
            self._kept = [np.concatenate(self._kept)]

    def _thinned_anew(self, positions: Floats) -> Floats:
        finite = positions[np.isfinite(positions).all(axis=1)]
        every = max(1, len(finite) // 4000)
        path: Floats = np.concatenate([finite[::every], finite[-1:]])
        return path
