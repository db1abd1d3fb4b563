"""Check boxes: whether one is checked is seen by a sign, not by its colour alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import has_colour
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

import gradviz
from gradviz.views.kit.theme import DARK, LIGHT, Theme, palette, style_sheet
from gradviz.views.kit.tick_box import TickBox


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    """A theme that the whole application wears."""
    before = QApplication.palette(), qapp.styleSheet()
    qapp.setPalette(palette(request.param))
    qapp.setStyleSheet(style_sheet(request.param))
    yield request.param
    qapp.setPalette(before[0])
    qapp.setStyleSheet(before[1])


def inside_of(box: TickBox, scale: float) -> np.ndarray:
    """The pixels within the frame of the box's indicator, on a screen of that scale."""
    image = QImage(round(box.width() * scale), round(box.height() * scale), QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(scale)
    box.render(image)
    raw = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    picture = raw[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    frame = box.box().adjusted(3, 3, -3, -3)
    left, top, right, bottom = (round(scale * side) for side in frame.getCoords())  # type: ignore[attr-defined]
    return picture[top:bottom, left:right].copy()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_a_checked_box_has_a_tick_on_its_colour(theme: Theme, scale: float, shown: Callable[..., Any]) -> None:
    box = shown(TickBox("Log scale"), 160, 40)
    box.clearFocus()
    empty = inside_of(box, scale)
    assert has_colour(empty, theme.base) == empty.shape[0] * empty.shape[1], "an empty box holds nothing"
    box.setChecked(True)
    ticked = inside_of(box, scale)
    ground, ink = has_colour(ticked, theme.accent), has_colour(ticked, theme.base, 24)
    assert ground > 0.3 * ticked.shape[0] * ticked.shape[1]
    assert ink >= 5 * scale**2, "the tick is there"
    rows = np.flatnonzero((np.abs(ticked.astype(int) - ticked[0, 0]).max(axis=2) > 60).any(axis=1))
    assert np.ptp(rows) >= 4 * scale, "and reaches over the box"


def test_no_box_is_made_without_a_tick() -> None:
    folder = Path(gradviz.__file__).parent
    plain = [path.name for path in folder.rglob("*.py") if re.search(r"= QCheckBox\(", path.read_text("utf-8"))]
    assert not plain, f"{plain}: use TickBox"
