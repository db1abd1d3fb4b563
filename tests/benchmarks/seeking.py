"""Seeks in a finished run of case G, what their checkpoints hold, and what keeping these costs the training."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

from figures import Figure

from gradviz.core.document.experiment import Experiment, with_value
from gradviz.engine.training.trainer import Trainer
from gradviz.storage.shipped.gallery import find_entry

STEPS = 100_000
SEEKS = 40
PART = 4000
ROUNDS = 9


def seek_figures() -> list[Figure]:
    """Seconds of 40 random seeks, each of which must give the loss of before; megabytes; steps/s with and without."""
    import torch

    torch.set_num_threads(1)
    entry = find_entry("G")
    assert entry is not None
    experiment = with_value(entry.experiment, "steps", STEPS)
    return [*_seeks(experiment), _cost(experiment)]


def _seeks(experiment: Experiment) -> list[Figure]:
    trainer = Trainer(experiment)
    losses = [trainer.record.losses, *(record.losses for record in trainer.steps())]
    draw = random.Random(0)
    seconds = []
    for goal in (draw.randrange(STEPS + 1) for _ in range(SEEKS)):
        begin = time.perf_counter()
        found = trainer.seek(goal).losses
        seconds.append(time.perf_counter() - begin)
        assert found == losses[goal], f"step {goal} is not what it was"
    kept = trainer._checkpoints
    note = f"{len(kept._moments):,} checkpoints, a stride of {kept.stride:,}"
    return [
        Figure(f"G: {SEEKS} seeks in {STEPS:,} steps, median", 1000 * statistics.median(seconds), "ms", "<= 150"),
        Figure(f"G: {SEEKS} seeks in {STEPS:,} steps, worst", 1000 * max(seconds), "ms", "<= 500"),
        Figure("G: bytes of the checkpoints", kept.bytes / 1e6, "MB", "<= 256", note),
    ]


def _cost(experiment: Experiment) -> Figure:
    """The runs stand beside each other and take turns, so that a slower machine slows both."""
    runs = [Trainer(experiment), _without_checkpoints(experiment)]
    ratios = []
    for turn in range(ROUNDS):
        order = runs if turn % 2 else runs[::-1]
        seconds = {id(trainer): _seconds(trainer.advance) for trainer in order}
        ratios.append(seconds[id(runs[1])] / seconds[id(runs[0])])
    spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
    return Figure("G: steps/s with checkpoints / without", statistics.median(ratios), "", ">= 0.99", spread)


def _without_checkpoints(experiment: Experiment) -> Trainer:
    """A trainer that keeps no more after its first step."""
    trainer = Trainer(experiment)
    trainer.advance()
    trainer._checkpoints.stride = 10**9
    return trainer


def _seconds(advance: Callable[[], object]) -> float:
    """Of the processor, not of the clock: others may be at work beside."""
    begin = time.thread_time()
    for _ in range(PART):
        advance()
    return time.thread_time() - begin
