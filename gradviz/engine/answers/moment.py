"""The moment that a question is about: a trainer between two steps, and what is kept from one question to the next."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from gradviz.core.runs.state import RunState
from gradviz.engine.surfaces.plane import Plane, plane_of
from gradviz.engine.surfaces.track import Track
from gradviz.engine.training.trainer import Trainer

K = TypeVar("K")


class Moment:
    """Belongs to the thread of its trainer. `state` is what a result that is collected now shall say of the run."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.state = RunState.READY
        self._kept: dict[Hashable, Any] = {}

    def keep(self, key: Hashable, make: Callable[[], K]) -> K:
        """What was made under `key` for this run before, else what `make` makes now."""
        if key not in self._kept:
            self._kept[key] = make()
        kept: K = self._kept[key]
        return kept

    @property
    def plane(self) -> Plane:
        """The plane that the surface shows: through the parameters of the step at which it was laid."""
        return self._laid()[0].plane

    @property
    def track(self) -> Track:
        """The plane, with the way of every optimiser over it."""
        return self._laid()[0]

    @property
    def plane_step(self) -> int:
        """The step through whose parameters the plane was laid."""
        return self._laid()[1]

    def lay_plane(self, cut: int) -> None:
        """Lay the plane through the current parameters, unless that was done for the same `cut`."""
        if self.keep("cut", lambda: cut) != cut:
            self._kept.pop("plane", None)
            self._kept["cut"] = cut

    @property
    def cut(self) -> int:
        """Which of the slices that were asked for it is."""
        return int(self._kept.get("cut", 0))

    def _laid(self) -> tuple[Track, int]:
        trainer = self.trainer

        def laid() -> tuple[Track, int]:
            return Track(plane_of(trainer.lanes[0].objective, trainer.experiment.seed)), trainer.step

        return self.keep("plane", laid)
