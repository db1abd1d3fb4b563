"""Fault 37: a stored layout for a screen that is gone, or larger than the one that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication

from gradviz.app.window.placement import TITLE_BAR, fitting_size, on_screen

LAPTOP, BESIDE, ABOVE = QRect(0, 0, 1366, 740), QRect(1366, 0, 1920, 1080), QRect(0, -1080, 1920, 1040)
STARTED = Path(__file__).with_name("started.py")
ROOT = Path(__file__).parents[2]


def title_of(frame: QRect) -> QRect:
    return QRect(frame.x(), frame.y(), frame.width(), TITLE_BAR)


@pytest.mark.parametrize(
    "frame",
    [
        QRect(1500, 40, 1200, 700),
        QRect(0, -1000, 1200, 700),
        QRect(-5000, 90_000, 1200, 700),
        QRect(200, 200, 5000, 4000),
        QRect(-600, 10, 1200, 700),
        QRect(100, 735, 1200, 700),
        QRect(100, -20, 1200, 700),
    ],
)
def test_fault_37_a_window_off_every_screen_is_brought_back(frame: QRect) -> None:
    placed = on_screen(frame, [LAPTOP])
    assert LAPTOP.contains(placed)
    assert placed.size() == frame.size().boundedTo(LAPTOP.size())


@pytest.mark.parametrize(
    ("frame", "screens"),
    [
        (QRect(40, 20, 1200, 700), [LAPTOP]),
        (QRect(0, 0, 1366, 740), [LAPTOP]),
        (QRect(900, 40, 1200, 700), [LAPTOP, BESIDE]),
        (QRect(20, -1000, 1200, 900), [LAPTOP, ABOVE]),
        (QRect(100, 600, 1200, 700), [LAPTOP]),
    ],
    ids=["inside", "as large as the screen", "over two screens", "above", "its foot below the screen"],
)
def test_a_window_whose_title_bar_can_be_reached_stays_where_it_was_put(frame: QRect, screens: list[QRect]) -> None:
    assert on_screen(frame, screens) == frame


def test_the_nearest_screen_is_chosen() -> None:
    assert BESIDE.contains(on_screen(QRect(4000, 100, 800, 600), [LAPTOP, BESIDE]))
    assert LAPTOP.contains(on_screen(QRect(-900, 100, 800, 600), [LAPTOP, BESIDE]))


def test_the_first_window_fits_the_screen(qapp: Any) -> None:
    available = QGuiApplication.primaryScreen().availableSize()
    assert fitting_size(QSize(640, 480)) == QSize(640, 480)
    assert fitting_size(QSize(99_999, 99_999)) == available - QSize(0, TITLE_BAR)


@pytest.mark.parametrize("place", [(5000, 4000), (-3000, 20), (300, -900)])
def test_fault_37_the_window_comes_back_onto_the_screen(new_desk: Callable[..., Desk], place: tuple[int, int]) -> None:
    desk = new_desk()
    desk.window.move(*place)
    floating = desk.window.docks["curves"]
    floating.setFloating(True)
    floating.move(*place)
    desk.wait(lambda: (floating.x(), floating.y()) == place and (desk.window.x(), desk.window.y()) == place, "the move")
    desk.close()
    again = new_desk()
    screen = QGuiApplication.primaryScreen().availableGeometry()
    again.wait(lambda: screen.contains(title_of(again.window.frameGeometry())), "the window on the screen")
    curves = again.window.docks["curves"]
    assert curves.isFloating()
    again.wait(lambda: screen.contains(title_of(curves.frameGeometry())), "the pane on the screen")


def started(tmp_path: Path, screens: list[QRect], *arguments: str) -> dict[str, Any]:
    """One start of the program on the screens given, which Qt's offscreen platform pretends."""
    told = [
        {"name": f"s{k}", "x": screen.x(), "y": screen.y(), "width": screen.width(), "height": screen.height()}
        | {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        for k, screen in enumerate(screens)
    ]
    (tmp_path / "screens.json").write_text(json.dumps({"screens": told}))
    out = tmp_path / "out.json"
    environment = os.environ | {
        "QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'screens.json'}",
        "GRADVIZ_CONFIG": str(tmp_path / "config"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, str(STARTED), str(out), *arguments],
        env=environment | {"STARTED_MOVE": f"{screens[-1].x() + 60},{screens[-1].y() + 50}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(out.read_text())
    return seen


def test_fault_37_the_second_screen_is_gone(tmp_path: Path) -> None:
    """Closed on a large second screen, started again on the small first one alone."""
    before = started(tmp_path, [LAPTOP, BESIDE])
    assert BESIDE.contains(QRect(*before["frame"]))
    after = started(tmp_path, [LAPTOP])
    assert LAPTOP.contains(QRect(*after["frame"]))
    assert after["message"] == ""
