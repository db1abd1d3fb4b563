"""What a surface view knows and shows, without any widget: transitions of its state, and the picture of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Progress, Refusal
from gradviz.core.questions.surface import LossCurve, SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.runs.standings import Standings
from gradviz.core.words import say
from gradviz.views.surface.run_marks import Legend, Mark
from gradviz.views.surface.surface_geometry import SurfaceBox
from gradviz.views.surface.surface_picture import (
    COMPUTING,
    COMPUTING_BASINS,
    NOWHERE_FINITE,
    Control,
    Drawing,
    SurfacePicture,
    picture,
    same_run,
)
from gradviz.views.surface.surface_state import MOST_WIDENED, SurfaceState

Transition = Callable[[SurfaceState], SurfaceState]

RACE = Experiment(optimizers=(SGD(), SGD()))
AXIS = np.linspace(-2, 2, 9)


def surface(exact: bool = True, gaps: int = 0, note: str = "", cut: int = 0, whole: bool = True) -> SurfaceGrid:
    """A bowl whose first `gaps` columns are not finite."""
    heights = AXIS[:, None] ** 2 + AXIS[None, :] ** 2
    heights[:, :gaps] = np.nan
    return SurfaceGrid(AXIS, AXIS, heights, "x", "y", (), note, exact, whole, cut)


def walk(rows: int, optimizers: int = 2) -> History:
    """Two spirals into the middle."""
    turn = np.linspace(0, 9, 400)[:rows, None] + np.arange(optimizers)
    positions = np.stack((np.cos(turn), np.sin(turn)), axis=2) * np.exp(-turn / 9)[..., None]
    made = History(optimizers)
    made.extend(RecordBlock(0, np.ones((rows, optimizers)), positions))
    return made


def seen(
    step: int,
    *places: tuple[float, ...],
    no_loss: str = "",
    cut: int = 0,
    off: float = 0.0,
    since: int = 0,
    slope: float = math.nan,
) -> tuple[Places, int]:
    """Where everyone stands, `off` the slice, whose loss is 9 below them; their own is 1. They came from (0, 0)."""
    position = np.array(places, dtype=np.float64).reshape(len(places), -1) if places else np.empty((0, 2))
    count = len(places)
    paths = np.stack((np.zeros_like(position), position), axis=1) if since < step else position[:, None]
    feet = (9.0,) * count if off else (1.0,) * count
    return Places(position, no_loss, (1.0,) * count, feet, (off,) * count, (slope,) * count, paths, since, cut), step


SURFACE, WALK = surface(), walk(300)
PROGRESS = Progress(0.12, say("Computing the basins"))
BASINS = BasinMap(AXIS, AXIS, np.zeros((9, 9), dtype=np.int64), np.zeros((1, 2)), 9, "81 starts.")
BEGUN = SurfaceState().begun(RACE)
ON_SURFACE, ON_SLICE = BEGUN.with_surface(SURFACE), BEGUN.with_surface(surface(exact=False))


def assert_same(one: SurfacePicture, other: SurfacePicture) -> None:
    told = [(p.drawing, p.box, p.note, p.absence, p.controls, p.marks, p.legend, len(p.paths)) for p in (one, other)]
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
        names=BEGUN.names,
        basins=BASINS if "basins" in known else None,
        no_loss="There is none." if "no loss" in known else "",
        history=WALK if "history" in known else None,
        step=250 if "history" in known else 0,
        standings=Standings(2).after(WALK) if "history" in known else None,
    )
    assert_same(picture(came), picture(at_once.with_surface(SURFACE) if "surface" in known else at_once))


@given(st.lists(st.sampled_from(sorted(FACTS)), max_size=8))
def test_a_new_run_keeps_what_the_user_chose_and_nothing_else(names: list[str]) -> None:
    state = SurfaceState("no OpenGL") if "basins" in names[:1] else SurfaceState()
    for name in names:
        state = FACTS[name](state)
    chosen = SurfaceState(state.opengl_fault, state.three_dimensional, state.log_height, state.basins_on)
    begun = state.begun(RACE)
    assert_same(picture(begun), picture(replace(chosen, has_begun=True, names=BEGUN.names)))
    assert (begun.history, begun.trajectories, begun.places, begun.curve, begun.progress) == (None, (), None, None, "")


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
    assert not same_run(after, before)
    assert same_run(before, picture(ON_SURFACE.with_history(WALK, 40)))
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
    assert picture(SurfaceState("no driver").with_kind(three_dimensional=True)).drawing is Drawing.CONTOUR
    assert picture(SurfaceState().with_kind(three_dimensional=True)).drawing is Drawing.SCENE


# A slice


def test_a_slice_shows_the_recorded_way_and_nothing_of_where_it_was_looked_at() -> None:
    """A seek to and fro used to leave straight lines between the places that were visited."""
    state = ON_SLICE
    for step in (40, 3, 25, 0, 40):
        state = state.with_places(*seen(step, (step / 40, 0.0), (0.0, step / 40)))
        expected = [[[0, 0], [step / 40, 0]], [[0, 0], [0, step / 40]]] if step else [[[0, 0]], [[0, 0]]]
        np.testing.assert_array_equal(state.paths, expected)
    assert ON_SLICE.with_history(WALK, 9).paths == (), "the records' positions are no places of a slice"
    assert ON_SLICE.with_places(*seen(0, (0, 0))).paths == (), "this one is of another run"
    assert BEGUN.with_places(*seen(0, (0, 0), (1, 1))).paths == (), "nor is it known where, before the slice is"


def test_places_of_another_cut_are_none_of_this_slice() -> None:
    """Those of the slice before may come with the new one, and those of the new one with that before."""
    old, new = seen(5, (0.5, 0), (0, 0.5)), seen(6, (1, 0), (0, 1), cut=1)
    assert not picture(ON_SLICE.with_places(*new)).marks
    state = ON_SLICE.with_places(*old).with_surface(surface(exact=False, cut=1))
    assert (state.paths, picture(state).marks) == ((), ())
    assert not picture(state.with_places(*old)).marks
    assert [mark.x for mark in picture(state.with_places(*new)).marks] == [1, 0]
    wider = replace(surface(exact=False), x=AXIS * 2, y=AXIS * 2)
    assert len(ON_SLICE.with_places(*old).with_surface(wider).paths) == 2, "the same slice, another part of it"


@given(a=st.floats(-90, 90), b=st.floats(-90, 90), c=st.floats(-90, 90), d=st.floats(-90, 90))
def test_a_slice_grows_until_all_who_are_not_far_are_in_the_picture(a: float, b: float, c: float, d: float) -> None:
    state = ON_SLICE.with_places(*seen(4, (a, b), (c, d)))
    if max(map(abs, (a, b, c, d))) <= 2:
        assert state.survey == Survey()
        return
    domain = state.survey.domain
    assert domain is not None
    for x, y in ((a, b), (c, d)):
        assert domain[0][0] <= x <= domain[0][1]
        assert domain[1][0] <= y <= domain[1][1]
    assert state.with_places(*seen(4, (a, b), (c, d))).widened == 1, "it has been asked for"


def test_who_runs_away_is_not_followed_and_that_is_said() -> None:
    away = seen(4, (1e9, 0), (0, 0))
    state = ON_SLICE.with_places(*away)
    assert state.survey == Survey()
    said = "1 of 2 paths have left this picture: Slice here follows the first optimiser."
    assert said in picture(state).note
    assert said not in picture(state.with_places(*seen(3, (1, 0), (0, 0)))).note, "at that step it is there"
    alone = SurfaceState().begun(Experiment()).with_surface(surface(exact=False)).with_places(*seen(4, (np.inf, 0)))
    assert "The path has left this picture: Slice here follows it." in picture(alone).note
    often = replace(ON_SLICE, widened=MOST_WIDENED).with_places(*seen(4, (3, 0), (0, 0)))
    assert said in picture(often).note
    assert often.recut().widened == 0


def test_a_point_beside_the_slice_is_hollow_and_its_distance_and_both_losses_are_told() -> None:
    on, off = (picture(ON_SLICE.with_places(*seen(4, (1, 0), (0, 1), off=away))) for away in (0.0, 0.37))
    assert [(mark.is_off, mark.loss, mark.foot) for mark in on.marks] == [(False, 1, None)] * 2
    assert [(mark.is_off, mark.loss, mark.foot) for mark in off.marks] == [(True, 1, 9)] * 2
    names = list(ON_SLICE.names)
    assert [line.text for line in on.legend.lines] == names
    assert [line.text for line in off.legend.lines] == [
        f"{n} · 0.37 off the slice · loss 1, on the slice 9" for n in names
    ]
    assert [line.is_off for line in off.legend.lines] == [True, True]


def test_since_when_a_way_is_known_is_said() -> None:
    later = picture(ON_SLICE.with_places(*seen(90, (1, 0), (0, 1), since=64)))
    assert "The path is known from step 64 on." in later.note
    nothing = picture(ON_SLICE.with_places(*seen(90, (1, 0), (0, 1), since=90)))
    assert "The way to this point was not kept." in nothing.note
    assert not picture(ON_SLICE.with_places(*seen(90, (1, 0), (0, 1)))).note


# Marks of an exact surface


def test_a_mark_stands_at_the_recorded_loss_between_two_pictures_and_at_what_was_found_at_them() -> None:
    state = ON_SURFACE.with_history(WALK, 40)
    assert [mark.loss for mark in picture(state).marks] == [1, 1]
    assert [(mark.x, mark.y) for mark in picture(state).marks] == [tuple(row) for row in WALK.positions[40].tolist()]
    rows = BEGUN.with_surface(surface(whole=False)).with_history(WALK, 40)
    assert [mark.loss for mark in picture(rows).marks] == [None, None], "that of a batch is no height here"
    found = replace(seen(40, (0, 0), (1, 1))[0], losses=(5.0, 6.0))
    assert [mark.loss for mark in picture(rows.with_places(found, 40)).marks] == [5, 6]
    assert [mark.loss for mark in picture(rows.with_places(found, 40).with_history(WALK, 41)).marks] == [None, None]


def test_where_a_step_looks_at_other_rows_both_losses_are_told() -> None:
    rows = SurfaceState().begun(Experiment()).with_surface(surface(whole=False)).with_history(walk(300, 1), 40)
    found = seen(40, (0.0, 0.0))[0]
    assert picture(rows.with_places(found, 40)).legend == Legend(), "they agree"
    other = picture(rows.with_places(replace(found, losses=(5.0,)), 40))
    assert [line.text for line in other.legend.lines] == ["loss of the step 1, here 5"]


def test_a_race_has_a_legend_and_one_alone_has_none() -> None:
    shown = picture(ON_SURFACE.with_history(WALK, 40)).legend
    assert [line.text for line in shown.lines] == [f"{k + 1}. {name}" for k, name in enumerate(BEGUN.names)]
    assert (shown.head, [line.number for line in shown.lines]) == ("", ["", ""]), "nobody is below the start"
    alone = SurfaceState().begun(Experiment()).with_surface(SURFACE).with_history(walk(300, 1), 40)
    assert picture(alone).legend == Legend()


def test_the_legend_says_who_is_ahead_who_reached_what_and_who_is_lost() -> None:
    """The second comes to 1e-6 at step 3, and the first never; then the second diverges."""
    history, there = History(2), np.zeros((6, 2, 2))
    losses = [[1, 1], [0.5, 1e-2], [0.3, 1e-4], [0.2, 1e-6], [0.2, 1e-6], [0.1, np.nan]]
    there[5, 1] = np.nan
    history.extend(RecordBlock(0, np.array(losses), there))
    after = picture(ON_SURFACE.with_history(history, 4)).legend
    assert after.head == "reached 1e-6 at step"
    assert [(line.optimizer, line.text, line.number) for line in after.lines] == [
        (1, f"1. {BEGUN.names[1]}", "3"),
        (0, f"2. {BEGUN.names[0]}", "–"),
    ]
    before = picture(ON_SURFACE.with_history(history, 1)).legend
    assert (before.head, before.lines[0].number) == ("reached 0.01 at step", "1"), "as it stood at that step"
    lost = picture(ON_SURFACE.with_history(history, 5)).legend.lines[1]
    assert (lost.text, lost.number, lost.is_lost) == (f"{BEGUN.names[1]} · diverged at step 5", "", True)


def test_who_is_nowhere_has_no_mark() -> None:
    history = History(2)
    history.extend(RecordBlock(0, np.ones((1, 2)), np.array([[[np.nan, 0.0], [1.0, 1.0]]])))
    assert [mark.optimizer for mark in picture(ON_SURFACE.with_history(history, 0)).marks] == [1]
    old = History(2)  # a file of before there were positions of numbers in other shapes
    old.extend(RecordBlock(0, np.ones((5, 2)), np.empty((5, 2, 0))))
    state = ON_SURFACE.with_history(old, 4).with_places(*seen(4, (0.5, 0), (0, 0.5)))
    assert [(mark.x, mark.y) for mark in picture(state).marks] == [(0.5, 0), (0, 0.5)]


# One number


CURVE = LossCurve(AXIS, AXIS**2, "w", "")
ALONE = SurfaceState().begun(Experiment())


def line_walk(rows: int) -> History:
    made = History(1)
    made.extend(RecordBlock(0, np.ones((rows, 1)), np.linspace(-1.5, 1.5, rows)[:, None, None]))
    return made


def test_one_number_is_a_curve_with_its_way_its_point_and_its_slope() -> None:
    state = ALONE.with_surface(CURVE).with_history(line_walk(31), 30).with_places(*seen(30, (1.5,), slope=3.0))
    shown = picture(state)
    assert (shown.drawing, shown.box, shown.curve, shown.controls) == (Drawing.CURVE, None, CURVE, frozenset())
    assert shown.marks == (Mark(0, 1.5, 0.0, 1.0, slope=3.0),)
    assert [line.text for line in shown.legend.lines] == ["slope 3"]
    np.testing.assert_array_equal(np.unique(shown.paths[0]), np.linspace(-1.5, 1.5, 31))
    assert MapBasins not in {type(question) for question in state.with_basins_on(True).asks}


def test_a_curve_waits_for_the_tangent_of_its_step() -> None:
    state = ALONE.with_surface(CURVE).with_history(line_walk(31), 30).with_places(*seen(30, (1.5,), slope=3.0))
    ahead = state.with_history(line_walk(31), 20)
    assert ahead.paths[0][-1] == 1.5, "the way is that of the picture before"
    assert ahead.with_places(*seen(20, (0.5,), slope=1.0)).paths[0][-1] == 0.5


def test_a_path_that_leaves_a_curve_asks_for_more_of_it() -> None:
    history = History(1)
    history.extend(RecordBlock(0, np.ones((2, 1)), np.array([[[0.0]], [[5.0]]])))
    state = ALONE.with_surface(CURVE).with_history(history, 1).with_places(*seen(1, (5.0,)))
    assert state.survey.domain is not None
    ((low, high),) = state.survey.domain
    assert (low, high > 5) == (-2, True)


@pytest.mark.parametrize("losses", [(9.0, 8.0), (9.0, 10.0)])
def test_far_away_is_followed_only_where_the_loss_has_fallen(losses: tuple[float, float]) -> None:
    history = History(2)
    positions = np.array([[[0.0, 0.0]] * 2, [[250_000.0, -3e7]] * 2])
    history.extend(RecordBlock(0, np.array([[loss] * 2 for loss in losses]), positions))
    state = ON_SURFACE.with_history(history, 1)
    assert (state.survey == Survey()) == (losses[1] > losses[0])


def test_a_run_that_was_opened_far_from_its_start_shows_its_whole_way() -> None:
    history = walked((-7.0, 0.0), (5.0, 0.0), (0.0, 0.0))
    domain = BEGUN.with_history(history, 2).with_surface(SURFACE).survey.domain
    assert domain is not None
    assert domain[0][0] < -7 < 5 < domain[0][1]


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
