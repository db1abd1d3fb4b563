"""What the window remembers over a restart, and what it does when that is damaged."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk, pixels, visible_views
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QTableView

from gradviz.storage.user.preferences import layout_crashed, load_preferences, mark_layout_attempt, save_preferences


def places(desk: Desk) -> dict[str, tuple[int, int]]:
    """Left upper corner of each dock that stands by itself."""
    return {key: (dock.x(), dock.y()) for key, dock in desk.window.docks.items() if dock.isVisible()}


def test_hidden_and_moved_docks_are_remembered(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    before = places(desk)
    desk.window.docks["curves"].toggleViewAction().trigger()
    desk.window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, desk.window.docks["surface"])
    desk.wait(lambda: desk.window.docks["surface"].x() < before["surface"][0] - 200, "the dock at the left")
    desk.close()
    again = new_desk()
    assert not again.window.docks["curves"].isVisible()
    assert again.window.docks["surface"].isVisible()
    assert again.window.docks["surface"].x() < before["surface"][0] - 200
    assert again.message == ""
    again.choose_menu("reset_layout")
    again.settle()
    assert again.window.docks["curves"].isVisible()
    assert abs(places(again)["surface"][0] - before["surface"][0]) < 40


def test_a_hidden_view_is_drawn_when_it_comes_back(desk: Desk) -> None:
    from desk import CONTROL, Key

    action = desk.window.docks["curves"].toggleViewAction()
    action.trigger()
    desk.press(Key.Key_Right, CONTROL)
    desk.wait(lambda: desk.control.step == 1, "a step")
    desk.settle()
    assert desk.drawn("curves")["step"] == 0, "what is hidden costs nothing"
    action.trigger()
    desk.settle()
    assert desk.drawn("curves")["step"] == 1


def test_the_menu_of_panes_brings_to_the_front_and_closes_only_what_is_there(desk: Desk) -> None:
    menu = desk.startup.menus.menus["panes"]
    entries = {action.text(): action for action in menu.actions()}

    def choose(title: str) -> None:
        menu.popup(desk.window.mapToGlobal(QPoint(30, 30)))
        desk.wait(menu.isVisible, "the menu")
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entries[title]).center())
        desk.wait(lambda: not menu.isVisible(), "the menu to go")

    assert desk.window.is_front("gallery")
    choose("Experiment")
    assert desk.window.is_front("experiment"), "it stood behind the gallery"
    choose("Experiment")
    assert not desk.window.docks["experiment"].isVisible()
    desk.wait(lambda: desk.window.is_front("gallery"), "what stood behind it")
    choose("Experiment")
    assert desk.window.is_front("experiment")
    menu.popup(desk.window.mapToGlobal(QPoint(30, 30)))
    assert [entries[title].isChecked() for title in ("Experiment", "Gallery", "Graph")] == [True, False, True]
    menu.hide()


def test_the_theme_is_remembered(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.choose_menu("use_dark_theme")
    desk.close()
    again = new_desk()
    assert again.window.theme.name == "dark"
    assert pixels(again.window).mean() < 75
    again.choose_menu("use_system_theme")
    assert again.controller.preferences.theme == "system"


def damaged(config: Path, how: str) -> None:
    """Preferences with a layout that Qt must not see, or sees and refuses."""
    preferences, _ = load_preferences(config)
    assert preferences.layout
    path = config / "preferences.json"
    data = json.loads(path.read_text())
    if how == "hash":
        data["layout"] = base64.b64encode(b"\x00\xff" * 400).decode()
        path.write_text(json.dumps(data))
    elif how == "json":
        path.write_text(path.read_text()[:50])
    elif how == "random":
        path.write_bytes(bytes(range(256)) * 8)
    else:
        preferences.layout = base64.b64encode(b"neither geometry nor state").decode()
        save_preferences(config, preferences)


@pytest.mark.parametrize("how", ["hash", "json", "random", "foreign"])
def test_a_damaged_layout_gives_the_first_one(new_desk: Callable[..., Desk], config: Path, how: str) -> None:
    desk = new_desk()
    before, seen = places(desk), visible_views(desk)
    desk.window.docks["curves"].toggleViewAction().trigger()
    desk.close()
    damaged(config, how)
    again = new_desk()
    assert visible_views(again) == seen
    assert {k: x for k, (x, _) in places(again).items()} == {k: x for k, (x, _) in before.items()}
    assert bool(again.message) == (how != "foreign")
    assert len(again.message) <= 300


def test_a_layout_that_crashed_the_last_start_is_skipped_once(new_desk: Callable[..., Desk], config: Path) -> None:
    desk = new_desk()
    desk.window.docks["curves"].toggleViewAction().trigger()
    desk.close()
    mark_layout_attempt(config)
    again = new_desk()
    assert again.window.docks["curves"].isVisible()
    assert "layout" in again.message
    assert not layout_crashed(config)
    again.close()
    third = new_desk()
    assert third.message == ""
    assert third.window.docks["curves"].isVisible()


def test_reset_layout_on_the_command_line(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.window.docks["curves"].toggleViewAction().trigger()
    desk.close()
    again = new_desk(reset_layout=True)
    assert again.window.docks["curves"].isVisible()
    assert again.message == ""


def test_a_layout_of_another_version_is_left_alone(new_desk: Callable[..., Desk], config: Path) -> None:
    desk = new_desk()
    desk.window.docks["curves"].toggleViewAction().trigger()
    desk.close()
    preferences, _ = load_preferences(config)
    preferences.layout_version = "0"
    save_preferences(config, preferences)
    again = new_desk()
    assert again.window.docks["curves"].isVisible()


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start_or_end(
    new_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GRADVIZ_CONFIG", str(tmp_path / "file" / "config"))
    desk = new_desk()
    assert desk.control.state == "ready"
    desk.window.close()
    assert not desk.window.isVisible()


def test_gallery_and_lesson_speak_the_chosen_language_and_remember_it(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    desk.open_card("line")
    lesson = desk.window.views["lesson"]
    assert lesson.isVisible()
    assert "scaled by 0.1" in lesson.drawn()["text"]
    desk.choose_menu("use_chinese")
    assert "同一条直线" in lesson.drawn()["text"]
    assert "同一条直线，输入乘以 0.1" in desk.window.gallery.drawn()["titles"]
    assert "过十一个点的直线" in desk.window.gallery.drawn()["headings"]
    assert desk.startup.menus.actions["use_chinese"].isChecked()
    assert not desk.startup.menus.actions["use_english"].isChecked()
    assert desk.window.gallery.drawn()["current"] == ["line"]
    desk.close()
    again = new_desk()
    assert "himmelblau" in again.window.gallery.drawn()["current"]
    assert "空格键" in again.drawn("lesson")["text"]
    again.choose_menu("use_english")
    assert "Press Space" in again.drawn("lesson")["text"]
    assert "Fit" not in again.window.gallery.drawn()["headings"]
    assert "A line through eleven points" in again.window.gallery.drawn()["headings"]


@pytest.mark.parametrize("name", ["race-surface", "softmax-cross-entropy", "himmelblau-adam"])
def test_nothing_that_matters_lies_beyond_the_edge_of_a_pane(name: str, desk: Desk) -> None:
    desk.open_card(name)
    desk.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    desk.wait_step(1)
    desk.click_tab("Code")
    desk.click_tab("Parameters")
    desk.controller.check_gradient()
    bench, code, parameters = (desk.window.views[key] for key in ("bench", "code", "parameters"))
    desk.wait(lambda: len(bench.drawn()["rows"]) > 3, "the bench")
    desk.settle()
    for view in (bench, parameters):
        table = view.findChild(QTableView)
        assert table.horizontalHeader().length() <= table.viewport().width(), view.key
        assert not table.horizontalScrollBar().isVisible(), view.key
    hidden = [k for k in range(8) if bench.findChild(QTableView).isColumnHidden(k)]
    assert hidden == [6, 7], "what is hidden is told by the tooltip"
    model = bench.findChild(QTableView).model()
    tip = model.data(model.index(0, 1), Qt.ItemDataRole.ToolTipRole)
    assert "float64" in tip
    text = code.findChild(QPlainTextEdit)
    metrics = QFontMetrics(text.font())
    docstring = text.toPlainText().split('"""')[1]
    assert "Exported by gradviz." in docstring
    assert all(metrics.horizontalAdvance(line) < text.viewport().width() - 8 for line in docstring.splitlines())


