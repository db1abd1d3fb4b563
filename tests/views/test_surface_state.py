"""What a surface view knows and shows, without any widget: transitions of its state, and the picture of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.document.experiment import Experiment
from gradviz.core.numbers import Floats
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Progress, Refusal
from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.words import say
from gradviz.views.surface.surface_geometry import SurfaceBox
from gradviz.views.surface.surface_picture import (
    COMPUTING,
    COMPUTING_BASINS,
    NOWHERE_FINITE,
    Control,
    SurfacePicture,
    picture,
    same_paths,
)
from gradviz.views.surface.surface_state import MOST_PLACES, SurfaceState

Transition = Callable[[SurfaceState], SurfaceState]

RACE = Experiment(optimizers=(SGD(), SGD()))
AXIS = np.linspace(-2, 2, 9)


def surface(exact: bool = True, gaps: int = 0, note: str = "") -> SurfaceGrid:
    """A bowl whose first `gaps` columns are not finite."""
    heights = AXIS[:, None] ** 2 + AXIS[None, :] ** 2
    heights[:, :gaps] = np.nan
    return SurfaceGrid(AXIS, AXIS, heights, "x", "y", (), note, exact)


def walk(rows: int, optimizers: int = 2) -> History:
    """Two spirals into the middle."""
    turn = np.linspace(0, 9, 400)[:rows, None] + np.arange(optimizers)
    positions = np.stack((np.cos(turn), np.sin(turn)), axis=2) * np.exp(-turn / 9)[..., None]
    made = History(optimizers)
    made.extend(RecordBlock(0, np.ones((rows, optimizers)), positions))
    return made


def seen(step: int, *places: tuple[float, float], no_loss: str = "") -> tuple[Places, int]:
    return Places(np.array(places, dtype=np.float64).reshape(-1, 2), no_loss), step


SURFACE, WALK = surface(), walk(300)
PROGRESS = Progress(0.12, say("Computing the basins"))
BASINS = BasinMap(AXIS, AXIS, np.zeros((9, 9), dtype=np.int64), np.zeros((1, 2)), 9, "81 starts.")
BEGUN = SurfaceState().begun(RACE)
ON_SURFACE, ON_SLICE = BEGUN.with_surface(SURFACE), BEGUN.with_surface(surface(exact=False))


def assert_same(one: SurfacePicture, other: SurfacePicture) -> None:
    told = [(p.three_dimensional, p.box, p.note, p.absence, p.controls, len(p.paths)) for p in (one, other)]
    assert told[0] == told[1]
    for path, twin in zip(one.paths, other.paths, strict=True):
        np.testing.assert_array_equal(path, twin)


FACTS: dict[str, Transition] = {
    "kind": lambda state: state.with_kind(three_dimensional=True),
    "scale": lambda state: state.with_log_height(on=False),
    "surface": lambda state: state.with_surface(SURFACE),
    "history": lambda state: state.with_history(WALK, 250),
    "no loss": lambda state: state.with_places(*seen(250, no_loss="There is none.")),
    "basins": lambda state: state.with_basins_on(on=True).with_basins(BASINS),
}


@given(st.permutations(sorted(FACTS)), st.integers(0, len(FACTS)))
def test_the_order_in_which_facts_come_does_not_matter(order: list[str], count: int) -> None:
    """Against the same facts put down at once; only the paths are read, and they once, at the end."""
    came, known = BEGUN, order[:count]
    for name in known:
        came = FACTS[name](came)
    at_once = SurfaceState(
        three_dimensional="kind" in known,
        log_height="scale" not in known,
        basins_on="basins" in known,
        has_begun=True,
        optimizers=2,
        basins=BASINS if "basins" in known else None,
        no_loss="There is none." if "no loss" in known else "",
        history=WALK if "history" in known else None,
        step=250 if "history" in known else 0,
    )
    assert_same(picture(came), picture(at_once.with_surface(SURFACE) if "surface" in known else at_once))


@given(st.lists(st.sampled_from(sorted(FACTS)), max_size=8))
def test_a_new_run_keeps_what_the_user_chose_and_nothing_else(names: list[str]) -> None:
    state = SurfaceState("no OpenGL") if "basins" in names[:1] else SurfaceState()
    for name in names:
        state = FACTS[name](state)
    chosen = SurfaceState(state.opengl_fault, state.three_dimensional, state.log_height, state.basins_on)
    begun = state.begun(RACE)
    assert_same(picture(begun), picture(replace(chosen, has_begun=True, optimizers=2)))
    assert (begun.history, begun.trajectories, begun.places, begun.left, begun.progress) == (None, (), (), (), "")


@given(st.lists(st.integers(0, 299), min_size=1, max_size=6))
def test_a_path_read_piece_by_piece_ends_where_one_read_at_once_ends(steps: list[int]) -> None:
    state, far = ON_SURFACE, max(steps)
    for step in steps:
        state = state.with_history(WALK, step)
        for lane, path in enumerate(picture(state).paths):
            np.testing.assert_array_equal(path[-1], WALK.positions[step, lane])
    assert_same(picture(state.with_history(WALK, far)), picture(ON_SURFACE.with_history(WALK, far)))


def test_no_transition_changes_the_state_it_comes_from() -> None:
    for state in (ON_SURFACE.with_history(WALK, 40), ON_SLICE.with_places(*seen(3, (0, 0), (9, 9)))):
        before, paths = picture(state), [path.copy() for path in state.paths]
        for transition in FACTS.values():
            transition(state)
        state.with_places(*seen(4, (1, 1), (1, 1)))
        assert_same(picture(state), before)
        for path, kept in zip(state.paths, paths, strict=True):
            np.testing.assert_array_equal(path, kept)


def test_a_path_that_grew_leaves_the_box_as_it_was_and_any_choice_makes_another() -> None:
    before = picture(ON_SURFACE.with_history(WALK, 40))
    after = picture(ON_SURFACE.with_history(WALK, 41))
    assert after.box == before.box
    assert hash(after.box) == hash(before.box)
    assert not same_paths(after.paths, before.paths)
    assert same_paths(before.paths, picture(ON_SURFACE.with_history(WALK, 40)).paths)
    twin = ON_SURFACE.with_surface(replace(SURFACE, note="the same numbers"))
    with_map = ON_SURFACE.with_basins_on(True).with_basins(BASINS)
    others = [picture(state).box for state in (ON_SURFACE.with_log_height(False), with_map, twin)]
    assert before.box not in [*others, None]


def test_a_picture_looks_at_no_range_of_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick costs nothing that grows with the surface's drawing."""
    looked: list[Any] = []
    monkeypatch.setattr(SurfaceBox, "_range", property(looked.append))
    for step in range(50):
        picture(ON_SURFACE.with_history(WALK, step))
    assert not looked


