"""The curves, given a history: every step counts, at any length and on both scales."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from desk import colours, has_colour, pixels
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from gradviz.core.document.experiment import Experiment, from_data
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.runs import history as history_module
from gradviz.core.runs.history import BRANCH, History
from gradviz.core.runs.records import RecordBlock
from gradviz.views.kit.quiet_plot import LiveCurve, QuietPlot
from gradviz.views.kit.theme import LIGHT
from gradviz.views.plots.curve_series import PIXELS
from gradviz.views.plots.curves_view import CurvesView

Show = Callable[..., Any]


def history(losses: Any) -> History:
    table = np.asarray(losses, dtype=np.float64)
    table = table.reshape(len(table), -1)
    made = History(table.shape[1])
    made.extend(RecordBlock(0, table, np.empty((len(table), table.shape[1], 0))))
    return made


def points(view: CurvesView, index: int = 0) -> np.ndarray:
    """What is drawn of a curve, in the coordinates of its axes."""
    return view._plot.live()[index].points


@pytest.fixture
def view(shown: Show) -> CurvesView:
    made = shown(CurvesView())
    made.begin_run(Experiment())
    return made


def test_nothing_before_the_first_step(view: CurvesView) -> None:
    assert view.drawn()["points"] == []
    assert view.drawn()["note"] == ""


def test_few_steps_are_drawn_as_they_are(view: CurvesView) -> None:
    view.show_history(history([5.0, 3.0, 4.0, 1.0]), 3)
    assert points(view)[::2].tolist() == [[0, 5], [1, 3], [2, 4], [3, 1]]
    assert view.drawn()["note"] == "loss 1 at step 3"
    assert view.drawn()["step"] == 3
    assert has_colour(pixels(view), LIGHT.lanes[0], 60) > 30


def test_in_a_race_each_curve_and_its_key_have_one_sign(view: CurvesView) -> None:
    """By its colour alone nobody is told on a projector; alone there is nobody to be told from."""
    view.show_history(history([5.0, 3.0]), 1)
    assert [curve.sign for curve in view._plot.live()] == [None]
    view.begin_run(Experiment(optimizers=(SGD(), Adam())))
    view.show_history(history([[5.0, 5.0], [3.0, 4.0]]), 1)
    drawn = [curve.sign for curve in view._plot.live()]
    assert [sign.shape for sign in drawn if sign] == ["circle", "square"]
    assert [piece.sign for piece in view._key.pieces if piece.sign] == drawn


def test_of_a_million_steps_no_extreme_is_lost(view: CurvesView) -> None:
    losses = 10 + np.sin(np.arange(1_000_000) / 1000)
    spikes = {123_457: 99.0, 777_777: -99.0, 999_999: 50.0, 0: 42.0}
    for step, value in spikes.items():
        losses[step] = value
    kept = history(losses)
    assert len(kept) == 1_000_000
    view.show_history(kept, 999_999)
    drawn = points(view)
    assert len(drawn) <= 2000
    for step, value in spikes.items():
        nearest = drawn[drawn[:, 1] == value]
        assert len(nearest) == 1, f"{value} is not drawn"
        assert 0 <= step - nearest[0, 0] < 1_000_000 / 200


def test_a_frame_of_a_million_steps_reads_few_of_them_and_leaves_the_axes_alone(
    view: CurvesView, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a run that goes on, and whose losses stay within the room that the axes have."""
    kept = history(10 + np.sin(np.arange(999_990) / 1000))
    view.show_history(kept, 999_989)
    recorded: list[int] = []
    qtbot.waitUntil(lambda: not view._plot._later.isActive())
    monkeypatch.setattr(view._plot._base, "show_picture", lambda _: recorded.append(0))
    read: list[int] = []
    reduce = history_module._reduce

    def counted(rows: Any, *rest: Any) -> Any:
        read.append(len(rows))
        return reduce(rows, *rest)

    monkeypatch.setattr(history_module, "_reduce", counted)
    for step in range(999_990, 1_000_000):
        kept.extend(RecordBlock(step, np.array([[11 + (step - 999_990) / 1000]]), np.empty((1, 1, 0))))
        read.clear()
        view.show_history(kept, step)
        assert 0 < sum(read) <= 2 * (BRANCH * PIXELS + 1)
        qtbot.waitUntil(lambda: not view._plot._later.isActive())
    assert not recorded
    view._plot.redraw()
    assert recorded, "what is counted is what a redraw of the axes does"


