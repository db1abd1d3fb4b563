"""Colours: readable by WCAG in both themes, and lanes that can be told apart."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from gradviz.views.kit.icons import icon
from gradviz.views.kit.theme import DARK, LIGHT, Theme, mix, monospace, palette, style_sheet, theme_named


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.1."""
    parts = [part / 255 for part in (QColor(colour).red(), QColor(colour).green(), QColor(colour).blue())]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    a, b = sorted((luminance(first), luminance(second)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"), [*product(("text", "muted", "value", "gradient"), ("base", "operation", "leaf", "result"))]
)
def test_what_is_written_on_nodes_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), [*product(("text", "muted", "fault"), ("window", "panel", "base"))])
def test_what_is_written_in_the_window_can_be_read(theme: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


EYES = {
    "all cones": np.eye(3),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
"""What an eye makes of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1."""
TO_CONES = np.array([[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]])
TO_LAB = np.array([[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]])


def oklab(colour: str, eye: str) -> Any:
    """A colour as `eye` sees it in OKLab (Ottosson 2020), times 100: 2 is a difference that is just seen."""
    parts = np.array(QColor(colour).getRgb()[:3]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return 100 * TO_LAB @ np.cbrt(TO_CONES @ np.clip(EYES[eye] @ linear, 0, None))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("count", "least"), [(4, (22, 13, 13)), (8, (15, 9, 9)), (16, (12, 6, 6))])
def test_lanes_are_told_apart_by_every_eye(theme: Theme, count: int, least: tuple[float, ...]) -> None:
    for eye, wanted in zip(EYES, least, strict=True):
        for a, b in combinations(theme.lanes[:count], 2):
            apart = np.linalg.norm(oklab(a, eye) - oklab(b, eye))
            assert apart >= wanted, f"{a} and {b} look alike with {eye}: {apart:.1f}"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lanes_are_seen(theme: Theme) -> None:
    assert len(theme.lanes) == 16, "as many as an experiment may have optimisers"
    for lane in theme.lanes:
        assert contrast(lane, theme.base) >= 3, f"{lane} is too faint for a line"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_palette_and_style_sheet_take_the_theme(theme: Theme, qapp: QApplication) -> None:
    made = palette(theme)
    assert made.color(QPalette.ColorRole.Base).name() == theme.base
    assert made.color(QPalette.ColorRole.Text).name() == theme.text
    disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text).name()
    assert contrast(disabled, theme.base) < contrast(theme.muted, theme.base)
    assert theme.accent in style_sheet(theme)


def test_names_of_themes(qapp: QApplication) -> None:
    assert theme_named("light") is LIGHT
    assert theme_named("dark") is DARK
    assert theme_named("system") in (LIGHT, DARK)
    assert theme_named("nonsense") in (LIGHT, DARK)


def test_mixing() -> None:
    assert mix("#000000", "#ffffff", 0) == "#000000"
    assert mix("#000000", "#ffffff", 1) == "#ffffff"
    assert mix("#000000", "#646464", 0.5) == "#323232"


def test_numbers_stand_in_a_fixed_pitch(qapp: QApplication) -> None:
    assert QFontInfo(monospace(9)).fixedPitch()


@pytest.mark.parametrize("name", ["run", "pause", "step", "step_back", "reset"])
def test_icons_are_drawn_and_differ(name: str, qapp: QApplication) -> None:
    images = {other: icon(other, "#ff0000", "#00ff00").pixmap(32, 32).toImage() for other in ("run", "pause", name)}
    image = images[name]
    reds = sum(image.pixelColor(x, y).red() > 200 for x in range(32) for y in range(32))
    assert 60 < reds < 900
    assert all(image != other for key, other in images.items() if key != name)