# What is told in words


@pytest.mark.parametrize(
    ("state", "note"),
    [
        (SurfaceState(), ()),
        (BEGUN, (COMPUTING,)),
        (BEGUN.with_places(*seen(0, no_loss="There is none.")), (COMPUTING,)),
        (ON_SURFACE, ()),
        (BEGUN.with_surface(surface(gaps=3)), ("Gaps: the loss is not finite there.",)),
        (BEGUN.with_surface(surface(note="A slice.\nOf many.")), ("A slice.", "Of many.")),
        (replace(ON_SURFACE, opengl_fault="no driver."), ("No 3-D here: no driver.",)),
        (BEGUN.with_surface(surface(gaps=9, note="A slice.")), ()),
        (ON_SURFACE.with_basins_on(True), (COMPUTING_BASINS,)),
        (ON_SLICE.with_basins_on(True), ()),
        (
            ON_SURFACE.with_basins_on(True).with_basins(PROGRESS),
            ("Computing the basins… 12%",),
        ),
        (ON_SURFACE.with_basins_on(True).with_basins(BASINS), ("Colours: where each start ends. 81 starts.",)),
        (ON_SURFACE.with_basins(BASINS), ()),
    ],
)
def test_the_note_says(state: SurfaceState, note: tuple[str, ...]) -> None:
    assert picture(state).note == note


def test_the_note_begins_with_what_is_under_way() -> None:
    state = replace(BEGUN, opengl_fault="none.").with_surface(surface(gaps=1, note="Last.")).with_basins_on(True)
    assert [line[:6] for line in picture(state).note] == ["Comput", "No 3-D", "Gaps: ", "Last."]
    known = state.with_basins(BASINS).with_basins(Refusal(say("Again")))
    assert [line[:6] for line in picture(known).note] == ["Again", "Colour", "No 3-D", "Gaps: ", "Last."]
    off = known.with_basins_on(False)
    assert picture(off).note[0].startswith("No 3-D")
    assert picture(off).box == SurfaceBox(off.grid, True)  # type: ignore[arg-type]


ALL_OF_A_SURFACE = {Control.BASINS, Control.LOG_HEIGHT, Control.KIND}


@pytest.mark.parametrize(
    ("state", "absence", "controls"),
    [
        (SurfaceState(), "", ALL_OF_A_SURFACE),
        (BEGUN, "", ALL_OF_A_SURFACE),
        (ON_SURFACE, "", ALL_OF_A_SURFACE),
        (ON_SLICE, "", {Control.RECENTRE, Control.LOG_HEIGHT, Control.KIND}),
        (BEGUN.with_surface(surface(gaps=9)), NOWHERE_FINITE, set()),
        (BEGUN.with_surface(surface(exact=False, gaps=9)), NOWHERE_FINITE, {Control.RECENTRE}),
        (ON_SURFACE.with_places(*seen(0, no_loss="None.")), "None.", set()),
        (ON_SLICE.with_places(*seen(0, no_loss="None.")), "None.", set()),
        (ON_SLICE.with_places(*seen(0, no_loss="None.")).with_places(*seen(1)), "", picture(ON_SLICE).controls),
    ],
)
def test_what_has_no_picture_offers_nothing_to_change_it(
    state: SurfaceState, absence: str, controls: set[Control]
) -> None:
    shown = picture(state)
    assert (shown.absence, shown.controls) == (absence, controls)


