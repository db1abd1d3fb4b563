"""Fault 38, colours that change while the program runs: by the menu, and by the desktop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from desk import CONTROL, Desk, Key, pixels
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from gradviz.storage.user.preferences import Preferences, save_preferences
from gradviz.views.kit import theme
from gradviz.views.kit.theme import DARK, LIGHT, Theme

STILL_S = 0.3
MENU = {"dark": "use_dark_theme", "light": "use_light_theme"}


def panes(desk: Desk) -> dict[str, QWidget]:
    """Everything that can be looked at alone."""
    window = desk.window
    return dict(window.views) | {"gallery": window.gallery, "form": window.form, "bar": window.run_bar}


def pictures_a_step_later(desk: Desk) -> Iterator[tuple[str, np.ndarray]]:
    """A picture of every pane, tab by tab, after one step and without the cursor in any field."""
    if desk.control.step == 0:
        desk.press(Key.Key_Right, CONTROL)
        desk.wait_step(1)
    focused = QApplication.focusWidget()
    if focused is not None:
        focused.clearFocus()
    for key, pane in panes(desk).items():
        dock = desk.window.docks.get("experiment" if key == "form" else key)
        if dock is not None:
            dock.raise_()
        desk.settle()
        yield key, still(desk, pane)


def still(desk: Desk, pane: QWidget) -> np.ndarray:
    """What a pane shows once it no longer changes: a coarse surface becomes a fine one a moment later."""
    seen = [pixels(pane)]
    looked = [time.monotonic()]

    def is_still() -> bool:
        if time.monotonic() - looked[-1] < STILL_S:
            return False
        looked.append(time.monotonic())
        seen.append(pixels(pane))
        return np.array_equal(*seen[-2:])

    desk.wait(is_still, "a picture that stays")
    return seen[-1]


def differing(one: np.ndarray, other: np.ndarray) -> float:
    """The share of pixels whose colours differ by more than the eye sees."""
    assert one.shape == other.shape
    return float((np.abs(one.astype(int) - other).max(axis=2) > 12).mean())


def test_fault_38_a_live_switch_gives_what_a_start_in_these_colours_gives(
    new_desk: Callable[..., Desk], config: Path
) -> None:
    """There and back: after each switch, what a start in those colours has shown."""
    started: dict[str, dict[str, np.ndarray]] = {}
    for name in ("light", "dark"):
        save_preferences(config, Preferences(theme=name))
        desk = new_desk()
        started[name] = dict(pictures_a_step_later(desk))
        if name == "light":
            desk.close()
    for key, picture in started["light"].items():
        assert differing(started["dark"][key], picture) > 0.2, f"{key} looks the same in both colours"
    for then in ("light", "dark"):
        desk.choose_menu(MENU[then])
        for key, picture in pictures_a_step_later(desk):
            assert differing(started[then][key], picture) < 0.002, f"{key} kept colours of before in {then}"


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Callable[[Theme], None]:
    """Says what the desktop asks for, as it does: the hint changes, then its signal comes."""
    asked = [LIGHT]
    monkeypatch.setattr(theme, "system_theme", lambda: asked[0])

    def ask(wanted: Theme) -> None:
        asked[0] = wanted
        scheme = Qt.ColorScheme.Dark if wanted is DARK else Qt.ColorScheme.Light
        QApplication.styleHints().colorSchemeChanged.emit(scheme)

    return ask


def is_dark(widget: QWidget) -> bool:
    return float(pixels(widget).mean()) < 90


def test_fault_38_the_desktop_turns_dark_while_a_run_is_on(
    desktop: Callable[[Theme], None], new_desk: Callable[..., Desk]
) -> None:
    desk = new_desk()
    assert not is_dark(desk.window)
    desk.click(desk.run_button("Run"))
    desk.wait_step(50)
    desktop(DARK)
    desk.wait(lambda: is_dark(desk.window), "the dark")
    for key in ("graph", "surface", "curves", "lesson"):
        desk.wait(lambda key=key: is_dark(desk.window.views[key]), f"{key} in the dark")
    step = desk.control.step
    desk.wait_step(step + 50)
    desktop(LIGHT)
    desk.wait(lambda: not is_dark(desk.window), "the light")
    desk.click(desk.run_button("Pause"))
    assert desk.message == ""


def test_who_has_chosen_colours_keeps_them(desktop: Callable[[Theme], None], desk: Desk) -> None:
    desk.choose_menu("use_light_theme")
    desktop(DARK)
    desk.settle()
    assert not is_dark(desk.window)
    desk.choose_menu("use_system_theme")
    desk.wait(lambda: is_dark(desk.window), "the colours of the desktop")
