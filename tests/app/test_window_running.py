"""The whole window, driven by mouse and keyboard: running, pausing, stepping, going back, looking."""

from __future__ import annotations

import time

import numpy as np
import pytest
from desk import CONTROL, LEFT, Desk, Key, colours, number_in, pixels, visible_views
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QSlider

from gradviz.core.runs.state import RunState
from gradviz.storage.shipped.gallery import gallery

CARDS = tuple(entry.name for entry in gallery())


def assert_one_step(desk: Desk) -> int:
    """Every view of a Himmelblau run shows the step that the run stands at; returns it."""
    step = desk.control.step
    assert set(desk.steps_shown().values()) == {step}, desk.steps_shown()
    history = desk.control.history
    loss, (x, y) = history.losses[step, 0], history.positions[step, 0]
    assert number_in(desk.drawn("graph")["nodes"][0][2]) == pytest.approx(loss, rel=1e-5)
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(loss, rel=1e-5)
    assert desk.drawn("surface")["ends"] == [pytest.approx((x, y))]
    rows = desk.drawn("parameters")["rows"]
    assert [float(row[2]) for row in rows] == pytest.approx([x, y], rel=1e-5)
    return step


def test_first_start_shows_the_gallery_and_an_experiment_that_is_ready(desk: Desk) -> None:
    assert desk.window.gallery.isVisible()
    assert desk.window.gallery.drawn()["cards"] == list(CARDS)
    assert desk.window.gallery.drawn()["current"] == ["himmelblau"]
    assert desk.control.state is RunState.READY
    assert "Himmelblau" in desk.window.windowTitle()
    assert "ready" in desk.window.status()[1]
    assert "Space" in desk.window.status()[0]
    assert assert_one_step(desk) == 0
    assert desk.drawn("surface")["surface"] == (128, 128)
    assert desk.drawn("surface")["three_dimensional"]
    assert desk.message == ""


def test_space_runs_and_pauses(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.RUNNING)
    assert desk.run_button("Pause").isEnabled()
    desk.wait_step(20)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    assert assert_one_step(desk) >= 20
    assert desk.run_button("Run").isEnabled()


def test_pause_by_click_stops_at_once_and_all_views_show_one_step(desk: Desk) -> None:
    desk.click(desk.run_button("Run"))
    desk.wait_step(100)
    begin = time.perf_counter()
    desk.click(desk.run_button("Pause"))
    desk.wait_state(RunState.PAUSED)
    assert time.perf_counter() - begin < 0.5
    desk.settle()
    step = assert_one_step(desk)
    assert len(desk.control.history) == step + 1


def test_views_are_drawn_while_it_runs(desk: Desk) -> None:
    frames = desk.controller.refresher.frames
    desk.click(desk.run_button("Run"))
    desk.wait(lambda: desk.controller.refresher.frames >= frames + 5, "five frames")
    assert desk.control.state is RunState.RUNNING
    assert desk.drawn("graph")["step"] > 0
    assert desk.drawn("curves")["points"][0] > 2
    assert "steps/s" in desk.window.run_bar.drawn()["rate"]


def test_step_and_step_back_by_button_and_by_key(desk: Desk) -> None:
    back = desk.run_button("One step back")
    assert not back.isEnabled()
    for wanted in (1, 2):
        desk.click(desk.run_button("One step"))
        desk.wait(lambda wanted=wanted: desk.control.step == wanted, "a step")
        desk.wait_state(RunState.PAUSED)
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 3, "a step by key")
    desk.settle()
    first = assert_one_step(desk)
    losses = desk.control.history.losses[:4, 0].copy()
    desk.wait(back.isEnabled, "the way back")
    desk.click(back)
    desk.wait(lambda: desk.control.step == first - 1, "one back")
    desk.press(Key.Key_Left, CONTROL)
    desk.wait(lambda: desk.control.step == first - 2, "one back by key")
    desk.settle()
    assert assert_one_step(desk) == 1
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 2, "forth again")
    desk.settle()
    assert_one_step(desk)
    assert np.array_equal(desk.control.history.losses[:3, 0], losses[:3])