def test_without_opengl_the_contour_stays() -> None:
    assert not picture(SurfaceState("no driver").with_kind(three_dimensional=True)).three_dimensional
    assert picture(SurfaceState().with_kind(three_dimensional=True)).three_dimensional


# A slice


@given(
    st.lists(st.tuples(st.integers(0, 99), st.lists(st.floats(-4, 4), min_size=4, max_size=4)), max_size=12).map(
        lambda told: [seen(step, (a, b), (c, d)) for step, (a, b, c, d) in told]
    )
)
def test_a_slice_tells_who_left_it_first_in_whatever_order_it_was_seen(snapshots: list[tuple[Places, int]]) -> None:
    state = ON_SLICE
    for one in snapshots:
        state = state.with_places(*one)
    outside: list[list[int]] = [
        [step for found, step in snapshots if np.abs(found.position[lane]).max() > 2] for lane in range(2)
    ]
    assert tuple(state.left or (None, None)) == tuple(min(steps, default=None) for steps in outside)
    leaving = [line for line in picture(state).note if "leave this picture" in line]
    if any(outside):
        first = min(step for steps in outside for step in steps)
        count = sum(bool(steps) for steps in outside)
        assert leaving == [
            f"{count} of 2 paths leave this picture, the first by step {first}: Slice here follows the first optimiser."
        ]
    else:
        assert not leaving


def test_a_slice_shows_where_it_was_seen_and_another_begins_anew() -> None:
    state = ON_SLICE.with_places(*seen(0, (0, 0), (1, 1))).with_places(*seen(5, (0.5, 0), (9, 9)))
    np.testing.assert_array_equal(state.paths, [[[0, 0], [0.5, 0]], [[1, 1], [9, 9]]])
    assert state.left == (None, 5)
    again = state.with_surface(surface(exact=False))
    assert (again.paths, again.left) == ((), ())
    assert ON_SLICE.with_history(WALK, 9).paths == (), "the records' positions are no places of a slice"
    assert ON_SLICE.with_places(*seen(0, (0, 0))).paths == (), "this one is of another run"
    assert BEGUN.with_places(*seen(0, (0, 0), (1, 1))).paths == (), "nor is it known where, before the slice is"


def test_a_slice_remembers_only_so_many_places() -> None:
    many: tuple[Floats, ...] = (np.zeros((MOST_PLACES, 2)),) * 2
    state = replace(ON_SLICE, places=many).with_places(*seen(1, (1, 1), (1, 1)))
    assert [len(path) for path in state.paths] == [MOST_PLACES] * 2
    np.testing.assert_array_equal([path[-1] for path in state.paths], np.ones((2, 2)))


def test_it_asks_for_basins_over_the_surface_that_is_there() -> None:
    assert BEGUN.asks == BEGUN.with_basins_on(True).asks == (Survey(), Locate())
    grid = ON_SURFACE.grid
    assert grid is not None
    domain = (float(grid.x[0]), float(grid.x[-1])), (float(grid.y[0]), float(grid.y[-1]))
    assert ON_SURFACE.with_basins_on(True).asks == (Survey(), Locate(), MapBasins(domain))
    assert MapBasins not in {type(question) for question in ON_SLICE.with_basins_on(True).asks}


def test_another_cut_is_another_question() -> None:
    state = replace(ON_SLICE, step=40)
    assert len({state.asks[0], state.recut().asks[0], state.recut().recut().asks[0]}) == 3
    assert state.recut().begun(Experiment()).asks[0] == Survey()


def walked(*places: tuple[float, float]) -> History:
    history = History(2)
    positions = np.repeat(np.array(places, dtype=np.float64)[:, None], 2, axis=1)
    history.extend(RecordBlock(0, np.ones((len(places), 2)), positions))
    return history


def test_a_path_that_leaves_asks_for_a_larger_surface_that_holds_it() -> None:
    grid = ON_SURFACE.grid
    assert grid is not None
    beyond = float(grid.x[-1]) + 1.0
    state = ON_SURFACE.with_history(walked((0.0, 0.0), (beyond, 0.0)), 1)
    domain = state.survey.domain
    assert domain is not None
    assert domain[0][0] == grid.x[0]
    assert domain[0][1] > beyond
    assert domain[1] == (grid.y[0], grid.y[-1])
    assert state.with_history(walked((0.0, 0.0), (beyond, 0.0)), 1).widened == 1, "it has been asked for"
    assert ON_SURFACE.with_history(walked((0.0, 0.0), (beyond, 0.0)), 0).survey == Survey()
    for wild in (1e5, np.inf, np.nan):
        assert ON_SURFACE.with_history(walked((0.0, 0.0), (wild, 0.0)), 1).survey == Survey(), "it runs away"
    assert replace(ON_SURFACE, widened=12).with_history(walked((beyond, 0.0)), 0).survey == Survey(), "often enough"
