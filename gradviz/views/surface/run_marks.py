"""The marks of a run on its surface, and the legend that names them: where everyone stands, how high, and how far off.

Pure functions of the state; what is painted of them is in mark_painting.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.words import Words, say, verbatim
from gradviz.views.kit.speech import spoken
from gradviz.views.surface.surface_state import SurfaceState

EQUAL = 1e-5
"""Losses that differ by no more than this share are one, in float32."""


class Mark(NamedTuple):
    """Where an optimiser stands. A mark of an optimiser that is nowhere finite is left out."""

    optimizer: int
    x: float
    y: float
    """Nothing on a curve: 0."""
    loss: float | None
    """What the surface shows of the loss at the parameters themselves; None between two pictures, where it looks at
    other rows than a step: then it is the height of the surface."""
    foot: float | None = None
    """The surface's own loss below a mark that stands off the plane."""
    slope: float | None = None
    """Of the tangent of a curve: PyTorch's gradient."""

    @property
    def is_off(self) -> bool:
        """Whether the parameters lie outside the plane: it is shown hollow."""
        return self.foot is not None


class LegendLine(NamedTuple):
    """A line of the legend, with the mark that it speaks of."""

    optimizer: int
    is_off: bool
    text: str


def marks_of(state: SurfaceState, paths: tuple[Floats, ...]) -> tuple[Mark, ...]:
    """A mark for every optimiser that is somewhere."""
    if state.grid is None and state.curve is None:
        return ()
    marks = (_mark(state, index, paths) for index in range(state.optimizers))
    return tuple(mark for mark in marks if mark is not None)


def _mark(state: SurfaceState, index: int, paths: tuple[Floats, ...]) -> Mark | None:
    place = _place(state, index, paths)
    if place is None:
        return None
    x, y = (*place.tolist(), 0.0)[:2]
    places = state.places
    if places is None or not places.losses or (not state.is_slice and state.found_at != state.step):
        return Mark(index, x, y, _recorded(state, index))
    loss = _finite(places.losses[index])
    if places.distances[index]:
        return Mark(index, x, y, loss, _finite(places.feet[index]) if loss is not None else None)
    slope = _finite(places.slopes[index]) if state.curve is not None else None
    return Mark(index, x, y, loss, slope=slope)


def _place(state: SurfaceState, index: int, paths: tuple[Floats, ...]) -> Floats | None:
    """The end of its path; where the history does not know it, where it was found."""
    if not state.is_slice and index < len(paths) and len(paths[index]):
        end: Floats = paths[index][-1]
        return end
    if state.places is None:
        return None
    found: Floats = state.places.position[index]
    return found if np.isfinite(found).all() else None


def _recorded(state: SurfaceState, index: int) -> float | None:
    """The loss of the step, where that is what the surface shows."""
    drawn, history = state.grid or state.curve, state.history
    if drawn is None or not drawn.whole or history is None or not len(history):
        return None
    return _finite(float(history.losses[min(state.step, len(history) - 1), index]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def legend_of(state: SurfaceState, marks: tuple[Mark, ...]) -> tuple[LegendLine, ...]:
    """Who is who in a race, and of each mark what its place does not say."""
    is_race = state.optimizers > 1
    lines = []
    for mark in marks:
        told = _told(state, mark)
        if is_race or told:
            parts = [verbatim(state.names[mark.optimizer])] * is_race + told
            lines.append(LegendLine(mark.optimizer, mark.is_off, " · ".join(map(spoken, parts))))
    return tuple(lines)


def _told(state: SurfaceState, mark: Mark) -> list[Words]:
    """How far off a slice; the gradient of a curve; the loss of a step that looks at other rows."""
    told = []
    places = state.places
    if mark.is_off and places is not None:
        told.append(say("{distance} off the slice", distance=short_number(places.distances[mark.optimizer], 3)))
        if mark.loss is not None and mark.foot is not None:
            pair = short_number(mark.loss, 3), short_number(mark.foot, 3)
            told.append(say("loss {loss}, on the slice {foot}", loss=pair[0], foot=pair[1]))
    if state.found_at != state.step and not state.is_slice:
        return told
    if mark.slope is not None:
        told.append(say("slope {slope}", slope=short_number(mark.slope, 4)))
    recorded = _of_step(state, mark.optimizer)
    if mark.loss is not None and recorded is not None and abs(recorded - mark.loss) > EQUAL * abs(mark.loss):
        pair = short_number(recorded, 3), short_number(mark.loss, 3)
        told.append(say("loss of the step {step}, here {loss}", step=pair[0], loss=pair[1]))
    return told


def _of_step(state: SurfaceState, index: int) -> float | None:
    """The loss of the step at which everyone was found, if it differs in kind from what the surface shows."""
    drawn, history = state.grid or state.curve, state.history
    if drawn is None or drawn.whole or history is None or state.found_at >= len(history):
        return None
    return _finite(float(history.losses[state.found_at, index]))
