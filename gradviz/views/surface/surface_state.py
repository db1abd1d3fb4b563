"""What a surface view knows and what its user chose, as a value; each thing that happens gives the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Progress, Question, Refusal
from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.trajectory import Trajectory
from gradviz.core.words import say
from gradviz.views.kit.speech import spoken
from gradviz.views.surface.surface_geometry import inside

MOST_PLACES = 4000
"""Of a path over a slice, whose places come one a snapshot."""
POINTS_ACROSS = 600
"""Of a path that crosses the whole picture: closer together than two pixels of most windows."""
MOST_WIDENED = 12
FAR = 1e4
"""Farther out than this no path is followed: it diverges."""


@dataclass(frozen=True, eq=False)
class SurfaceState:
    """The first four are the user's and stay from run to run; `begun` forgets the others.

    A path comes from the history where the surface is exact, else from where the optimisers were found.
    `history` grows elsewhere: the transitions read it, the picture never does.
    """

    opengl_fault: str = ""
    """Why there is no third dimension, or empty."""
    three_dimensional: bool = False
    log_height: bool = True
    basins_on: bool = False
    has_begun: bool = False
    optimizers: int = 1
    survey: Survey = Survey()  # noqa: RUF009 - a frozen value
    """The surface that is wanted."""
    widened: int = 0
    """How often it was made larger in this run, for the path had left it."""
    grid: SurfaceGrid | None = None
    basins: BasinMap | None = None
    progress: str = ""
    """How far the map of basins is, or why there is none."""
    no_loss: str = ""
    refusal: str = ""
    """Why there is no surface, if it was refused."""
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
    def asks(self) -> tuple[Question[Any], ...]:
        """What is to be known: the surface, where everyone stands, and the basins over the surface that is there."""
        grid = self.grid
        if grid is None or not self.wants_basins:
            return self.survey, Locate()
        domain = ((float(grid.x[0]), float(grid.x[-1])), (float(grid.y[0]), float(grid.y[-1])))
        return self.survey, Locate(), MapBasins(domain)

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

    def recut(self) -> SurfaceState:
        """The slice shall lie through the parameters of the step that is shown."""
        return replace(self, survey=replace(self.survey, cut=self.survey.cut + 1))

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
        return replace(self, grid=grid, refusal="", trajectories=read, places=(), left=())

    def without_surface(self, why: Refusal) -> SurfaceState:
        """The surface was refused: what was there of another one stays in sight no longer."""
        return replace(self, grid=None, refusal=spoken(why.why), trajectories=(), places=(), left=())

    def with_basins(self, told: BasinMap | Progress | Refusal) -> SurfaceState:
        """The map of basins has come, or how far it is, or why there is none; too late once it is switched off."""
        if not self.basins_on:
            return self
        if isinstance(told, BasinMap):
            return replace(self, basins=told, progress="")
        words = told.why if isinstance(told, Refusal) else say("{what}… {done:.0%}", what=told.what, done=told.done)
        return replace(self, progress=spoken(words))

    def with_history(self, history: History, step: int) -> SurfaceState:
        """All records so far, and the step that the window stands at."""
        read = _followed(self.trajectories, history, step)
        return _widened(replace(self, history=history, step=step, trajectories=read))

    def with_places(self, found: Places, step: int) -> SurfaceState:
        """Where everyone stands on a slice at a step."""
        told = replace(self, no_loss=found.no_loss)
        if self.grid is None or self.grid.exact or len(found.position) != self.optimizers:
            return told
        before = self.places or (np.empty((0, 2)),) * self.optimizers
        pairs = zip(before, found.position, strict=True)
        places = tuple(np.concatenate((path, place[None]))[-MOST_PLACES:] for path, place in pairs)
        outside = (~inside(self.grid, found.position)).tolist()
        return replace(told, places=places, left=_left(self.left, outside, step))


def _followed(trajectories: tuple[Trajectory, ...], history: History | None, step: int) -> tuple[Trajectory, ...]:
    """The paths as the history has them."""
    if history is None or not len(history.positions):
        return trajectories
    return tuple(trajectory.after(history, step) for trajectory in trajectories)


def _widened(state: SurfaceState) -> SurfaceState:
    """A first path that has left an exact surface gets a larger one, a few times; one that runs away does not."""
    grid, history = state.grid, state.history
    if grid is None or not grid.exact or history is None or not len(history.positions):
        return state
    x, y = history.positions[min(state.step, len(history.positions) - 1), 0].tolist()
    is_inside = grid.x[0] <= x <= grid.x[-1] and grid.y[0] <= y <= grid.y[-1]
    if is_inside or not (abs(x) < FAR and abs(y) < FAR) or state.widened >= MOST_WIDENED:
        return state
    domain = _wider(grid.x[0], grid.x[-1], x), _wider(grid.y[0], grid.y[-1], y)
    if domain == state.survey.domain:
        return state
    return replace(state, widened=state.widened + 1, survey=replace(state.survey, domain=domain))


def _left(before: Sequence[int | None], outside: Sequence[bool], step: int) -> tuple[int | None, ...]:
    """Who stands outside at this step, and at no earlier one that was seen."""
    known = before or (None,) * len(outside)
    pairs = zip(known, outside, strict=True)
    return tuple(min(step, step if first is None else first) if is_out else first for first, is_out in pairs)


def _wider(low: float, high: float, value: float) -> tuple[float, float]:
    """A range that holds `value` with some room."""
    room = 0.5 * (high - low)
    return float(low if value >= low else min(low, value - room)), float(
        high if value <= high else max(high, value + room)
    )
