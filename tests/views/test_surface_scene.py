"""The surface in three dimensions, rendered: where things are painted, what is hidden, how it is turned and picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from desk import colours, has_colour, pixels
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Progress
from gradviz.core.questions.surface import LossCurve, SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.words import say
from gradviz.views.kit.opengl import probe_opengl
from gradviz.views.kit.theme import DARK, LIGHT
from gradviz.views.surface.axis_labels import is_struck
from gradviz.views.surface.run_marks import Mark
from gradviz.views.surface.scene_axes import height_title
from gradviz.views.surface.surface_geometry import HEIGHT, SurfaceBox, height_ticks, pick
from gradviz.views.surface.surface_view import SurfaceView

Show = Callable[..., Any]


def hill(exact: bool = True) -> SurfaceGrid:
    """A ridge along y at x = 0, high in the middle, with minima before and behind it."""
    x = y = np.linspace(-2, 2, 65)
    a, b = np.meshgrid(x, y)
    heights, minima = 5 * np.exp(-8 * a**2) + 0.1 * b**2, ((-1.5, 0.0), (1.5, 0.0))
    return SurfaceGrid(x, y, heights, "east", "north", minima, "", exact)


@pytest.fixture
def scene(shown: Show) -> Any:
    fault = probe_opengl()
    if fault:
        pytest.skip(fault)
    from gradviz.views.surface.surface_scene import SurfaceScene

    made = shown(SurfaceScene(), 600, 500)
    made.show_box(SurfaceBox(hill(), False))
    return made


def slope() -> SurfaceGrid:
    """Highest over the corner at the left, as a slice of a landscape may be."""
    axis = np.linspace(-4, 4, 65)
    a, b = np.meshgrid(axis, axis)
    return SurfaceGrid(axis, axis, np.exp(-0.1 * (a + b)) * 0.4645, "direction 1", "direction 2", (), "", False)


@pytest.mark.parametrize("log_height", [False, True], ids=["linear", "log"])
@pytest.mark.parametrize("size", [(493, 527), (400, 900), (360, 700), (493, 336), (635, 541), (1000, 400)], ids=str)
def test_the_box_is_seen_whole_with_every_number_beside_it(
    shown: Show, size: tuple[int, int], log_height: bool
) -> None:
    fault = probe_opengl()
    if fault:
        pytest.skip(fault)
    from gradviz.views.surface.surface_scene import SurfaceScene

    scene, box = shown(SurfaceScene(), *size), SurfaceBox(slope(), log_height)
    scene.show_box(box)
    corners = np.array([(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (0.0, HEIGHT)])
    places = scene._rendered.project(corners)[:, :2]
    assert (places >= 0).all()
    assert (places <= np.array(size)).all()
    texts = [label.text for label in scene._labels if label.axis == "z"]
    wanted = [text for _, text in height_ticks(box)]
    assert len(texts) >= (2 if log_height else len(wanted)), "struck through, for they were moved into the widget"
    assert texts == wanted or log_height, "only ticks that lie upon each other are left out"
    assert {"direction 1", "direction 2", height_title(box)} <= set(scene.drawn()["labels"])


def in_pixels(scene: Any) -> tuple[int, int]:
    """Rows and columns of a picture that is sharp on this screen."""
    ratio = scene.devicePixelRatioF()
    return round(500 * ratio), round(600 * ratio)


def test_it_is_rendered_shaded_and_coloured(scene: Any) -> None:
    assert scene.drawn()["size"] == in_pixels(scene)
    assert colours(scene) > 1000
    picture = pixels(scene)
    assert has_colour(picture, LIGHT.base) > 10000, "around the surface there is nothing"
    assert (picture[5, 5] == [255, 255, 255]).all()


def test_axes_have_ticks_and_titles(scene: Any) -> None:
    labels = scene.drawn()["labels"]
    for wanted in ("east", "north", "loss", "-2", "0", "2"):
        assert wanted in labels
    assert labels.count("-2") == 2


def test_each_label_is_painted_where_it_is_said_to_stand(scene: Any) -> None:
    background = np.abs(pixels(scene).astype(int) - 255).max(axis=2)
    ratio = scene.devicePixelRatioF()
    for label in scene._labels:
        rows = slice(round(label.rect.top() * ratio), round(label.rect.bottom() * ratio))
        columns = slice(round(label.rect.left() * ratio), round(label.rect.right() * ratio))
        assert (background[rows, columns] > 60).sum() > 4, label
    axes = [label.axis for label in scene._labels]
    assert [axes.count("x"), axes.count("y"), axes.count("z") >= 2] == [5, 5, True], "there is room for most"
    assert axes.count("title") == 3


@pytest.mark.parametrize("azimuth", [0, 45, 100, 190, 275])
def test_labels_stand_outside_the_floor_and_in_its_order(scene: Any, azimuth: int) -> None:
    scene._renderer.setCameraPosition(azimuth=azimuth)
    scene._render(1)
    floor = scene._rendered.project(np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], dtype=float))
    outline = QPolygonF([QPointF(x, y) for x, y, _ in floor.tolist()])
    for axis in ("x", "y"):
        own = [label for label in scene._labels if label.axis == axis]
        assert not any(outline.containsPoint(one.rect.center(), Qt.FillRule.OddEvenFill) for one in own)
        across = [one.rect.center().x() for one in sorted(own, key=lambda one: float(one.text))]
        along = [one.rect.center().y() for one in sorted(own, key=lambda one: float(one.text))]
        assert any(values in (sorted(values), sorted(values, reverse=True)) for values in (across, along))


@pytest.mark.parametrize("size", [(600, 500), (590, 420), (300, 220)])
def test_no_label_stands_upon_another_or_is_struck_through_from_any_side(scene: Any, size: tuple[int, int]) -> None:
    scene.resize(*size)
    scene.show_box(SurfaceBox(hill(), True))
    counts = []
    for azimuth in range(0, 360, 40):
        for elevation in (-5, 5, 30, 60, 80, 90):
            scene._renderer.setCameraPosition(azimuth=azimuth, elevation=elevation)
            scene._render(3)
            rects = [label.rect for label in scene._labels]
            for k, label in enumerate(scene._labels):
                where, rect = (azimuth, elevation, label), label.rect
                assert scene.rect().contains(rect.toAlignedRect()), where
                assert not any(rect.intersects(other) for other in rects[:k]), where
                assert label.axis == "title" or not is_struck(rect, scene._segments), where
            counts.append((elevation, len(rects)))
    steep = [count for elevation, count in counts if elevation == 90]
    usual = [count for elevation, count in counts if elevation == 30]
    assert np.mean(usual) > np.mean(steep), "there are fewer where there is less room"
    assert min(count for _, count in counts) >= 5, "but never only a few"


def test_projection_agrees_with_the_rays_of_the_mouse(scene: Any) -> None:
    rendered = scene._rendered
    for point in ((0.3, -0.8, 0.1), (-1, 1, 0), (0, 0, 0.9)):
        x, y, _ = rendered.project(np.array([point]))[0]
        origin, direction = scene._renderer.ray(x, y)
        along = np.dot(np.array(point) - origin, direction) / np.dot(direction, direction)
        assert origin + along * direction == pytest.approx(np.array(point), abs=1e-4)


def test_a_point_before_the_ridge_is_seen_and_one_behind_it_is_hidden(scene: Any) -> None:
    scene._renderer.setCameraPosition(azimuth=0, elevation=12)
    scene._render(1)
    points = scene._box.points(np.array([[1.5, 0.0], [-0.6, 0.0]]))
    rendered = scene._rendered
    assert rendered.hidden(rendered.project(points)).tolist() == [False, True]


@pytest.mark.parametrize("azimuth", [0, 60, 200])
def test_hidden_is_what_a_ray_from_the_viewer_does_not_reach(scene: Any, azimuth: int) -> None:
    """The depth of the rendered picture against marching rays: two ways to one answer, but on the crest itself."""
    scene._renderer.setCameraPosition(azimuth=azimuth, elevation=40)
    scene._render(1)
    rendered, box = scene._rendered, scene._box
    places = np.array([(x, y) for x in np.linspace(-1.8, 1.8, 13) for y in np.linspace(-1.8, 1.8, 7)])
    points = box.points(places)
    projected = rendered.project(points)
    hidden = rendered.hidden(projected)
    reached = []
    for (x, y, _), place in zip(projected.tolist(), places, strict=True):
        found = pick(box, *scene._renderer.ray(x, y))
        reached.append(found is not None and np.hypot(*(np.array(found) - place)) < 0.3)
    assert 10 < hidden.sum() < 80, "this view hides some and shows some"
    assert (hidden == ~np.array(reached)).mean() > 0.9


def test_picking_finds_what_is_seen(scene: Any) -> None:
    rendered = scene._rendered
    scene._renderer.setCameraPosition(azimuth=0, elevation=30)
    scene._render(1)
    rendered = scene._rendered
    for wanted in ((1.5, 0.5), (1.0, -1.0)):
        place = rendered.project(scene._box.points(np.array([wanted]), lift=0.0))[0]
        found = scene.pick_at(QPoint(round(place[0]), round(place[1])))
        assert found == pytest.approx(wanted, abs=0.08)
    assert scene.pick_at(QPoint(2, 2)) is None


def test_a_double_click_asks_for_a_start_there(scene: Any, qtbot: Any) -> None:
    with qtbot.waitSignal(scene.start_chosen) as caught:
        QTest.mouseDClick(scene, Qt.MouseButton.LeftButton, pos=scene.rect().center())
    x, y = caught.args
    assert abs(x) <= 2
    assert abs(y) <= 2
    with qtbot.assertNotEmitted(scene.start_chosen):
        QTest.mouseDClick(scene, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))


def test_turning_by_key_and_mouse_is_coarse_then_fine(scene: Any, qtbot: Any) -> None:
    for turn in ("key", "mouse"):
        before, count = pixels(scene), scene.renderings
        if turn == "key":
            QTest.keyClick(scene, Qt.Key.Key_Left)
        else:
            QTest.mousePress(scene, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
            QTest.mouseMove(scene, QPoint(150, 90))
            QApplication.processEvents()
            QTest.mouseRelease(scene, Qt.MouseButton.LeftButton, pos=QPoint(150, 90))
        assert scene._every == 3
        assert scene.renderings > count
        qtbot.waitUntil(lambda: scene._every == 1)
        assert (pixels(scene) != before).any(axis=2).mean() > 0.05


def test_a_growing_path_does_not_render_the_surface_again(scene: Any) -> None:
    count, before = scene.renderings, has_colour(pixels(scene), LIGHT.lanes[0], 12)
    for k in range(2, 20):
        scene.show_run([np.column_stack((np.linspace(1.9, 0.6, 20)[:k], np.linspace(-1, 1, 20)[:k]))])
    assert scene.renderings == count
    assert has_colour(pixels(scene), LIGHT.lanes[0], 12) > before + 100


def test_dark_theme_renders_on_a_dark_ground(scene: Any) -> None:
    scene.set_theme(DARK)
    assert tuple(pixels(scene)[5, 5]) == tuple(int(DARK.base[k : k + 2], 16) for k in (1, 3, 5))


def test_a_surface_of_gaps_is_no_trouble(scene: Any) -> None:
    made = hill()
    empty = SurfaceGrid(made.x, made.y, np.full_like(made.heights, np.nan), "x", "y", (), "", True)
    scene.show_box(SurfaceBox(empty, True))
    scene.show_run([np.array([[0.0, 0.0], [1.0, 1.0]])], [Mark(0, 1.0, 1.0, 3.0)])
    assert scene.pick_at(scene.rect().center()) is None
    assert scene.drawn()["size"] == in_pixels(scene)


# The view around it


def path_history(positions: np.ndarray) -> History:
    made = History(1)
    made.extend(RecordBlock(0, np.ones((len(positions), 1)), positions[:, None, :]))
    return made


@pytest.fixture
def flat(shown: Show) -> SurfaceView:
    view = shown(SurfaceView("there is none in this test"), 600, 500)
    view.begin_run(Experiment())
    return view


def show(view: SurfaceView, grid: SurfaceGrid) -> None:
    """The answer to the surface that is asked for."""
    view.show_answer(Answer(view.asks[0], 0, grid))


def test_a_contour_has_lines_minima_and_the_reason(flat: SurfaceView, qtbot: Any) -> None:
    assert flat.drawn()["surface"] is None
    show(flat, hill())
    drawn = flat.drawn()
    assert drawn["contours"] > 5
    assert "there is none in this test" in drawn["note"]
    assert drawn["labels"] == ("east", "north")
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)


def test_gaps_are_named_and_grey(flat: SurfaceView, qtbot: Any) -> None:
    made = hill()
    heights = made.heights.copy()
    heights[:, :20] = np.nan
    show(flat, SurfaceGrid(made.x, made.y, heights, "x", "y", (), "", True))
    assert "Gaps" in flat._note.toolTip()
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)


def test_the_path_ends_where_the_step_stands(flat: SurfaceView) -> None:
    show(flat, hill())
    positions = np.column_stack((np.linspace(-1.9, 1.0, 400), np.linspace(1.5, -1.0, 400)))
    kept = path_history(positions)
    for step in (399, 100, 0, 250):
        flat.show_history(kept, step)
        assert flat.drawn()["ends"] == [pytest.approx(tuple(positions[step]))]
    assert flat.drawn()["paths"][0] > 50


def test_a_path_that_is_not_finite_stops_before_it(flat: SurfaceView) -> None:
    show(flat, hill())
    positions = np.array([[0.0, 0.0], [1.0, 1.0], [np.inf, 1.0], [np.nan, np.nan]])
    flat.show_history(path_history(positions), 3)
    assert flat.drawn()["ends"] == [pytest.approx((1.0, 1.0))]
    pixels(flat)


def placed(*places: tuple[float, float], step: int, off: float = 0.0, cut: int = 0) -> Answer:
    """Found on a slice, each on a way of five places."""
    position = np.array(places)
    paths = np.linspace(position * 0, position, 5, axis=1)
    count = len(places)
    found = Places(position, "", (1.0,) * count, (2.0,) * count, (off,) * count, paths=paths, cut=cut)
    return Answer(Locate(), step, found)


def test_a_slice_draws_the_recorded_way_however_it_was_looked_at(flat: SurfaceView) -> None:
    show(flat, hill(exact=False))
    for step in (2, 0, 1, 2):
        flat.show_answer(placed((0.1 * step, 0.2), step=step))
    assert flat.drawn()["paths"] == [5]
    assert flat.drawn()["ends"] == [pytest.approx((0.2, 0.2))]
    assert flat._recentre.isVisible()
    assert flat.drawn()["legend"] == []
    flat.show_answer(placed((0.2, 0.2), step=3, off=0.37))
    assert flat.drawn()["legend"] == ["0.37 off the slice · loss 1, on the slice 2"]


def test_the_legend_of_a_race_stands_beside_the_surface_with_the_signs_of_the_paths(flat: SurfaceView) -> None:
    flat.begin_run(Experiment(optimizers=(SGD(), SGD(lr=0.1))))
    flat.show_answer(Answer(flat.asks[0], 0, hill()))
    flat.show_history(race_history(), 4)
    QApplication.processEvents()
    assert flat.drawn()["legend"] == ["1. SGD lr 0.1", "2. SGD lr 0.001"]
    assert flat.drawn()["reached"] == {"reached 0.01 at step": ["2", "–"]}
    key, canvas = flat._legend, flat.contour
    assert key.isVisible()
    assert key.mapTo(flat, key.rect().bottomLeft()).y() < canvas.mapTo(flat, canvas.rect().topLeft()).y()
    signs = {line.sign.colour: line.sign.shape for line in canvas.live() if line.sign}
    assert signs == {piece.sign.colour: piece.sign.shape for piece in key.pieces if piece.sign}
    flat.begin_run(Experiment())
    flat.show_answer(Answer(flat.asks[0], 0, hill()))
    assert not key.isVisible(), "one alone needs no legend"


def race_history() -> History:
    """The second comes to 0.01 at step 2."""
    made = History(2)
    losses = np.array([[1.0, 1.0], [0.9, 0.5], [0.8, 0.01], [0.7, 0.01], [0.6, 0.01]])
    ways = np.linspace((0.0, 0.0), (1.0, -1.0), 5)
    made.extend(RecordBlock(0, losses, np.stack((ways, -ways), axis=1)))
    return made


def test_a_slice_grows_after_its_path(flat: SurfaceView) -> None:
    show(flat, hill(exact=False))
    asked = flat.asks[0]
    flat.show_answer(placed((2.5, 0.2), step=80))
    assert "left this picture" in str(flat.drawn()["note"])
    assert flat.asks[0] != asked
    wider = hill(exact=False)
    show(flat, SurfaceGrid(wider.x * 2, wider.y * 2, wider.heights, "x", "y", (), "", False))
    assert flat.drawn()["note"].startswith("No 3-D")
    assert flat.drawn()["paths"] == [5]


def test_a_hollow_mark_is_hollow_and_a_plain_one_is_not(flat: SurfaceView, qtbot: Any) -> None:
    show(flat, hill(exact=False))
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)
    ratio, box = flat.devicePixelRatioF(), flat.contour.getPlotItem().getViewBox()
    for off, colour in ((0.0, LIGHT.lanes[0]), (0.5, LIGHT.base)):
        flat.show_answer(placed((1.0, 1.0), step=int(off * 10), off=off))
        at = box.mapViewToScene(QPointF(1.0, 1.0)) * ratio
        middle = pixels(flat.contour)[round(at.y()), round(at.x())].astype(int)
        assert np.abs(middle - _rgb(colour)).max() < 12


def test_a_contour_leaves_room_for_the_numbers_at_its_ends(flat: SurfaceView, qtbot: Any) -> None:
    """The uppermost number was cut: half of it stood outside the plot."""
    show(flat, hill())
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)
    frame = flat.contour.getPlotItem().getViewBox().sceneBoundingRect()
    area = flat.contour.viewport().rect()
    assert frame.top() >= 7
    assert area.right() - frame.right() >= 13


# The curve of one number


def parabola() -> LossCurve:
    x = np.linspace(-2, 2, 65)
    return LossCurve(x, x**2, "weight", "")


def number(x: float, slope: float) -> Places:
    return Places(np.array([[x]]), "", (x * x,), (x * x,), (0.0,), (slope,))


def test_one_number_is_a_curve_with_a_tangent(flat: SurfaceView, qtbot: Any) -> None:
    flat.show_answer(Answer(flat.asks[0], 0, parabola()))
    assert flat._stack.currentWidget() is flat.curve
    assert not any(widget.isVisible() for widget in flat._controls.values())
    history = History(1)
    history.extend(RecordBlock(0, np.ones((9, 1)), np.linspace(-1.8, 1.0, 9)[:, None, None]))
    flat.show_history(history, 8)
    flat.show_answer(Answer(Locate(), 8, number(1.0, 2.0)))
    drawn = flat.drawn()
    assert (drawn["drawing"], drawn["labels"], drawn["ends"], drawn["legend"]) == (
        "curve",
        ("weight",),
        [(1.0,)],
        ["slope 2"],
    )
    (path,) = flat.curve.live()
    np.testing.assert_allclose(path.points[:, 1], np.interp(path.points[:, 0], parabola().x, parabola().heights))
    qtbot.waitUntil(lambda: has_colour(pixels(flat.curve), LIGHT.lanes[0], 12) > 150)
    steep = pixels(flat.curve)
    flat.show_answer(Answer(Locate(), 8, number(1.0, 0.0)))
    qtbot.waitUntil(lambda: not np.array_equal(pixels(flat.curve), steep))


def test_the_tangent_touches_the_curve(flat: SurfaceView, qtbot: Any) -> None:
    """Both ends of the line that is painted lie where the slope in the data's own units puts them."""
    flat.show_answer(Answer(flat.asks[0], 0, parabola()))
    qtbot.waitUntil(lambda: colours(flat.curve) > 10)
    box = flat.curve.getPlotItem().getViewBox()
    flat.show_history(path_history_of_one(1.0), 0)
    flat.show_answer(Answer(Locate(), 0, number(1.0, 2.0)))
    qtbot.waitUntil(lambda: has_colour(pixels(flat.curve), LIGHT.lanes[0], 12) > 60)
    ratio = flat.devicePixelRatioF()
    red = np.abs(pixels(flat.curve).astype(int) - _rgb(LIGHT.lanes[0])).max(axis=2) < 30
    rows, columns = np.nonzero(red)
    left = int(columns.argmin())
    at = box.mapSceneToView(QPointF(columns[left] / ratio, rows[left] / ratio))
    assert at.y() == pytest.approx(1.0 + 2.0 * (at.x() - 1.0), abs=0.12)


