"""What a surface view shows, as a pure function of its state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from gradviz.core.numbers import Floats
from gradviz.core.questions.surface import SurfaceGrid
from gradviz.views.surface.surface_geometry import SurfaceBox
from gradviz.views.surface.surface_state import SurfaceState

NOWHERE_FINITE = "The loss is not finite at any point of this plane. Start elsewhere, or take a smaller learning rate."
COMPUTING = "The surface is being computed…"
COMPUTING_BASINS = "Computing the basins…"


class Control(Enum):
    """What a view can offer beside its picture."""

    RECENTRE = auto()
    BASINS = auto()
    LOG_HEIGHT = auto()
    KIND = auto()


@dataclass(frozen=True, eq=False)
class SurfacePicture:
    """All that a surface view shows; `box` is None until a surface is known, and what stood there stays."""

    three_dimensional: bool
    box: SurfaceBox | None
    paths: tuple[Floats, ...]
    note: tuple[str, ...]
    """Lines: the first is written, all of them stand in its tooltip."""
    absence: str
    """Why there is nothing to draw; empty where there is something."""
    controls: frozenset[Control]


def picture(state: SurfaceState) -> SurfacePicture:
    """What is to be drawn."""
    grid = state.grid
    has_gaps = grid is not None and bool(np.isnan(grid.heights.min()))  # the smallest of values with a NaN is NaN
    absence = state.no_loss or state.refusal or _absence(grid if has_gaps else None)
    return SurfacePicture(
        three_dimensional=state.three_dimensional,
        box=None if grid is None else SurfaceBox(grid, state.log_height, state.basins),
        paths=state.paths,
        note=_note(state, absence, has_gaps),
        absence=absence,
        controls=_controls(state, absence),
    )


def same_paths(paths: tuple[Floats, ...], others: tuple[Floats, ...]) -> bool:
    """Whether nothing moved: paths only grow at their end."""
    return len(paths) == len(others) and all(map(_same_path, paths, others))


def _same_path(path: Floats, other: Floats) -> bool:
    return path is other or (len(path) == len(other) and np.array_equal(path[-1:], other[-1:]))


def _absence(grid: SurfaceGrid | None) -> str:
    return NOWHERE_FINITE if grid is not None and not np.isfinite(grid.heights).any() else ""


def _controls(state: SurfaceState, absence: str) -> frozenset[Control]:
    """What changes a picture is offered only where there is one; another slice may have one where this has none."""
    offered = set() if absence else {Control.LOG_HEIGHT, Control.KIND}
    if state.is_slice and not state.no_loss:
        offered.add(Control.RECENTRE)
    if not state.is_slice and not absence:
        offered.add(Control.BASINS)
    return frozenset(offered)


def _note(state: SurfaceState, absence: str, has_gaps: bool) -> tuple[str, ...]:
    if state.grid is None:
        return (COMPUTING,) if state.has_begun and not state.refusal else ()
    if absence:
        return ()
    parts = (
        _basins_line(state),
        _left_line(state),
        "" if state.basins is None else f"Colours: where each start ends. {state.basins.note}",
        f"No 3-D here: {state.opengl_fault}" if state.opengl_fault else "",
        "Gaps: the loss is not finite there." if has_gaps else "",
        state.grid.note,
    )
    text = "\n".join(part for part in parts if part)
    return tuple(text.split("\n")) if text else ()


def _basins_line(state: SurfaceState) -> str:
    is_awaited = state.wants_basins and state.basins is None
    return state.progress or (COMPUTING_BASINS if is_awaited else "")


def _left_line(state: SurfaceState) -> str:
    """That a path goes on beyond a slice, which never grows after it."""
    steps = [step for step in state.left if step is not None]
    if not steps:
        return ""
    if state.optimizers == 1:
        return f"The path leaves this picture by step {steps[0]:,}: Slice here follows it."
    whose = f"{len(steps)} of {state.optimizers} paths leave this picture, the first by step {min(steps):,}"
    return f"{whose}: Slice here follows the first optimiser."