@pytest.mark.parametrize("by_key", [False, True])
def test_reset_gives_the_same_initial_loss(desk: Desk, by_key: bool) -> None:
    desk.open_card("neurons")
    desk.click_tab("Parameters")
    desk.settle()
    first = desk.control.history.losses[0, 0]
    rows = desk.drawn("parameters")["rows"]
    desk.press(Key.Key_Space)
    desk.wait_step(50)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    assert desk.drawn("parameters")["rows"] != rows
    if by_key:
        desk.press(Key.Key_R, CONTROL)
    else:
        desk.click(desk.run_button("Reset to step 0, the same initial values"))
    desk.wait_state(RunState.READY)
    desk.settle()
    assert desk.control.step == 0
    assert desk.control.history.losses[0, 0] == first
    assert desk.drawn("parameters")["rows"] == rows
    assert number_in(desk.drawn("curves")["note"]) == pytest.approx(first, rel=1e-6)
    assert desk.window.run_bar.drawn()["where"].startswith("step 0 of")


def test_reset_while_it_runs(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(50)
    desk.press(Key.Key_R, CONTROL)
    desk.wait_state(RunState.READY)
    desk.settle()
    assert assert_one_step(desk) == 0


def test_timeline_goes_to_any_step_that_was_run(desk: Desk) -> None:
    desk.enter("steps", "600")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    losses = desk.control.history.losses.copy()
    desk.drag_timeline(0.5)
    desk.wait(lambda: desk.control.step != 600, "the seek")
    desk.settle()
    step = assert_one_step(desk)
    assert abs(step - 300) <= 3
    assert len(desk.control.history) == 601, "what was run stays known"
    slider = desk.window.run_bar.findChild(QSlider)
    slider.setFocus()
    desk.press(Key.Key_Home)
    desk.wait(lambda: desk.control.step == 0, "the start by key")
    desk.settle()
    assert assert_one_step(desk) == 0
    desk.press(Key.Key_End)
    desk.wait(lambda: desk.control.step == 600, "the end by key")
    desk.settle()
    assert assert_one_step(desk) == 600
    assert np.array_equal(desk.control.history.losses, losses)


def test_timeline_never_goes_beyond_what_was_run(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(40)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    known = len(desk.control.history) - 1
    slider = desk.window.run_bar.findChild(QSlider)
    desk.drag_timeline(0.9)
    desk.wait(lambda: slider.value() == round(1000 * known / 30000), "the handle to go back")
    assert desk.control.step == known
    assert assert_one_step(desk) == known


def test_dragging_the_timeline_while_it_runs_pauses_there(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(1000)
    slider = desk.window.run_bar.findChild(QSlider)
    slider.setFocus()
    desk.press(Key.Key_Home)
    desk.wait_state(RunState.READY, RunState.PAUSED)
    desk.settle()
    assert assert_one_step(desk) == 0
    assert len(desk.control.history) > 1000


def test_speed_can_be_chosen_before_and_while_it_runs(desk: Desk) -> None:
    box = desk.window.run_bar.findChild(QComboBox)
    desk.pick_entry(box, "20 steps/s")
    desk.click(desk.run_button("Run"))
    desk.wait_step(4)
    begin, first = time.perf_counter(), desk.control.step
    desk.wait_step(first + 10)
    rate = (desk.control.step - first) / (time.perf_counter() - begin)
    assert 10 < rate < 30
    desk.pick_entry(box, "Full speed")
    desk.wait_step(desk.control.step + 500, timeout_ms=5000)
    assert desk.control.state is RunState.RUNNING


def test_log_scale_by_key_and_by_click(desk: Desk) -> None:
    desk.press(Key.Key_Space)
    desk.wait_step(200)
    desk.press(Key.Key_Space)
    desk.wait_state(RunState.PAUSED)
    desk.settle()
    curves = desk.window.views["curves"]
    linear = pixels(curves)
    assert not desk.drawn("curves")["log"]
    desk.press(Key.Key_L, CONTROL)
    assert desk.drawn("curves")["log"]
    desk.wait(lambda: (pixels(curves) != linear).mean() > 0.005, "another picture")
    box = next(box for box in curves.findChildren(QCheckBox) if box.text() == "Log scale")
    assert box.isChecked()
    QTest.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    assert not desk.drawn("curves")["log"]


def test_surface_in_three_dimensions_and_as_contour(desk: Desk) -> None:
    surface = desk.window.views["surface"]
    three = pixels(surface)
    desk.press(Key.Key_D, CONTROL)
    desk.wait(lambda: not desk.drawn("surface")["three_dimensional"], "the contour")
    assert desk.drawn("surface")["contours"] > 0
    desk.wait(lambda: (pixels(surface) != three).any(axis=2).mean() > 0.2, "another picture")
    assert surface.contour.isVisible()
    assert not surface.scene.isVisible()
    desk.pick_entry(surface.findChild(QComboBox), "3-D")
    desk.wait(lambda: desk.drawn("surface")["three_dimensional"], "the third dimension")
    assert surface.scene.isVisible()
    desk.wait(lambda: colours(surface.scene) > 500, "a shaded surface")


@pytest.mark.parametrize("contour", [False, True])
def test_a_double_click_on_the_surface_starts_there(desk: Desk, contour: bool) -> None:
    surface = desk.window.views["surface"]
    if contour:
        desk.press(Key.Key_D, CONTROL)
        desk.wait(surface.contour.isVisible, "the contour")
    shown = surface.contour.viewport() if contour else surface.scene
    at = shown.rect().center()
    QTest.mouseDClick(shown, LEFT, pos=at)
    objective = desk.controller.session.experiment.objective
    assert (objective.x, objective.y) != (0.0, 0.0)
    assert max(abs(objective.x), abs(objective.y)) < 4
    desk.settle()
    assert desk.drawn("surface")["ends"] == [pytest.approx((objective.x, objective.y), abs=1e-4)]
    assert desk.window.isWindowModified()


def test_light_and_dark(desk: Desk) -> None:
    desk.choose_menu("use_light_theme")
    desk.settle()
    light = {key: pixels(desk.window.views[key]).mean() for key in visible_views(desk)}
    window = pixels(desk.window).mean()
    assert window > 180
    desk.choose_menu("use_dark_theme")
    desk.settle()
    assert pixels(desk.window).mean() < 75
    for key, before in light.items():
        after = pixels(desk.window.views[key]).mean()
        assert after < 110, f"{key} stayed light: {after}"
        assert before > after + 60, key
    desk.choose_menu("use_light_theme")
    desk.settle()
    assert pixels(desk.window).mean() == pytest.approx(window, abs=6)


ONE_OF_EACH = (
    "matrix-mean", "line-too-fast", "line-50", "race-line", "himmelblau-adam", "rank-five", "neurons", "moons",
)  # fmt: skip


@pytest.mark.parametrize("name", ONE_OF_EACH)  # all of them: the self-test, and the rows of the cases
def test_a_card_of_each_section_opens_by_click_and_runs_50_steps(desk: Desk, name: str) -> None:
    desk.open_card(name)
    assert desk.window.gallery.drawn()["current"] == [name]
    desk.run_steps(50)
    diverges = name == "line-too-fast"
    assert desk.control.state is (RunState.DIVERGED if diverges else RunState.FINISHED)
    assert diverges or desk.control.step == 50
    shown = desk.steps_shown()
    assert set(shown.values()) == {desk.control.step}, shown
    for tab in ("Fit", "Parameters"):
        desk.click_tab(tab)
        desk.settle()
        for key in visible_views(desk):
            assert_drew_something(desk, key)


def assert_drew_something(desk: Desk, key: str) -> None:
    drawn, view = desk.drawn(key), desk.window.views[key]
    is_fit = desk.control.experiment.objective.kind == "fit"
    if key == "graph":
        assert len(drawn["nodes"]) >= 3
        assert drawn["painted"] == len(drawn["nodes"])
    elif key == "curves":
        assert drawn["points"][0] > 2
    elif key == "parameters":
        assert drawn["rows"]
        assert all(row[2] and row[3] for row in drawn["rows"])
    elif key == "fit":
        assert bool(drawn["points"]) == is_fit
    elif key == "lesson":
        assert desk.controller.session.document.title in drawn["text"]
    else:
        assert drawn["surface"] is not None
        assert drawn["paths"]
    assert colours(view) > (1000 if key == "surface" else 12), f"{key} is empty"


def test_every_control_has_a_name_for_assistive_tools(desk: Desk) -> None:
    desk.show_form()
    for view in (desk.window.run_bar, desk.form, desk.window.messages, *desk.window.views.values()):
        for widget in view.findChildren(QAbstractButton):
            named = widget.accessibleName() or widget.text().strip()
            assert named or not widget.isVisible(), f"{widget} in {view}"
    for name in ("graph", "curves", "surface"):
        assert desk.window.docks[name].windowTitle()
    assert desk.window.run_bar.findChild(QSlider).accessibleName()


def test_window_is_told_how_far_the_run_is(desk: Desk) -> None:
    desk.enter("steps", "400")
    desk.click(desk.run_button("Run"))
    desk.wait_state(RunState.FINISHED)
    desk.settle()
    assert desk.window.run_bar.drawn() == {"where": "step 400 of 400", "rate": "", "run": "Run"}
    assert not desk.run_button("Run").isEnabled()
    assert not desk.run_button("One step").isEnabled()
    assert desk.window.status()[0].startswith("Finished: 400 steps.")
    assert desk.window.run_bar.findChild(QSlider).value() == 1000
