"""What crosses the boundary between the training thread and everyone else."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradviz.core.questions.question import Answer, Question
from gradviz.core.questions.update import Update
from gradviz.core.runs.records import RecordBlock, StepRecord
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words


@dataclass(slots=True)
class Outbox:
    """What one run has to say and nobody has drained yet.

    Records go through a deque, whose append and popleft are atomic, so that a step takes no lock and none is
    lost. Every other slot is written and emptied under the runner's lock; a newer value replaces an older one.
    """

    run: int
    optimizers: int
    state: RunState = RunState.LOADING
    names: tuple[str, ...] = ()
    """What the numbers of a position are called."""
    words: Words = SILENCE
    notice: Words = SILENCE
    step: int = 0
    answers: dict[Question[Any], Answer] = field(default_factory=dict)
    changed: bool = True
    records: deque[StepRecord] = field(default_factory=deque)

    def take(self) -> Update | None:
        """Everything since the last call as one immutable update, or None. Hold the runner's lock."""
        block, is_whole = self._take_records()
        if block is None and not self.changed:
            return None
        step = (
            block.start + len(block.losses) - 1 if block is not None and self.state is RunState.RUNNING else self.step
        )
        answers = tuple(self.answers.values()) if is_whole else ()  # they are about what comes after the break
        update = Update(self.run, self.state, step, self.words, self.notice, block, answers)
        self.notice, self.changed = SILENCE, not is_whole
        if is_whole:
            self.answers = {}
        return update

    def _take_records(self) -> tuple[RecordBlock | None, bool]:
        """The records up to the first that does not follow its forerunner (the run went back there); whether all."""
        taken: list[StepRecord] = []
        for _ in range(len(self.records)):
            if taken and self.records[0].step != taken[-1].step + 1:
                return block_of(taken, self.optimizers, self.names), False
            taken.append(self.records.popleft())
        return (block_of(taken, self.optimizers, self.names) if taken else None), True


def block_of(records: list[StepRecord], optimizers: int, names: tuple[str, ...] = ()) -> RecordBlock:
    """Consecutive records as read-only arrays; `names` are those of the numbers of a position."""
    losses = np.array([record.losses for record in records], dtype=np.float64)
    positions = np.array([record.position for record in records], dtype=np.float64)
    width = positions.shape[1] // optimizers if positions.size else 0
    positions = positions.reshape(len(records), optimizers, width)
    losses.flags.writeable = positions.flags.writeable = False
    return RecordBlock(records[0].step, losses, positions, names)
