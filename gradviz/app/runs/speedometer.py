"""Steps a second, from the steps that were seen."""

from __future__ import annotations

import time
from collections import deque


class Speedometer:
    """Steps a second over about the last second, from the steps seen at each call."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def read(self, step: int, running: bool) -> float:
        """Steps a second; 0 when not running."""
        now = time.perf_counter()
        if not running or (self._marks and step < self._marks[-1][1]):
            self._marks.clear()
            return 0.0
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > 1.0:
            self._marks.popleft()
        begin, first = self._marks[0]
        return (step - first) / (now - begin) if now > begin else 0.0
