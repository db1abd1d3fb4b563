"""Nothing is cut and nothing lies on something, from 1280x720 to 1920x1080, in both colours: each text is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

import pytest
from desk import Desk
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from gradviz.storage.user.preferences import Preferences, save_preferences
from gradviz.views.kit.picture_label import PictureLabel
from gradviz.views.kit.quiet_plot import MARGINS, SIDES, QuietPlot

SIZES = ((1280, 720), (1440, 900), (1600, 1000), (1920, 1080))
PLOTS = ("curves", "surface", "fit")
CASES = ("race-surface", "moons", "himmelblau-adam", "line-50", "tracking-detach", "neurons")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_of_the_window_is_whole_and_lies_on_no_other(
    new_desk: Callable[..., Desk], config: Path, theme: str
) -> None:
    save_preferences(config, Preferences(theme=theme, recent=["/some/where/trees of a long name, 2024.gradviz"]))
    desk = new_desk()
    wrong: list[str] = []
    for number, case in enumerate(CASES):
        desk.open_card(case)
        desk.window.views["curves"].set_log_scale(number % 2 == 0)
        desk.settle()
        desk.control.step_forward(3)
        desk.wait(lambda: desk.control.step >= min(3, desk.control.experiment.steps), "three steps")
        for size in SIZES:
            desk.window.setGeometry(0, 0, *size)
            for fronts in (("gallery", "parameters"), ("experiment", "fit")):
                for key in fronts:
                    desk.window.docks[key].raise_()
                QApplication.processEvents()
                desk.settle()
                QApplication.processEvents()  # what was told last may take another line
                wrong += [f"{case}, {size[0]}x{size[1]}: {fault}" for fault in faults_of(desk)]
    assert not wrong, f"{len(wrong)} faults:\n" + "\n".join(wrong[:40])


def faults_of(desk: Desk) -> Iterator[str]:
    window = desk.window
    texts = list(seen_texts(window))
    assert len(texts) > 15, "what is not seen cannot be measured"
    for widget, text, seen in texts:
        yield from cut(widget, text)
        if seen.width() < widget.width():
            yield f"“{text}” is cut at its side by {widget.width() - seen.width()} pixels"
    for (one, text, seen), (other, second, also) in combinations(texts, 2):
        if seen.intersects(also) and not one.isAncestorOf(other) and not other.isAncestorOf(one):
            yield f"“{text}” and “{second}” lie upon each other"
    for key in ("graph", "curves", "surface", "fit", "parameters"):
        if window.views[key].is_seen:
            yield from headers(desk, key)
    plots = [plot for key in PLOTS for plot in window.views[key].findChildren(QuietPlot)]
    for plot in plots:
        if plot.isVisible() and any(window.is_front(key) and window.views[key].isAncestorOf(plot) for key in PLOTS):
            yield from axes(plot)


def seen_texts(window: QWidget) -> Iterator[tuple[QWidget, str, QRect]]:
    """Every widget with a text of its own that is seen, and the part of the window in which it is."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, PictureLabel) or widget.visibleRegion().isEmpty():
            continue
        text = text_of(widget)
        if text:
            seen = QRect(widget.visibleRegion().boundingRect())
            yield widget, text, QRect(widget.mapTo(window, seen.topLeft()), seen.size())


def text_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text()
    return ""


def cut(widget: QWidget, text: str) -> Iterator[str]:
    """What a text misses of the room that it takes."""
    width = widget.fontMetrics().horizontalAdvance(text.replace("&&", "&"))
    if isinstance(widget, QLabel):
        if widget.wordWrap() and widget.height() < widget.heightForWidth(widget.width()) and not in_scroll(widget):
            yield f"“{text}” is cut below"
        elif not widget.wordWrap() and widget.width() < widget.sizeHint().width():
            yield f"“{text}” is cut: {widget.width()} of {widget.sizeHint().width()} pixels"
    elif isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, widget).width()
        if room < width:
            yield f"“{text}” is cut in its box: {room} of {width} pixels"
    elif widget.width() < width:
        yield f"“{text}” is cut on its button: {widget.width()} of {width} pixels"


def in_scroll(widget: QWidget) -> bool:
    """Whether its column may be scrolled: then it may be half seen, but is laid out whole."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent is not None


def headers(desk: Desk, key: str) -> Iterator[str]:
    view = desk.window.views[key]
    if key == "graph":
        plane = view.plane
        if plane.fontMetrics().horizontalAdvance(plane.header()) > plane.room_of_header():
            yield f"the header of the graph is cut: {plane.header()}"
    legend = {"curves": "_key", "surface": "_legend"}.get(key)
    if legend is not None and getattr(view, legend).isVisible():
        shown = getattr(view, legend)
        room = shown.rect().toRectF().adjusted(0, 0, 1, 1)
        yield from (f"the key of the {key} is cut at {place}" for place in shown.places() if not room.contains(place))
    if key == "fit" and view._note.isVisible():
        width = view._note.fontMetrics().horizontalAdvance(view._note.text())
        if width > view._note.width():
            yield f"“{view._note.text()}” is cut: {view._note.width()} of {width} pixels"
    if key == "parameters" and view._table.horizontalScrollBar().isVisible():
        yield "the table of parameters is wider than its pane"


def axes(plot: QuietPlot) -> Iterator[str]:
    """Titles and ticks: within the plot, and none upon another."""
    scene = plot.viewport().rect().toRectF()
    for side in SIDES:
        axis = plot.getPlotItem().getAxis(side)
        title = axis.label.mapRectToScene(axis.label.boundingRect()).adjusted(5, 5, -5, -5)
        if axis.label.isVisible() and not scene.contains(title):
            yield f"the title {axis.title!r} is cut"
        if axis.title.endswith("…"):
            yield f"the title {axis.labelText!r} has no room"
        low, high = axis.range
        size = axis.size().height() if side == "left" else axis.size().width()
        for spacing, values in axis.tickValues(low, high, size):
            texts = axis.tickStrings(values, 1.0, spacing)
            if len(set(texts)) < len(texts) or len(texts) < 2:
                yield f"ticks {texts} on an axis of {size:.0f} pixels"
            metrics = QFontMetricsF(QApplication.font())
            places = [(value - low) / (high - low) * size for value in values]
            halves = [(metrics.height() if side == "left" else metrics.horizontalAdvance(text)) / 2 for text in texts]
            last = places[-1] + halves[-1] if places else 0.0
            if last > size + (MARGINS[1] if side == "left" else MARGINS[2]):
                yield f"the last tick {texts[-1]} is cut"
            for k in range(1, len(places)):
                if places[k] - places[k - 1] < halves[k] + halves[k - 1]:
                    yield f"the ticks {texts[k - 1]} and {texts[k]} lie upon each other"
