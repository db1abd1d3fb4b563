"""What crosses the boundary between the training thread and everyone else."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.bench import BenchProgress, BenchReport
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.start import Start
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.questions.update import Update
from gradviz.core.runs.records import RecordBlock, StepRecord
from gradviz.core.runs.result import RunResult
from gradviz.core.runs.state import RunState


@dataclass(slots=True)
class Outbox:
    """What one run has to say and nobody has drained yet.

    Records go through a deque, whose append and popleft are atomic, so that a step takes no lock and none is
    lost. Every other slot is written and emptied under the runner's lock; a newer value replaces an older one.
    """

    run: int
    optimizers: int
    state: RunState = RunState.LOADING
    message: str = ""
    notice: str = ""
    device: str = ""
    devices: tuple[str, ...] = ()
    step: int = 0
    snapshot: Snapshot | None = None
    surface: SurfaceGrid | None = None
    result: RunResult | None = None
    start: Start | None = None
    bench: BenchReport | BenchProgress | None = None
    basins: BasinMap | str | None = None
    changed: bool = True
    records: deque[StepRecord] = field(default_factory=deque)

    def take(self, steps_per_s: float) -> Update | None:
        """Everything since the last call as one immutable update, or None. Hold the runner's lock."""
        block = self._take_records()
        if block is None and not self.changed:
            return None
        step = (
            block.start + len(block.losses) - 1 if block is not None and self.state is RunState.RUNNING else self.step
        )
        update = Update(
            self.run, self.state, step, self.message, self.notice, steps_per_s, block, self.device,
            self.devices, self.snapshot, self.surface, self.result, self.start,
            self.bench, self.basins,
        )  # fmt: skip
        self.notice, self.snapshot, self.surface, self.result, self.changed = "", None, None, None, False
        self.bench = self.basins = self.start = None
        return update

    def _take_records(self) -> RecordBlock | None:
        """The records up to the first that does not follow its forerunner (the run went back there)."""
        taken: list[StepRecord] = []
        for _ in range(len(self.records)):
            if taken and self.records[0].step != taken[-1].step + 1:
                self.changed = True
                break
            taken.append(self.records.popleft())
        if not taken:
            return None
        return block_of(taken, self.optimizers)


def block_of(records: list[StepRecord], optimizers: int) -> RecordBlock:
    """Consecutive records as read-only arrays."""
    losses = np.array([record.losses for record in records], dtype=np.float64)
    positions = np.array([record.position for record in records], dtype=np.float64)
    width = positions.shape[1] // optimizers if positions.size else 0
    positions = positions.reshape(len(records), optimizers, width)
    losses.flags.writeable = positions.flags.writeable = False
    return RecordBlock(records[0].step, losses, positions)


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
