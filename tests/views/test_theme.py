"""Colours: readable by WCAG in both themes, and lanes that can be told apart."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from gradviz.views.kit.icons import icon
from gradviz.views.kit.lanes import SHAPES, LaneSign, along, lane_sign, sign_pixmap
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


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_of_code_can_be_read(theme: Theme) -> None:
    for ink in (theme.keyword, theme.accent, theme.value, theme.gradient, theme.muted):
        assert contrast(ink, theme.base) >= 4.5


EYES = {
    "all cones": np.eye(3),
    "no red cones": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green cones": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue cones": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
"""What an eye makes of linear RGB: Machado, Oliveira and Fernandes 2009, severity 1."""
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503]])


def cielab(colour: str, eye: str) -> Any:
    """A colour as `eye` sees it, in CIELAB under D65."""
    parts = np.array(QColor(colour).getRgb()[:3]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(TO_XYZ @ np.clip(EYES[eye] @ linear, 0, 1) / TO_XYZ.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])  # no lane is so dark that the root is cut


def ciede2000(first: Any, second: Any) -> float:
    """The difference of two colours in CIELAB: 1 is just seen, 10 at a glance (Sharma, Wu and Dalal 2005)."""
    chroma = (np.hypot(*first[1:]) + np.hypot(*second[1:])) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))
    (l1, c1, h1), (l2, c2, h2) = (
        (light, np.hypot(stretch * a, b), np.degrees(np.arctan2(b, stretch * a)) % 360)
        for light, a, b in (first, second)
    )
    turn = (h2 - h1 + 180) % 360 - 180
    hue = (h1 + turn / 2) % 360
    lightness, mean = (l1 + l2) / 2, (c1 + c2) / 2
    cosines = [np.cos(np.radians(k * hue + shift)) for k, shift in ((1, -30), (2, 0), (3, 6), (4, -63))]
    t = 1 + np.dot(cosines, (-0.17, 0.24, 0.32, -0.2))
    dl = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / (1 + 0.015 * mean * t)
    narrow = 2 * np.sqrt(mean**7 / (mean**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    return float(np.sqrt(dl**2 + dc**2 + dh**2 - narrow * dc * dh))


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ],
)
def test_the_difference_of_colours_is_that_of_its_authors(first: Any, second: Any, apart: float) -> None:
    assert ciede2000(np.array(first, float), np.array(second, float)) == pytest.approx(apart, abs=1e-4)


def apart(a: str, b: str, eye: str) -> float:
    return ciede2000(cielab(a, eye), cielab(b, eye))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("count", "least"), [(4, (30, 18)), (6, (25, 15)), (8, (22, 14)), (16, (13, 8.5))])
def test_lanes_are_told_apart_by_every_eye(theme: Theme, count: int, least: tuple[float, float]) -> None:
    """Dark magenta, violet and blue were the third, the sixth and the second."""
    for eye in EYES:
        wanted = least[eye != "all cones"]
        for a, b in combinations(theme.lanes[:count], 2):
            assert apart(a, b, eye) >= wanted, f"{a} and {b} look alike with {eye}: {apart(a, b, eye):.1f}"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_lanes_of_one_shape_are_far_apart_in_colour(theme: Theme) -> None:
    signs = [lane_sign(theme, k) for k in range(16)]
    assert len(set(signs)) == 16
    assert len({sign.shape for sign in signs[:8]}) == 8, "a second sign for eight: nobody is told by colour alone"
    for first, second in zip(signs[:8], signs[8:], strict=True):
        assert first.shape == second.shape
        assert all(apart(first.colour, second.colour, eye) >= 16 for eye in EYES), first.shape


def test_shapes_differ_in_pixels(qapp: QApplication) -> None:
    """Their outlines, in one colour: each differs from each in a tenth of the room that both take."""
    inks = []
    for shape in SHAPES:
        image = sign_pixmap(LaneSign("#000000", shape), "#000000", 4.0).toImage()
        ink = [[image.pixelColor(x, y).alpha() > 127 for x in range(image.width())] for y in range(image.height())]
        inks.append(np.array(ink))
    for a, b in combinations(range(len(SHAPES)), 2):
        share = (inks[a] ^ inks[b]).sum() / (inks[a] | inks[b]).sum()
        assert share > 0.1, f"{SHAPES[a]} and {SHAPES[b]} are nearly one: {share:.2f}"


def test_signs_stand_along_a_curve_and_beside_those_of_others() -> None:
    noisy = np.column_stack((np.arange(600.0), 50 * (np.arange(600) % 2)))
    assert along(noisy, 0.5, 100)[:, 0].tolist() == [50, 150, 250, 350, 450, 550], "noise makes no more of them"
    turn = np.array([[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]])
    assert along(turn, 0.5, 100).tolist() == [[50, 0], [100, 50], [50, 100]]
    assert len(along(np.array([[0.0, 0.0], [0.0, 1e5]]), 0.1)) <= 16, "however far it runs"
    assert not len(along(np.zeros((1, 2)), 0.5))


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