def test_a_spike_is_seen_in_the_picture(view: CurvesView) -> None:
    losses = np.ones(50_000)
    losses[25_000] = 2.0
    view.show_history(history(losses), 49_999)
    picture = pixels(view)
    marked = np.abs(picture.astype(int) - [int(LIGHT.lanes[0][k : k + 2], 16) for k in (1, 3, 5)]).max(axis=2) < 90
    rows = np.flatnonzero(marked.any(axis=1))
    assert rows[-1] - rows[0] > view.height() / 2


@pytest.mark.parametrize("log", [False, True])
def test_what_is_not_finite_is_left_out(view: CurvesView, log: bool) -> None:
    view.set_log_scale(log)
    view.show_history(history([1.0, np.nan, np.inf, -np.inf, 4.0]), 4)
    drawn = points(view)
    assert np.isfinite(drawn).all()
    assert sorted(set(drawn[:, 0])) == [0, 4]
    assert view.drawn()["note"].startswith("loss 4 ")
    view.show_history(history([np.nan, np.inf]), 1)
    assert view.drawn()["points"] == [0]
    assert "inf" in view.drawn()["note"]
    pixels(view)


def test_a_log_axis_draws_logarithms_and_leaves_negatives_out(view: CurvesView) -> None:
    view.set_log_scale(True)
    view.show_history(history([100.0, 1.0, -5.0, 0.01]), 3)
    assert points(view)[::2].tolist() == [[0, 2], [1, 0], [3, -2]]
    assert view.drawn()["zeros"] == []


@pytest.mark.parametrize(
    ("losses", "words"),
    [([4.0, 0.0, 0.0], "▲ exactly 0 from step 1 on"), ([4.0, 1.0, 0.0, 2.0, 0.0], "▲ exactly 0 at step 2")],
)
def test_where_a_loss_is_exactly_zero_is_said_as_it_is(view: CurvesView, losses: list[float], words: str) -> None:
    view.begin_run(Experiment())
    view.set_log_scale(True)
    view.show_history(history(losses), len(losses) - 1)
    assert view.drawn()["note"].endswith(words)


def test_the_first_exact_zero_of_each_curve_is_marked_on_a_log_axis(view: CurvesView) -> None:
    view.begin_run(Experiment(optimizers=(SGD(), Adam())))
    losses = np.array([[4.0, 4.0], [1.0, 0.5], [0.0, 0.25], [0.0, 0.0], [0.0, 0.0]])
    view.show_history(history(losses), 4)
    assert view.drawn()["zeros"] == []
    view.set_log_scale(True)
    zeros = view.drawn()["zeros"]
    assert [x for x, _ in zeros] == [2, 3]
    assert [y for _, y in zeros] == pytest.approx([np.log10(0.25)] * 2)
    assert "exactly 0" in view.drawn()["note"]
    marked = pixels(view)
    view._plot.show_live(view._plot.live(), [], 4)
    assert (pixels(view) != marked).any(axis=2).sum() > 40, "the marks are seen"
    view.show_history(history(np.maximum(losses, 0.2)), 4)
    assert view.drawn()["zeros"] == []


def test_all_zeros_on_a_log_axis(view: CurvesView) -> None:
    view.set_log_scale(True)
    view.show_history(history(np.zeros(5)), 4)
    assert view.drawn()["zeros"] == [(0.0, 0.0)]
    pixels(view)


def test_the_frame_holds_every_point_as_the_run_grows(view: CurvesView) -> None:
    losses = np.geomspace(1e6, 1e-9, 3000)
    for log in (False, True):
        view.set_log_scale(log)
        for length in (1, 2, 11, 150, 3000):
            view.show_history(history(losses[:length]), length - 1)
            (left, right), (bottom, top) = view._plot.getPlotItem().getViewBox().viewRange()
            drawn = points(view)
            assert left <= drawn[0, 0] <= drawn[-1, 0] <= right
            assert bottom <= drawn[:, 1].min()
            assert drawn[:, 1].max() <= top


def test_what_the_user_zoomed_to_stays_until_the_next_run(view: CurvesView) -> None:
    view.show_history(history(np.linspace(9, 1, 50)), 49)
    box = view._plot.getPlotItem().getViewBox()
    box.setRange(xRange=(10, 20), yRange=(2, 3), padding=0)
    view.show_history(history(np.linspace(9, 1, 5000)), 4999)
    assert box.viewRange()[0] == pytest.approx([10, 20])
    view.begin_run(Experiment())
    view.show_history(history([5.0, 4.0]), 1)
    assert box.viewRange()[0][0] < 1


