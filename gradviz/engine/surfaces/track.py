"""The recorded way of every optimiser, seen from above a slice."""

from __future__ import annotations

import numpy as np
import torch

from gradviz.core.numbers import Floats
from gradviz.engine.surfaces.plane import Plane
from gradviz.engine.training.trail import flat_numbers
from gradviz.engine.training.trainer import Trainer


class Track:
    """Places on one plane, each projected once: from one picture to the next only those of new steps are."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self._version = -1
        self._steps: list[int] = []
        self._places: Floats = np.empty((0, 0, 2))

    def here(self, trainer: Trainer) -> tuple[Floats, Floats]:
        """Where every optimiser stands on the plane (lanes, axes), and how far off it (lanes,)."""
        return self.plane.project(torch.stack([flat_numbers(lane.objective) for lane in trainer.lanes]))

    def paths(self, trainer: Trainer, here: Floats) -> tuple[int, Floats]:
        """The first step that is known, and the places (lanes, k, 2) from there to the current step."""
        steps = trainer.trail.steps_to(trainer.step)
        known = self._known(trainer, steps)
        if steps and steps[-1] == trainer.step:
            return steps[0], known
        return (*steps, trainer.step)[0], np.concatenate((known, here[:, None]), axis=1)

    def _known(self, trainer: Trainer, steps: list[int]) -> Floats:
        """The places (lanes, k, 2) of steps that are kept."""
        if trainer.trail.version != self._version or steps[: len(self._steps)] != self._steps[: len(steps)]:
            self._version, self._steps = trainer.trail.version, []
            self._places = np.empty((len(trainer.lanes), 0, 2))
        fresh = steps[len(self._steps) :]
        if fresh:
            rows = trainer.trail.rows(fresh)
            places = self.plane.project(rows.flatten(0, 1))[0].reshape(len(fresh), -1, 2).transpose(1, 0, 2)
            self._steps, self._places = steps, np.concatenate((self._places, places), axis=1)
        return self._places[:, : len(steps)]
