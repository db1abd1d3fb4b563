"""The marks of a run on its surface, and the legend that names them: where everyone stands, how high, and how far off.

Pure functions of the state; what is painted of them is in mark_painting.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradviz.core.numbers import Floats, short_number
from gradviz.core.runs.standings import NEVER, Race, lost_since
from gradviz.core.words import Words, say, verbatim
from gradviz.views.kit.speech import spoken
from gradviz.views.surface.surface_state import SurfaceState

EQUAL = 1e-5
"""Losses that differ by no more than this share are one, in float32."""
FEW = 2
"""Of so many racers at most the legend tells how far off a slice they are: of more it would be longer than the plot."""


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
    number: str = ""
    """In a race the step at which it reached what the legend is headed by."""
    is_lost: bool = False
    """It has diverged."""


class Legend(NamedTuple):
    """Who is who on a surface, who is ahead first."""

    lines: tuple[LegendLine, ...] = ()
    head: str = ""
    """What the numbers of the lines say; empty where they have none."""


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


def legend_of(state: SurfaceState, marks: tuple[Mark, ...]) -> Legend:
    """Who is who in a race, and how they stand; of each mark what its place does not say."""
    of_marks = {mark.optimizer: mark for mark in marks}
    if state.optimizers == 1:
        told = [(mark, _told(state, mark)) for mark in marks]
        return Legend(tuple(LegendLine(mark.optimizer, mark.is_off, _joined(words)) for mark, words in told if words))
    if not marks:
        return Legend()
    race, lost = _race(state), _lost(state)
    lines = [
        _racer(state, index, place, of_marks.get(index), race, lost.get(index))
        for place, index in enumerate(race.order if race is not None else range(state.optimizers))
    ]
    goal = None if race is None else race.goal
    head = "" if goal is None else spoken(say("reached {loss} at step", loss=short_number(goal)))
    return Legend(tuple(lines), head)


def _racer(
    state: SurfaceState, index: int, place: int, mark: Mark | None, race: Race | None, lost: int | None
) -> LegendLine:
    """One who races: its rank, its name, and when it reached the goal; what more there is to tell of a few."""
    words = [verbatim(state.names[index])]
    if race is not None and lost is None:
        words = [say("{rank}. {name}", rank=place + 1, name=state.names[index])]
    if lost is not None:
        words.append(say("diverged at step {step:,}", step=lost))
    elif mark is not None and state.optimizers <= FEW:
        words += _told(state, mark)
    number = ""
    if race is not None and race.goal is not None and lost is None:
        step = race.reached[index]
        number = "–" if step == NEVER else f"{step:,}"
    return LegendLine(index, mark is not None and mark.is_off, _joined(words), number, lost is not None)


def _joined(words: list[Words]) -> str:
    return " · ".join(map(spoken, words))


def _race(state: SurfaceState) -> Race | None:
    """How they stand at the step that is shown."""
    history = state.history
    if state.standings is None or history is None or not len(history):
        return None
    return state.standings.at(history, min(state.step, len(history) - 1))


def _lost(state: SurfaceState) -> dict[int, int]:
    """Who has diverged by the step that is shown, and when."""
    history = state.history
    if history is None or not len(history):
        return {}
    return lost_since(history.losses[: state.step + 1])


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