def test_names_are_shown_only_in_a_history(view: CurvesView) -> None:
    assert view.drawn()["key"] == []
    view.begin_run(Experiment(optimizers=(SGD(), Adam())))
    assert view.drawn()["key"] == ["SGD", "Adam"]
    view.begin_run(Experiment())
    assert view.drawn()["key"] == []


def test_a_live_edit_renames_whoever_races(view: CurvesView) -> None:
    """The key, as every other place, has the names of now."""
    view.begin_run(Experiment(optimizers=(SGD(lr=0.1), SGD(lr=0.01))))
    view.show_history(history([[5.0, 4.0], [3.0, 2.0]]), 1)
    assert view.drawn()["key"] == ["step 1", "SGD lr 0.1 3", "SGD lr 0.01 2"]
    view.show_settings(Experiment(optimizers=(SGD(lr=0.1), SGD(lr=0.02))))
    assert view.drawn()["key"] == ["step 1", "SGD lr 0.1 3", "SGD lr 0.02 2"]


def test_who_diverged_is_told_and_marked_where_the_curve_ends(view: CurvesView) -> None:
    view.begin_run(Experiment(optimizers=(SGD(), Adam())))
    losses = [[5.0, 5.0], [50.0, 4.0], [5e3, 3.0], [math.inf, 2.0], [math.nan, 1.0]]
    view.show_history(history(losses), 4)
    assert view.drawn()["key"] == ["step 4", "SGD diverged at step 3", "Adam 1"]
    crosses = [mark for mark in view._plot._marks if mark.is_cross]
    assert [(mark.x, mark.y, mark.colour) for mark in crosses] == [(2.0, 5e3, LIGHT.lanes[0])]
    view.begin_run(Experiment())
    view.show_history(history([1.0, 10.0, math.inf]), 2)
    assert "diverged at step 2" in view.drawn()["key"]
    view.show_history(history([1.0, 10.0]), 1)
    assert not view.drawn()["diverged"]


@pytest.mark.parametrize("racers", [2, 3, 6, 16])
@pytest.mark.parametrize("width", [470, 620, 820])
def test_the_key_is_whole_and_lies_on_nothing(shown: Callable[..., Any], racers: int, width: int) -> None:
    view = shown(CurvesView(), width, 300)
    view.begin_run(Experiment(optimizers=tuple(SGD(lr=0.001 * (k + 1), momentum=0.9) for k in range(racers))))
    view.set_log_scale(True)
    view.show_history(history(np.geomspace(1, 1e-12, 50)[:, None] * np.linspace(0, 3, racers)), 49)
    QApplication.processEvents()
    key, places = view._key, view._key.places()
    assert len(places) == racers + 2, "the step, everybody, and that there is a zero"
    assert all(key.rect().toRectF().contains(place) for place in places)
    assert not [(a, b) for k, a in enumerate(places) for b in places[:k] if a.intersects(b)]
    assert not key.geometry().intersects(view._log.geometry())
    assert key.geometry().bottom() < view._plot.mapTo(view, QPoint(0, 0)).y()
    assert view._plot.height() > 150


@pytest.mark.parametrize(
    ("steps", "most"), [(1, 2), (2, 2), (7, 7), (300, 300), (2000, 2000), (30000, 30000), (4100, 4500), (999, 1000)]
)
def test_no_third_of_the_axis_stays_empty(view: CurvesView, steps: int, most: int) -> None:
    view.show_history(history(np.linspace(9, 1, steps + 1)), steps)
    (left, right), _ = view._plot.getPlotItem().getViewBox().viewRange()
    assert left < 0
    assert most < right <= 1.04 * most


def test_a_run_that_is_shorter_now_is_seen_whole(view: CurvesView) -> None:
    """Fault 21: after 30,000 steps the axis was still as long as them, and the curve of one step not to be seen."""
    view.show_history(history(np.linspace(9, 1, 30_001)), 30_000)
    view.show_history(history([9.0, 8.0]), 1)
    (_, right), (bottom, top) = view._plot.getPlotItem().getViewBox().viewRange()
    assert right < 3
    assert bottom < 8
    assert top > 9


def test_it_goes_back_with_the_timeline(view: CurvesView) -> None:
    kept = history([5.0, 3.0, 4.0, 1.0])
    view.show_history(kept, 3)
    view.show_history(kept, 1)
    assert view.drawn()["note"] == "loss 3 at step 1"
    assert len(points(view)) == 8, "what was run stays drawn"


