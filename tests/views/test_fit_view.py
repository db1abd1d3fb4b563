"""The four pictures of a fit: what they show, in both themes, for values that are finite and for those that are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from gradviz.core.document.experiment import Experiment
from gradviz.core.objectives.catalogue import FitObjective
from gradviz.core.optimizers.catalogue import SGD, Adam
from gradviz.core.questions.fit import (
    CurveFit,
    FitScore,
    FitSnapshot,
    HeldPoints,
    PlaneFit,
    Predict,
    ScatterFit,
    TableFit,
)
from gradviz.core.questions.question import Answer
from gradviz.views.kit.colours import class_colour, colour_table
from gradviz.views.kit.live_dots import SYMBOLS, LiveDots, paint_dots
from gradviz.views.kit.theme import DARK, LIGHT, Theme
from gradviz.views.plots.class_table import ClassTable
from gradviz.views.plots.fit_plot import FitPlot, class_picture, value_picture
from gradviz.views.plots.fit_view import FitView

Show = Callable[..., Any]
AXIS = np.linspace(-1, 1, 12)
POINTS = np.array([[-0.5, 0.2], [0.5, -0.2], [0.7, 0.7]])
FIT = Experiment(objective=FitObjective())
RACE = Experiment(objective=FitObjective(), optimizers=(SGD(), Adam()))


def answer(fit: FitSnapshot, step: int = 7) -> Answer:
    return Answer(Predict(), step, fit)


def plane(
    classes: int = 2, certainty: float = 1.0, targets: tuple[float, ...] = (0, 1, 1), optimizer: int = 0
) -> PlaneFit:
    """Class or value 1 right of x = 0, else 0."""
    field = np.tile((AXIS > 0).astype(float), (12, 1))
    score = FitScore(300, 3, classes, (0.75, 0.5)[: optimizer + 1])
    return PlaneFit(POINTS, np.array(targets), AXIS, AXIS, field, np.full((12, 12), certainty), optimizer, score)


def scatter(wild: float = 2.0) -> ScatterFit:
    targets = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    predictions = targets.copy()
    predictions[2, 1] = wild
    return ScatterFit(targets, predictions, 0, FitScore(3, 3, 0, (0.9,)))


def table() -> TableFit:
    return TableFit(np.array([[8, 2, 0], [0, 10, 0], [1, 1, 8]]), 0, FitScore(30, 30, 3, (26 / 30,)))


def labelled_curve() -> CurveFit:
    x, fine = np.array([0.0, 1.0, 2.0]), np.linspace(0, 2, 9)
    return CurveFit(x, np.array([0.0, 1.0, 1.0]), fine, fine[None] / 2, FitScore(3, 3, 2, (1.0,)))


@pytest.fixture
def view(shown: Show) -> FitView:
    made: FitView = shown(FitView())
    made.begin_run(FIT)
    return made


@pytest.mark.parametrize(
    ("fit", "parts"),
    [
        (plane(), ("3 of 300 points", "step 7", "75.0 % right")),
        (plane(classes=0), ("R² 0.75",)),
        (scatter(), ("3 points", "R² 0.9")),
        (table(), ("30 points", "86.7 % right")),
        (labelled_curve(), ("100.0 % right",)),
    ],
)
def test_the_note_tells_what_is_shown_and_how_good_it_is(view: FitView, fit: FitSnapshot, parts: Any) -> None:
    view.show_answer(answer(fit))
    note = view.drawn()["note"]
    assert all(part in note for part in parts), note
    assert view.drawn()["kind"] == type(fit).__name__
    assert len(view._note.toolTip()) > 20


def test_a_race_says_whose_plane_it_is(view: FitView) -> None:
    view.begin_run(RACE)
    view.show_answer(answer(plane(optimizer=1)))
    assert "of Adam" in view.drawn()["note"]
    assert "SGD 75.0 % right, Adam 50.0 % right" in view.drawn()["note"]


def test_a_score_that_is_no_number_is_left_out(view: FitView) -> None:
    fit = scatter()
    view.show_answer(answer(ScatterFit(fit.targets, fit.predictions, 0, FitScore(3, 3, 0, (float("nan"),)))))
    assert "nan" not in view.drawn()["note"].lower()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_regions_have_the_colour_of_their_class_and_pale_with_doubt(theme: Theme) -> None:
    def distance(picture: Any, row: int, column: int, colour: str) -> float:
        wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        return float(np.abs(picture[row, column, :3].astype(float) - wanted).sum())

    sure, unsure = class_picture(plane(), theme), class_picture(plane(certainty=0.55), theme)
    assert distance(sure, 3, 2, class_colour(0)) < distance(sure, 3, 2, class_colour(1))
    assert distance(sure, 3, 9, class_colour(1)) < distance(sure, 3, 9, class_colour(0))
    assert distance(unsure, 3, 9, theme.base) < distance(sure, 3, 9, theme.base)
    lost = plane()
    lost.field[3, 9] = np.nan
    assert distance(class_picture(lost, theme), 3, 9, theme.base) == 0


def test_values_are_on_the_scale_of_the_targets() -> None:
    fit = plane(classes=0, targets=(0, 1, 1))
    picture = value_picture(fit, LIGHT)
    assert picture[0, 0, :3].tolist() == colour_table()[0, :3].tolist()
    assert picture[0, 11, :3].tolist() == colour_table()[255, :3].tolist()
    fit.field[0, 0] = np.inf
    assert value_picture(fit, LIGHT)[0, 0, :3].tolist() != colour_table()[255, :3].tolist()


def test_each_class_has_a_symbol_besides_its_colour(view: FitView) -> None:
    view.show_answer(answer(plane()))
    dots = view._plot.live_dots()
    assert [one.symbol for one in dots] == list(SYMBOLS[:2])
    assert len({one.colour for one in dots}) == 2
    assert sum(len(one.points) for one in dots) == 3
    assert view._plot.picture() is not None


def test_the_plane_is_drawn_where_its_numbers_lie(shown: Show, qtbot: Any) -> None:
    """Left of the middle the first class, right of it the second, in pixels of the screen."""
    plot: FitPlot = shown(FitPlot(), 400, 300)
    plot.show_fit(plane())

    def colours_are_there() -> bool:
        frame = plot.getPlotItem().getViewBox().sceneBoundingRect()
        image = plot.grab().toImage()
        ratio = image.devicePixelRatio()
        y = int(ratio * (frame.top() + 0.95 * frame.height()))
        left = image.pixelColor(int(ratio * (frame.left() + 0.25 * frame.width())), y)
        right = image.pixelColor(int(ratio * (frame.left() + 0.75 * frame.width())), y)
        return left.blue() > left.red() + 20 and right.red() > right.blue() + 20

    qtbot.waitUntil(colours_are_there)


def test_predictions_that_are_not_finite_are_left_out_and_the_frame_stays_with_the_targets(view: FitView) -> None:
    view.show_answer(answer(scatter(wild=np.nan)))
    assert sum(len(one.points) for one in view._plot.live_dots()) == 5
    diagonal = view._plot.live()[0].points
    assert (diagonal[:, 0] == diagonal[:, 1]).all()
    before = view._plot.getPlotItem().getViewBox().viewRange()
    view.show_answer(answer(scatter(wild=1e9), 8))
    assert view._plot.getPlotItem().getViewBox().viewRange() == before


def test_the_table_of_classes_is_shown_and_told(view: FitView, qtbot: Any) -> None:
    view.show_answer(answer(table()))
    shown = view.findChild(ClassTable)
    assert shown.isVisible()
    assert "class 2: [1, 1, 8]" in shown.accessibleDescription()
    assert view.drawn()["counts"] == [[8, 2, 0], [0, 10, 0], [1, 1, 8]]
    image = shown.grab().toImage()
    pixels = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(pixels) > 4
    view.show_answer(answer(scatter()))
    assert not shown.isVisible()


@pytest.mark.parametrize("fit", [plane(), plane(classes=0), scatter(), table(), labelled_curve()])
def test_a_new_run_forgets_and_another_theme_keeps_what_is_shown(view: FitView, fit: FitSnapshot) -> None:
    view.show_answer(answer(fit))
    told = view.drawn()
    view.set_theme(DARK)
    assert view.drawn() == told
    view.begin_run(FIT)
    assert view.drawn() == {"points": 0, "curve": [], "note": ""}
    assert view._plot.live_dots() == []


def test_a_table_of_many_classes_has_no_numbers_but_is_painted(shown: Show) -> None:
    made: ClassTable = shown(ClassTable(), 300, 300)
    made.show_counts(np.diag(np.full(40, 5)))
    assert not made.grab().isNull()


HELD = HeldPoints(np.array([[0.1, 0.3], [0.6, 4.0], [0.4, -0.1]]), np.array([0.0, 1.0, 1.0]), 30)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    "fit", [plane(), plane(classes=0), scatter(), labelled_curve()], ids=["classes", "values", "scatter", "curve"]
)
def test_rows_held_out_are_hollow_and_the_key_says_so(view: FitView, fit: Any, theme: Theme) -> None:
    view.set_theme(theme)
    view.show_answer(answer(fit))
    assert "key" not in view.drawn()
    assert not view._key.isVisible()
    full = sum(len(dots.points) for dots in view._plot.live_dots())
    view.show_answer(answer(replace(fit, held=HELD)))
    shown = view.drawn()
    assert shown["held_out"] == 3
    assert shown["key"] == [f"trained on {fit.score.rows}", "held out 30"]
    assert view._key.isVisible()
    assert [piece.is_off for piece in view._key.pieces] == [False, True]
    assert "Hollow points are rows held out" in view._note.toolTip()
    hollow = [dots for dots in view._plot.live_dots() if dots.hole]
    assert all(dots.hole == theme.base for dots in hollow)
    assert sum(len(dots.points) for dots in view._plot.live_dots()) == full + 3
    if fit.score.classes:
        assert {(dots.colour, dots.symbol) for dots in hollow} == {(class_colour(k), SYMBOLS[k]) for k in (0, 1)}
    view.show_answer(answer(table()))
    assert not view._key.isVisible()


def test_a_row_held_out_is_within_the_frame_whatever_its_target(view: FitView) -> None:
    x = np.array([0.0, 1.0, 2.0])
    curve = CurveFit(x, x / 2, x, x[None] / 2, FitScore(3, 3, 0, (1.0,)), HELD)
    view.show_answer(answer(curve))
    low, high = view._plot.getPlotItem().getViewBox().viewRange()[1]
    assert low < -0.1
    assert high > 4.0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_hollow_point_has_the_ground_within_its_colour(symbol: str) -> None:
    image = QImage(40, 40, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    dots = LiveDots(np.zeros((1, 2)), "#ff0000", "#000000", symbol, 24.0, "#00ff00")
    with QPainter(image) as painter:
        paint_dots(painter, np.array([[20.0, 20.0]]), dots)
    colours = {image.pixelColor(x, y).name() for x in range(40) for y in range(40)}
    assert image.pixelColor(20, 20).name() == "#00ff00"
    assert {"#ff0000", "#00ff00", "#808080"} <= colours
    assert image.pixelColor(20, 20) != image.pixelColor(2, 2)