def test_the_view_menu_shows_what_is_on(desk: Desk) -> None:
    actions, menu = desk.startup.menus.actions, desk.startup.menus.menus["&View"]

    def on() -> set[str]:
        menu.popup(desk.window.mapToGlobal(desk.window.rect().center()))
        desk.wait(menu.isVisible, "the menu")
        menu.close()
        return {name for name, action in actions.items() if action.isCheckable() and action.isChecked()}

    flat = not desk.window.views["surface"].is_three_dimensional
    threes = set() if flat else {"toggle_three_dimensions"}
    assert on() == {"use_system_theme", "use_system_language"} | threes
    desk.window.views["curves"].set_log_scale(True)  # as its own box does
    desk.choose_menu("use_dark_theme")
    desk.choose_menu("use_chinese")
    if not flat:
        desk.choose_menu("toggle_three_dimensions")
    assert on() == {"toggle_log_scale", "use_dark_theme", "use_chinese"}
    desk.choose_menu("use_dark_theme")
    assert "use_dark_theme" in on(), "one of the three is always on"
    desk.choose_menu("toggle_log_scale")
    assert "toggle_log_scale" not in on()
    panes = next(action.menu() for action in menu.actions() if action.text() == "&Panes")
    panes.popup(desk.window.mapToGlobal(desk.window.rect().center()))
    desk.wait(panes.isVisible, "the panes")
    panes.close()
    ticked = {action.text() for action in panes.actions() if action.isChecked()}
    assert ticked == {desk.window.docks[key].windowTitle() for key in desk.window.docks if desk.window.is_front(key)}