def test_an_axis_has_numbers(view: CurvesView, qtbot: Any) -> None:
    view.show_history(history(np.linspace(9, 1, 50)), 49)
    qtbot.waitUntil(lambda: has_colour(pixels(view), LIGHT.muted, 40) > 60)
    assert colours(view) > 20


def held_experiment(*optimizers: Any, **settings: Any) -> Experiment:
    data = {"kind": "moons", "points": 40, "validation": {"kind": "share"}} | settings
    model = [{"kind": "linear", "features": 2}]
    fit = {"kind": "fit", "data": data, "model": model, "loss": {"kind": "cross_entropy"}}
    return from_data({"objective": fit, "optimizers": list(optimizers) or [{"kind": "sgd"}]})


def held_history(losses: list[list[float]], figures: list[list[list[float]]]) -> History:
    table, seen = np.array(losses), np.array(figures)
    made = History(table.shape[1])
    made.extend(RecordBlock(0, table, np.empty((len(table), table.shape[1], 0)), figures=seen))
    return made


NOT = [math.nan] * 3
FOUR = held_history([[4.0], [3.0], [2.0], [1.0]], [[[5.0, 0.5, 0.4]], [NOT], [[2.5, 0.75, 0.5]], [NOT]])


def test_rows_held_out_have_a_dashed_curve_of_their_own_in_the_key(view: CurvesView) -> None:
    view.begin_run(held_experiment())
    view.show_history(FOUR, 3)
    solid, dashed = view._plot.live()
    assert (solid.is_dashed, dashed.is_dashed, solid.colour) == (False, True, dashed.colour)
    assert solid.points[::2].tolist() == [[0, 4], [1, 3], [2, 2], [3, 1]]
    assert dashed.points[::2].tolist() == [[0, 5], [2, 2.5]], "a step without an evaluation has no point"
    assert view.drawn()["key"] == ["loss 1", "held out 2.5 of step 2", "at step 3"]
    assert [piece.is_dashed for piece in view._key.pieces] == [False, True, False]
    assert view.drawn()["note"] == "loss 1, validation 2.5 at step 3"
    view.show_history(FOUR, 0)
    assert view.drawn()["key"] == ["loss 4", "held out 5", "at step 0"]


def test_scores_take_the_place_of_losses_and_have_no_log_axis(view: CurvesView) -> None:
    view.begin_run(held_experiment())
    view.set_log_scale(True)
    view.show_history(FOUR, 3)
    assert points(view, 1)[0].tolist() == [0, math.log10(5)]
    view._scores.click()
    assert view.drawn()["scores"]
    assert [points(view, k)[::2].tolist() for k in (0, 1)] == [[[0, 0.5], [2, 0.75]], [[0, 0.4], [2, 0.5]]]
    assert view.drawn()["key"] == ["trained on 75.0 % right", "held out 50.0 % right of step 2", "at step 3"]
    assert view._plot.getPlotItem().getAxis("left").labelText == "share right"
    assert not view._log.isVisible()
    view.begin_run(Experiment())
    assert not view._scores.isVisible()
    assert view._log.isVisible()
    view.show_history(history([5.0, 3.0]), 1)
    assert view.drawn()["key"] == ["loss 3 at step 1"]
    assert view._plot.getPlotItem().getAxis("left").labelText == "loss"


def test_of_a_race_each_has_both_numbers_and_the_key_tells_what_is_dashed(view: CurvesView) -> None:
    view.begin_run(held_experiment({"kind": "sgd"}, {"kind": "adam"}))
    view.show_history(held_history([[4.0, 2.0]], [[[5.0, 0.5, 0.4], [3.0, 1.0, 0.9]]]), 0)
    assert view.drawn()["key"] == ["step 0", "SGD 4 / 5", "Adam 2 / 3", "held out"]
    assert [curve.is_dashed for curve in view._plot.live()] == [False, False, True, True]
    view.set_shows_scores(True)
    assert view.drawn()["key"] == ["step 0", "SGD 0.5 / 0.4", "Adam 1 / 0.9", "held out"]


def test_a_dashed_curve_has_gaps(shown: Show) -> None:
    """The same straight line has fewer pixels of its colour, and more than a third of them."""
    counts = []
    for is_dashed in (False, True):
        plot = shown(QuietPlot())
        line = np.array([[0.0, 0.5], [1.0, 0.5]])
        plot.show_live([LiveCurve(line, "#ff0000", 3.0, is_dashed=is_dashed)])
        counts.append(has_colour(pixels(plot), "#ff0000", 40))
    assert counts[0] / 3 < counts[1] < 0.85 * counts[0]
