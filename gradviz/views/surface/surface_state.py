"""What a surface view knows and what its user chose, as a value; each thing that happens gives the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradviz.core.document.experiment import Experiment, optimizer_names
from gradviz.core.numbers import Floats
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Progress, Question, Refusal
from gradviz.core.questions.surface import LossCurve, SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.standings import Standings
from gradviz.core.runs.trajectory import Trajectory
from gradviz.core.words import say
from gradviz.views.kit.speech import spoken

POINTS_ACROSS = 600
"""Of a path that crosses the whole picture: closer together than two pixels of most windows."""
MOST_WIDENED = 12
FAR = 1e4
"""Farther out than this a path is followed only where its loss is less than it was at the start: else it diverges."""
FAR_OF_SLICE = 50.0
"""The same on a slice, in halves of the picture."""


@dataclass(frozen=True, eq=False)
class SurfaceState:
    """The first four are the user's and stay from run to run; `begun` forgets the others.

    A path comes from the history where the axes are the parameters themselves, else with the places on a slice.
    `history` grows elsewhere: the transitions read it, the picture never does.
    """

    opengl_fault: str = ""
    """Why there is no third dimension, or empty."""
    three_dimensional: bool = False
    log_height: bool = True
    basins_on: bool = False
    has_begun: bool = False
    names: tuple[str, ...] = ("",)
    """Of the optimisers."""
    survey: Survey = Survey()  # noqa: RUF009 - a frozen value
    """The surface that is wanted."""
    widened: int = 0
    """How often it was made larger in this run, for the path had left it."""
    grid: SurfaceGrid | None = None
    curve: LossCurve | None = None
    """In its place, where there is one number in all."""
    basins: BasinMap | None = None
    progress: str = ""
    """How far the map of basins is, or why there is none."""
    no_loss: str = ""
    refusal: str = ""
    """Why there is no surface, if it was refused."""
    history: History | None = None
    step: int = 0
    standings: Standings | None = None
    """Of a race."""
    trajectories: tuple[Trajectory, ...] = ()
    places: Places | None = None
    """Where everyone was found last."""
    found_at: int = 0
    """The step of that."""

    @property
    def optimizers(self) -> int:
        """How many race."""
        return len(self.names)

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
        if not self.is_slice:
            return tuple(trajectory.path for trajectory in self.trajectories)
        if self.places is None or self.places.paths is None:
            return ()
        return tuple(path[np.isfinite(path).all(axis=1)] for path in self.places.paths)

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
        return replace(self, widened=0, survey=replace(self.survey, cut=self.survey.cut + 1, domain=None))

    def with_names(self, experiment: Experiment) -> SurfaceState:
        """The settings are others, and what the optimisers are called by them."""
        return replace(self, names=optimizer_names(experiment))

    # What becomes known

    def begun(self, experiment: Experiment) -> SurfaceState:
        """A new run begins: only what the user chose is kept."""
        return SurfaceState(
            opengl_fault=self.opengl_fault,
            three_dimensional=self.three_dimensional,
            log_height=self.log_height,
            basins_on=self.basins_on,
            has_begun=True,
            names=optimizer_names(experiment),
        )

    def with_surface(self, found: SurfaceGrid | LossCurve) -> SurfaceState:
        """The surface is known, or another part of it: paths are read anew, and places on another are none here."""
        if isinstance(found, LossCurve):
            drawn = replace(self, curve=found, grid=None, refusal="")
            extent, is_exact = float(found.x[-1] - found.x[0]), True
        else:
            drawn = replace(self, grid=found, curve=None, refusal="")
            extent, is_exact = float(np.hypot(found.x[-1] - found.x[0], found.y[-1] - found.y[0])), found.exact
        fresh = tuple(Trajectory(index, extent / POINTS_ACROSS) for index in range(self.optimizers if is_exact else 0))
        read = _followed(fresh, self.history, self.step)
        places = self.places if _fits(drawn, self.places) else None
        drawn = replace(drawn, trajectories=read, places=places)
        return _holding(drawn, read[0].path[(np.abs(read[0].path) < _far(drawn)).all(axis=1)]) if read else drawn

    def without_surface(self, why: Refusal) -> SurfaceState:
        """The surface was refused: what was there of another one stays in sight no longer."""
        return replace(self, grid=None, curve=None, refusal=spoken(why.why), trajectories=(), places=None)

    def with_basins(self, told: BasinMap | Progress | Refusal) -> SurfaceState:
        """The map of basins has come, or how far it is, or why there is none; too late once it is switched off."""
        if not self.basins_on:
            return self
        if isinstance(told, BasinMap):
            return replace(self, basins=told, progress="")
        words = told.why if isinstance(told, Refusal) else say("{what}… {done:.0%}", what=told.what, done=told.done)
        return replace(self, progress=spoken(words))

    def with_history(self, history: History, step: int) -> SurfaceState:
        """All records so far, and the step that the window stands at.

        A curve waits for the places of that step: its tangent is not known between two pictures.
        """
        known = replace(self, history=history, step=step, standings=_standings(self, history))
        if self.curve is not None:
            return known
        return _widened(replace(known, trajectories=_followed(self.trajectories, history, step)))

    def with_places(self, found: Places, step: int) -> SurfaceState:
        """Where everyone stands at a step; what lies on another slice than the one in sight is left out."""
        told = replace(self, no_loss=found.no_loss)
        if not _fits(self, found):
            return told
        placed = replace(told, places=found, found_at=step)
        if self.is_slice:
            extent = FAR_OF_SLICE * _half(self.grid)
            near = [place for place in found.position if (np.abs(place) < extent).all()]
            return _holding(placed, np.array(near).reshape(-1, 2))
        if self.curve is not None:
            return _widened(replace(placed, trajectories=_followed(self.trajectories, self.history, self.step)))
        return placed


def _standings(state: SurfaceState, history: History) -> Standings | None:
    if state.optimizers == 1 or history.optimizers != state.optimizers:
        return None
    return (state.standings or Standings(state.optimizers)).after(history)


def _fits(state: SurfaceState, places: Places | None) -> bool:
    """Whether these places are on what is in sight."""
    axes = 1 if state.curve is not None else 2 if state.grid is not None else 0
    if places is None or places.position.shape != (state.optimizers, axes):
        return False
    return state.grid is None or state.grid.exact or state.grid.cut == places.cut


def _half(grid: SurfaceGrid | None) -> float:
    return 0.0 if grid is None else float(max(grid.x[-1] - grid.x[0], grid.y[-1] - grid.y[0])) / 2


def _followed(trajectories: tuple[Trajectory, ...], history: History | None, step: int) -> tuple[Trajectory, ...]:
    """The paths as the history has them."""
    if history is None or not len(history.positions):
        return trajectories
    return tuple(trajectory.after(history, step) for trajectory in trajectories)


def _widened(state: SurfaceState) -> SurfaceState:
    """A first path that has left what is drawn over its own numbers gets more of it; one that runs away does not."""
    history = state.history
    if not (state.is_exact or state.curve is not None) or history is None or not len(history.positions):
        return state
    here = history.positions[min(state.step, len(history.positions) - 1), 0]
    return _holding(state, here[None]) if (np.abs(here) < _far(state)).all() else state


def _far(state: SurfaceState) -> float:
    """Farther out than this the first path runs away."""
    history = state.history
    if history is None or not len(history.positions):
        return FAR
    step = min(state.step, len(history.positions) - 1)
    here, is_lower = float(np.abs(history.positions[step, 0]).max()), history.losses[step, 0] < history.losses[0, 0]
    return max(FAR, 2 * here) if is_lower and np.isfinite(here) else FAR


def _holding(state: SurfaceState, points: Floats) -> SurfaceState:
    """With a domain that holds these finite points (k, axes), with room around them; a few times in a run."""
    drawn = state.grid or state.curve
    if drawn is None or state.widened >= MOST_WIDENED:
        return state
    axes = (drawn.x,) if isinstance(drawn, LossCurve) else (drawn.x, drawn.y)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points) or points.shape[1] != len(axes):
        return state
    ends = [(float(axis[0]), float(axis[-1])) for axis in axes]
    reached = [(float(column.min()), float(column.max())) for column in points.T]
    domain = tuple(_wider(*end, *reach) for end, reach in zip(ends, reached, strict=True))
    if list(domain) == ends or domain == state.survey.domain:
        return state
    return replace(state, widened=state.widened + 1, survey=replace(state.survey, domain=domain))


def _wider(low: float, high: float, least: float, most: float) -> tuple[float, float]:
    """A range that holds both, with some room on the side where it grows."""
    room = 0.5 * (high - low)
    return low if least >= low else least - room, high if most <= high else most + room
