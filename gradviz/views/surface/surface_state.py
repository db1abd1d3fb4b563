"""What a surface view knows and what its user chose, as a value; each thing that happens gives the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap
from gradviz.core.questions.snapshot import Snapshot
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.core.runs.history import History
from gradviz.core.runs.trajectory import Trajectory
from gradviz.views.surface.surface_geometry import inside

MOST_PLACES = 4000
"""Of a path over a slice, whose places come one a snapshot."""
POINTS_ACROSS = 600
"""Of a path that crosses the whole picture: closer together than two pixels of most windows."""


@dataclass(frozen=True, eq=False)
class SurfaceState:
    """The first four are the user's and stay from run to run; `begun` forgets the others.

    A path comes from the history where the surface is exact, else from where snapshots found the optimisers.
    `history` grows elsewhere: the transitions read it, the picture never does.
    """

    opengl_fault: str = ""
    """Why there is no third dimension, or empty."""
    three_dimensional: bool = False
    log_height: bool = True
    basins_on: bool = False
    has_begun: bool = False
    optimizers: int = 1
    grid: SurfaceGrid | None = None
    basins: BasinMap | None = None
    progress: str = ""
    """How far the map of basins is, or why there is none."""
    no_loss: str = ""
    history: History | None = None
    step: int = 0
    trajectories: tuple[Trajectory, ...] = ()
    places: tuple[Floats, ...] = ()
    """Of each optimiser (k, 2) over a slice."""
    left: tuple[int | None, ...] = ()
    """The first step at which each optimiser was seen outside the slice."""

    @property
    def is_exact(self) -> bool:
        """Whether the surface is known, and its axes are the parameters themselves."""
        return self.grid is not None and self.grid.exact

    @property
    def is_slice(self) -> bool:
        """Whether the surface is known, and cut through more parameters than it has axes."""
        return self.grid is not None and not self.grid.exact

    @property
    def wants_basins(self) -> bool:
        """Whether the map of basins is switched on, and the surface is one that has it."""
        return self.basins_on and self.is_exact

    @property
    def paths(self) -> tuple[Floats, ...]:
        """One (k, 2) an optimiser, over the surface that is known."""
        return self.places if self.is_slice else tuple(trajectory.path for trajectory in self.trajectories)

    # What the user does

    def with_kind(self, three_dimensional: bool) -> SurfaceState:
        """The third dimension is chosen, or the contour, which it stays without OpenGL."""
        return replace(self, three_dimensional=three_dimensional and not self.opengl_fault)

    def with_log_height(self, on: bool) -> SurfaceState:
        """The scale of heights is chosen."""
        return replace(self, log_height=on)

    def with_basins_on(self, on: bool) -> SurfaceState:
        """The map of basins is switched on or off; either way there is none yet."""
        return replace(self, basins_on=on, basins=None, progress="")

    # What becomes known

    def begun(self, experiment: Experiment) -> SurfaceState:
        """A new run begins: only what the user chose is kept."""
        return SurfaceState(
            opengl_fault=self.opengl_fault,
            three_dimensional=self.three_dimensional,
            log_height=self.log_height,
            basins_on=self.basins_on,
            has_begun=True,
            optimizers=len(experiment.optimizers),
        )

    def with_surface(self, grid: SurfaceGrid) -> SurfaceState:
        """The surface is known, or another part of it: paths are read anew, and nobody has left it."""
        extent = float(np.hypot(grid.x[-1] - grid.x[0], grid.y[-1] - grid.y[0]))
        count = self.optimizers if grid.exact else 0
        fresh = tuple(Trajectory(index, extent / POINTS_ACROSS) for index in range(count))
        read = _followed(fresh, self.history, self.step)
        return replace(self, grid=grid, trajectories=read, places=(), left=())

    def with_basins(self, told: BasinMap | str) -> SurfaceState:
        """The map of basins has come, or a sentence on how far it is; too late once it is switched off."""
        if not self.basins_on:
            return self
        if isinstance(told, str):
            return replace(self, progress=told)
        return replace(self, basins=told, progress="")

    def with_history(self, history: History, step: int) -> SurfaceState:
        """All records so far, and the step that the window stands at."""
        read = _followed(self.trajectories, history, step)
        return replace(self, history=history, step=step, trajectories=read)

    def with_snapshot(self, snapshot: Snapshot) -> SurfaceState:
        """One step's snapshot, which tells where everyone stands on a slice."""
        told = replace(self, no_loss=snapshot.no_loss)
        if self.grid is None or self.grid.exact or len(snapshot.position) != self.optimizers:
            return told
        before = self.places or (np.empty((0, 2)),) * self.optimizers
        pairs = zip(before, snapshot.position, strict=True)
        places = tuple(np.concatenate((path, place[None]))[-MOST_PLACES:] for path, place in pairs)
        outside = (~inside(self.grid, snapshot.position)).tolist()
        return replace(told, places=places, left=_left(self.left, outside, snapshot.step))


def _followed(trajectories: tuple[Trajectory, ...], history: History | None, step: int) -> tuple[Trajectory, ...]:
    """The paths as the history has them."""
    if history is None or not len(history.positions):
        return trajectories
    return tuple(trajectory.after(history, step) for trajectory in trajectories)


def _left(before: Sequence[int | None], outside: Sequence[bool], step: int) -> tuple[int | None, ...]:
    """Who stands outside at this step, and at no earlier one that was seen."""
    known = before or (None,) * len(outside)
    pairs = zip(known, outside, strict=True)
    return tuple(min(step, step if first is None else first) if is_out else first for first, is_out in pairs)
