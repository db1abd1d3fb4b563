"""What the pointer is at, or the cursor, stays where it is on the screen while the form around it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget


@dataclass(frozen=True, slots=True)
class Anchor:
    """The key of a widget, and how far below the top of what is seen it stands, in pixels."""

    key: str
    y: int


def anchor_at(scroll: QScrollArea, widgets: Mapping[str, QWidget], held: str) -> Anchor | None:
    """The widget nearest to the pointer; where that is elsewhere, the one with the key `held`."""
    seen = {key: _y(scroll, widget) for key, widget in widgets.items() if widget.isVisibleTo(scroll)}
    view = scroll.viewport()
    pointer = view.mapFromGlobal(QCursor.pos())
    if view.isVisible() and view.rect().contains(pointer) and seen:
        held = min(seen, key=lambda key: abs(seen[key] + widgets[key].height() / 2 - pointer.y()))
    return Anchor(held, seen[held]) if held in seen else None


def hold(scroll: QScrollArea, widgets: Mapping[str, QWidget], anchor: Anchor | None, room: QWidget) -> None:
    """Scroll so that the anchor stands where it stood. `room`, below all, is as high as that asks for."""
    room.setFixedHeight(0)
    _lay_out(scroll)
    key = "" if anchor is None else _nearest(anchor.key, widgets)
    if anchor is None or not key or not widgets[key].isVisibleTo(scroll):
        return
    bar = scroll.verticalScrollBar()
    wanted = bar.value() + _y(scroll, widgets[key]) - anchor.y
    if wanted > bar.maximum():
        room.setFixedHeight(wanted - bar.maximum())
        _lay_out(scroll)
    bar.setValue(wanted)


def _nearest(key: str, widgets: Mapping[str, QWidget]) -> str:
    """The key itself, or that of the nearest around it which is still there."""
    while key and key not in widgets:
        key = key.rpartition(".")[0]
        key = f"{key}.kind" if f"{key}.kind" in widgets else key
    return key


def top_of(scroll: QScrollArea, widget: QWidget) -> int:
    """How far below the top of all that is scrolled a widget begins, in pixels."""
    return widget.mapTo(_inner(scroll), QPoint(0, 0)).y()


def _y(scroll: QScrollArea, widget: QWidget) -> int:
    return top_of(scroll, widget) - scroll.verticalScrollBar().value()


def _inner(scroll: QScrollArea) -> QWidget:
    inner = scroll.widget()
    assert inner is not None, "nothing is scrolled here"
    return inner


def _lay_out(scroll: QScrollArea) -> None:
    """Now, and not when the next events come: what was changed has its place."""
    for part in _inner(scroll).findChildren(QWidget):
        part.ensurePolished()  # the style sheet has margins of its own
    for _ in range(2):  # what is laid out asks its own parent
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
