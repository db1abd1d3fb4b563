"""What crosses the boundary between the training thread and everyone else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradviz.core.questions.question import Answer, Question
from gradviz.core.questions.update import Update
from gradviz.core.runs.figures import COUNT
from gradviz.core.runs.records import RecordBlock, StepRecord
from gradviz.core.runs.state import RunState
from gradviz.core.words import SILENCE, Words
from gradviz.engine.runs.record_queue import RecordQueue


@dataclass(slots=True)
class Outbox:
    """What one run has to say and nobody has drained yet.

    Records go through a queue of their own, which takes no lock. Every other slot is written and emptied under the
    runner's lock; a newer value replaces an older one.
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
    records: RecordQueue = field(init=False)

    def __post_init__(self) -> None:
        self.records = RecordQueue(self.optimizers)

    def take(self) -> Update | None:
        """Everything since the last call as one immutable update, or None. Hold the runner's lock."""
        block, is_whole = self.records.take(self.names)
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


def block_of(records: list[StepRecord], optimizers: int, names: tuple[str, ...] = ()) -> RecordBlock:
    """Consecutive records as read-only arrays; `names` are those of the numbers of a position."""
    losses = np.array([record.losses for record in records], dtype=np.float64)
    positions = np.array([record.position for record in records], dtype=np.float64)
    width = positions.shape[1] // optimizers if positions.size else 0
    positions = positions.reshape(len(records), optimizers, width)
    losses.flags.writeable = positions.flags.writeable = False
    figures = None
    if records[0].figures:
        figures = np.array([record.figures for record in records]).reshape(len(records), optimizers, COUNT)
        figures.flags.writeable = False
    return RecordBlock(records[0].step, losses, positions, names, figures)
