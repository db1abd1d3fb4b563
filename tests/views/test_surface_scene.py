"""The surface in three dimensions, rendered: where things are painted, what is hidden, how it is turned and picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from desk import colours, has_colour, pixels
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox

from gradviz.core.document.experiment import Experiment
from gradviz.core.optimizers.catalogue import SGD
from gradviz.core.questions.basins import BasinMap, MapBasins
from gradviz.core.questions.place import Locate, Places
from gradviz.core.questions.question import Answer, Progress
from gradviz.core.questions.surface import SurfaceGrid, Survey
from gradviz.core.runs.history import History
from gradviz.core.runs.records import RecordBlock
from gradviz.core.words import say
from gradviz.views.kit.opengl import probe_opengl
from gradviz.views.kit.theme import DARK, LIGHT
from gradviz.views.surface.surface_geometry import SurfaceBox, pick
from gradviz.views.surface.surface_view import SurfaceView

Show = Callable[..., Any]


def hill(exact: bool = True) -> SurfaceGrid:
    """A ridge along y at x = 0, high in the middle, with minima before and behind it."""
    x = y = np.linspace(-2, 2, 65)
    a, b = np.meshgrid(x, y)
    return SurfaceGrid(x, y, 5 * np.exp(-8 * a**2) + 0.1 * b**2, "east", "north", ((-1.5, 0.0), (1.5, 0.0)), "", exact)


@pytest.fixture
def scene(shown: Show) -> Any:
    fault = probe_opengl()
    if fault:
        pytest.skip(fault)
    from gradviz.views.surface.surface_scene import SurfaceScene

    made = shown(SurfaceScene(), 600, 500)
    made.show_box(SurfaceBox(hill(), False))
    return made


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


def test_each_label_is_painted_where_its_place_is_projected(scene: Any) -> None:
    rendered = scene._rendered
    picture = pixels(scene).astype(int)
    plain = QApplication.instance()
    assert plain is not None
    places = rendered.project(np.array([place for place, _, _ in scene._labels]))
    background = np.abs(picture - 255).max(axis=2)
    assert len(scene.drawn()["labels"]) == len(scene._labels), "in this view there is room for all"
    ratio = scene.devicePixelRatioF()
    for (x, y, _), (_, text, _) in zip(places.tolist(), scene._labels, strict=True):
        left, right = (round(ratio * min(max(x + away, 0), 599)) for away in (-30, 30))
        top, bottom = (round(ratio * min(max(y + away, 0), 499)) for away in (-9, 9))
        assert (background[top:bottom, left:right] > 60).sum() > 4, f"{text} is not at ({x:.0f}, {y:.0f})"


@pytest.mark.parametrize("azimuth", [0, 45, 100, 190, 275])
def test_labels_stand_near_the_floor_edges_that_face_the_viewer(scene: Any, azimuth: int) -> None:
    scene._renderer.setCameraPosition(azimuth=azimuth)
    scene._render(1)
    rendered = scene._rendered
    floor = rendered.project(np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], dtype=float))
    centre = rendered.project(np.zeros((1, 3)))[0]
    for place, text, _ in scene._labels:
        x, y, depth = rendered.project(np.array([place]))[0]
        nearest = np.hypot(floor[:, 0] - x, floor[:, 1] - y).min()
        assert nearest < 600, text
        if place[2] == 0:
            assert depth < centre[2] + 0.02 or abs(x - centre[0]) > 60, f"{text} stands behind the surface"


@pytest.mark.parametrize("size", [(600, 500), (590, 420), (300, 220)])
def test_no_label_stands_upon_another_from_any_side(scene: Any, size: tuple[int, int]) -> None:
    scene.resize(*size)
    scene.show_box(SurfaceBox(hill(), True))
    counts = []
    for azimuth in range(0, 360, 40):
        for elevation in (-5, 5, 30, 60, 80, 90):
            scene._renderer.setCameraPosition(azimuth=azimuth, elevation=elevation)
            scene._render(3)
            rects = [rect for _, rect in scene._written]
            for k, rect in enumerate(rects):
                assert scene.rect().contains(rect.toAlignedRect()), (azimuth, elevation)
                assert not any(rect.intersects(other) for other in rects[:k]), (azimuth, elevation)
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
        scene.show_paths([np.column_stack((np.linspace(1.9, 0.6, 20)[:k], np.linspace(-1, 1, 20)[:k]))])
    assert scene.renderings == count
    assert has_colour(pixels(scene), LIGHT.lanes[0], 12) > before + 100


def test_dark_theme_renders_on_a_dark_ground(scene: Any) -> None:
    scene.set_theme(DARK)
    assert tuple(pixels(scene)[5, 5]) == tuple(int(DARK.base[k : k + 2], 16) for k in (1, 3, 5))


def test_a_surface_of_gaps_is_no_trouble(scene: Any) -> None:
    made = hill()
    empty = SurfaceGrid(made.x, made.y, np.full_like(made.heights, np.nan), "x", "y", (), "", True)
    scene.show_box(SurfaceBox(empty, True))
    scene.show_paths([np.array([[0.0, 0.0], [1.0, 1.0]])])
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


def test_a_slice_draws_the_places_of_snapshots(flat: SurfaceView) -> None:
    show(flat, hill(exact=False))
    for k in range(3):
        flat.show_answer(Answer(Locate(), k, Places(np.array([[0.1 * k, 0.2]]), "")))
    assert flat.drawn()["paths"] == [3]
    assert flat.drawn()["ends"] == [pytest.approx((0.2, 0.2))]
    assert flat._recentre.isVisible()


def test_a_slice_says_that_the_path_has_left_it(flat: SurfaceView) -> None:
    show(flat, hill(exact=False))
    for step, x in ((0, 0.0), (40, 1.9), (80, 2.5), (120, 7.0), (60, 2.1)):
        flat.show_answer(Answer(Locate(), step, Places(np.array([[x, 0.2]]), "")))
        assert ("leaves this picture" in str(flat.drawn()["note"])) == (step > 40)
    assert flat.drawn()["note"] == "The path leaves this picture by step 60: Slice here follows it."
    show(flat, hill(exact=False))
    assert "leaves" not in str(flat.drawn()["note"]), "another slice begins anew"
    flat.begin_run(Experiment(optimizers=(SGD(), SGD())))
    show(flat, hill(exact=False))
    flat.show_answer(Answer(Locate(), 9, Places(np.array([[0.0, 0.2], [0.0, -3.0]]), "")))
    assert str(flat.drawn()["note"]).startswith("1 of 2 paths leave this picture, the first by step 9")


def test_a_double_click_on_the_contour_asks_for_that_start(flat: SurfaceView, qtbot: Any) -> None:
    show(flat, hill())
    qtbot.waitUntil(lambda: colours(flat.contour) > 30)
    box = flat.contour.getPlotItem().getViewBox()
    from PySide6.QtCore import QPointF

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