def path_history_of_one(x: float) -> History:
    made = History(1)
    made.extend(RecordBlock(0, np.ones((1, 1)), np.array([[[x]]])))
    return made


def _rgb(colour: str) -> np.ndarray:
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])


def test_a_double_click_on_the_curve_asks_for_that_start(flat: SurfaceView, qtbot: Any) -> None:
    flat.show_answer(Answer(flat.asks[0], 0, parabola()))
    qtbot.waitUntil(lambda: colours(flat.curve) > 10)
    at = flat.curve.getPlotItem().getViewBox().mapViewToScene(QPointF(1.0, 1.0)).toPoint()
    with qtbot.waitSignal(flat.start_chosen) as caught:
        QTest.mouseDClick(flat.curve.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert caught.args[0] == pytest.approx(1.0, abs=0.03)


def test_a_double_click_on_the_contour_asks_for_that_start(flat: SurfaceView, qtbot: Any) -> None:
    show(flat, hill())
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)
    box = flat.contour.getPlotItem().getViewBox()
    at = box.mapViewToScene(QPointF(1.0, -0.5)).toPoint()
    with qtbot.waitSignal(flat.start_chosen) as caught:
        QTest.mouseDClick(flat.contour.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert caught.args == pytest.approx([1.0, -0.5], abs=0.03)


def test_basins_are_asked_for_shown_and_taken_away(flat: SurfaceView, qtbot: Any) -> None:
    switch = next(box for box in flat.findChildren(QCheckBox) if box.text() == "Basins")
    show(flat, hill())
    assert flat.asks == (Survey(), Locate())
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    asked = flat.asks[-1]
    assert asked == MapBasins(((-2.0, 2.0), (-2.0, 2.0)))
    assert "Computing" in flat.drawn()["note"]
    show(flat, hill())
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)
    before = pixels(flat.contour)
    labels = np.tile(np.repeat([0, 3], 16), (32, 1))
    flat.show_answer(Answer(asked, 0, Progress(0.5, say("Computing the basins"))))
    assert flat.drawn()["note"].startswith("Computing the basins… 50%")
    found = BasinMap(np.linspace(-2, 2, 32), np.linspace(-2, 2, 32), labels, np.zeros((4, 2)), 9, "32 x 32 starts.")
    flat.show_answer(Answer(asked, 0, found))
    assert flat.drawn()["basins"] == [0, 3]
    assert "32 x 32 starts" in flat.drawn()["note"]
    qtbot.waitUntil(lambda: not np.array_equal(pixels(flat.contour), before))
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert flat.drawn()["basins"] == []
    assert flat.asks == (Survey(), Locate())
    flat.show_answer(Answer(asked, 0, found))
    assert flat.drawn()["note"].startswith("No 3-D")
    qtbot.waitUntil(lambda: np.array_equal(pixels(flat.contour), before))


def test_a_surface_without_a_finite_point_is_told_in_words(flat: SurfaceView) -> None:
    grid = hill()
    show(flat, replace(grid, heights=np.full_like(grid.heights, np.nan)))
    assert "not finite at any point" in str(flat.drawn()["absence"])
    assert not [box.text() for box in flat.findChildren(QCheckBox) if box.isVisible()]
    show(flat, grid)
    assert flat.drawn()["absence"] == ""
    assert [box.text() for box in flat.findChildren(QCheckBox) if box.isVisible()]
