"""The room that everything has, from a laptop of 1280x720 to a screen of 1920x1080, in both colours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desk import LEFT, Desk, Key
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

SIZES = ((1280, 720), (1600, 1000), (1920, 1080))


def resized(desk: Desk, size: tuple[int, int]) -> None:
    desk.window.setGeometry(0, 0, *size)
    desk.wait(lambda: desk.window.size().toTuple() == size, f"a window of {size}")
    QApplication.processEvents()
    desk.settle()


def columns(desk: Desk) -> dict[str, float]:
    """The share of the window's width of the front pane of each column."""
    width = desk.window.width()
    return {key: desk.window.docks[key].width() / width for key in ("gallery", "graph", "surface")}


def places(desk: Desk) -> dict[str, QRect]:
    docks = desk.window.docks.items()
    return {key: dock.geometry() for key, dock in docks if desk.window.is_front(key)}


@pytest.mark.parametrize("way", [SIZES, SIZES[::-1], (SIZES[0], SIZES[2], SIZES[0])], ids=["wider", "narrower", "back"])
def test_every_column_has_its_share_however_the_window_got_its_size(
    desk: Desk, way: tuple[tuple[int, int], ...]
) -> None:
    for size in way:
        resized(desk, size)
        shares = columns(desk)
        assert 0.2 <= shares["gallery"] <= 0.26, f"{size}: {shares}"
        assert min(shares["graph"], shares["surface"]) >= 0.34, f"{size}: {shares}"
        seen = places(desk)
        assert 0.2 <= seen["curves"].height() / size[1] <= 0.45, f"{size}: {seen}"
    desk.choose_menu("reset_layout")
    resized(desk, way[-1])
    assert columns(desk) == pytest.approx(shares, abs=0.01)


def test_a_column_that_was_dragged_keeps_its_width_until_the_layout_is_reset(desk: Desk) -> None:
    resized(desk, SIZES[1])
    gallery = desk.window.docks["gallery"]
    before = gallery.width()
    at = QPoint(gallery.geometry().right() + 3, 300)
    QTest.mousePress(desk.window, LEFT, pos=at)
    QTest.mouseMove(desk.window, at + QPoint(60, 0))
    QTest.mouseMove(desk.window, at + QPoint(120, 0))
    QApplication.processEvents()
    QTest.mouseRelease(desk.window, LEFT, pos=at + QPoint(120, 0))
    dragged = gallery.width()
    assert dragged > before + 60
    resized(desk, SIZES[2])
    assert abs(gallery.width() - dragged) <= 2
    desk.choose_menu("reset_layout")
    resized(desk, SIZES[1])
    assert abs(gallery.width() - before) <= 2


def test_a_message_moves_no_pane_and_hides_neither_tabs_nor_the_run_bar(desk: Desk) -> None:
    resized(desk, SIZES[0])
    before = places(desk)
    bar = desk.window.messages
    bar.show_message("Something was chosen otherwise than asked for. " * 6, "Undo", lambda: None)
    QApplication.processEvents()
    assert places(desk) == before
    assert bar.height() >= bar.heightForWidth(bar.width())
    assert desk.window.rect().contains(bar.geometry())
    run = desk.window.run_bar
    assert bar.geometry().bottom() < run.mapTo(desk.window, QPoint(0, 0)).y()
    assert bar.y() > desk.window.height() / 2
    resized(desk, SIZES[1])
    assert bar.geometry().bottom() < run.mapTo(desk.window, QPoint(0, 0)).y() <= bar.geometry().bottom() + 8
    assert bar.width() == desk.window.width()
    desk.click(desk.message_button("Close"))
    assert not desk.message


def test_scales_kind_and_camera_are_as_they_were_left(new_desk: Callable[..., Desk]) -> None:
    first = new_desk()
    first.choose_menu("toggle_log_scale")
    surface = first.window.views["surface"]
    surface.set_log_height(False)
    first.settle()
    surface.scene.setFocus()
    for _ in range(4):
        first.press(Key.Key_Left)
    camera = surface.camera
    first.close()
    second = new_desk()
    again = second.window.views["surface"]
    assert second.drawn("curves")["log"]
    assert not again.log_height
    assert again.camera == pytest.approx([camera[0], camera[1], camera[2] % 360])
    assert again.is_three_dimensional
    again.set_kind(False)
    second.close()
    third = new_desk()
    assert not third.window.views["surface"].is_three_dimensional
    assert third.window.views["surface"].camera == pytest.approx(again.camera)
