"""Steps a second, from the steps that were seen."""

from __future__ import annotations

import time
from collections import deque

READABLE_S = 0.25
"""A figure stands for so long: one that changes at every tick cannot be read, and costs the run to write."""


class Speedometer:
    """Steps a second over about the last second, from the steps seen at each call."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()
        self._told = 0.0
        self._told_at = 0.0

    def read(self, step: int, running: bool) -> float:
        """Steps a second, another at most four times a second; 0 when not running."""
        now = time.perf_counter()
        if not running or (self._marks and step < self._marks[-1][1]):
            self._marks.clear()
            self._told = 0.0
            return 0.0
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > 1.0:
            self._marks.popleft()
        if not self._told or now - self._told_at >= READABLE_S:
            begin, first = self._marks[0]
            self._told = (step - first) / (now - begin) if now > begin else 0.0
            self._told_at = now
        return self._told
