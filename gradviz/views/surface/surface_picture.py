"""What a surface view shows, as a pure function of its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.questions.surface import LossCurve, SurfaceGrid
from gradviz.core.words import say
from gradviz.views.kit.speech import spoken
from gradviz.views.surface.run_marks import Legend, Mark, legend_of, marks_of
from gradviz.views.surface.surface_geometry import SurfaceBox, inside
from gradviz.views.surface.surface_state import SurfaceState

NOWHERE_FINITE = "The loss is not finite at any point of this plane. Start elsewhere, or take a smaller learning rate."
COMPUTING = "The surface is being computed…"
COMPUTING_BASINS = "Computing the basins…"


class Drawing(Enum):
    """What a surface is drawn on."""

    SCENE = auto()
    """Three dimensions."""
    CONTOUR = auto()
    """From above."""
    CURVE = auto()
    """Over one number."""


class Control(Enum):
    """What a view can offer beside its picture."""

    RECENTRE = auto()
    BASINS = auto()
    LOG_HEIGHT = auto()
    KIND = auto()


@dataclass(frozen=True, eq=False)
class SurfacePicture:
    """All that a surface view shows; `box` is None until a surface is known, and what stood there stays."""

    drawing: Drawing
    box: SurfaceBox | None
    curve: LossCurve | None
    """In place of a box."""
    paths: tuple[Floats, ...]
    marks: tuple[Mark, ...]
    legend: Legend
    note: tuple[str, ...]
    """Lines: the first is written, all of them stand in its tooltip."""
    absence: str
    """Why there is nothing to draw; empty where there is something."""
    controls: frozenset[Control]


def picture(state: SurfaceState) -> SurfacePicture:
    """What is to be drawn."""
    grid, drawn = state.grid, state.grid or state.curve
    has_gaps = drawn is not None and bool(np.isnan(drawn.heights.min()))  # the smallest of values with a NaN is NaN
    absence = state.no_loss or state.refusal or _absence(drawn if has_gaps else None)
    paths = state.paths
    marks = marks_of(state, paths)
    return SurfacePicture(
        drawing=_drawing(state),
        box=None if grid is None else SurfaceBox(grid, state.log_height, state.basins),
        curve=state.curve,
        paths=paths,
        marks=marks,
        legend=legend_of(state, marks),
        note=_note(state, absence, has_gaps),
        absence=absence,
        controls=_controls(state, absence),
    )


def _drawing(state: SurfaceState) -> Drawing:
    if state.curve is not None:
        return Drawing.CURVE
    return Drawing.SCENE if state.three_dimensional else Drawing.CONTOUR


def same_run(picture: SurfacePicture, other: SurfacePicture) -> bool:
    """Whether nothing moved: paths only grow at their end."""
    is_same = picture.marks == other.marks and len(picture.paths) == len(other.paths)
    return is_same and all(map(_same_path, picture.paths, other.paths))


def _same_path(path: Floats, other: Floats) -> bool:
    return path is other or (len(path) == len(other) and np.array_equal(path[-1:], other[-1:]))


def _absence(drawn: SurfaceGrid | LossCurve | None) -> str:
    return NOWHERE_FINITE if drawn is not None and not np.isfinite(drawn.heights).any() else ""


def _controls(state: SurfaceState, absence: str) -> frozenset[Control]:
    """What changes a picture is offered only where there is one; another slice may have one where this has none."""
    if state.curve is not None:
        return frozenset()
    offered = set() if absence else {Control.LOG_HEIGHT, Control.KIND}
    if state.is_slice and not state.no_loss:
        offered.add(Control.RECENTRE)
    if not state.is_slice and not absence:
        offered.add(Control.BASINS)
    return frozenset(offered)


def _note(state: SurfaceState, absence: str, has_gaps: bool) -> tuple[str, ...]:
    drawn = state.grid or state.curve
    if drawn is None:
        return (COMPUTING,) if state.has_begun and not state.refusal else ()
    if absence:
        return ()
    parts = (
        _basins_line(state),
        _left_line(state),
        "" if state.basins is None else f"Colours: where each start ends. {state.basins.note}",
        _unknown_line(state),
        f"No 3-D here: {state.opengl_fault}" if state.opengl_fault and state.curve is None else "",
        "Gaps: the loss is not finite there." if has_gaps else "",
        drawn.note,
    )
    text = "\n".join(part for part in parts if part)
    return tuple(text.split("\n")) if text else ()


def _basins_line(state: SurfaceState) -> str:
    is_awaited = state.wants_basins and state.basins is None
    return state.progress or (COMPUTING_BASINS if is_awaited else "")


def _left_line(state: SurfaceState) -> str:
    """That somebody stands beyond a slice, whose picture has grown after them as far as it may."""
    if not state.is_slice or state.grid is None or state.places is None:
        return ""
    count = int((~inside(state.grid, state.places.position)).sum())
    if not count:
        return ""
    if state.optimizers == 1:
        return spoken(say("The path has left this picture: Slice here follows it."))
    words = say(
        "{count} of {all} paths have left this picture: Slice here follows the first optimiser.",
        count=count,
        all=state.optimizers,
    )
    return spoken(words)


def _unknown_line(state: SurfaceState) -> str:
    """Since when the way over a slice is known: what a file holds of a run are its weights at one step."""
    places = state.places
    if not state.is_slice or places is None or places.paths is None or not places.since:
        return ""
    if places.paths.shape[1] == 1:
        return spoken(say("The way to this point was not kept."))
    return spoken(say("The path is known from step {step:,} on.", step=places.since))
